import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Attributes } from '#model/decision.ts';
import { DEFAULT_MESH } from '#model/istio.ts';
import type { AuthorizationPolicy, AuthorizationRule, MeshConfig } from '#model/istio.ts';
import { readYaml } from '#syntax/yaml.ts';
import { naiveDecision } from '../../test/fakes/naive-policy.ts';
import { authorizer, policy, policySet, request, token } from '../../test/fakes/policy.ts';
import { smallestChange } from './explain.ts';
import { OPERATION_FIELDS, SOURCE_FIELDS } from './kinds.ts';

// Few words, so that rules and requests meet often.
const TEXT = {
  principals: ['cluster.local/ns/a/sa/x', 'cluster.local/ns/a/sa/y', 'td2/ns/b/sa/x', 'cluster.local/ns/a/*', '*/sa/x', '*'],
  namespaces: ['a', 'b', 'a*', '*b', '*', 'a.c'],
  serviceAccounts: ['x', 'a/x', 'b/y', 'a/x.y'],
  trustDomains: ['cluster.local', 'td2', 'td*', '*local', '*'],
  requestPrincipals: ['i/s', 'i/*', '*/s', 'i*', '*s', '*', 'i'],
  ipBlocks: ['10.0.0.0/8', '10.1.0.1', '::1', '0.0.0.0/0', 'bad'],
  remoteIpBlocks: ['10.0.0.0/9', '192.168.0.0/16'],
  hosts: ['a.com', 'A.com', '*.com', 'a.*', '*'],
  methods: ['GET', 'POST', 'P*', '*T', '*'],
  ports: ['80', '8080', '443', 'x'],
  paths: ['/a', '/a/*', '/a/b', '*/b', '*', '/a/{*}', '/a/{**}', '/{*}/b', '/a/*/b', '/b', '/ab*', '/a{*}'],
} as const;
const CONDITIONS: Readonly<Record<string, readonly string[]>> = {
  'source.ip': TEXT.ipBlocks,
  'remote.ip': TEXT.remoteIpBlocks,
  'destination.ip': ['10.0.0.0/8', '10.0.0.9'],
  'destination.port': TEXT.ports,
  'connection.sni': ['a.com', '*.com', '*'],
  'source.namespace': TEXT.namespaces,
  'source.principal': TEXT.principals,
  'request.headers[x-role]': ['admin', 'ad*', '*'],
  'request.auth.principal': TEXT.requestPrincipals,
  'request.auth.claims[groups]': ['g', 'h*', '*'],
};

const some = (values: readonly string[]): fc.Arbitrary<readonly string[]> =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });

/** A source or operation with a few of the fields, some turned round. */
function item(fields: readonly (keyof typeof TEXT)[]): fc.Arbitrary<Readonly<Record<string, readonly string[]>>> {
  const entry = fc
    .constantFrom(...fields)
    .chain((field) => fc.tuple(fc.constant(field), fc.integer({ min: 0, max: 3 }), some(TEXT[field])));
  return fc
    .uniqueArray(entry, { minLength: 1, maxLength: 3, selector: ([field]) => field })
    .map((entries) =>
      Object.fromEntries(
        entries.map(([field, turn, values]) => [
          turn === 0 ? `not${field.charAt(0).toUpperCase()}${field.slice(1)}` : field,
          values,
        ]),
      ),
    );
}

const source = item([
  'principals',
  'principals',
  'namespaces',
  'serviceAccounts',
  'trustDomains',
  'requestPrincipals',
  'ipBlocks',
  'remoteIpBlocks',
]);
const operation = item(['hosts', 'methods', 'paths', 'paths', 'ports']);
const condition = fc.constantFrom(...Object.keys(CONDITIONS)).chain((key) => {
  const values = CONDITIONS[key] as readonly string[];
  return fc.oneof(
    some(values).map((list) => ({ key, values: list })),
    some(values).map((list) => ({ key, notValues: list })),
    fc.tuple(some(values), some(values)).map(([list, not]) => ({ key, values: list, notValues: not })),
  );
});
const rule: fc.Arbitrary<AuthorizationRule> = fc
  .tuple(
    fc.oneof(fc.constant([]), fc.array(source, { minLength: 1, maxLength: 2 })),
    fc.oneof(fc.constant([]), fc.array(operation, { minLength: 1, maxLength: 2 })),
    fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(condition, { minLength: 1, maxLength: 2 }) },
    ),
  )
  .map(([from, to, when]) => ({
    ...(from.length > 0 && { from: from.map((one) => ({ source: one })) }),
    ...(to.length > 0 && { to: to.map((one) => ({ operation: one })) }),
    ...(when.length > 0 && { when }),
  }));

