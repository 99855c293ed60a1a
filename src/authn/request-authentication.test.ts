// Istio's RequestAuthentication, rule by rule, and the token attacks of the hardening list.
import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { authnRequest, bearer, FakeClock, fakeFetch, policy } from '../../test/fakes/authn.ts';
import { base64url, ecIssuer, jwksOf, signAs, token } from '../../test/fakes/tokens.ts';
import type { JwtRule } from '#model/istio.ts';
import { compileRequestAuthentication } from './request-authentication.ts';
import type { AuthnRequest, AuthnResult } from './request-authentication.ts';

const NOW = Date.parse('2026-06-01T12:00:00Z');
const SECONDS = NOW / 1000;
const key = ecIssuer('k1');
const other = ecIssuer('k2');
const A: JwtRule = { issuer: 'https://a.test', jwks: jwksOf(key) };
const B: JwtRule = { issuer: 'https://b.test', jwks: jwksOf(other) };
const CLAIMS = { iss: 'https://a.test', sub: 'alice', exp: SECONDS + 3600 };
const CLAIMS_B = { ...CLAIMS, iss: 'https://b.test', sub: 'bob' };
const GOOD = token(key, CLAIMS);
const GOOD_B = token(other, CLAIMS_B);
const BAD = token(other, CLAIMS, { kid: 'k1' });

function run(rules: readonly JwtRule[], request: AuthnRequest): AuthnResult {
  const result = compileRequestAuthentication([policy('jwt', ...rules)], {
    ...fakeFetch(),
    clock: new FakeClock(NOW),
  }).authenticate(request);
  assert.ok(!(result instanceof Promise), 'inline keys never wait');
  return result;
}

/** `none`, the principal, or the status. */
function outcome(result: AuthnResult): string | number {
  return result.kind === 'ok' ? result.auth.principal : result.kind === 'deny' ? result.status : result.kind;
}

const ALICE = 'https://a.test/alice';
const BOB = 'https://b.test/bob';

