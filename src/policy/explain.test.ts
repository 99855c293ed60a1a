import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attributes } from '#model/decision.ts';
import { DEFAULT_MESH } from '#model/istio.ts';
import type { AuthorizationPolicy, AuthorizationRule } from '#model/istio.ts';
import { readYaml } from '#syntax/yaml.ts';
import { connection, policy, policySet, request, token } from '../../test/fakes/policy.ts';
import { smallestChange } from './explain.ts';

const POINT = { namespace: 'shop', labels: { app: 'cart', version: 'v1' } };
const WEB = 'cluster.local/ns/shop/sa/web';
const CART = { spec: { selector: { matchLabels: { app: 'cart' } } } };

function change(policies: readonly AuthorizationPolicy[], a: Attributes): ReturnType<typeof smallestChange> {
  return smallestChange(policySet(...policies), DEFAULT_MESH, POINT, a);
}

const rule = (
  source: object | undefined,
  operation: object | undefined,
  when?: AuthorizationRule['when'],
): AuthorizationRule => ({
  ...(source && { from: [{ source }] }),
  ...(operation && { to: [{ operation }] }),
  ...(when && { when }),
});

type Row = readonly [name: string, policies: readonly AuthorizationPolicy[], a: Attributes, text: RegExp, yaml: unknown];

