import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_MESH } from '#model/istio.ts';
import { DEFAULT_PLATFORM } from '#model/platform.ts';
import { manifest, readText } from '../../../test/fakes/manifests.ts';
import { CULLIS_SCHEMAS, documentJsonSchema } from './schema.ts';

const V1 = 'cullis.dev/v1';
const platform = (spec: string): string => manifest(V1, 'Platform', spec);
const workload = (spec: string): string => manifest(V1, 'Workload', spec, 'name: cart, namespace: shop');

test('without a Platform the defaults hold', () => {
  const { system } = readText('');
  assert.deepEqual(system.platform, DEFAULT_PLATFORM);
  assert.deepEqual(system.mesh, DEFAULT_MESH);
});

test('a Platform sets what it says and leaves the rest', () => {
  const { system, told } = readText(
    platform(
      '  gatewayAddress: localhost\n  certificateTtl: 1h30m\n  sessionCookie: sid\n  limits: {headersMax: 50, idleTimeoutMs: 5s, connectTimeoutMs: 100}\n  mesh: {trustDomain: td, numTrustedProxies: 1, pathNormalization: {normalization: MERGE_SLASHES}, multipleCustomProviders: true}',
    ),
  );
  assert.deepEqual(told, []);
  assert.deepEqual(system.platform, {
    ...DEFAULT_PLATFORM,
    certificateTtlMs: 5_400_000,
    sessionCookie: 'sid',
    limits: { ...DEFAULT_PLATFORM.limits, headersMax: 50, idleTimeoutMs: 5000, connectTimeoutMs: 100 },
  });
  assert.deepEqual(system.mesh, {
    ...DEFAULT_MESH,
    trustDomain: 'td',
    numTrustedProxies: 1,
    pathNormalization: 'MERGE_SLASHES',
    multipleCustomProviders: true,
  });
});

test("external authorizers are written as in Istio's mesh configuration", () => {
  const { system, told } = readText(
    platform(
      '  mesh:\n    extensionProviders:\n    - name: http\n      envoyExtAuthzHttp:\n        service: istio-system/ext.servers.svc.cluster.local\n        port: 8000\n        timeout: 2s\n        headersToUpstreamOnAllow: ["x-*"]\n        includeAdditionalHeadersInCheck: {a: b}\n    - {name: grpc, envoyExtAuthzGrpc: {service: ext, port: 9000, failOpen: true}}',
    ),
  );
  assert.deepEqual(told, []);
  const lists = { includeRequestHeadersInCheck: [], headersToDownstreamOnDeny: [], headersToDownstreamOnAllow: [] };
  assert.deepEqual(system.mesh.extensionProviders, [
    {
      name: 'http',
      protocol: 'http',
      service: 'ext.servers.svc.cluster.local',
      port: 8000,
      timeoutMs: 2000,
      pathPrefix: '',
      failOpen: false,
      ...lists,
      headersToUpstreamOnAllow: ['x-*'],
      includeAdditionalHeadersInCheck: { a: 'b' },
    },
    {
      name: 'grpc',
      protocol: 'grpc',
      service: 'ext',
      port: 9000,
      timeoutMs: 600_000,
      pathPrefix: '',
      failOpen: true,
      ...lists,
      headersToUpstreamOnAllow: [],
      includeAdditionalHeadersInCheck: {},
    },
  ]);
});

test("Istio's own ConfigMap is read, the Platform wins, and the caller wins over both", () => {
  const istio =
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  mesh: |\n    trustDomain: from-istio\n    rootNamespace: root\n    accessLogFile: /dev/stdout\n    pathNormalization: {normalization: NONE}\n    defaultConfig: {discoveryAddress: x, gatewayTopology: {numTrustedProxies: 2}}\n    extensionProviders:\n    - {name: zipkin, zipkin: {service: z, port: 9411}}\n    - {name: authz, envoyExtAuthzGrpc: {service: s, port: 1}}\n';
  const { system, told } = readText(`${istio}---\n${platform('  mesh: {trustDomain: from-platform}')}`, {
    mesh: { numTrustedProxies: 3 },
  });
  assert.deepEqual(told, []);
  const { trustDomain, rootNamespace, pathNormalization, numTrustedProxies, extensionProviders } = system.mesh;
  assert.deepEqual(
    [trustDomain, rootNamespace, pathNormalization, numTrustedProxies, extensionProviders.map((each) => each.name)],
    ['from-platform', 'root', 'NONE', 3, ['authz']],
  );
  assert.deepEqual(readText(istio.replace('rootNamespace: root', 'rootNamespace: [')).told, ['error 5:3 syntax.yaml']);
  assert.deepEqual(readText(istio.replace('rootNamespace: root', 'rootNamespace: 5')).told, ['error 5:3 mesh.type']);
});