function policiesOf(rulesMax: number): fc.Arbitrary<AuthorizationPolicy[]> {
  const draft = fc.tuple(
    fc.constantFrom('ALLOW' as const, 'ALLOW' as const, 'DENY' as const),
    fc.array(rule, { maxLength: rulesMax, size: 'max' }),
    fc.integer({ min: 0, max: 9 }),
  );
  return fc.array(draft, { minLength: 1, maxLength: 4 }).map((drafts) =>
    drafts.map(([action, rules, dry], index) => ({
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { name: `p${index}`, namespace: 'a', labels: {}, annotations: dry === 0 ? { 'istio.io/dry-run': 'true' } : {} },
      spec: { action, rules },
      body: {},
    })),
  );
}

const claims = fc.record({
  iss: fc.constantFrom<unknown>('i', 'ij', '', 1),
  sub: fc.constantFrom<unknown>('s', 'ts', ''),
  groups: fc.constantFrom<unknown>('g', ['h', 'g'], ['hh'], 7, undefined),
});
const attributes: fc.Arbitrary<Attributes> = fc
  .record({
    protocol: fc.constantFrom('http' as const, 'http' as const, 'tcp' as const),
    sourceIdentity: fc.constantFrom(
      undefined,
      'spiffe://cluster.local/ns/a/sa/x',
      'spiffe://td2/ns/b/sa/x',
      'spiffe://cluster.local/ns/ab/sa/y',
      'spiffe://other/ns/a.c/sa/x.y',
      'spiffe://td2/x/ns/a/z/sa/x/y',
    ),
    sourceIp: fc.constantFrom('10.1.0.1', '192.168.0.9', '::1', '::ffff:10.9.9.9'),
    remoteIp: fc.constantFrom('10.1.0.1', '10.200.0.1', '192.168.3.4'),
    destinationPort: fc.constantFrom(80, 8080, 9999),
    sni: fc.constantFrom('', 'a.com', 'x.com'),
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'X'),
    path: fc.constantFrom('/a', '/a/', '/a/b', '/a/b/c', '/b', '/ab', '/abc', '/', '/a/*/b', '/a//b', '/a/[', '/x/b'),
    host: fc.constantFrom('a.com', 'A.COM', 'b.com', 'a.com:80'),
    role: fc.constantFrom(undefined, 'admin', 'adx', 'guest', ''),
    claims: fc.option(claims, { nil: undefined }),
  })
  .map(({ role, claims: found, ...rest }) => {
    const tcp = rest.protocol === 'tcp';
    const http = tcp ? { method: '', path: '', host: '' } : {};
    return request({
      ...rest,
      ...http,
      auth: tcp || !found ? undefined : token(found),
      headers: role === undefined || tcp ? {} : { 'x-role': role },
    });
  });

function decisionOf(policies: readonly AuthorizationPolicy[], mesh: MeshConfig, all: readonly Attributes[]): string[] {
  const compiled = authorizer(policies, mesh);
  return all.map((a) => {
    const decision = compiled.authorize(a);
    if (decision.allow) return decision.rule < 0 ? 'allow' : `allow ${decision.policy.replace('a/', '')} ${decision.rule}`;
    const [reason] = decision.reasons;
    assert.ok(reason, 'a denial has a reason');
    return decision.code === 'rbac.denied' ? `deny ${reason.policy.replace('a/', '')} ${reason.rule}` : 'deny';
  });
}

const ALIASED: MeshConfig = { ...DEFAULT_MESH, trustDomainAliases: ['td2'] };

