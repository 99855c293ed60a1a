import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Finding } from '#model/finding.ts';
import type { System } from '#model/system.ts';
import { readYaml } from '#syntax/yaml.ts';
import { SHOP, systemOf, workload } from '../../test/fakes/shop-system.ts';
import { lintPolicies } from './lint.ts';

const root = join(import.meta.dirname, '..', '..');

/** Everything that has nothing to do with the case at hand is in order: STRICT, and a policy per workload. */
const QUIET = `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: istio-system }
spec: { mtls: { mode: STRICT } }
${['web', 'cart', 'db']
  .map(
    (name) => `---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: base-${name}, namespace: shop }
spec:
  selector: { matchLabels: { app: ${name} } }
`,
  )
  .join('')}`;

function policy(spec: string, { name = 'p', kind = 'AuthorizationPolicy', namespace = 'shop' } = {}): string {
  return `apiVersion: security.istio.io/v1\nkind: ${kind}\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec:\n  ${spec.trim().replaceAll('\n', '\n  ')}\n`;
}

const CART = 'selector: { matchLabels: { app: cart } }\n';
const DB = 'selector: { matchLabels: { app: db } }\n';

function lint(...texts: readonly string[]): readonly Finding[] {
  return lintPolicies(systemOf(SHOP, QUIET, ...texts));
}

function codes(findings: readonly Finding[]): string[] {
  return findings.map(({ code, severity, path }) => `${severity} ${code} ${path ?? ''}`.trimEnd());
}

test('a system in order has no findings', () => {
  assert.deepEqual(codes(lint()), []);
});

test('the two list items of the guide are told for what they mean, with the one rule that was meant', () => {
  const text = readFileSync(join(root, 'examples/security-guide/shopping-cart-policy.yaml'), 'utf8');
  const services = ['user-service', 'cart', 'logging'].map((name) => workload(name, { namespace: 'ecommerce' }));
  const [finding, ...others] = lintPolicies(systemOf(services.join('---\n'), text)).filter(
    ({ code }) => !code.startsWith('mtls.'),
  );
  assert.ok(finding);
  assert.deepEqual(
    [finding.severity, finding.code, finding.location?.file, finding.path],
    ['critical', 'policy.split-rule', 'm1.yaml', 'spec.rules[1]'],
  );
  assert.match(
    finding.message,
    /`user-service` may do anything and anyone may GET and POST `\/api\/cart\/\*`, on all 3 workloads of namespace `ecommerce`/,
  );
  const [fixed] = readYaml('fix.yaml', finding.fix?.yaml ?? '').documents;
  assert.deepEqual(JSON.parse(JSON.stringify(fixed?.value)), {
    rules: [
      {
        from: [{ source: { principals: ['cluster.local/ns/ecommerce/sa/user-service'] } }],
        to: [{ operation: { methods: ['GET', 'POST'], paths: ['/api/cart/*'] } }],
      },
    ],
  });
  assert.deepEqual(
    others.map(({ code }) => code),
    ['policy.no-selector'],
  );
  // With the fix and a selector in place there is nothing left to say.
  const mended = text.replace(/^ {2}- to:/m, '    to:').replace('spec:', 'spec:\n  selector: { matchLabels: { app: cart } }');
  const after = lintPolicies(systemOf(services.join('---\n'), mended)).map(({ code }) => code);
  assert.deepEqual(
    after.filter((code) => /split|selector/.test(code)),
    [],
  );
});

type Row = readonly [name: string, texts: readonly string[], want: readonly string[]];