const ROWS: readonly (readonly [title: string, rules: readonly JwtRule[], request: AuthnRequest, want: string | number])[] = [
  ['no token passes without a principal', [A], authnRequest(), 'none'],
  ['a valid token gives its principal', [A], bearer(GOOD), ALICE],
  ['a bad signature is 401', [A], bearer(BAD), 401],
  ['a token that is no JWT is 401', [A], bearer('opaque'), 401],
  ['an empty token is 401', [A], authnRequest({ 'x-t': '' }), 'none'],
  ['another scheme is no token', [A], authnRequest({ authorization: 'Basic YTpi' }), 'none'],
  ['the scheme is compared as Istio does, in its own case', [A], authnRequest({ authorization: `bearer ${GOOD}` }), 'none'],
  ['the default query parameter is looked at', [A], authnRequest({}, `?x=1&access_token=${GOOD}`), ALICE],
  ['an empty query token is 401', [A], authnRequest({}, '?access_token='), 401],
  ['an escaped parameter name is the same name', [A], authnRequest({}, `?access%5Ftoken=${BAD}`), 401],
  ['several rules: the second issuer', [A, B], bearer(GOOD_B), BOB],
  ['several rules: an unknown issuer is 401', [A, B], bearer(token(key, { ...CLAIMS, iss: 'https://c.test' })), 401],
  ['several rules: no token passes', [A, B], authnRequest(), 'none'],
  ['a required token that is missing is 401', [{ ...A, presence: 'REQUIRED' }], authnRequest(), 401],
  ['a required token that is there', [{ ...A, presence: 'REQUIRED' }], bearer(GOOD), ALICE],
  ['one rule requires a token: the other rule’s serves', [{ ...A, presence: 'REQUIRED' }, B], bearer(GOOD_B), BOB],
  ['one rule requires a token: none is 401', [A, { ...B, presence: 'REQUIRED' }], authnRequest(), 401],
  ['two rules of one issuer: the one whose key fits', [{ ...A, jwks: jwksOf(other) }, A], bearer(GOOD), ALICE],
  ['two rules of one issuer: the one whose audience fits', [{ ...A, audiences: ['x'] }, A], bearer(GOOD), ALICE],
  ['a rule without an issuer takes any', [{ issuer: '', jwks: jwksOf(key) }], bearer(GOOD), ALICE],
  ['an issuer that is the other’s prefix is another', [{ ...A, issuer: 'https://a' }], bearer(GOOD), 401],
  [
    'custom header',
    [{ ...A, fromHeaders: [{ name: 'X-Jwt', prefix: 'Value ' }] }],
    authnRequest({ 'x-jwt': `Value ${GOOD}` }),
    ALICE,
  ],
  [
    'custom header without its prefix is no token',
    [{ ...A, fromHeaders: [{ name: 'X-Jwt', prefix: 'Value ' }] }],
    authnRequest({ 'x-jwt': GOOD }),
    'none',
  ],
  [
    'custom header without a prefix takes the whole value',
    [{ ...A, fromHeaders: [{ name: 'x-jwt' }] }],
    authnRequest({ 'x-jwt': GOOD }),
    ALICE,
  ],
  ['a custom location replaces the default', [{ ...A, fromHeaders: [{ name: 'x-jwt' }] }], bearer(BAD), 'none'],
  ['custom parameter', [{ ...A, fromParams: ['t'] }], authnRequest({}, `?t=${GOOD}`), ALICE],
  ['custom cookie', [{ ...A, fromCookies: ['session'] }], authnRequest({ cookie: [`a=b; session=${GOOD}`] }), ALICE],
  [
    'cookie in a second header',
    [{ ...A, fromCookies: ['session'] }],
    authnRequest({ cookie: ['a=b', `session="${GOOD}"`] }),
    ALICE,
  ],
  [
    'cookie of a longer name is another',
    [{ ...A, fromCookies: ['session'] }],
    authnRequest({ cookie: `xsession=${GOOD}` }),
    'none',
  ],
  [
    'preflight passes with a bad token',
    [A],
    authnRequest(
      { authorization: `Bearer ${BAD}`, origin: 'https://x.test', 'access-control-request-method': 'POST' },
      '',
      'OPTIONS',
    ),
    'none',
  ],
  [
    'OPTIONS without Origin is no preflight',
    [A],
    authnRequest({ authorization: `Bearer ${BAD}`, 'access-control-request-method': 'POST' }, '', 'OPTIONS'),
    401,
  ],
  [
    'OPTIONS without the requested method is no preflight',
    [A],
    authnRequest({ authorization: `Bearer ${BAD}`, origin: 'https://x.test' }, '', 'OPTIONS'),
    401,
  ],
  [
    'GET that looks like a preflight is none',
    [A],
    authnRequest({ authorization: `Bearer ${BAD}`, origin: 'https://x.test', 'access-control-request-method': 'POST' }),
    401,
  ],
  ['a broken inline key set closes the rule', [{ ...A, jwks: '{' }], bearer(GOOD), 401],
  ['no rules at all', [], bearer(BAD), 'none'],
];
for (const [title, rules, request, want] of ROWS)
  test(`RequestAuthentication: ${title}`, () => assert.equal(outcome(run(rules, request)), want));