for (const [title, rulesMax, numRuns] of [
  ['few rules, tried one by one', 2, 800],
  ['many rules, found by the index', 40, 200],
] as const) {
  test(`compiled policies decide as the plain interpreter does: ${title}`, () => {
    fc.assert(
      fc.property(
        policiesOf(rulesMax),
        fc.array(attributes, { minLength: 1, maxLength: 40 }),
        fc.constantFrom(DEFAULT_MESH, ALIASED),
        (policies, all, mesh) => {
          assert.deepEqual(
            decisionOf(policies, mesh, all),
            all.map((a) => naiveDecision(policies, mesh, a)),
          );
        },
      ),
      { numRuns },
    );
  });
}

test('any text in any field gives a decision', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('*', '**', '{*}', '/{**}/{*}', '/', '//', '::', '%', '[', '\\ud800'),
  );
  const list = fc.array(text, { maxLength: 3 });
  const fields = (names: readonly string[]): fc.Arbitrary<object> =>
    fc.record(Object.fromEntries(names.map((name) => [name, list])), { requiredKeys: [] });
  const names = (table: readonly (readonly [string, string, unknown])[]): string[] =>
    table.flatMap(([field, negation]) => [field, negation]);
  const key = fc.oneof(
    fc.constantFrom(...Object.keys(CONDITIONS)),
    text.map((name) => `request.headers[${name}]`),
    text.map((name) => `request.auth.claims${name}`),
    text,
  );
  const wild = fc.record({
    from: fc.array(
      fields(names(SOURCE_FIELDS)).map((one) => ({ source: one })),
      { maxLength: 2 },
    ),
    to: fc.array(
      fields(names(OPERATION_FIELDS)).map((one) => ({ operation: one })),
      { maxLength: 2 },
    ),
    when: fc.array(fc.record({ key, values: list, notValues: list }), { maxLength: 2 }),
  });
  const a = fc.record({
    sourceIdentity: text,
    sourceIp: text,
    remoteIp: text,
    sni: text,
    method: text,
    path: text,
    host: text,
    claims: fc.dictionary(text, fc.anything()),
    role: text,
  });
  fc.assert(
    fc.property(
      fc.array(wild, { maxLength: 6 }),
      fc.constantFrom('ALLOW' as const, 'DENY' as const, 'AUDIT' as const, 'CUSTOM' as const),
      a,
      fc.boolean(),
      (rules, action, { claims: found, role, ...rest }, ambient) => {
        const compiled = authorizer([policy(action, rules as AuthorizationRule[])], {}, ambient ? 'ambient' : 'sidecar');
        const asked = request({ ...rest, auth: token(found), headers: { 'x-role': role } });
        assert.equal(typeof compiled.authorize(asked).allow, 'boolean');
        assert.equal(typeof compiled.custom(asked).kind, 'string');
      },
    ),
    { numRuns: 200 },
  );
});

test('for every denial there is a change, or a word why there is none', () => {
  const point = { namespace: 'a', labels: { app: 'x' } };
  fc.assert(
    fc.property(policiesOf(6), attributes, (policies, a) => {
      const { text, yaml } = smallestChange(policySet(...policies), DEFAULT_MESH, point, a);
      const denied = naiveDecision(policies, DEFAULT_MESH, a).startsWith('deny');
      assert.equal(text.startsWith('nothing needs to change'), !denied);
      if (yaml === '') assert.ok(!denied || /^no edit|^more than/.test(text), text);
      else assert.deepEqual(readYaml('change.yaml', yaml).mistakes, []);
    }),
    { numRuns: 300 },
  );
});

test('both answers come out often enough for the comparison to mean something', () => {
  const seen = { allow: 0, deny: 0 };
  const samples = fc.sample(fc.tuple(policiesOf(4), attributes), { numRuns: 500, seed: 7 });
  for (const [policies, a] of samples) seen[naiveDecision(policies, DEFAULT_MESH, a).startsWith('allow') ? 'allow' : 'deny'] += 1;
  assert.ok(seen.allow > 50 && seen.deny > 50, JSON.stringify(seen));
});