const RULE_ROWS: readonly Row[] = [
  [
    'from and to in one rule',
    [policy(`${CART}rules: [{ from: [{ source: { namespaces: [shop] } }], to: [{ operation: { methods: [GET] } }] }]`)],
    [],
  ],
  [
    'an open health path beside a closed rest',
    [policy(`${CART}rules: [{ from: [{ source: { namespaces: [shop] } }] }, { to: [{ operation: { paths: [/healthz] } }] }]`)],
    ['medium policy.split-rule spec.rules[1]'],
  ],
  [
    'split by when',
    [
      policy(
        `${CART}rules: [{ to: [{ operation: { methods: [GET] } }] }, { when: [{ key: source.namespace, values: [shop] }] }]`,
      ),
    ],
    ['critical policy.split-rule spec.rules[1]'],
  ],
  [
    'split in DENY',
    [
      policy(
        `${CART}action: DENY\nrules: [{ from: [{ source: { namespaces: [shop] } }] }, { to: [{ operation: { methods: [PUT], ports: ["8080"] } }] }]`,
      ),
    ],
    ['medium policy.split-rule spec.rules[1]'],
  ],
  [
    'two rules of one kind are two rules',
    [policy(`${CART}rules: [{ from: [{ source: { namespaces: [shop] } }] }, { from: [{ source: { namespaces: [web] } }] }]`)],
    [],
  ],
  ['an empty ALLOW rule', [policy(`${CART}rules: [{}]`)], ['high policy.allow-everything spec.rules[0]']],
  ['an empty DENY rule is a lock', [policy(`${CART}action: DENY\nrules: [{}]`)], []],
  [
    'allowed by exclusion',
    [policy(`${CART}rules: [{ from: [{ source: { notNamespaces: [x] } }] }]`)],
    ['medium policy.allow-by-exclusion spec.rules[0].from'],
  ],
  [
    'allowed by a header alone',
    [
      policy(
        `${CART}rules: [{ to: [{ operation: { methods: [GET] } }], from: [{ source: { namespaces: [shop] } }] }, { when: [{ key: "request.headers[x-token]", values: [a] }] }]`,
      ),
    ],
    ['medium policy.allow-by-header spec.rules[1].when'],
  ],
  [
    'no selector, and about paths',
    [policy('rules: [{ from: [{ source: { namespaces: [shop] } }], to: [{ operation: { paths: [/a] } }] }]')],
    ['medium policy.no-selector spec'],
  ],
  [
    'no selector, on purpose',
    [policy('rules: [{ from: [{ source: { namespaces: [shop] } }] }]')],
    ['low policy.no-selector spec'],
  ],
  ['allow nothing needs no selector', [policy('{}')], []],
  ['selects nothing', [policy('selector: { matchLabels: { app: kart } }')], ['medium policy.selects-nothing spec.selector']],
  [
    'selects a gateway that is not there',
    [policy('targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge }]')],
    ['medium policy.selects-nothing spec.targetRefs[0]'],
  ],
  [
    'values against themselves',
    [policy(`${CART}rules: [{ to: [{ operation: { paths: [/a], notPaths: [/a, /b] } }] }]`)],
    ['medium policy.never-matches spec.rules[0].to[0].operation.paths'],
  ],
  [
    'DENY takes back what ALLOW gives',
    [
      policy(
        `${CART}rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/web] } }], to: [{ operation: { paths: [/a/b], ports: ["8080"] } }] }]`,
      ),
      policy(`action: DENY\n${CART}rules: [{ to: [{ operation: { paths: ["/a*"], ports: ["8080"] } }] }]`, { name: 'd' }),
    ],
    ['medium policy.denied-anyway spec.rules[0]'],
  ],
  [
    'a DENY that only overlaps',
    [
      policy(`${CART}rules: [{ to: [{ operation: { paths: ["/a*"] } }] }]`),
      policy(`action: DENY\n${CART}rules: [{ to: [{ operation: { paths: [/a/b], ports: ["8080"] } }] }]`, { name: 'd' }),
    ],
    [],
  ],
  [
    'an authorizer that is not defined',
    [policy(`${CART}action: CUSTOM\nprovider: { name: ext }\nrules: [{ to: [{ operation: { ports: ["8080"] } }] }]`)],
    ['high policy.unknown-provider spec.provider.name'],
  ],
  [
    'two authorizers on one workload',
    [
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: istio, namespace: istio-system }\ndata:\n  mesh: |\n    extensionProviders: [{ name: a, envoyExtAuthzGrpc: { service: a.shop, port: 9000 } }, { name: b, envoyExtAuthzGrpc: { service: b.shop, port: 9000 } }]\n',
      ...['a', 'b'].map((name) =>
        policy(`${CART}action: CUSTOM\nprovider: { name: ${name} }\nrules: [{ to: [{ operation: { ports: ["8080"] } }] }]`, {
          name,
        }),
      ),
    ],
    ['high policy.several-providers'],
  ],
  [
    'metadata of Envoy filters',
    [policy(`${CART}rules: [{ when: [{ key: "experimental.envoy.filters.a.b[c]", values: [x] }] }]`)],
    ['high policy.value-refused spec.rules[0].when[0].key'],
  ],
];

