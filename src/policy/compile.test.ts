import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attributes } from '#model/decision.ts';
import type { AuthorizationPolicy, AuthorizationRule, MeshConfig } from '#model/istio.ts';
import { authorizer, connection, policy, request, token } from '../../test/fakes/policy.ts';

type Row = readonly [name: string, policies: readonly AuthorizationPolicy[], a: Attributes, allowed: boolean];

function check(rows: readonly Row[], mesh: Partial<MeshConfig> = {}, mode: 'sidecar' | 'ambient' = 'sidecar'): void {
  for (const [name, policies, a, allowed] of rows)
    assert.equal(authorizer(policies, mesh, mode).authorize(a).allow, allowed, name);
}

const dryRun = { annotations: { 'istio.io/dry-run': 'true' } };
const from = (source: NonNullable<AuthorizationRule['from']>[0]['source']): AuthorizationRule => ({ from: [{ source }] });
const to = (operation: NonNullable<AuthorizationRule['to']>[0]['operation']): AuthorizationRule => ({ to: [{ operation }] });
const when = (key: string, values?: readonly string[], notValues?: readonly string[]): AuthorizationRule => ({
  when: [{ key, ...(values && { values }), ...(notValues && { notValues }) }],
});
const allow = (...rules: AuthorizationRule[]): AuthorizationPolicy => policy('ALLOW', rules);
const deny = (...rules: AuthorizationRule[]): AuthorizationPolicy => policy('DENY', rules);

test('the decision table: DENY, then no ALLOW at all, then any ALLOW, else denied', () => {
  const [get, post] = [to({ methods: ['GET'] }), to({ methods: ['POST'] })];
  check([
    ['nothing in force', [], request(), true],
    ['only DENY, no match', [deny(post)], request(), true],
    ['only DENY, match', [deny(get)], request(), false],
    ['ALLOW matches', [allow(get)], request(), true],
    ['ALLOW does not match', [allow(post)], request(), false],
    ['one of two ALLOW policies', [allow(post), policy('ALLOW', [get], { name: 'b' })], request(), true],
    ['DENY wins over ALLOW', [allow(get), deny(get)], request(), false],
    ['AUDIT allows nothing and denies nothing', [policy('AUDIT', [get])], request(), true],
    ['AUDIT is no ALLOW policy', [policy('AUDIT', [get]), allow(post)], request(), false],
    ['rules absent: allow nothing', [policy('ALLOW', undefined)], request(), false],
    ['rules empty: allow nothing', [policy('ALLOW', [])], request(), false],
    ['rules absent in DENY: never matches', [policy('DENY', undefined)], request(), true],
    ['an empty rule matches everything', [allow({})], request({ sourceIdentity: undefined }), true],
    ['an empty rule denies everything', [deny({})], request(), false],
    ['dry-run DENY does not deny', [policy('DENY', [get], dryRun)], request(), true],
    ['only dry-run ALLOW: as if there were none', [policy('ALLOW', [post], dryRun)], request(), true],
    [
      'dry-run ALLOW beside an enforced one',
      [policy('ALLOW', [get], dryRun), policy('ALLOW', [post], { name: 'b' })],
      request(),
      false,
    ],
    ['dry-run false enforces', [policy('DENY', [get], { annotations: { 'istio.io/dry-run': 'false' } })], request(), false],
    [
      'a dry-run value that is no boolean enforces',
      [policy('DENY', [get], { annotations: { 'istio.io/dry-run': 'yes' } })],
      request(),
      false,
    ],
  ]);
});