const AUD: JwtRule = { ...A, audiences: ['shop', 'https://api.test/'] };
const CLAIM_ROWS: readonly (readonly [title: string, claims: Record<string, unknown>, want: string | number, rule?: JwtRule])[] =
  [
    ['no exp', { exp: undefined }, ALICE],
    ['exp 60 s ago', { exp: SECONDS - 60 }, ALICE],
    ['exp 61 s ago', { exp: SECONDS - 61 }, 401],
    ['exp zero', { exp: 0 }, 401],
    ['exp a text', { exp: String(SECONDS + 3600) }, 401],
    ['exp a fraction', { exp: SECONDS + 0.5 }, ALICE],
    ['exp 1e308', { exp: 1e308 }, 401],
    ['exp negative', { exp: -1 }, 401],
    ['exp null', { exp: null }, 401],
    ['exp true', { exp: true }, 401],
    ['nbf in 60 s', { nbf: SECONDS + 60 }, ALICE],
    ['nbf in 61 s', { nbf: SECONDS + 61 }, 401],
    ['nbf a text', { nbf: '0' }, 401],
    ['iat in 60 s', { iat: SECONDS + 60 }, ALICE],
    ['iat in 61 s', { iat: SECONDS + 61 }, 401],
    ['iat a list', { iat: [1] }, 401],
    ['iss with a slash at the end', { iss: 'https://a.test/' }, 401],
    ['iss in upper case', { iss: 'https://A.test' }, 401],
    ['iss missing', { iss: undefined }, 401],
    ['iss a list', { iss: ['https://a.test'] }, 401],
    ['sub a number', { sub: 7 }, 401],
    ['sub missing', { sub: undefined }, 'https://a.test/'],
    ['aud a text that fits', { aud: 'shop' }, ALICE, AUD],
    ['aud a list with one that fits', { aud: ['x', 'shop'] }, ALICE, AUD],
    ['aud with scheme and slash, as Istio compares', { aud: 'http://shop/' }, ALICE, AUD],
    ['aud without scheme and slash, as Istio compares', { aud: 'api.test' }, ALICE, AUD],
    ['aud another', { aud: 'shopping' }, 403, AUD],
    ['aud empty list', { aud: [] }, 403, AUD],
    ['aud empty text', { aud: '' }, 403, AUD],
    ['aud missing', {}, 403, AUD],
    ['aud a number', { aud: 1 }, 401, AUD],
    ['aud a list with a number', { aud: ['shop', 1] }, 401, AUD],
    ['aud anything where none is asked for', { aud: 'x' }, ALICE],
    ['aud wrong and expired is 401', { aud: 'x', exp: SECONDS - 999 }, 401, AUD],
    ['azp as presenter', { azp: 'web' }, ALICE],
  ];
for (const [title, claims, want, rule = A] of CLAIM_ROWS) {
  test(`proxy-hardening 36: ${title}`, () =>
    assert.equal(outcome(run([rule], bearer(token(key, { ...CLAIMS, ...claims })))), want));
}

test('proxy-hardening 36: a payload with iss twice is refused, whichever would fit', () => {
  const payload = `{"iss":"https://evil.test","sub":"a","iss":"https://a.test"}`;
  assert.equal(outcome(run([A], bearer(token(key, payload)))), 401);
});

const PARAMS: JwtRule = { ...A, fromParams: ['t', 'u'], fromHeaders: [{ name: 'x-a' }] };
const PLACES: readonly (readonly [title: string, rules: readonly JwtRule[], request: AuthnRequest, want: string | number])[] = [
  ['the same token twice', [PARAMS], authnRequest({}, `?t=${GOOD}&u=${GOOD}`), ALICE],
  ['one of two invalid', [PARAMS], authnRequest({}, `?t=${GOOD}&u=${BAD}`), 401],
  [
    'two different valid tokens for one rule',
    [PARAMS],
    authnRequest({}, `?t=${GOOD}&u=${token(key, { ...CLAIMS, sub: 'eve' })}`),
    401,
  ],
  ['header and parameter, one invalid', [PARAMS], authnRequest({ 'x-a': GOOD }, `?t=${BAD}`), 401],
  ['a parameter twice with two values', [PARAMS], authnRequest({}, `?t=${GOOD}&t=${BAD}`), 401],
  ['a parameter twice with one value', [PARAMS], authnRequest({}, `?t=${GOOD}&t=${GOOD}`), ALICE],
  ['a cookie twice with two values', [{ ...A, fromCookies: ['s'] }], authnRequest({ cookie: `s=${GOOD}; s=${BAD}` }), 401],
  ['two Authorization headers', [A], authnRequest({ authorization: [`Bearer ${GOOD}`, `Bearer ${GOOD}`] }), 401],
  ['two Authorization headers, one Basic', [A], authnRequest({ authorization: ['Basic YTpi', `Bearer ${GOOD}`] }), 401],
  ['two tokens in one header', [A], authnRequest({ authorization: `Bearer ${GOOD}, Bearer ${GOOD}` }), 401],
  [
    'two rules, two places, both valid: the first issuer',
    [{ ...B, fromHeaders: [{ name: 'x-b' }] }, A],
    authnRequest({ authorization: `Bearer ${GOOD}`, 'x-b': GOOD_B }),
    ALICE,
  ],
  [
    'two rules, two places, the second invalid',
    [{ ...B, fromHeaders: [{ name: 'x-b' }] }, A],
    authnRequest({ authorization: `Bearer ${GOOD}`, 'x-b': BAD }),
    401,
  ],
  [
    'two rules, two places, the first invalid',
    [{ ...B, fromHeaders: [{ name: 'x-b' }] }, A],
    authnRequest({ authorization: `Bearer ${BAD}`, 'x-b': GOOD_B }),
    401,
  ],
  [
    'two rules, one place each, tokens swapped',
    [{ ...B, fromHeaders: [{ name: 'x-b' }] }, A],
    authnRequest({ authorization: `Bearer ${GOOD_B}`, 'x-b': GOOD }),
    401,
  ],
  [
    'two rules that share both places, a token of each',
    [A, B],
    authnRequest({ authorization: `Bearer ${GOOD}` }, `?access_token=${GOOD_B}`),
    401,
  ],
];
for (const [title, rules, request, want] of PLACES)
  test(`proxy-hardening 37: ${title}`, () => assert.equal(outcome(run(rules, request)), want));

