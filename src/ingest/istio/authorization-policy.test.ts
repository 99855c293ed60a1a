import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manifest, readText } from '../../../test/fakes/manifests.ts';

const V1 = 'security.istio.io/v1';
const policy = (spec: string, metadata?: string): string => manifest(V1, 'AuthorizationPolicy', spec, metadata);

test('a policy is held with its defaults filled and its origin known', () => {
  const { system, told } = readText(
    policy(
      '  selector: {matchLabels: {app: cart}}\n  rules:\n  - from:\n    - source: {principals: [a, b], namespaces: []}\n    to:\n    - operation: {methods: [GET]}\n    when:\n    - {key: source.ip, notValues: [10.0.0.0/8]}',
      'name: cart, namespace: shop',
    ),
  );
  assert.deepEqual(told, ['info 8:36 authz.empty-list']);
  const [found] = system.authorizationPolicies;
  assert.deepEqual(found!.spec, {
    selector: { matchLabels: { app: 'cart' } },
    action: 'ALLOW',
    rules: [
      {
        from: [{ source: { principals: ['a', 'b'] } }],
        to: [{ operation: { methods: ['GET'] } }],
        when: [{ key: 'source.ip', notValues: ['10.0.0.0/8'] }],
      },
    ],
  });
  assert.equal(found!.metadata.namespace, 'shop');
  assert.equal(system.resources[0], found);
});

test('v1beta1 means the same as v1, and a missing spec is an empty one', () => {
  for (const version of [V1, 'security.istio.io/v1beta1']) {
    const { system, told } = readText(manifest(version, 'AuthorizationPolicy', ''));
    assert.deepEqual(told, []);
    assert.deepEqual(
      system.authorizationPolicies.map((each) => each.spec),
      [{ action: 'ALLOW' }],
    );
  }
});

test('the policy of the guide keeps its two rules as they are written', () => {
  const { system } = readText(
    policy(
      '  rules:\n  - from:\n    - source: {principals: [cluster.local/ns/ecommerce/sa/user-service]}\n  - to:\n    - operation: {methods: [GET, POST], paths: [/api/cart/*]}',
      'name: shopping-cart-policy, namespace: ecommerce',
    ),
  );
  assert.equal(system.authorizationPolicies[0]!.spec.rules!.length, 2);
});

test('mistakes are told at their place with the nearest right word, and the policy is left out', () => {
  for (const [spec, want, help] of [
    ['  ruless: []', 'error 5:3 authz.unknown-field', /`rules`/],
    ['  rules:\n  - from:\n    - source: {pricipals: [a], namespaces: [b]}', 'error 7:16 authz.unknown-field', /`principals`/],
    ['  rules:\n  - from:\n    - principals: [a]', 'error 7:7 authz.unknown-field', /below `source`/],
    ['  rules:\n  - to:\n    - methods: [GET]', 'error 7:7 authz.unknown-field', /below `operation`/],
    ['  rules:\n  - to:\n    - operation: {ports: [8080]}', 'error 7:27 authz.type', /quotes/],
    ['  action: DENI\n  rules: [{}]', 'error 5:3 authz.value', /`DENY`/],
    ['  rules:\n  - when: [{key: request.auth.claim, values: [a]}]', 'error 6:13 authz.condition-key', /`request.auth.claims`/],
    ['  rules:\n  - when: [{key: source.ip, values: [a.b]}]', 'error 6:38 authz.ip', /./],
    ['  rules:\n  - to: [{operation: {paths: ["/a/{*}/{**}/{*}"]}}]', 'error 6:31 authz.path-template', /./],
    ['  rules: GET', 'error 5:3 authz.type', /./],
    ['  selector: {matchExpressions: []}', 'error 5:14 authz.unknown-field', /`matchLabels`/],
    [
      '  action: CUSTOM\n  provider: {name: p}\n  rules: [{when: [{key: source.trustDomain, values: [a]}]}]',
      'error 7:20 authz.custom-identity',
      /./,
    ],
  ] as const) {
    const { system, told, messages } = readText(policy(spec));
    assert.ok(told.includes(want), `${spec}\n${told.join('\n')}`);
    assert.match(messages, help, spec);
    assert.deepEqual([system.authorizationPolicies.length, system.resources.length], [0, 0], spec);
  }
});

test('all mistakes of a policy are told, not only the first', () => {
  const { told } = readText(
    policy('  acton: DENY\n  rules:\n  - from:\n    - source: {principal: [a]}\n    too: []\n  - to: []'),
  );
  assert.deepEqual(
    told,
    [
      'error 5:3 authz.unknown-field',
      'error 8:7 authz.empty',
      'error 8:16 authz.unknown-field',
      'error 9:5 authz.unknown-field',
      'error 10:5 authz.empty',
    ].filter((each) => told.includes(each)),
  );
  assert.ok(told.length >= 4);
});

test('path templates: whole segments, `{**}` last', () => {
  for (const [path, valid] of [
    ['/allow/{*}/x', true],
    ['/allow/{**}', true],
    ['/{*}', true],
    ['/store/{**}/cart', true],
    ['/a/{*}/{**}/', true],
    ['/a/*', true],
    ['/a/*/b', true],
    ['/{**}/{*}', false],
    ['/{**}/{**}', false],
    ['/a{*}', false],
    ['/{*}.txt', false],
    ['/{name}', false],
    ['/a/{', false],
    ['/{*}/a*', false],
    ['/{*}//b', false],
    ['/{*}/ä', false],
  ] as const) {
    const { system } = readText(policy(`  rules:\n  - to: [{operation: {paths: ["${path}"]}}]`));
    assert.equal(system.authorizationPolicies.length === 1, valid, path);
  }
});

test('service accounts and trust domains take the forms that Istio takes', () => {
  for (const [source, valid] of [
    ['serviceAccounts: [sa, ns/sa]', true],
    ['serviceAccounts: ["*"]', false],
    ['serviceAccounts: [a/b/c]', false],
    ['serviceAccounts: [/a]', false],
    [`serviceAccounts: [${'a,'.repeat(17)}]`, false],
    [`serviceAccounts: [${'a'.repeat(321)}]`, false],
    ['notServiceAccounts: [a], notPrincipals: [b]', false],
    ['serviceAccounts: [a], trustDomains: [b]', true],
    ['trustDomains: [td, "*", "a*", "*b"]', true],
    ['trustDomains: ["*a*"]', false],
    ['trustDomains: [a/b]', false],
    ['ipBlocks: [10.0.0.1, 10.0.0.0/8, "2001:db8::/32"]', true],
    ['ipBlocks: [10.0.0.256]', false],
    ['ipBlocks: [10.0.0.0/33]', false],
    ['remoteIpBlocks: [010.0.0.1]', false],
    ['principals: []', false],
  ] as const) {
    const { system } = readText(policy(`  rules:\n  - from: [{source: {${source}}}]`));
    assert.equal(system.authorizationPolicies.length === 1, valid, source);
  }
});

test('targetRef becomes targetRefs', () => {
  const { system } = readText(policy('  targetRef: {group: gateway.networking.k8s.io, kind: Gateway, name: g}'));
  assert.deepEqual(system.authorizationPolicies[0]!.spec.targetRefs, [
    { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'g' },
  ]);
});