test('the algebra of a rule: lists are alternatives, fields and parts go together', () => {
  const both: AuthorizationRule = {
    ...from({ namespaces: ['shop'] }),
    ...to({ methods: ['GET'], paths: ['/a'] }),
    ...when('destination.port', ['8080']),
  };
  check([
    ['all parts hold', [allow(both)], request({ path: '/a' }), true],
    ['from fails', [allow(both)], request({ path: '/a', sourceIdentity: 'spiffe://cluster.local/ns/x/sa/web' }), false],
    ['one field of to fails', [allow(both)], request({ path: '/b' }), false],
    ['when fails', [allow(both)], request({ path: '/a', destinationPort: 1 }), false],
    ['rules are alternatives', [allow(from({ namespaces: ['x'] }), to({ paths: ['/a'] }))], request({ path: '/a' }), true],
    [
      'items of from are alternatives',
      [allow({ from: [{ source: { namespaces: ['x'] } }, { source: { namespaces: ['shop'] } }] })],
      request(),
      true,
    ],
    [
      'items of to are alternatives',
      [allow({ to: [{ operation: { methods: ['PUT'] } }, { operation: { paths: ['/'] } }] })],
      request(),
      true,
    ],
    [
      'conditions go together',
      [
        allow({
          when: [
            { key: 'destination.port', values: ['8080'] },
            { key: 'source.namespace', values: ['x'] },
          ],
        }),
      ],
      request(),
      false,
    ],
    ['values and not the excluded ones', [allow(to({ paths: ['/a*'], notPaths: ['/a/b'] }))], request({ path: '/a/b' }), false],
    [
      'values and not the excluded ones, else',
      [allow(to({ paths: ['/a*'], notPaths: ['/a/b'] }))],
      request({ path: '/a/c' }),
      true,
    ],
    ['any excluded value excludes', [allow(to({ notMethods: ['PUT', 'GET'] }))], request(), false],
    ['values and notValues of a condition', [allow(when('source.namespace', ['sh*'], ['shop']))], request(), false],
  ]);
});

test('plaintext has no identity: positive fields are false, their negations true', () => {
  const plain = request({ sourceIdentity: undefined });
  check([
    ['principals *', [allow(from({ principals: ['*'] }))], plain, false],
    ['principals * with identity', [allow(from({ principals: ['*'] }))], request(), true],
    ['notPrincipals *', [deny(from({ notPrincipals: ['*'] }))], plain, false],
    ['notPrincipals * with identity', [deny(from({ notPrincipals: ['*'] }))], request(), true],
    ['notNamespaces', [deny(from({ notNamespaces: ['shop'] }))], plain, false],
    ['notServiceAccounts', [deny(from({ notServiceAccounts: ['shop/web'] }))], plain, false],
    ['notTrustDomains', [deny(from({ notTrustDomains: ['cluster.local'] }))], plain, false],
    ['namespaces *', [allow(from({ namespaces: ['*'] }))], plain, false],
    ['trustDomains *', [allow(from({ trustDomains: ['*'] }))], plain, false],
  ]);
});