const VALUE_ROWS: readonly Row[] = [
  [
    'a star inside a path',
    [policy(`${CART}rules: [{ to: [{ operation: { paths: ["/a/*/b"] } }] }]`)],
    ['medium policy.literal-star spec.rules[0].to[0].operation.paths[0]'],
  ],
  [
    'two stars at the end',
    [policy(`${CART}rules: [{ to: [{ operation: { paths: ["/a/**"] } }] }]`)],
    ['medium policy.literal-star spec.rules[0].to[0].operation.paths[0]'],
  ],
  [
    'a star inside a principal',
    [policy(`${CART}rules: [{ from: [{ source: { principals: ["cluster.local/ns/*/sa/web"] } }] }]`)],
    ['medium policy.literal-star spec.rules[0].from[0].source.principals[0]'],
  ],
  [
    'a star inside a path that DENY names',
    [policy(`${CART}action: DENY\nrules: [{ to: [{ operation: { paths: ["/a/*/b"], ports: ["8080"] } }] }]`)],
    ['high policy.literal-star spec.rules[0].to[0].operation.paths[0]'],
  ],
  [
    'a star inside a path that ALLOW excludes',
    [policy(`${CART}rules: [{ to: [{ operation: { notPaths: ["/a/*/b"] } }] }]`)],
    ['high policy.literal-star spec.rules[0].to[0].operation.notPaths[0]'],
  ],
  [
    'stars where they work',
    [
      policy(
        `${CART}rules: [{ from: [{ source: { namespaces: ["s*p"], principals: ["*/sa/web"] } }], to: [{ operation: { paths: ["/a/*", "*/b", "*", "/a/{*}/b"] } }] }]`,
      ),
    ],
    [],
  ],
  [
    'a lower-case method',
    [policy(`${CART}rules: [{ to: [{ operation: { methods: [get] } }] }]`)],
    ['medium policy.method-case spec.rules[0].to[0].operation.methods[0]'],
  ],
  [
    'a lower-case method in DENY',
    [policy(`${CART}action: DENY\nrules: [{ to: [{ operation: { methods: [Post], ports: ["8080"] } }] }]`)],
    ['high policy.method-case spec.rules[0].to[0].operation.methods[0]'],
  ],
  [
    'a path without its slash',
    [policy(`${CART}rules: [{ to: [{ operation: { paths: [api] } }] }]`)],
    ['medium policy.path-never spec.rules[0].to[0].operation.paths[0]'],
  ],
  [
    'a path with a query',
    [policy(`${CART}rules: [{ to: [{ operation: { paths: ["/a?b=c"] } }] }]`)],
    ['medium policy.path-never spec.rules[0].to[0].operation.paths[0]'],
  ],
  [
    'a path that normalisation changes',
    [policy(`${CART}rules: [{ to: [{ operation: { paths: ["/a/../b", "/%41", "/a/%2f"] } }] }]`)],
    [
      'medium policy.path-never spec.rules[0].to[0].operation.paths[0]',
      'medium policy.path-never spec.rules[0].to[0].operation.paths[1]',
    ],
  ],
  [
    'a host without its port',
    [policy(`${CART}rules: [{ to: [{ operation: { hosts: [a.com] } }] }]`)],
    ['low policy.host-port spec.rules[0].to[0].operation.hosts[0]'],
  ],
  [
    'a host without its port in DENY',
    [policy(`${CART}action: DENY\nrules: [{ to: [{ operation: { hosts: [a.com], ports: ["8080"] } }] }]`)],
    ['high policy.host-port spec.rules[0].to[0].operation.hosts[0]'],
  ],
  ['both forms of a host', [policy(`${CART}rules: [{ to: [{ operation: { hosts: [a.com, "a.com:*"] } }] }]`)], []],
  [
    'a principal with its scheme',
    [policy(`${CART}rules: [{ from: [{ source: { principals: ["spiffe://cluster.local/ns/shop/sa/web"] } }] }]`)],
    ['medium policy.principal-form spec.rules[0].from[0].source.principals[0]'],
  ],
  [
    'a principal of another form',
    [policy(`${CART}rules: [{ from: [{ source: { principals: [web] } }] }]`)],
    ['medium policy.principal-form spec.rules[0].from[0].source.principals[0]'],
  ],
  [
    'a foreign trust domain',
    [policy(`${CART}rules: [{ from: [{ source: { principals: [other/ns/shop/sa/web] } }] }]`)],
    ['high policy.trust-domain spec.rules[0].from[0].source.principals[0]'],
  ],
  [
    'an account that nobody has',
    [policy(`${CART}rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/wep] } }] }]`)],
    ['medium policy.unknown-account spec.rules[0].from[0].source.principals[0]'],
  ],
  [
    'an account of a namespace that was not given',
    [policy(`${CART}rules: [{ from: [{ source: { principals: [cluster.local/ns/elsewhere/sa/x] } }] }]`)],
    [],
  ],
  [
    'a service account that nobody has',
    [policy(`${CART}rules: [{ from: [{ source: { serviceAccounts: [shop/wep, web] } }] }]`)],
    ['medium policy.unknown-account spec.rules[0].from[0].source.serviceAccounts[0]'],
  ],
  [
    'a namespace with a slip',
    [policy(`${CART}rules: [{ from: [{ source: { namespaces: [shpo] } }] }]`)],
    ['medium policy.unknown-namespace spec.rules[0].from[0].source.namespaces[0]'],
  ],
  [
    'the service port instead of the container port',
    [policy(`${CART}rules: [{ to: [{ operation: { ports: ["80"] } }] }]`)],
    ['medium policy.unknown-port spec.rules[0].to[0].operation.ports[0]'],
  ],
];

