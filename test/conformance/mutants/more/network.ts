// Gap: NetworkPolicy missing, default-allow or too wide; other kinds of workloads, other ways to write a wide one.
import { gap as first } from '../gaps/network.ts';
import { add, casesOf, find, remove } from '../world.ts';
import type { Doc, Gap, World } from '../world.ts';

const NAMESPACE = 'sock-shop';
const policy = (name: string, spec: Doc, namespace = NAMESPACE): Doc => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name, namespace },
  spec,
});
const spec = (world: World, name: string): Doc => find(world, 'NetworkPolicy', name)['spec'] as Doc;
const from =
  (name: string, ...peers: readonly Doc[]) =>
  (world: World) => {
    spec(world, name)['ingress'][0].from = peers;
  };
const out =
  (name: string, ...rules: readonly Doc[]) =>
  (world: World) => {
    Object.assign(spec(world, name), { policyTypes: ['Ingress', 'Egress'], egress: rules });
  };
const space = (name: string, labels: Doc = {}): Doc => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
const pod = (name: string, image: string, ports: readonly number[], more: Doc = {}): Doc => ({
  metadata: { labels: { name } },
  spec: { containers: [{ name, image, ports: ports.map((containerPort) => ({ containerPort })) }], ...more },
});
const workload = (kind: string, name: string, namespace: string, template: Doc): Doc => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name, namespace },
  spec: {
    selector: { matchLabels: { name } },
    ...(kind === 'StatefulSet' && { serviceName: name }),
    template,
  },
});
const cron = (namespace: string, ports: readonly number[]): Doc => {
  const template = pod('report', 'registry.example.com/report:1.4.2', ports, { restartPolicy: 'Never' });
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'report', namespace },
    spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template } } },
  };
};
const admin = (spec: Doc): Doc => ({
  apiVersion: 'policy.networking.k8s.io/v1alpha1',
  kind: 'AdminNetworkPolicy',
  metadata: { name: 'cluster' },
  spec: { priority: 10, ...spec },
});
const put =
  (...docs: readonly Doc[]) =>
  (world: World) =>
    add(world, ...docs);
const DENY = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };
const CLOSED = policy('default-deny', { podSelector: {}, policyTypes: ['Ingress'] });
/** The policies as published rest on a default that Kubernetes no longer knows; the one for all pods is for a tool that is not here. */
function closed(world: World): World {
  remove(world, 'NetworkPolicy', 'cortex-access');
  add(world, CLOSED);
  return world;
}
const SUBJECT = { subject: { namespaces: { matchLabels: { 'kubernetes.io/metadata.name': NAMESPACE } } } };