test('each field and condition looks at its own attribute', () => {
  const auth = token({ iss: 'i', sub: 's', aud: ['one', 'two'], azp: 'client', groups: ['g'] });
  const rows: readonly (readonly [
    AuthorizationRule,
    Partial<Parameters<typeof request>[0]>,
    Partial<Parameters<typeof request>[0]>,
  ])[] = [
    [from({ principals: ['cluster.local/ns/shop/sa/web'] }), {}, { sourceIdentity: 'spiffe://cluster.local/ns/shop/sa/x' }],
    [from({ serviceAccounts: ['web'] }), {}, { sourceIdentity: 'spiffe://cluster.local/ns/other/sa/web' }],
    [from({ trustDomains: ['cluster.local'] }), {}, { sourceIdentity: 'spiffe://other/ns/shop/sa/web' }],
    [from({ ipBlocks: ['10.0.0.0/24'] }), {}, { sourceIp: '10.0.1.7', remoteIp: '10.0.0.7' }],
    [from({ remoteIpBlocks: ['10.0.0.0/24'] }), {}, { sourceIp: '10.0.0.7', remoteIp: '10.0.1.7' }],
    [from({ requestPrincipals: ['i/s'] }), { auth }, { auth: undefined }],
    [from({ requestPrincipals: ['*'] }), { auth }, {}],
    [to({ hosts: ['cart.shop'] }), { host: 'CART.shop' }, { host: 'cart.shop:80' }],
    [to({ hosts: ['Cart.*'] }), { host: 'cart.SHOP' }, { host: 'xcart.shop' }],
    [to({ hosts: ['*.SHOP'] }), {}, { host: 'cart.shop:8080' }],
    [to({ hosts: ['cart.shop:*'] }), { host: 'cart.shop:80' }, {}],
    [to({ ports: ['8080', '80'] }), {}, { destinationPort: 808 }],
    [to({ methods: ['G*'] }), {}, { method: 'get' }],
    [to({ paths: ['/a', '/b/*'] }), { path: '/b/' }, { path: '/b' }],
    [to({ paths: ['/a/{*}/c'] }), { path: '/a/b/c' }, { path: '/a//c' }],
    [to({ paths: ['*'] }), {}, { path: '' }],
    [when('source.ip', ['10.0.0.7']), {}, { sourceIp: '::1' }],
    [when('remote.ip', ['10.0.0.7']), { sourceIp: '1.1.1.1' }, { remoteIp: '1.1.1.1' }],
    [when('destination.ip', ['10.0.0.9']), {}, { destinationIp: '10.0.0.8' }],
    [when('destination.port', ['8080']), {}, { destinationPort: 80 }],
    [when('connection.sni', ['*.shop']), { sni: 'cart.shop' }, { sni: '' }],
    [when('connection.sni', ['*']), { sni: 'x' }, {}],
    [when('source.namespace', ['shop']), {}, { sourceIdentity: 'spiffe://td/ns/shops/sa/a' }],
    [when('source.principal', ['*/sa/web']), {}, { sourceIdentity: 'spiffe://td/ns/a/sa/b' }],
    [when('source.serviceAccount', ['shop/web']), {}, { sourceIdentity: 'spiffe://td/ns/a/sa/web' }],
    [when('source.trustDomain', ['cluster*']), {}, { sourceIdentity: 'spiffe://td/ns/shop/sa/web' }],
    [when('request.headers[X-Role]', ['admin']), { headers: { 'x-role': 'admin' } }, { headers: { 'x-role': 'Admin' } }],
    [when('request.headers[:method]', ['GET']), {}, { method: 'PUT' }],
    [when('request.auth.principal', ['i/*']), { auth }, { auth: token({ iss: 'x', sub: 's' }) }],
    [when('request.auth.audiences', ['two']), { auth }, { auth: token({ aud: 'three' }) }],
    [when('request.auth.presenter', ['client']), { auth }, { auth: token({ azp: 'other' }) }],
    [when('request.auth.claims[groups]', ['g']), { auth }, { auth: token({ groups: ['h'] }) }],
  ];
  for (const [rule, hit, miss] of rows) {
    const name = JSON.stringify(rule);
    for (const [action, over, allowed] of [
      [allow, hit, true],
      [allow, miss, false],
      [deny, hit, false],
      [deny, miss, true],
    ] as const) {
      assert.equal(authorizer([action(rule)]).authorize(request(over)).allow, allowed, `${name} ${JSON.stringify(over)}`);
    }
  }
});

test('on TCP an ALLOW rule with HTTP fields never allows, a DENY rule loses just those fields', () => {
  const tcp = connection({ destinationPort: 9000 });
  const http: readonly AuthorizationRule[] = [
    to({ methods: ['GET'] }),
    to({ notMethods: ['GET'] }),
    to({ paths: ['*'] }),
    to({ hosts: ['*'] }),
    from({ requestPrincipals: ['*'] }),
    from({ notRequestPrincipals: ['*'] }),
    when('request.headers[x]', ['*']),
    when('request.auth.claims[x]', ['*']),
  ];
  for (const rule of http) {
    check([
      [JSON.stringify(rule), [allow(rule)], tcp, false],
      [JSON.stringify(rule), [deny(rule)], tcp, false],
    ]);
  }
  const mixed = to({ methods: ['GET'], ports: ['9000'] });
  check([
    ['ALLOW with port and method', [allow(mixed)], tcp, false],
    [
      'ALLOW with an HTTP field in another item',
      [allow({ to: [{ operation: { ports: ['9000'] } }, { operation: { methods: ['GET'] } }] })],
      tcp,
      false,
    ],
    ['another rule still allows', [allow(mixed, to({ ports: ['9000'] }))], tcp, true],
    ['DENY with port and method, that port', [deny(mixed)], tcp, false],
    ['DENY with port and method, another port', [deny(mixed)], connection({ destinationPort: 9001 }), true],
    [
      'identity and addresses work',
      [
        allow({
          ...from({ namespaces: ['shop'], ipBlocks: ['10.0.0.0/8'], remoteIpBlocks: ['10.0.0.7'] }),
          ...when('connection.sni', [], ['x']),
        }),
      ],
      tcp,
      true,
    ],
    ['the same rule on HTTP needs the method', [deny(mixed)], request({ method: 'PUT', destinationPort: 9000 }), true],
  ]);
});