test('proxy-hardening 38: strict base64url, also where a lenient reader would see the same token', () => {
  for (const bad of [`${GOOD}=`, `${GOOD} x`, GOOD.replace('.', '. '), `"${GOOD}"`])
    assert.equal(outcome(run([A], bearer(bad))), 401, bad.slice(-8));
  assert.equal(outcome(run([A], authnRequest({ authorization: `Bearer   ${GOOD}  ` }))), ALICE, 'spaces around are the header’s');
});

test('proxy-hardening 39: a token of more than 8 KiB is refused unread', () => {
  assert.equal(outcome(run([A], bearer(token(key, { ...CLAIMS, x: 'a'.repeat(7_000) })))), 401);
  assert.equal(outcome(run([A], bearer(token(key, { ...CLAIMS, x: 'a'.repeat(5_000) })))), ALICE);
});

test('proxy-hardening 32: symmetric keys count only when they are inline', async () => {
  const secret = Buffer.alloc(32, 9);
  const jwks = JSON.stringify({ keys: [{ kty: 'oct', alg: 'HS256', k: secret.toString('base64url') }] });
  const input = `${base64url({ alg: 'HS256' })}.${base64url(CLAIMS)}`;
  const jws = `${input}.${signAs('HS256', createSecretKey(secret), input)}`;
  assert.equal(outcome(run([{ ...A, jwks }], bearer(jws))), ALICE);
  const ports = { ...fakeFetch({ 'https://a.test/jwks': jwks }), clock: new FakeClock(NOW) };
  const remote = compileRequestAuthentication([policy('jwt', { issuer: A.issuer, jwksUri: 'https://a.test/jwks' })], ports);
  assert.equal(outcome(await remote.authenticate(bearer(jws))), 401);
});

test('a verified token is taken out of the request, wherever it stood', () => {
  const rules: JwtRule[] = [{ ...A, fromHeaders: [{ name: 'X-A' }], fromParams: ['t'], fromCookies: ['c'] }];
  const request = authnRequest({ 'x-a': GOOD, cookie: `c=${GOOD}` }, `?t=${GOOD}`);
  const result = run(rules, request);
  assert.ok(result.kind === 'ok');
  assert.deepEqual([result.removeHeaders, result.removeParams, result.removeCookies], [['x-a'], ['t'], ['c']]);
  const kept = run([{ ...rules[0]!, forwardOriginalToken: true }], request);
  assert.ok(kept.kind === 'ok');
  assert.deepEqual([kept.removeHeaders, kept.removeParams, kept.removeCookies], [[], [], []]);
});

const OUTPUT: JwtRule = {
  ...A,
  outputPayloadToHeader: 'X-Payload',
  outputClaimToHeaders: [
    { header: 'X-Sub', claim: 'sub' },
    { header: 'X-Nested', claim: 'a.b.c' },
    { header: 'X-Missing', claim: 'a.b.x' },
    { header: 'X-Number', claim: 'n' },
    { header: 'X-Flag', claim: 'f' },
    { header: 'X-List', claim: 'l' },
    { header: 'X-Proto', claim: '__proto__.constructor' },
    { header: 'X-Line', claim: 'line' },
  ],
};