const SYSTEM_ROWS: readonly Row[] = [
  [
    'HTTP fields in ALLOW for a TCP port',
    [policy(`${DB}rules: [{ to: [{ operation: { methods: [GET], ports: ["5432"] } }] }]`)],
    ['medium policy.http-on-tcp spec.rules[0]'],
  ],
  [
    'HTTP fields in DENY take a TCP port with them',
    [policy(`${DB}action: DENY\nrules: [{ to: [{ operation: { methods: [GET] } }] }]`)],
    ['high policy.http-on-tcp spec.rules[0]'],
  ],
  [
    'HTTP fields in DENY with the HTTP port',
    [policy(`${CART}action: DENY\nrules: [{ to: [{ operation: { methods: [GET], ports: ["8080"] } }] }]`)],
    [],
  ],
  [
    'HTTP fields for gRPC, which is HTTP',
    [
      workload('mail', { portName: 'grpc' }),
      policy(
        'selector: { matchLabels: { app: mail } }\nrules: [{ to: [{ operation: { paths: ["/mail.Mail/Send"], ports: ["8080"] } }] }]',
      ),
    ],
    [],
  ],
  ['a workload without an ALLOW policy', [workload('mail')], ['high policy.no-allow']],
  [
    'only a dry run',
    [
      workload('mail'),
      policy('selector: { matchLabels: { app: mail } }').replace(
        '{ name: p,',
        '{ name: p, annotations: { istio.io/dry-run: "true" },',
      ),
    ],
    ['high policy.no-allow'],
  ],
  ['plaintext by default', [policy('mtls: { mode: PERMISSIVE }', { kind: 'PeerAuthentication' })], ['medium mtls.permissive']],
  ['plaintext by order', [policy(`${CART}mtls: { mode: DISABLE }`, { kind: 'PeerAuthentication' })], ['high mtls.disabled']],
  [
    'one port of one workload',
    [policy(`${CART}portLevelMtls: { "8080": { mode: PERMISSIVE } }`, { kind: 'PeerAuthentication' })],
    ['medium mtls.permissive'],
  ],
  [
    'tokens that nothing requires',
    [policy(`${CART}jwtRules: [{ issuer: i, jwksUri: "https://i/keys" }]`, { kind: 'RequestAuthentication' })],
    ['high jwt.not-required spec'],
  ],
  [
    'tokens that the rule itself requires',
    [
      policy(`${CART}jwtRules: [{ issuer: i, jwksUri: "https://i/keys", presence: REQUIRED }]`, {
        kind: 'RequestAuthentication',
      }),
    ],
    [],
  ],
  [
    'tokens required by DENY',
    [
      policy(`${CART}jwtRules: [{ issuer: i, jwksUri: "https://i/keys" }]`, { kind: 'RequestAuthentication' }),
      policy(
        `${CART}action: DENY\nrules: [{ from: [{ source: { notRequestPrincipals: ["*"] } }], to: [{ operation: { ports: ["8080"] } }] }]`,
      ),
    ],
    [],
  ],
  [
    'tokens required but never verified',
    [policy(`${CART}rules: [{ from: [{ source: { requestPrincipals: ["i/*"] } }] }]`)],
    ['medium jwt.never-verified spec.rules[0].from[0].source.requestPrincipals'],
  ],
  [
    'tokens denied but never verified',
    [
      policy(
        `${CART}action: DENY\nrules: [{ from: [{ source: { requestPrincipals: ["i/bad"] } }], to: [{ operation: { ports: ["8080"] } }] }]`,
      ),
    ],
    ['high jwt.never-verified spec.rules[0].from[0].source.requestPrincipals'],
  ],
];

