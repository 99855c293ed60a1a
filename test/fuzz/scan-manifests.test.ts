// Manifests that are wrong in any value: every rule and every command that asks of a system takes them.
import { test } from 'node:test';
import fc from 'fast-check';
import { contextOf } from '#app/scan/analyse.ts';
import type { Unit } from '#ingest/units.ts';
import { blastRadius } from '#scan/attack/blast.ts';
import { buildAttackGraph } from '#scan/attack/build.ts';
import { smallestFix } from '#scan/attack/fix/fix.ts';
import { parity } from '#scan/parity/parity.ts';
import { declaredFlows } from '#scan/reach/flows.ts';
import { netmap, netmapText } from '#scan/reach/netmap.ts';
import { reachOf } from '#scan/reach/reach.ts';
import { synthesise } from '#scan/reach/synthesise.ts';
import { attackInputOf, findingsOf } from '#scan/system.ts';
import { renderMarkdown } from '#scan/threats/markdown.ts';
import { threatModel } from '#scan/threats/threats.ts';
import { readYaml } from '#syntax/yaml.ts';
import { check, GOOD_SYSTEM, NOW_MS, placesIn, WRONG } from '../fakes/scan-beside.ts';
import { read } from '../fakes/scan-inputs.ts';

/** What the other commands ask of a system. */
function askEverything(unit: Unit, about: string): void {
  try {
    const context = contextOf(unit, NOW_MS);
    const input = attackInputOf(context, findingsOf(context));
    const graph = buildAttackGraph(input);
    renderMarkdown(threatModel(input, graph, { title: unit.name }));
    const reach = reachOf(unit.system);
    netmapText(netmap(reach));
    synthesise(unit.system, declaredFlows(reach));
    for (const { id } of unit.system.workloads) blastRadius(graph, id);
    smallestFix(input, { reparse: () => unit.system, reachOf }, {}, graph);
    parity(unit.system, GOOD_SYSTEM);
  } catch (error) {
    throw new Error(`${about}: ${(error as Error).stack}`, { cause: error });
  }
}

test('manifests with values of wrong types', () => {
  const kinds = [
    'Deployment',
    'Service',
    'Ingress',
    'NetworkPolicy',
    'AuthorizationPolicy',
    'Gateway',
    'Secret',
    'Role',
    'CronJob',
    'VirtualService',
    'HTTPRoute',
    'PeerAuthentication',
    'Pod',
  ];
  const versions = [
    'apps/v1',
    'v1',
    'networking.k8s.io/v1',
    'security.istio.io/v1',
    'gateway.networking.k8s.io/v1',
    'networking.istio.io/v1',
  ];
  const words = [
    'spec',
    'metadata',
    'template',
    'containers',
    'rules',
    'from',
    'to',
    'selector',
    'ports',
    'name',
    'namespace',
    'labels',
    'annotations',
    'env',
    'image',
    'securityContext',
    'ingress',
    'http',
    'paths',
    'backend',
    'tls',
    'hosts',
    'data',
    'volumes',
  ];
  const value = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom<unknown>(null, true, 0, -5, '', 'a', '10.0.0.0/8', '*', 'a/b'),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...words), tie('tree'), { maxKeys: 5 }),
    ),
  })).tree;
  fc.assert(
    fc.property(fc.constantFrom(...versions), fc.constantFrom(...kinds), value, value, (apiVersion, kind, spec, metadata) => {
      const text = JSON.stringify({ apiVersion, kind, metadata, spec, rules: spec, data: metadata });
      for (const unit of check('bad/any.yaml', Buffer.from(text), text).units) askEverything(unit, text);
    }),
    { numRuns: 300, seed: 11 },
  );
});

const MORE = [
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'v', namespace: 'shop' },
    spec: {
      hosts: ['web'],
      gateways: ['g'],
      http: [{ match: [{ uri: { prefix: '/' } }], route: [{ destination: { host: 'web', port: { number: 80 } } }] }],
    },
  },
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: 'd', namespace: 'shop' },
    spec: { host: 'web', trafficPolicy: { tls: { mode: 'DISABLE' } }, subsets: [{ name: 'a', labels: { v: '1' } }] },
  },
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name: 'g', namespace: 'shop' },
    spec: { selector: { a: 'b' }, servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }] },
  },
  {
    apiVersion: 'security.istio.io/v1',
    kind: 'RequestAuthentication',
    metadata: { name: 'r', namespace: 'shop' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      jwtRules: [{ issuer: 'https://a.example', jwksUri: 'https://a.example/k', audiences: ['a'] }],
    },
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'r', namespace: 'shop' },
    rules: [{ apiGroups: [''], resources: ['secrets', 'pods/exec'], verbs: ['*'] }],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'b', namespace: 'shop' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'shop' }],
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'db', namespace: 'shop' },
    type: 'Opaque',
    data: { password: 'aHVudGVyMg==' },
    stringData: { user: 'a' },
  },
  {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'c', namespace: 'shop' },
    spec: {
      schedule: '* * * * *',
      jobTemplate: {
        spec: {
          template: {
            spec: {
              hostNetwork: true,
              containers: [{ name: 'c', image: 'c:1', volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
              volumes: [
                { name: 'v', hostPath: { path: '/' } },
                { name: 's', secret: { secretName: 'db' } },
              ],
            },
          },
        },
      },
    },
  },
  {
    apiVersion: 'policy.networking.k8s.io/v1alpha1',
    kind: 'AdminNetworkPolicy',
    metadata: { name: 'a' },
    spec: {
      priority: 5,
      subject: { namespaces: {} },
      ingress: [
        {
          action: 'Deny',
          from: [{ pods: { namespaceSelector: {}, podSelector: {} } }],
          ports: [{ portNumber: { protocol: 'TCP', port: 80 } }],
        },
      ],
    },
  },
  {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: { name: 'n', namespace: 'shop' },
    spec: {
      endpointSelector: {},
      ingress: [{ fromEntities: ['world'], toPorts: [{ ports: [{ port: '80' }], rules: { http: [{ path: '/' }] } }] }],
    },
  },
  {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: 'x', namespace: 'shop' },
    spec: { secretName: 'x', duration: '2160h', privateKey: { algorithm: 'RSA', size: 1024 }, dnsNames: ['a'] },
  },
  {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'SecurityPolicy',
    metadata: { name: 's', namespace: 'shop' },
    spec: {
      targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop' }],
      jwt: { providers: [{ name: 'p', issuer: 'https://a' }] },
    },
  },
];

test('a manifest that is right but for a few values, and every command that asks of it', () => {
  const files = [
    ...['orders', 'db', 'policies', 'cluster'].map((name) => `test/fixtures/see/deploy/${name}.yaml`),
    ...['gateway', 'frontend', 'payment-processing', 'namespace'].map((name) => `examples/shop/manifests/${name}.yaml`),
  ];
  const documents = [...files.flatMap((file) => readYaml(file, read(file)).documents.map(({ value }) => value)), ...MORE];
  const size = placesIn(documents).length;
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(size - 1), WRONG), { minLength: 1, maxLength: 6 }), (changes) => {
      const copy = structuredClone(documents);
      for (const [at, value] of changes) {
        const places = placesIn(copy);
        const [holder, key] = places[at % places.length]!;
        holder[key] = structuredClone(value);
      }
      const text = copy.map((document) => JSON.stringify(document)).join('\n---\n');
      for (const unit of check('bad/all.yaml', Buffer.from(text), JSON.stringify(changes).slice(0, 500)).units)
        askEverything(unit, text);
    }),
    { numRuns: 60, seed: 13 },
  );
});