test('the smallest change, which has been tried', () => {
  const rows: readonly Row[] = [
    ['nothing to do', [policy('ALLOW', [{}])], request(), /^nothing needs to change/, undefined],
    [
      'one method',
      [policy('ALLOW', [rule({ principals: [WEB] }, { methods: ['GET'], paths: ['/a'] })])],
      request({ method: 'PUT', path: '/a' }),
      /^add `PUT` to `to\[0\]\.operation\.methods` of rule 0 of `shop\/allow`$/,
      [rule({ principals: [WEB] }, { methods: ['GET', 'PUT'], paths: ['/a'] })],
    ],
    [
      'two values in one rule',
      [policy('ALLOW', [rule({ principals: [WEB] }, { methods: ['GET'], paths: ['/a'] })])],
      request({ method: 'PUT', path: '/b' }),
      /^add `PUT` to .*methods` and `\/b` to .*paths`/,
      [rule({ principals: [WEB] }, { methods: ['GET', 'PUT'], paths: ['/a', '/b'] })],
    ],
    [
      'one more path for a known caller rather than one more caller for a known path',
      [
        policy('ALLOW', [
          rule({ principals: ['cluster.local/ns/shop/sa/other'] }, { paths: ['/b'] }),
          rule({ principals: [WEB] }, { paths: ['/a'] }),
        ]),
      ],
      request({ path: '/b' }),
      /^add `\/b` to `to\[0\]\.operation\.paths` of rule 1/,
      [rule({ principals: [WEB] }, { paths: ['/a', '/b'] })],
    ],
    [
      'the nearest of two items',
      [
        policy('ALLOW', [
          { to: [{ operation: { methods: ['PUT'], paths: ['/b'] } }, { operation: { methods: ['GET'], paths: ['/b'] } }] },
        ]),
      ],
      request({ path: '/c' }),
      /to\[1\]\.operation\.paths/,
      undefined,
    ],
    [
      'a namespace',
      [policy('ALLOW', [rule({ namespaces: ['x'] }, undefined)])],
      request(),
      /^add `shop` to `from\[0\]\.source\.namespaces`/,
      [rule({ namespaces: ['x', 'shop'] }, undefined)],
    ],
    [
      'a service account',
      [policy('ALLOW', [rule({ serviceAccounts: ['x/y'] }, undefined)])],
      request(),
      /^add `shop\/web`/,
      [rule({ serviceAccounts: ['x/y', 'shop/web'] }, undefined)],
    ],
    [
      'a condition',
      [policy('ALLOW', [rule(undefined, undefined, [{ key: 'request.headers[x-role]', values: ['admin'] }])])],
      request({ headers: { 'x-role': 'guest' } }),
      /^add `guest` to `when\[0\]\.values`/,
      [rule(undefined, undefined, [{ key: 'request.headers[x-role]', values: ['admin', 'guest'] }])],
    ],
    [
      'a claim',
      [policy('ALLOW', [rule({ requestPrincipals: ['i/s'] }, undefined)])],
      request({ auth: token({ iss: 'i', sub: 't' }) }),
      /^add `i\/t`/,
      [rule({ requestPrincipals: ['i/s', 'i/t'] }, undefined)],
    ],
    [
      'too far from every rule: a rule of its own in the policy of this workload',
      [policy('ALLOW', [rule({ principals: ['a'] }, { methods: ['PUT'], paths: ['/a'] })], CART)],
      request({ path: '/b' }),
      /^add a rule for this caller and operation to `shop\/allow`/,
      [rule({ principals: [WEB] }, { methods: ['GET'], paths: ['/b'] })],
    ],
    [
      'a namespace-wide policy stays as it is: a policy of its own',
      [policy('ALLOW', undefined)],
      request({ path: '/b' }),
      /^add an AuthorizationPolicy `shop\/cart-allow`/,
      {
        apiVersion: 'security.istio.io/v1',
        kind: 'AuthorizationPolicy',
        metadata: { name: 'cart-allow', namespace: 'shop' },
        spec: {
          selector: { matchLabels: { app: 'cart' } },
          action: 'ALLOW',
          rules: [rule({ principals: [WEB] }, { methods: ['GET'], paths: ['/b'] })],
        },
      },
    ],
    [
      'a secret header cannot be written down, so the rule with it is left alone',
      [policy('ALLOW', [rule(undefined, undefined, [{ key: 'request.headers[x-api-key]', values: ['k'] }])], CART)],
      request({ headers: { 'x-api-key': 'other' } }),
      /^add a rule for this caller/,
      undefined,
    ],
    [
      'plaintext has only an address',
      [policy('ALLOW', [rule({ principals: ['*'] }, { paths: ['/'] })], CART)],
      request({ sourceIdentity: undefined }),
      /^add a rule/,
      [rule({ ipBlocks: ['10.0.0.7'] }, { methods: ['GET'], paths: ['/'] })],
    ],
    [
      'TCP',
      [policy('ALLOW', [rule(undefined, { methods: ['GET'] })], CART)],
      connection(),
      /^add a rule/,
      [rule({ principals: [WEB] }, { ports: ['8080'] })],
    ],
    [
      'TCP, one port',
      [policy('ALLOW', [rule({ principals: [WEB] }, { ports: ['9000'] })], CART)],
      connection(),
      /^add `8080` to/,
      [rule({ principals: [WEB] }, { ports: ['9000', '8080'] })],
    ],
    [
      'a star in the path could only be written as a pattern',
      [policy('ALLOW', [rule({ principals: [WEB] }, { paths: ['/a'] })], CART)],
      request({ path: '/b*' }),
      /^no edit of the policies alone/,
      undefined,
    ],
    [
      'an excluded value is not taken out',
      [policy('ALLOW', [rule(undefined, { notPaths: ['/b'] })], CART)],
      request({ path: '/b' }),
      /^add a rule/,
      undefined,
    ],
    [
      'DENY: one more exception where there are some',
      [policy('DENY', [rule({ notPrincipals: ['cluster.local/ns/shop/sa/x'] }, { paths: ['/a*'] })])],
      request({ path: '/a' }),
      /^add `cluster\.local\/ns\/shop\/sa\/web` to `from\[0\]\.source\.notPrincipals` of rule 0 of `shop\/deny`, which leaves this request out/,
      [rule({ notPrincipals: ['cluster.local/ns/shop/sa/x', WEB] }, { paths: ['/a*'] })],
    ],
    [
      'DENY: the caller',
      [policy('DENY', [rule(undefined, { paths: ['/a*'] })])],
      request({ path: '/a' }),
      /notPrincipals/,
      [{ to: [{ operation: { paths: ['/a*'] } }], from: [{ source: { notPrincipals: [WEB] } }] }],
    ],
    [
      'DENY: beside service accounts',
      [policy('DENY', [rule({ serviceAccounts: ['shop/web', 'shop/x'] }, undefined)])],
      request(),
      /notServiceAccounts/,
      [rule({ serviceAccounts: ['shop/web', 'shop/x'], notServiceAccounts: ['shop/web'] }, undefined)],
    ],
    [
      'DENY: an anonymous caller, by path',
      [policy('DENY', [rule(undefined, { paths: ['/a*'] })])],
      request({ path: '/a', sourceIdentity: undefined }),
      /notPaths/,
      [rule(undefined, { paths: ['/a*'], notPaths: ['/a'] })],
    ],
    [
      'DENY: each item through which it matches',
      [
        policy('DENY', [
          { from: [{ source: { namespaces: ['shop'] } }, { source: { namespaces: ['x'] } }, { source: { principals: ['*'] } }] },
        ]),
      ],
      request(),
      /from\[0\].*from\[2\]/,
      undefined,
    ],
    [
      'DENY: a condition with exceptions',
      [policy('DENY', [rule(undefined, undefined, [{ key: 'request.headers[x-role]', notValues: ['admin'] }])])],
      request({ headers: { 'x-role': 'ops' } }),
      /^add `ops` to `when\[0\]\.notValues`/,
      undefined,
    ],
    [
      'DENY twice, then no ALLOW',
      [policy('DENY', [{}, rule(undefined, { paths: ['/a'] })]), policy('ALLOW', [rule(undefined, { paths: ['/b'] })])],
      request({ path: '/a' }),
      /rule 0 of `shop\/deny`.*; then .*rule 1 of `shop\/deny`.*; then add `\/a`/,
      undefined,
    ],
    [
      'a dry-run policy is no place for an edit',
      [
        policy('ALLOW', [rule(undefined, { paths: ['/b'] })], { name: 'dry', annotations: { 'istio.io/dry-run': 'true' } }),
        policy('ALLOW', undefined),
      ],
      request({ path: '/a' }),
      /^add an AuthorizationPolicy/,
      undefined,
    ],
  ];
  for (const [name, policies, a, text, yaml] of rows) {
    const found = change(policies, a);
    assert.match(found.text, text, name);
    if (yaml === undefined) continue;
    const { documents, mistakes } = readYaml('change.yaml', found.yaml);
    assert.deepEqual(mistakes, [], name);
    assert.deepEqual(JSON.parse(JSON.stringify(documents[0]?.value)), yaml, name);
  }
});

test('the change names the line to edit', () => {
  const set = policySet(policy('ALLOW', [rule(undefined, { methods: ['GET'] })]));
  const [first] = set.authorization;
  assert.ok(first);
  const placed = { resource: first.resource, at: { '': 'p.yaml:1:1', 'spec.rules[0].to[0].operation.methods': 'p.yaml:9:11' } };
  assert.equal(
    smallestChange({ ...set, authorization: [placed] }, DEFAULT_MESH, POINT, request({ method: 'PUT' })).at,
    'p.yaml:9:11',
  );
});

test('a change never widens a rule by pattern, whatever the request holds', () => {
  for (const path of ['/a*', '*', '/{**}', '/*/b']) {
    const { yaml } = change([policy('ALLOW', [rule({ principals: [WEB] }, { paths: ['/x'] })], CART)], request({ path }));
    assert.equal(yaml, '', path);
  }
});