test('claims go into headers; what the client sends under the same names is always dropped', () => {
  const claims = { ...CLAIMS, a: { b: { c: 'deep' } }, n: 42, f: false, l: ['x'], line: 'a\r\nx-admin: 1' };
  const jws = token(key, claims);
  const result = run([OUTPUT], bearer(jws));
  assert.ok(result.kind === 'ok');
  assert.deepEqual(Object.fromEntries(result.setHeaders), {
    'x-payload': jws.split('.')[1],
    'x-sub': 'alice',
    'x-nested': 'deep',
    'x-number': '42',
    'x-flag': 'false',
    'x-list': Buffer.from('["x"]').toString('base64'),
  });
  const names = ['x-sub', 'x-nested', 'x-missing', 'x-number', 'x-flag', 'x-list', 'x-proto', 'x-line', 'x-payload'];
  assert.deepEqual(result.removeHeaders, [...names, 'authorization']);
  for (const request of [
    authnRequest({ 'x-sub': 'admin' }),
    authnRequest({ origin: 'x', 'access-control-request-method': 'GET', 'x-sub': 'admin' }, '', 'OPTIONS'),
  ]) {
    assert.deepEqual(run([OUTPUT], request), { kind: 'none', removeHeaders: names });
  }
});

test('the outputs of every rule are dropped, those of the rule that accepted are set', () => {
  const result = run(
    [
      { ...A, outputPayloadToHeader: 'x-a' },
      { ...B, outputPayloadToHeader: 'x-b' },
    ],
    bearer(GOOD_B),
  );
  assert.ok(result.kind === 'ok');
  assert.deepEqual(result.removeHeaders, ['x-a', 'x-b', 'authorization']);
  assert.deepEqual(
    result.setHeaders.map(([name]) => name),
    ['x-b'],
  );
});

test('a refusal says which rule, what it wanted and what it saw, and nothing of the token', () => {
  const jws = token(key, { ...CLAIMS, aud: 'other\n' });
  const result = run([AUD, B], bearer(jws));
  assert.ok(result.kind === 'deny');
  assert.deepEqual([result.status, result.code], [403, 'jwt.audience']);
  assert.deepEqual(result.reasons[0], {
    policy: 'shop/jwt',
    action: 'REQUEST_AUTHENTICATION',
    rule: 0,
    field: 'jwtRules[0].audiences',
    wanted: ['shop', 'https://api.test/'],
    actual: 'other?',
    at: 'jwt.yaml:8:5',
    text: 'the token in header `authorization` is for another audience',
  });
  const text = JSON.stringify(run([A, B], bearer(BAD)));
  for (const part of BAD.split('.')) assert.ok(!text.includes(part));
});

test('facts for policy: audiences, presenter, claims to be split on spaces', () => {
  const result = run(
    [{ ...A, spaceDelimitedClaims: ['roles'] }],
    bearer(token(key, { ...CLAIMS, aud: ['a', 'b'], azp: 'web', roles: 'x y' })),
  );
  assert.ok(result.kind === 'ok');
  const { claims, ...auth } = result.auth;
  assert.equal(claims['roles'], 'x y');
  assert.deepEqual(auth, {
    issuer: 'https://a.test',
    subject: 'alice',
    principal: ALICE,
    audiences: ['a', 'b'],
    presenter: 'web',
    spaceDelimitedClaims: ['roles'],
  });
});

test('a cached verdict ends with the token, within a minute, and is the token’s alone', (t: TestContext) => {
  const clock = new FakeClock(NOW);
  const authenticator = compileRequestAuthentication([policy('jwt', A)], { ...fakeFetch(), clock });
  const short = bearer(token(key, { ...CLAIMS, exp: SECONDS + 10 }));
  const now = (request: AuthnRequest) => outcome(authenticator.authenticate(request) as AuthnResult);
  assert.deepEqual([now(short), now(short), now(bearer(GOOD)), now(bearer(BAD))], [ALICE, ALICE, ALICE, 401]);
  clock.advance(70_000);
  assert.equal(now(short), ALICE, 'within the skew');
  clock.advance(1_000);
  assert.equal(now(short), 401);
  const request = bearer(GOOD);
  const rounds = 2_000;
  const start = performance.now();
  for (let i = 0; i < rounds; i++) void authenticator.authenticate(request);
  t.diagnostic(`${(((performance.now() - start) / rounds) * 1000).toFixed(1)} us a cached token`);
});