for (const [title, rows] of [
  ['rules that mean more or less than they say', RULE_ROWS],
  ['values that do not say what they seem to', VALUE_ROWS],
  ['what is missing around the policies', SYSTEM_ROWS],
] as const) {
  test(title, () => {
    for (const [name, texts, want] of rows) assert.deepEqual(codes(lint(...texts)), want, name);
  });
}

const ROUTE = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec: { gatewayClassName: cullis, listeners: [{ name: http, port: 80, protocol: HTTP }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: shop }
spec: { parentRefs: [{ name: edge }], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }
`;

test('a route is limited by a policy on itself or on its gateway', () => {
  const limit = (target: string, spec = ', rateLimit: { type: Local }'): string =>
    `apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: BackendTrafficPolicy\nmetadata: { name: l, namespace: shop }\nspec: { targetRefs: [{ group: gateway.networking.k8s.io, kind: ${target} }]${spec} }\n`;
  const rows: readonly (readonly [string | undefined, boolean])[] = [
    [undefined, true],
    [limit('HTTPRoute, name: cart'), false],
    [limit('Gateway, name: edge'), false],
    [limit('HTTPRoute, name: other'), true],
    [limit('HTTPRoute, name: cart', ''), true],
  ];
  for (const [text = '', found] of rows) {
    const findings = codes(text === '' ? lint(ROUTE) : lint(ROUTE, text));
    assert.deepEqual(findings, found ? ['medium route.no-limit'] : [], text);
  }
});

test('plaintext is told where it was ordered, else at the workload', () => {
  const [ordered] = lint(policy('mtls:\n  mode: PERMISSIVE', { kind: 'PeerAuthentication' }));
  assert.deepEqual(ordered?.location, { file: 'm2.yaml', line: 6, column: 5 });
  const [byDefault] = lintPolicies(systemOf(SHOP, QUIET.replace('STRICT', 'UNSET')));
  assert.equal(byDefault?.location?.file, 'm0.yaml');
});

test('the proposed policy of a workload names the callers that are declared, and what it proposes ends the finding', () => {
  const mail = workload('mail');
  const caller = workload('biller', { env: { MAIL: 'mail:80' } });
  const before = lint(mail, caller, policy('selector: { matchLabels: { app: biller } }', { name: 'biller' }));
  const [finding] = before.filter(({ code }) => code === 'policy.no-allow');
  const yaml = finding?.fix?.yaml ?? '';
  assert.match(yaml, /principals: \["cluster\.local\/ns\/shop\/sa\/biller"\]/);
  assert.match(yaml, /ports: \["8080"\]/);
  assert.deepEqual(codes(lint(mail, caller, policy('selector: { matchLabels: { app: biller } }', { name: 'biller' }), yaml)), []);
});

test('what can be put right without asking is given as changes of the files', () => {
  const rows: readonly (readonly [texts: readonly string[], code: string, want: unknown])[] = [
    [
      [policy(`${CART}rules: [{ to: [{ operation: { methods: [get] } }] }]`)],
      'policy.method-case',
      ['set', 'spec.rules.0.to.0.operation.methods.0', 'GET'],
    ],
    [
      [policy(`${CART}rules: [{ to: [{ operation: { hosts: [a.b] } }] }]`)],
      'policy.host-port',
      ['append', 'spec.rules.0.to.0.operation.hosts', 'a.b:*'],
    ],
    [
      [policy(`${CART}rules: [{ from: [{ source: { principals: ["spiffe://td/ns/a/sa/b"] } }] }]`)],
      'policy.principal-form',
      ['set', 'spec.rules.0.from.0.source.principals.0', 'td/ns/a/sa/b'],
    ],
    [
      [policy(`${CART}rules: [{ to: [{ operation: { paths: ["/a/*/b"] } }] }]`)],
      'policy.literal-star',
      ['set', 'spec.rules.0.to.0.operation.paths.0', '/a/{*}/b'],
    ],
  ];
  for (const [texts, code, want] of rows) {
    const [edit] = lint(...texts).find((finding) => finding.code === code)?.fix?.edits ?? [];
    assert.deepEqual(edit && edit.op !== 'create' ? [edit.op, edit.path.join('.'), edit.value] : undefined, want);
  }
  const [made] = lint(workload('mail')).find(({ code }) => code === 'policy.no-allow')?.fix?.edits ?? [];
  assert.equal(made?.op === 'create' ? made.file : undefined, 'mail-policy.yaml');
});

test('findings have places, distinct and stable ids, and fixes that can be read', () => {
  const all = [...RULE_ROWS, ...VALUE_ROWS, ...SYSTEM_ROWS].flatMap(([, texts]) => lint(...texts));
  for (const finding of all) {
    assert.ok(finding.location, finding.title);
    assert.ok((finding.cwe ?? []).length > 0 && (finding.tags ?? []).length > 0 && finding.subject !== undefined, finding.code);
    assert.doesNotMatch(finding.title, /^[A-Z]|\.$/, finding.title);
    assert.doesNotMatch(finding.message, /undefined|\[object|\.$/, finding.message);
    if (finding.fix?.yaml !== undefined) assert.deepEqual(readYaml('fix.yaml', finding.fix.yaml).mistakes, [], finding.fix.yaml);
  }
  const texts = [policy(`${CART}rules: [{ to: [{ operation: { methods: [get, put], paths: [a, b] } }] }]`)] as const;
  const ids = lint(...texts).map(({ id }) => id);
  assert.equal(new Set(ids).size, 4);
  assert.deepEqual(
    lint(`# a line more\n\n${texts[0]}`).map(({ id }) => id),
    ids,
  );
});

test('Online Boutique: a namespace without any policy is one finding, with a policy for every workload', (t) => {
  const folder = join(root, '..', 'shared', 'suites', 'systems', 'online-boutique', 'release');
  if (!existsSync(folder)) {
    t.skip('the manifests are not here');
    return;
  }
  const system: System = systemOf(...globSync('*.yaml', { cwd: folder }).map((file) => readFileSync(join(folder, file), 'utf8')));
  const findings = lintPolicies(system);
  const open = findings.filter(({ code }) => code === 'policy.no-allow');
  assert.deepEqual(
    open.map(({ severity }) => severity),
    ['medium'],
  );
  const count = system.workloads.filter(({ containers }) => containers.some(({ ports }) => ports.length > 0)).length;
  assert.match(open[0]?.title ?? '', new RegExp(`any of the ${count} workloads of namespace`));
  assert.equal(open[0]?.fix?.yaml?.split('---\n').length, count);
  assert.equal(findings.filter(({ code }) => code === 'mtls.permissive').length, 1);
});
