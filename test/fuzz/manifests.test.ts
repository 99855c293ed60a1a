// Any manifests give a System or diagnostics: never an exception, and never a half-read document in a typed list.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readSystem } from '#ingest/read.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 150);

const SEEDS: readonly unknown[] = [
  {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'p', namespace: 'shop', annotations: { 'istio.io/dry-run': 'true' } },
    spec: {
      selector: { matchLabels: { app: 'cart' } },
      action: 'DENY',
      rules: [
        {
          from: [{ source: { principals: ['a'], ipBlocks: ['10.0.0.0/8'] } }],
          to: [{ operation: { paths: ['/x/{*}'], ports: ['80'] } }],
          when: [{ key: 'request.headers[a]', values: ['b'] }],
        },
      ],
    },
  },
  {
    apiVersion: 'security.istio.io/v1',
    kind: 'RequestAuthentication',
    metadata: { name: 'r' },
    spec: { jwtRules: [{ issuer: 'i', jwks: '{"keys":[]}', fromHeaders: [{ name: 'x' }], timeout: '5s' }] },
  },
  {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name: 'd' },
    spec: { selector: { matchLabels: { a: 'b' } }, mtls: { mode: 'STRICT' }, portLevelMtls: { 80: { mode: 'DISABLE' } } },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'cart', labels: { a: 'b' } },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'cart' } },
      template: {
        metadata: { labels: { app: 'cart' } },
        spec: {
          containers: [
            {
              name: 'm',
              image: 'x',
              ports: [{ containerPort: 80 }],
              env: [
                { name: 'A', value: 'cart:80' },
                { name: 'B', value: '$(A)' },
              ],
              envFrom: [{ configMapRef: { name: 'c' } }],
            },
          ],
        },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'cart' },
    spec: { selector: { app: 'x' }, ports: [{ name: 'http', port: 80, targetPort: 'web' }] },
  },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { token: 'hunter2-value' } },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'istio', namespace: 'istio-system' },
    data: { mesh: 'trustDomain: td\nextensionProviders: []\n' },
  },
  { apiVersion: 'v1', kind: 'List', items: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } }] },
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'r' },
    spec: {
      parentRefs: [{ name: 'g' }],
      hostnames: ['a.example'],
      rules: [
        {
          matches: [{ path: { type: 'Exact', value: '/x' } }],
          filters: [{ type: 'URLRewrite', urlRewrite: { hostname: 'x' } }],
          backendRefs: [{ name: 'cart', port: 80 }],
          timeouts: { request: '1s' },
        },
      ],
    },
  },
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'g' },
    spec: {
      gatewayClassName: 'c',
      listeners: [{ name: 'a', port: 80, protocol: 'HTTP', tls: { certificateRefs: [{ name: 'c' }] } }],
    },
  },
  {
    apiVersion: 'cullis.dev/v1',
    kind: 'Platform',
    metadata: { name: 'p' },
    spec: {
      limits: { headersMax: 5 },
      mesh: { extensionProviders: [{ name: 'a', envoyExtAuthzHttp: { service: 's', port: 1 } }] },
    },
  },
  {
    apiVersion: 'cullis.dev/v1',
    kind: 'Workload',
    metadata: { name: 'cart' },
    spec: { command: ['x'], readiness: { http: '/' }, env: { A: 'b' } },
  },
];

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1.5,
    1e300,
    '',
    '*',
    'x'.repeat(300),
    [],
    {},
    [null],
    [[]],
    { __proto__: null, constructor: 1 },
    JSON.parse('{"__proto__": {"a": 1}}'),
    '{*}',
    '10.0.0.0/99',
    'a/b/c',
    'yes',
    '\u0000',
    '\uD800',
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

/** A copy of the value in which one place is replaced, removed or renamed. */
function mutate(value: unknown, path: readonly number[], replacement: unknown, how: number): unknown {
  if (path.length === 0 || typeof value !== 'object' || value === null) return replacement;
  const keys = Object.keys(value);
  if (keys.length === 0) return replacement;
  const key = keys[path[0]! % keys.length]!;
  const inner = mutate((value as Record<string, unknown>)[key], path.slice(1), replacement, how);
  if (Array.isArray(value)) return value.map((item, i) => (String(i) === key ? inner : (item as unknown)));
  const last = path.length === 1;
  const entries = Object.entries(value).flatMap(([name, member]): [string, unknown][] => {
    if (name !== key) return [[name, member]];
    if (last && how === 1) return [];
    return [[last && how === 2 ? `${name}x` : name, last && how === 2 ? member : inner]];
  });
  return Object.fromEntries(entries);
}

