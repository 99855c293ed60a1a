import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits } from '../../../../test/fakes/scan.ts';
import { allow, deployment, policy, service } from '../../../../test/fakes/network.ts';
import { podAddress } from './pod-address.ts';

const CART = deployment('cart', { port: 7070 });
const CONFIG =
  'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kubeadm-config, namespace: kube-system}\ndata:\n  ClusterConfiguration: |\n    networking:\n      podSubnet: 10.244.0.0/16\n      serviceSubnet: 10.96.0.0/12';
const from = (cidr: string): string =>
  policy('p', { podSelector: { matchLabels: { app: 'cart' } }, ingress: [{ from: [{ ipBlock: { cidr } }] }] });

test('blocks over addresses of pods', () => {
  for (const [cidr, count] of [
    ['10.244.7.9/32', 1],
    ['10.244.0.0/16', 1],
    ['10.245.0.0/16', 0],
    ['10.0.5.0/24', 0],
    ['8.8.8.8/32', 0],
  ] as const) {
    assert.equal(hits(podAddress, CART, CONFIG, from(cidr)).length, count, cidr);
  }
  assert.deepEqual(hits(podAddress, CART, from('10.244.7.9/32')), []);
});

test('a range that alone lets a declared call through stands for the caller', () => {
  const docs = [deployment('web', { port: 1, env: { CART: 'cart:80' } }), CART, service('cart', 80, 7070)];
  const [found] = hits(podAddress, ...docs, from('10.9.8.0/24'));
  assert.match(found!.title, /stands for `shop\/web`/);
  // Another rule lets the caller in: the range is for somebody else.
  assert.deepEqual(hits(podAddress, ...docs, from('10.9.8.0/24'), allow('cart', ['web'], 7070)), []);
});

test('addresses that EndpointSlices give', () => {
  const slice =
    'apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}\naddressType: IPv4\nendpoints: [{addresses: [10.9.8.7]}]';
  const docs = [deployment('web', { port: 1 }), CART, service('web', 80, 1), slice];
  assert.equal(hits(podAddress, ...docs, from('10.9.8.7/32')).length, 1);
  assert.deepEqual(hits(podAddress, ...docs, from('10.9.9.7/32')), []);
});