export const gap: Gap = {
  name: 'more-network',
  codes: first.codes,
  cases: (systems) =>
    casesOf(
      closed(systems.sockShopWithPolicies()),
      {
        'a StatefulSet in a namespace without any policy': put(
          space('analytics'),
          workload(
            'StatefulSet',
            'clickhouse',
            'analytics',
            pod('clickhouse', 'clickhouse/clickhouse-server:24.8.4', [8123, 9000]),
          ),
        ),
        'a DaemonSet in a namespace without any policy': put(
          space('logging'),
          workload('DaemonSet', 'collector', 'logging', pod('collector', 'registry.example.com/collector:2.1.0', [4317])),
        ),
        'a CronJob that listens, without any policy': put(space('reports'), cron('reports', [9102])),
        'a policy for one of two workloads': put(
          space('analytics'),
          workload('Deployment', 'api', 'analytics', pod('api', 'registry.example.com/api:1.0.0', [8080])),
          workload('StatefulSet', 'clickhouse', 'analytics', pod('clickhouse', 'clickhouse/clickhouse-server:24.8.4', [9000])),
          policy('api', { podSelector: { matchLabels: { name: 'api' } }, ingress: [] }, 'analytics'),
        ),
        'the two halves of everything': from(
          'orders-db-access',
          { ipBlock: { cidr: '0.0.0.0/1' } },
          { ipBlock: { cidr: '128.0.0.0/1' } },
        ),
        'namespaces by a label that all of them have': from('user-db-access', {
          namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'Exists' }] },
        }),
        'all namespaces but one': from('payment-access', {
          namespaceSelector: {
            matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system'] }],
          },
        }),
        'the range of a whole cloud network': from('catalogue-db-access', { ipBlock: { cidr: '172.16.0.0/12' } }),
        'the range of all pods': from('user-access', { ipBlock: { cidr: '10.244.0.0/16' } }),
        'no `from` at all on a database': (world) => {
          delete spec(world, 'orders-db-access')['ingress'][0].from;
        },
        'a caller whose label is misspelt': from('payment-access', { podSelector: { matchLabels: { name: 'order' } } }),
        'the policy lies in another namespace': (world) => {
          find(world, 'NetworkPolicy', 'payment-access')['metadata'].namespace = 'default';
        },
        'one policy more that lets everyone in': put(
          policy('debug', { podSelector: { matchLabels: { name: 'user-db' } }, ingress: [{}] }),
        ),
        'egress to everything': out('payment-access', { to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }),
        'egress to the link-local range': out('orders-access', { to: [{ ipBlock: { cidr: '169.254.0.0/16' } }] }),
        'a pod on the network of its node': (world) => {
          find(world, 'Deployment', 'payment')['spec'].template.spec.hostNetwork = true;
        },
        'an admin policy that lets every namespace in': put(
          admin({ ...SUBJECT, ingress: [{ name: 'all', action: 'Allow', from: [{ namespaces: {} }] }] }),
        ),
        'the default is gone, and some workloads have no policy of their own': (world) =>
          remove(world, 'NetworkPolicy', 'default-deny'),
      },
      {
        'a StatefulSet behind a default of its namespace': put(
          space('analytics'),
          policy('default-deny', DENY, 'analytics'),
          workload(
            'StatefulSet',
            'clickhouse',
            'analytics',
            pod('clickhouse', 'clickhouse/clickhouse-server:24.8.4', [8123, 9000]),
          ),
        ),
        'a CronJob that listens nowhere': put(space('reports'), cron('reports', [])),
        'metrics are fetched from another namespace': (world) => {
          add(world, space('monitoring'));
          add(
            world,
            policy('default-deny', DENY, 'monitoring'),
            workload('Deployment', 'prometheus', 'monitoring', pod('prometheus', 'prom/prometheus:v2.54.1', [9090])),
            policy('metrics', {
              podSelector: {},
              ingress: [
                {
                  from: [
                    {
                      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } },
                      podSelector: { matchLabels: { name: 'prometheus' } },
                    },
                  ],
                  ports: [{ protocol: 'TCP', port: 80 }],
                },
              ],
            }),
          );
        },
        'callers by two labels': from('payment-access', {
          podSelector: {
            matchLabels: { name: 'orders' },
            matchExpressions: [{ key: 'name', operator: 'NotIn', values: ['front-end'] }],
          },
        }),
        'callers in two items': from(
          'user-access',
          { podSelector: { matchLabels: { name: 'front-end' } } },
          { podSelector: { matchLabels: { name: 'orders' } } },
        ),
        'a port range in place of a port': (world) => {
          spec(world, 'payment-access')['ingress'][0].ports = [{ protocol: 'TCP', port: 80, endPort: 81 }];
        },
        'a load balancer outside by its address': (world) => {
          spec(world, 'front-end-access')['ingress'] = [
            { from: [{ ipBlock: { cidr: '198.51.100.10/32' } }], ports: [{ protocol: 'TCP', port: 8079 }] },
          ];
        },
        'egress to DNS': out('payment-access', {
          to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }],
          ports: [
            { protocol: 'UDP', port: 53 },
            { protocol: 'TCP', port: 53 },
          ],
        }),
        'egress to the provider of payments': out('payment-access', {
          to: [{ ipBlock: { cidr: '203.0.113.16/29' } }],
          ports: [{ protocol: 'TCP', port: 443 }],
        }),
        'an admin policy that denies': put(
          admin({
            ...SUBJECT,
            ingress: [{ name: 'not-from-dev', action: 'Deny', from: [{ namespaces: { matchLabels: { stage: 'dev' } } }] }],
          }),
        ),
        'a baseline that denies': put({
          apiVersion: 'policy.networking.k8s.io/v1alpha1',
          kind: 'BaselineAdminNetworkPolicy',
          metadata: { name: 'default' },
          spec: { subject: { namespaces: {} }, ingress: [{ name: 'none', action: 'Deny', from: [{ namespaces: {} }] }] },
        }),
        'Cilium closes the namespace': put(
          space('analytics'),
          workload('StatefulSet', 'clickhouse', 'analytics', pod('clickhouse', 'clickhouse/clickhouse-server:24.8.4', [9000])),
          {
            apiVersion: 'cilium.io/v2',
            kind: 'CiliumNetworkPolicy',
            metadata: { name: 'default-deny', namespace: 'analytics' },
            spec: { endpointSelector: {}, ingress: [{}] },
          },
        ),
        'an unused label on a policy': (world) => {
          find(world, 'NetworkPolicy', 'payment-access')['metadata'].labels = { team: 'payments' };
        },
        'ingress that allows nobody': put(policy('nobody', { podSelector: { matchLabels: { name: 'user-db' } }, ingress: [] })),
        'a second replica': (world) => {
          find(world, 'Deployment', 'payment')['spec'].replicas = 3;
        },
      },
    ),
};