function settle(text: string | Uint8Array): void {
  const { system, diagnostics } = readSystem([{ file: 'f.yaml', text }]);
  for (const { message, severity, code } of diagnostics) {
    assert.match(code, /^[a-z0-9]+\.[a-z0-9-]+$/);
    assert.ok(['error', 'warning', 'info'].includes(severity));
    assert.doesNotMatch(message, /^[A-Z]|\.$|undefined|\[object|Error:|at .*\.ts:/, message);
  }
  assert.match(system.hash, /^[0-9a-f]{64}$/);
  assert.doesNotMatch(JSON.stringify([system, diagnostics]), /hunter2-value/);
  for (const policy of system.authorizationPolicies) assert.ok(['ALLOW', 'DENY', 'AUDIT', 'CUSTOM'].includes(policy.spec.action));
  for (const service of system.services)
    for (const { port } of service.ports) assert.ok(Number.isInteger(port) && port > 0 && port < 65_536);
}

const place = fc.array(fc.nat(7), { minLength: 1, maxLength: 9 });
const change = fc.tuple(place, odd, fc.nat(2));

test('mutated manifests give a System or diagnostics', () => {
  fc.assert(
    fc.property(fc.constantFrom(...SEEDS), fc.array(change, { maxLength: 3 }), (seed, changes) => {
      let value = seed;
      for (const [path, replacement, how] of changes) value = mutate(value, path, replacement, how);
      settle(JSON.stringify(value) ?? '');
    }),
    { numRuns: RUNS * 4 },
  );
});

test('the seeds themselves are right', () => {
  const { diagnostics } = readSystem([{ file: 'f', text: SEEDS.map((seed) => JSON.stringify(seed)).join('\n---\n') }]);
  assert.deepEqual(
    diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code),
    ['gateway.tls'],
  );
});

test('texts with bytes changed give a System or diagnostics', () => {
  const text = new TextEncoder().encode(SEEDS.map((seed) => JSON.stringify(seed, undefined, 1)).join('\n---\n'));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(text.length - 1), fc.nat(255)), { maxLength: 8 }), fc.nat(text.length), (edits, cut) => {
      const bytes = text.slice(0, cut);
      for (const [at, byte] of edits) if (at < bytes.length) bytes[at] = byte;
      settle(bytes);
    }),
    { numRuns: RUNS },
  );
});

test('a hundred manifests of nonsense each get a clear error', () => {
  const words = ['apiVersion', 'kind', 'metadata', 'spec', 'Pod', 'v1', 'name', 'true', '1', 'x y', 'rules', '- a', '[]', '{}'];
  for (let i = 0; i < 100; i++) {
    const pick = (n: number): string => words[(i * 7 + n * 13 + ((i * n) % 11)) % words.length]!;
    const text = [`${pick(1)}: ${pick(2)}`, `${pick(3)}: ${pick(4)}`, `  ${pick(5)}: ${pick(6)}`]
      .slice(0, (i % 3) + 1)
      .join('\n');
    const { system, diagnostics } = readSystem([{ file: `${i}.yaml`, text }]);
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    assert.ok(errors.length > 0 && system.resources.length === 0, text);
    for (const { location, message } of errors) assert.ok(location?.file === `${i}.yaml` && message.length > 10, message);
  }
});

test('wide and hostile manifests stay within their bounds', () => {
  const pod = (env: string): string =>
    `apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n  - name: m\n    env:\n${env}`;
  const many = (count: number, line: (i: number) => string): string => Array.from({ length: count }, (_, i) => line(i)).join('');
  const service = 'apiVersion: v1\nkind: Service\nmetadata: {name: cart}\nspec: {ports: [{port: 80, name: http}]}\n---\n';
  for (const text of [
    pod(many(20_000, (i) => `    - {name: A${i}, value: "$(A${i - 1})$(A${i - 1})x"}\n`)),
    service + pod(many(20_000, (i) => `    - {name: A${i}_HOST, value: cart}\n`)),
    `apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec:\n  ports:\n${many(20_000, (i) => `  - {port: ${i + 1}}\n`)}`,
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, labels: {${many(20_000, (i) => `"${'a-'.repeat(30)}!${i}": b, `)}}}\n`,
    `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: x}\nspec:\n${many(20_000, (i) => `  unknownFieldNumber${i}: 1\n`)}`,
    `apiVersion: cullis.dev/v1\nkind: Platform\nmetadata: {name: x}\nspec:\n${many(20_000, (i) => `  unknownFieldNumber${i}: 1\n`)}`,
    `apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata: {a: "${'a'.repeat(1000)}${' '.repeat(100_000)}!"}\n`,
    `apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: x}\nspec: {jwtRules: [{issuer: a, jwks: '${'['.repeat(100_000)}'}]}\n`,
    `apiVersion: v1\nkind: List\nitems:\n${many(5000, () => '- {kind: x}\n')}`,
  ]) {
    settle(text);
  }
});