test('a value that cannot be honoured drops an ALLOW rule whole, elsewhere only itself', () => {
  const rows: readonly (readonly [AuthorizationRule, allowed: boolean, denied: boolean])[] = [
    [from({ ipBlocks: ['nonsense'] }), false, true],
    [from({ ipBlocks: ['10.0.0.7', 'nonsense'] }), false, true],
    [from({ ipBlocks: ['1.1.1.1', 'nonsense'] }), false, false],
    [to({ ports: ['http'] }), false, true],
    [to({ ports: ['8080', '99999'] }), false, true],
    [to({ paths: ['/{*}x'] }), false, true],
    [to({ methods: ['GET'], ports: ['x'] }), false, true],
    [to({ methods: ['PUT'], ports: ['x'] }), false, false],
    [from({ notIpBlocks: ['nonsense'] }), false, true],
    [when('experimental.envoy.filters.a.b[c]', ['x']), false, true],
    [when('request.headers', ['x']), false, true],
    [when('source.colour', ['x']), false, true],
  ];
  for (const [rule, allowed, denied] of rows) {
    const name = JSON.stringify(rule);
    assert.equal(authorizer([allow(rule)]).authorize(request()).allow, allowed, name);
    assert.equal(authorizer([deny(rule)]).authorize(request()).allow, !denied, name);
    assert.ok(
      authorizer([allow(rule)]).diagnostics.some(({ code, severity }) => code === 'policy.value-refused' && severity === 'error'),
      name,
    );
  }
  assert.deepEqual(authorizer([allow(to({ methods: ['GET'] })), deny(from({ ipBlocks: ['10.0.0.0/8'] }))]).diagnostics, []);
});

test('trust-domain aliases widen what a policy names', () => {
  const mesh = { trustDomain: 'new', trustDomainAliases: ['old'] };
  const rule = from({ principals: ['cluster.local/ns/shop/sa/web'] });
  const as = (domain: string): Attributes => request({ sourceIdentity: `spiffe://${domain}/ns/shop/sa/web` });
  check(
    [
      ['local', [allow(rule)], as('new'), true],
      ['alias', [allow(rule)], as('old'), true],
      ['cluster.local is only a pointer', [allow(rule)], as('cluster.local'), false],
      ['not', [deny(from({ notPrincipals: ['old/ns/shop/sa/web'] }))], as('new'), true],
      ['trust domains', [allow(from({ trustDomains: ['old'] }))], as('new'), true],
      ['foreign', [allow(rule)], as('foreign'), false],
      ['condition', [allow(when('source.principal', ['old/ns/shop/sa/web']))], as('new'), true],
    ],
    mesh,
  );
});

