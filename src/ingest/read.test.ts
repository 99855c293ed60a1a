import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatLocation, originOf } from '#model/origin.ts';
import { manifest, readText } from '../../test/fakes/manifests.ts';
import { importResource, validateCondition } from './import.ts';
import { readSystem } from './read.ts';

const SA = (name: string): string => `apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: ${name}}\n`;

test('lists are unpacked, in YAML and JSON, also inside each other, and items keep their places', () => {
  const items = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } },
    {
      apiVersion: 'v1',
      kind: 'ServiceAccountList',
      items: [{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'b' } }],
    },
  ];
  const json = JSON.stringify({ apiVersion: 'v1', kind: 'List', metadata: {}, items });
  assert.deepEqual(
    readText(json).system.resources.map((each) => each.kind),
    ['Namespace', 'ServiceAccount'],
  );
  const yaml =
    'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ServiceAccount\n  metadata:\n    name: ok\n- apiVersion: v1\n  kind: ServiceAccount\n  metadata:\n    name: NOT\n';
  const { system, told } = readText(yaml);
  assert.deepEqual(told, ['error 11:5 k8s.value']);
  assert.equal(formatLocation(originOf(system.resources[0]!, ['metadata', 'name'])), 't.yaml:7:5');
  assert.deepEqual(readText('apiVersion: v1\nkind: List\nitems: {}\n').told, ['error 1:1 resource.list']);
  assert.deepEqual(readText('apiVersion: v1\nkind: List\nitems: []\n').told, []);
});

test('the hash depends on what is said, not on order, files or comments', () => {
  const [a, b] = [SA('a'), SA('b')];
  const hash = (...texts: string[]): string => readSystem(texts.map((text, i) => ({ file: `${i}`, text }))).system.hash;
  assert.equal(hash(`${a}---\n${b}`), hash(b, `# comment\n${a}`));
  assert.equal(hash(a), hash('metadata: {"name": "a"}\nkind: ServiceAccount\napiVersion: v1\n'));
  assert.notEqual(hash(a), hash(a, b));
  assert.notEqual(hash(a), hash(a.replace('{name: a}', '{name: a, labels: {x: z}}')));
  assert.match(hash(), /^[0-9a-f]{64}$/);
});

test('the System is frozen all the way down', () => {
  const { system } = readText(manifest('v1', 'Service', '  selector: {a: b}\n  ports: [{name: http, port: 80}]'));
  const reach = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    assert.ok(Object.isFrozen(value));
    for (const member of Object.values(value)) reach(member);
  };
  reach(system);
});

test('a second document of the same name is told with both places, and the first one stays', () => {
  const { system, told, messages } = readText(
    `${SA('a')}---\n${SA('a').replace('{name: a}', '{name: a, labels: {x: z}}')}---\n${SA('a')}`,
  );
  assert.deepEqual(told, ['error 7:12 resource.duplicate', 'warning 11:12 resource.duplicate']);
  assert.match(messages, /t\.yaml:1:1/);
  assert.equal(system.resources.length, 1);
  // Same name, other group or namespace: another object.
  const gateways = ['networking.istio.io/v1', 'gateway.networking.k8s.io/v1'].map((apiVersion) =>
    manifest(
      apiVersion,
      'Gateway',
      apiVersion.startsWith('g') ? '  gatewayClassName: c\n  listeners: [{name: a, port: 80, protocol: HTTP}]' : '  servers: []',
    ),
  );
  assert.deepEqual(
    readText(`${gateways.join('---\n')}---\n${gateways[0]!.replace('name: x', 'name: x, namespace: other')}`).told,
    [],
  );
});

test('near misses of known kinds are warned about, other kinds are kept in silence', () => {
  for (const [apiVersion, kind, want] of [
    ['security.istio.io/v1', 'AuthorisationPolicy', /did you mean `AuthorizationPolicy`/],
    ['security.istio.io/v1', 'Authorizationpolicy', /did you mean `AuthorizationPolicy`/],
    ['security.istio.oi/v1', 'AuthorizationPolicy', /did you mean `security.istio.io\/v1`/],
    ['v1', 'Deployment', /did you mean `apps\/v1`/],
    ['app/v1', 'Deployment', /did you mean `apps\/v1`/],
    ['gateway.networking.k8s.io/v1', 'HttpRoute', /did you mean `HTTPRoute`/],
  ] as const) {
    const { system, told, messages } = readText(manifest(apiVersion, kind, '  a: 1'));
    assert.deepEqual(
      told.map((each) => each.replace(/ \d+:\d+/, '')),
      ['warning resource.near-miss'],
      `${apiVersion} ${kind}`,
    );
    assert.match(messages, want);
    assert.equal(system.notActedOn.length, 1);
  }
  for (const [apiVersion, kind] of [
    ['serving.knative.dev/v1', 'Service'],
    ['example.com/v1', 'Gateway'],
    ['networking.istio.io/v1', 'WorkloadEntry'],
    ['gateway.networking.k8s.io/v1', 'ListenerSet'],
    ['kustomize.config.k8s.io/v1beta1', 'Kustomization'],
  ] as const) {
    assert.deepEqual(readText(manifest(apiVersion, kind, '  a: 1')).told, [], kind);
  }
  assert.deepEqual(readText(manifest('security.istio.io/v2', 'AuthorizationPolicy', '')).told, ['error 1:1 resource.version']);
  assert.deepEqual(
    readText(
      'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a]\n---\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [b]\n',
    ).told,
    [],
  );
});

