import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constant, assert as property, dictionary, jsonValue, property as forAll, record, string } from 'fast-check';
import { hits } from '../../../test/fakes/scan.ts';
import { analyzeMesh } from './analyzer.ts';
import { ISTIO_RULES, MESH_ANALYZERS } from './analyzers.ts';
import { readMeshConfig } from './read.ts';

const NOW = Date.UTC(2026, 10, 24);

/** `code object`, of every analyzer. */
function messages(...texts: readonly string[]): string[] {
  const config = readMeshConfig(texts.map((text, i) => ({ file: `${i}.yaml`, text })));
  return analyzeMesh(config, MESH_ANALYZERS, NOW).map(({ code, object }) => `${code} ${object}`);
}

function doc(apiVersion: string, kind: string, metadata: string, rest = ''): string {
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { ${metadata} }\n${rest}\n---\n`;
}
const NET = 'networking.istio.io/v1';
const POD = doc(
  'v1',
  'Pod',
  'name: web, namespace: shop, labels: { app: web, sidecar.istio.io/inject: "false" }',
  'spec: { containers: [{ name: web, image: w }] }',
);
const SERVICE = doc(
  'v1',
  'Service',
  'name: web, namespace: shop',
  'spec: { selector: { app: web }, ports: [{ port: 80, name: http }] }',
);

test('ids and names of analyzers are their own, and each names its messages', () => {
  assert.equal(new Set(MESH_ANALYZERS.map(({ id }) => id)).size, MESH_ANALYZERS.length);
  assert.equal(new Set(MESH_ANALYZERS.map(({ analyzer }) => analyzer)).size, MESH_ANALYZERS.length);
  for (const { id, why, help, references } of ISTIO_RULES) {
    assert.match(id, /^istio\.[a-z0-9-]+$/);
    assert.ok(why !== '' && help !== '' && references.length > 0, id);
  }
});

test('messages, each with a twin that is in order', () => {
  const regex = (text: string): string =>
    doc(
      NET,
      'VirtualService',
      'name: web, namespace: shop',
      `spec: { hosts: [web], http: [{ match: [{ uri: { regex: '${text}' } }], route: [{ destination: { host: web } }] }] }`,
    );
  const se = (name: string, protocol: string, more = ''): string =>
    doc(
      NET,
      'ServiceEntry',
      `name: ${name}, namespace: shop`,
      `spec: { hosts: [x.example.com], ports: [{ number: 443, name: p, protocol: ${protocol} }]${more} }`,
    );
  const rule = (name: string, host: string): string =>
    doc(NET, 'DestinationRule', `name: ${name}, namespace: shop`, `spec: { host: ${host} }`);
  const rows: readonly (readonly [texts: readonly string[], want: readonly string[]])[] = [
    [[POD, SERVICE], []],
    [[POD, SERVICE, regex('/a(?=b)')], ['InvalidRegexp VirtualService shop/web']],
    [[POD, SERVICE, regex('/(a|b')], ['InvalidRegexp VirtualService shop/web']],
    [[POD, SERVICE, regex('/(?P<n>[a-z]+)/\\pL')], []],
    [[se('a', 'TCP')], ['ServiceEntryAddressesRequired ServiceEntry shop/a']],
    [[se('a', 'TCP', ', addresses: [10.0.0.1]')], []],
    [
      [se('a', 'HTTP'), se('b', 'TLS')],
      ['ConflictingServiceEntryProtocol ServiceEntry shop/a', 'ConflictingServiceEntryProtocol ServiceEntry shop/b'],
    ],
    [[se('a', 'TLS'), se('b', 'TLS')], []],
    [[POD, SERVICE, rule('r', 'wbe')], ['UnknownDestinationRuleHost DestinationRule shop/r']],
    [[POD, SERVICE, rule('r', 'web.shop')], []],
    [[POD, SERVICE, rule('r', 'web.shop.svc.cluster.local')], []],
  ];
  for (const [texts, want] of rows) assert.deepEqual(messages(...texts), want, texts.join(''));
});

test('a resource can suppress a message about itself', () => {
  const entry = (annotation: string): string =>
    doc(
      NET,
      'ServiceEntry',
      `name: a, namespace: shop, annotations: { galley.istio.io/analyze-suppress: "${annotation}" }`,
      'spec: { hosts: [x.example.com], ports: [{ number: 443, name: p, protocol: TCP }] }',
    );
  assert.deepEqual(messages(entry('IST0134')), []);
  assert.deepEqual(messages(entry('*')), []);
  assert.deepEqual(messages(entry('IST0101')), ['ServiceEntryAddressesRequired ServiceEntry shop/a']);
});

test('networks of a cluster that nobody knows', () => {
  const map = doc(
    'v1',
    'ConfigMap',
    'name: istio, namespace: istio-system',
    'data:\n  meshNetworks: |\n    networks: { n: { endpoints: [{ fromRegistry: west }] } }',
  );
  const secret = doc(
    'v1',
    'Secret',
    'name: s, namespace: istio-system, labels: { istio/multiCluster: "true" }',
    'data: { west: eA== }',
  );
  assert.deepEqual(messages(map), ['UnknownMeshNetworksServiceRegistry ConfigMap istio-system/istio']);
  assert.deepEqual(messages(map, secret), []);
});

test('in the scan, what other files may hold is not called missing', () => {
  const texts = [
    doc(
      NET,
      'Gateway',
      'name: edge, namespace: shop',
      'spec: { selector: { app: my-gateway }, servers: [{ port: { number: 443, name: p, protocol: HTTPS }, hosts: [a.example.com], tls: { mode: SIMPLE, credentialName: c } }] }',
    ),
    doc(
      NET,
      'VirtualService',
      'name: web, namespace: shop',
      'spec: { hosts: [a.example.com], gateways: [infra/edge], http: [{ route: [{ destination: { host: web.other.svc.cluster.local, subset: v1 } }] }] }',
    ),
    doc(
      NET,
      'DestinationRule',
      'name: r, namespace: shop',
      'spec: { host: web.other.svc.cluster.local, subsets: [{ name: v1, labels: { version: v1 } }] }',
    ),
    doc(
      NET,
      'Sidecar',
      'name: s, namespace: empty',
      'spec: { workloadSelector: { labels: { app: x } }, egress: [{ hosts: ["./*"] }] }',
    ),
  ];
  const found = ISTIO_RULES.flatMap((rule) => hits(rule, ...texts));
  assert.deepEqual(
    found.map(({ title }) => title),
    [],
  );
  assert.equal(messages(...texts).length, 7);
});

test('a system without Istio has no findings of Istio', () => {
  const plain = 'apiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: shop }\nspec: { ports: [{ port: 80 }] }\n';
  assert.deepEqual(
    ISTIO_RULES.flatMap((rule) => hits(rule, plain)),
    [],
  );
  const marked = `${plain}---\napiVersion: v1\nkind: Namespace\nmetadata: { name: shop, labels: { istio-injection: enabled } }\n`;
  const [finding, ...others] = ISTIO_RULES.flatMap((rule) => hits(rule, marked));
  assert.deepEqual(others, []);
  assert.equal(finding?.code, 'istio.service-port-name');
  assert.deepEqual(finding?.tags, ['istioctl:IST0118']);
});

test('whatever a document holds, every analyzer comes to an end without throwing', () => {
  const kinds = [
    'Gateway',
    'VirtualService',
    'DestinationRule',
    'ServiceEntry',
    'Sidecar',
    'EnvoyFilter',
    'Pod',
    'Service',
    'Secret',
    'Deployment',
    'MutatingWebhookConfiguration',
  ];
  const any = record({
    spec: jsonValue({ maxDepth: 4 }),
    webhooks: jsonValue(),
    status: jsonValue(),
    data: dictionary(string(), string()),
    metadata: constant({ name: 'a' }),
  });
  property(
    forAll(any, (document) => {
      const text = kinds
        .map((kind) => {
          const apiVersion = ['Pod', 'Service', 'Secret'].includes(kind)
            ? 'v1'
            : kind === 'Deployment'
              ? 'apps/v1'
              : kind.endsWith('Configuration')
                ? 'admissionregistration.k8s.io/v1'
                : NET;
          return JSON.stringify({ apiVersion, kind, ...document });
        })
        .join('\n---\n');
      messages(text);
    }),
    { numRuns: 60 },
  );
});