test('ambient mode is ztunnel: HTTP is not seen, an empty match never matches', () => {
  const l7 = to({ methods: ['GET'] });
  check(
    [
      ['ALLOW with HTTP fields never allows', [allow(l7)], request(), false],
      ['DENY with only HTTP fields is a no-op', [deny(l7)], request(), true],
      ['DENY keeps what ztunnel sees', [deny(to({ methods: ['PUT'], ports: ['8080'] }))], request(), false],
      [
        'DENY whose from is left empty is a no-op',
        [deny({ ...from({ requestPrincipals: ['*'] }), ...to({ ports: ['8080'] }) })],
        request(),
        true,
      ],
      [
        'DENY with an HTTP condition is a no-op',
        [deny({ ...from({ namespaces: ['shop'] }), ...when('request.headers[x]', ['*']) })],
        request(),
        true,
      ],
      ['DENY with SNI is a no-op', [deny(when('connection.sni', ['*']))], request({ sni: 'x' }), true],
      [
        'one item of from is enough',
        [deny({ from: [{ source: { requestPrincipals: ['*'] } }, { source: { namespaces: ['shop'] } }] })],
        request(),
        false,
      ],
      ['an empty rule matches', [allow({})], request(), true],
      ['an empty source matches nothing', [allow(from({}))], request(), false],
      ['AUDIT and CUSTOM do nothing', [policy('AUDIT', [{}]), policy('CUSTOM', [{}])], request(), true],
      ['principal', [allow(from({ principals: ['cluster.local/ns/shop/sa/web'] }))], request(), true],
      ['principal prefix', [allow(from({ principals: ['cluster.local/ns/sh*'] }))], request(), true],
      ['no aliases', [allow(from({ principals: ['old/ns/shop/sa/web'] }))], request(), false],
      ['namespace exact', [allow(from({ namespaces: ['shop'] }))], request(), true],
      ['namespace star inside is literal', [allow(from({ namespaces: ['s*p'] }))], request(), false],
      [
        'namespace of another shape',
        [allow(from({ namespaces: ['shop'] }))],
        request({ sourceIdentity: 'spiffe://td/x/ns/shop/y' }),
        false,
      ],
      ['notNamespaces over plaintext', [deny(from({ notNamespaces: ['shop'] }))], request({ sourceIdentity: undefined }), false],
      ['service account', [allow(from({ serviceAccounts: ['web'] }))], request(), true],
      ['service account with its namespace', [allow(from({ serviceAccounts: ['shop/web'] }))], request(), true],
      [
        'service account of an id with more segments',
        [allow(from({ serviceAccounts: ['shop/web'] }))],
        request({ sourceIdentity: 'spiffe://cluster.local/ns/shop/sa/web/more' }),
        false,
      ],
      ['trust domains are not seen', [allow(from({ trustDomains: ['*'] }))], request(), false],
      ['remote addresses are not seen', [allow(from({ remoteIpBlocks: ['0.0.0.0/0'] }))], request(), false],
      [
        'addresses and ports are',
        [allow({ ...from({ ipBlocks: ['10.0.0.0/8'] }), ...when('destination.port', ['8080']) })],
        connection(),
        true,
      ],
    ],
    { trustDomainAliases: ['old'] },
    'ambient',
  );
  const told = authorizer([deny(l7), policy('AUDIT', [{}])], {}, 'ambient').diagnostics.map(({ code }) => code);
  assert.deepEqual(told, ['policy.ambient-difference', 'policy.ambient-difference']);
});

test('AUDIT and dry-run matches are told and change nothing', () => {
  const get = to({ methods: ['GET'] });
  const rows: readonly (readonly [AuthorizationPolicy, RegExp | undefined])[] = [
    [policy('AUDIT', [get]), /^audited by rule 0 of `shop\/audit`/],
    [policy('AUDIT', [to({ methods: ['PUT'] })]), undefined],
    [policy('DENY', [get], dryRun), /^dry-run: would be denied by rule 0/],
    [policy('ALLOW', [get], dryRun), /^dry-run: would be allowed by rule 0/],
    [policy('ALLOW', [to({ methods: ['PUT'] })], dryRun), /^dry-run: would be denied, no rule of `shop\/allow`/],
  ];
  for (const [one, want] of rows) {
    const { allow: allowed, shadow } = authorizer([one]).authorize(request());
    assert.equal(allowed, true);
    if (want === undefined) assert.deepEqual(shadow, []);
    else assert.match(shadow[0]?.text ?? '', want);
  }
  const denied = authorizer([deny(get), policy('AUDIT', [get])]).authorize(request());
  assert.ok(!denied.allow && denied.shadow.length === 1);
});

test('an allowed request names what allowed it, and the same answer is handed out again', () => {
  const one = authorizer([allow(to({ methods: ['PUT'] }), to({ methods: ['GET'] }))]);
  const [first, second] = [one.authorize(request()), one.authorize(request({ path: '/b' }))];
  assert.ok(first.allow);
  assert.deepEqual([first.policy, first.rule], ['shop/allow', 1]);
  assert.equal(first, second);
  const open = authorizer([]);
  assert.equal(open.empty, true);
  assert.equal(one.empty, false);
  const free = open.authorize(request());
  assert.ok(free.allow && free.policy === '' && free.rule === -1);
});