test('what is no Kubernetes object gets a clear error', () => {
  for (const [text, want, help] of [
    ['just words', 'error 1:1 resource.not-an-object', /apiVersion/],
    ['- a\n- b', 'error 1:1 resource.not-an-object', /a list/],
    ['openapi: 3.0.0', 'error 1:1 resource.not-an-object', /OpenAPI/],
    ['a: 1', 'error 1:1 resource.not-an-object', /neither/],
    ['apiversion: v1\nkind: Pod', 'error 1:1 resource.required', /did you mean `apiVersion`/],
    ['apiVersion: v1\nkid: Pod', 'error 1:1 resource.required', /did you mean `kind`/],
    ['apiVersion: 1\nkind: Pod', 'error 1:1 resource.type', /number/],
    ['apiVersion: v1\nkind: "Po d"', 'error 2:1 resource.kind', /./],
    ['apiVersion: apps-v1\nkind: Deployment', 'error 1:1 resource.api-version', /./],
    ['apiVersion: v1\nkind: Pod', 'error 1:1 k8s.required', /metadata/],
    ['apiVersion: v1\nkind: Pod\nmetadata: {nam: x}\nspec: {}', 'error 3:1 k8s.required', /did you mean `name`/],
  ] as const) {
    const { system, told, messages } = readText(text);
    assert.ok(told.includes(want), `${text}: ${told.join()}`);
    assert.match(messages, help, text);
    assert.equal(system.resources.length, 0);
  }
});

test('findings come in the order of files and lines, and are bounded', () => {
  const { diagnostics } = readSystem([
    { file: 'b', text: 'x\n---\ny' },
    { file: 'a', text: 'apiVersion: v1\nkind: Pod\nmetadata: {name: A, x: 1}' },
  ]);
  assert.deepEqual(
    diagnostics.map(({ location }) => formatLocation(location)),
    ['b:1:1', 'b:3:1', 'a:1:1', 'a:3:12', 'a:3:21'].filter((each) =>
      diagnostics.some(({ location }) => formatLocation(location) === each),
    ),
  );
  const many = readText(Array.from({ length: 5000 }, (_, i) => `- ${i}\n`).join('---\n'));
  assert.equal(many.told.length, 2001);
  assert.match(many.told.at(-1)!, /resource.more/);
  const wide = readText(
    `apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec:\n${Array.from({ length: 20_000 }, (_, i) => `  bad${i}: 1\n`).join('')}`,
  );
  assert.equal(wide.told.length, 101);
});

test('namespaces: declared ones and those that documents are in', () => {
  const { system } = readText(
    `apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: a}}\n---\n${SA('a').replace('{name: a}', '{name: a, namespace: other}')}`,
  );
  assert.deepEqual(system.namespaces, [
    { name: 'other', labels: { 'kubernetes.io/metadata.name': 'other' } },
    { name: 'shop', labels: { 'kubernetes.io/metadata.name': 'shop', team: 'a' } },
  ]);
  assert.deepEqual(
    readText(SA('a'), { defaultNamespace: 'mine' }).system.namespaces.map((each) => each.name),
    ['mine'],
  );
});

test('single objects are imported by the same rules', () => {
  const location = { file: 'x', line: 3, column: 4 };
  const { resource, diagnostics } = importResource({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }, location);
  assert.deepEqual(diagnostics, []);
  assert.equal(originOf(resource!), location);
  assert.deepEqual(
    importResource({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a b' } }).diagnostics.map((each) => [
      each.code,
      each.path,
    ]),
    [['k8s.value', 'metadata.name']],
  );
  for (const raw of [undefined, null, 5, 'x', [], () => 1]) assert.equal(importResource(raw).resource, undefined);
  assert.deepEqual(validateCondition('source.ip', ['10.0.0.0/8']), []);
  assert.equal(validateCondition('source.ip', [], []).length, 1);
  assert.equal(validateCondition('sorce.ip', ['x'])[0]!.help, 'did you mean `source.ip`?');
});