test('a Workload says how something runs', () => {
  const pod = ['cart', 'c']
    .map((name) => manifest('v1', 'Pod', '  containers: [{name: m}]', `name: ${name}, namespace: shop`))
    .join('---\n');
  for (const [spec, want] of [
    [
      '  command: [node, cart.js]',
      { workload: 'cart', command: ['node', 'cart.js'], cwd: '.', env: {}, readiness: { kind: 'tcp' }, readyTimeoutMs: 30_000 },
    ],
    [
      '  workload: c\n  address: {"8080": "127.0.0.1:9000"}\n  readiness: {http: /healthz}\n  readyTimeout: 5s',
      {
        workload: 'c',
        cwd: '.',
        env: {},
        address: { '8080': '127.0.0.1:9000' },
        readiness: { kind: 'http', path: '/healthz' },
        readyTimeoutMs: 5000,
      },
    ],
    [
      '  builtin: postgres\n  cwd: ..\n  env: {A: b}\n  readiness: {tcp: true}',
      { workload: 'cart', cwd: '..', env: { A: 'b' }, builtin: 'postgres', readiness: { kind: 'tcp' }, readyTimeoutMs: 30_000 },
    ],
  ] as const) {
    const { system, told } = readText(`${workload(spec)}---\n${pod}`);
    assert.deepEqual(told, [], spec);
    assert.deepEqual(
      system.runs.map((each) => each.spec),
      [want],
    );
  }
});

test('mistakes are told at their place with the nearest right word', () => {
  for (const [text, want, help] of [
    [workload('  comand: [x]'), 'error 5:3 cullis.unknown-field', /`command`/],
    [workload('  command: node x'), 'error 5:3 cullis.type', /./],
    [workload('  command: [x]\n  builtin: postgres'), 'error 4:1 cullis.run', /./],
    [workload(''), 'error 1:1 cullis.run', /./],
    [workload('  builtin: postgre'), 'error 5:3 cullis.value', /did you mean `postgres`/],
    [workload('  command: [x]\n  env: {A: 1}'), 'error 6:9 cullis.type', /quotes/],
    [workload('  command: [x]\n  readiness: {htp: /x}'), 'error 6:15 cullis.unknown-field', /`http`/],
    [workload('  command: [x]\n  readyTimeout: soon'), 'error 6:3 cullis.value', /duration/],
    [workload('  address: {"80": nowhere}'), 'error 5:13 cullis.value', /host:port/],
    [platform('  limits: {headerMax: 1}'), 'error 5:12 cullis.unknown-field', /`headersMax`/],
    [platform('  limits: {headersMax: 0}'), 'error 5:12 cullis.range', /./],
    [platform('  certificateTtl: 5s'), 'error 5:3 cullis.value', /duration/],
    [platform('  sessionCookie: "a b"'), 'error 5:3 cullis.value', /cookie name/],
    [platform('  gatewayAddress: somewhere'), 'error 5:3 cullis.value', /./],
    [platform('  mesh: {trustdomain: x}'), 'error 5:10 cullis.unknown-field', /`trustDomain`/],
    [
      platform('  mesh: {extensionProviders: [{name: a, envoyExtAuthzHttp: {service: x, port: 1, timout: 1s}}]}'),
      'error 5:82 cullis.unknown-field',
      /`timeout`/,
    ],
    [`${platform('')}---\n${platform('').replace('name: x', 'name: z')}`, 'error 5:1 cullis.duplicate-platform', /t.yaml:1:1/],
  ] as const) {
    const { told, messages } = readText(text);
    assert.ok(told.includes(want), `${text}\n${told.join('\n')}\n${messages}`);
    assert.match(messages, help, text);
  }
});

test('the JSON Schema of every kind describes every member', () => {
  for (const kind of Object.keys(CULLIS_SCHEMAS) as (keyof typeof CULLIS_SCHEMAS)[]) {
    const schema = documentJsonSchema(kind) as {
      properties: { spec: { properties: Record<string, { description?: string }>; additionalProperties: boolean } };
    };
    const { spec } = schema.properties;
    assert.equal(spec.additionalProperties, false);
    for (const [name, member] of Object.entries(spec.properties)) assert.ok((member.description ?? '') !== '', `${kind}.${name}`);
  }
});
