import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deployment, service } from '../../../test/fakes/network.ts';
import { systemOf } from '../../../test/fakes/scan.ts';
import { knownRanges, podAddresses, sliceRanges } from './places.ts';
import { formatInterval } from './address.ts';

test('ranges of pods, nodes and Services, wherever they are stated', () => {
  for (const [text, want] of [
    [
      'apiVersion: v1\nkind: Node\nmetadata: {name: node-1}\nspec: {podCIDR: 10.1.0.0/24, podCIDRs: [10.1.0.0/24, "fd00:1::/64"]}',
      ['pods 10.1.0.0/24', 'pods fd00:1::/64'],
    ],
    [
      'apiVersion: v1\nkind: Node\nmetadata: {name: node-1, annotations: {projectcalico.org/IPv4Address: 192.168.49.2/24}}',
      ['nodes 192.168.49.2/24'],
    ],
    ['apiVersion: crd.projectcalico.org/v1\nkind: IPPool\nmetadata: {name: p}\nspec: {cidr: 10.2.0.0/16}', ['pods 10.2.0.0/16']],
    ['apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {name: p}\nspec: {cidr: 10.2.0.0/16}', ['pods 10.2.0.0/16']],
    [
      'apiVersion: operator.tigera.io/v1\nkind: Installation\nmetadata: {name: default}\nspec: {calicoNetwork: {ipPools: [{cidr: 10.3.0.0/16}]}}',
      ['pods 10.3.0.0/16'],
    ],
    [
      'apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\nnetworking: {podSubnet: "10.4.0.0/16,fd00:4::/56", serviceSubnet: 10.96.0.0/12}',
      ['pods 10.4.0.0/16', 'pods fd00:4::/56', 'services 10.96.0.0/12'],
    ],
    ['apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\nnetworking: {podSubnet: 10.5.0.0/16}', ['pods 10.5.0.0/16']],
    [
      'apiVersion: networking.k8s.io/v1\nkind: ServiceCIDR\nmetadata: {name: kubernetes}\nspec: {cidrs: [10.96.0.0/12]}',
      ['services 10.96.0.0/12'],
    ],
    [
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kube-proxy, namespace: kube-system}\ndata:\n  config.conf: |\n    kind: KubeProxyConfiguration\n    clusterCIDR: 10.6.0.0/16\n',
      ['pods 10.6.0.0/16'],
    ],
    [
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cilium-config, namespace: kube-system}\ndata: {cluster-pool-ipv4-cidr: 10.7.0.0/16}',
      ['pods 10.7.0.0/16'],
    ],
    ['apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\ndata: {cluster-pool-ipv4-cidr: 10.7.0.0/16}', []],
    ['apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\nnetworking: {podSubnet: 0.0.0.0/0}', []],
  ] as const) {
    assert.deepEqual(
      knownRanges(systemOf(text)).map(({ of, cidr }) => `${of} ${cidr}`),
      want,
      text,
    );
  }
});

test('addresses of pods by EndpointSlices', () => {
  const slice =
    'apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: cart-1, namespace: shop, labels: {kubernetes.io/service-name: cart}}\naddressType: IPv4\nendpoints: [{addresses: [10.1.0.7]}, {addresses: [10.1.0.9]}]';
  const system = systemOf(deployment('cart', { port: 7070 }), service('cart', 80, 7070), slice);
  assert.deepEqual(
    [...podAddresses(system)].map(([id, intervals]) => [id, intervals.map(formatInterval)]),
    [['shop/cart', ['10.1.0.7/32', '10.1.0.9/32']]],
  );
  assert.equal(sliceRanges(system).length, 2);
  // Two workloads behind one Service: whose address it is, is not known.
  const shared = systemOf(deployment('cart'), deployment('cart2', { labels: { app: 'cart' } }), service('cart', 80, 7070), slice);
  assert.equal(podAddresses(shared).size, 0);
});
