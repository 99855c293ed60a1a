// Where keys come from, how long they live, and that every failure is closed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bearer, FakeClock, fakeFetch, policy } from '../../test/fakes/authn.ts';
import type { Answer, FakeFetch } from '../../test/fakes/authn.ts';
import { ecIssuer, jwksOf, token } from '../../test/fakes/tokens.ts';
import { CullisError } from '#base/errors.ts';
import type { JwtRule } from '#model/istio.ts';
import { KeySources } from './jwks.ts';
import { compileRequestAuthentication } from './request-authentication.ts';
import type { Authenticator } from './request-authentication.ts';

const NOW = Date.parse('2026-06-01T12:00:00Z');
const URL = 'https://a.test/jwks';
const one = ecIssuer('one');
const two = ecIssuer('two');
const CLAIMS = { iss: 'https://a.test', sub: 'alice' };
const ONE = token(one, CLAIMS);
const TWO = token(two, CLAIMS);
const RULE: JwtRule = { issuer: 'https://a.test', jwksUri: URL };
const DOWN = new CullisError('fetch.failed', 'no answer');

interface World {
  readonly clock: FakeClock;
  readonly net: FakeFetch;
  readonly authenticator: Authenticator;
  /** Status, 200 for a principal, and whether the answer had to be waited for. */
  readonly ask: (token: string) => Promise<string>;
}

function world(answers: Record<string, Answer>, rule: JwtRule = RULE): World {
  const clock = new FakeClock(NOW);
  const net = fakeFetch(answers);
  const authenticator = compileRequestAuthentication([policy('jwt', rule)], { fetch: net.fetch, clock });
  return {
    clock,
    net,
    authenticator,
    async ask(text) {
      const answer = authenticator.authenticate(bearer(text));
      const settled = await answer;
      return `${settled.kind === 'deny' ? settled.status : settled.kind}${answer instanceof Promise ? ', waited' : ''}`;
    },
  };
}

test('keys are fetched once, then answers are synchronous', async () => {
  const { ask, net } = world({ [URL]: jwksOf(one) });
  assert.equal(await ask(ONE), 'ok, waited');
  assert.equal(await ask(ONE), 'ok');
  assert.equal(net.requests.length, 1);
  assert.deepEqual([net.requests[0]!.timeoutMs, net.requests[0]!.bodyBytesMax], [5_000, 1024 * 1024]);
});

test('many requests at once share one fetch', async () => {
  const { ask, net } = world({ [URL]: jwksOf(one) });
  assert.deepEqual(await Promise.all([ask(ONE), ask(ONE), ask(ONE)]), ['ok, waited', 'ok, waited', 'ok, waited']);
  assert.equal(net.requests.length, 1);
});

test('a token that fails its claims causes no fetch', async () => {
  const { ask, net } = world({ [URL]: jwksOf(one) });
  assert.equal(await ask(token(one, { ...CLAIMS, iss: 'x' })), '401');
  assert.equal(net.requests.length, 0);
});

const CLOSED: readonly (readonly [title: string, answers: Record<string, Answer>, rule?: JwtRule])[] = [
  ['no answer', { [URL]: DOWN }],
  ['status 500', { [URL]: { status: 500, body: jwksOf(one) } }],
  ['status 302', { [URL]: { status: 302, body: jwksOf(one) } }],
  ['not JSON', { [URL]: '<html>' }],
  ['no keys', { [URL]: '{"keys":[]}' }],
  ['a body beyond the limit', { [URL]: `${jwksOf(one)}${' '.repeat(1024 * 1024)}` }],
  ['a jwksUri that is no http URL', { 'file:///etc/keys': jwksOf(one) }, { ...RULE, jwksUri: 'file:///etc/keys' }],
  ['a timeout that is no duration', { [URL]: jwksOf(one) }, { ...RULE, timeout: 'soon' }],
  ['a timeout of zero', { [URL]: jwksOf(one) }, { ...RULE, timeout: '0s' }],
  ['an issuer that is no URL, and nothing else', {}, { issuer: 'a' }],
  ['a private key served alone for encryption', { [URL]: JSON.stringify({ keys: [{ ...one.jwk, use: 'enc' }] }) }],
];
for (const [title, answers, rule = RULE] of CLOSED) {
  test(`proxy-hardening 35: ${title} is 401, never open`, async () => {
    const issuer = rule.issuer;
    assert.match(await world(answers, rule).ask(token(one, { ...CLAIMS, iss: issuer })), /^401/);
  });
}

test('the rule’s timeout reaches the fetch', async () => {
  const { ask, net } = world({ [URL]: jwksOf(one) }, { ...RULE, timeout: '1s500ms' });
  await ask(ONE);
  assert.equal(net.requests[0]!.timeoutMs, 1_500);
});

test('after a failure the source is left alone for a while, then longer, and asked again', async () => {
  const { ask, net, clock } = world({ [URL]: DOWN });
  assert.equal(await ask(ONE), '401, waited');
  assert.equal(await ask(ONE), '401, waited');
  assert.equal(net.requests.length, 1);
  clock.advance(1_000);
  await ask(ONE);
  clock.advance(1_000);
  await ask(ONE);
  assert.equal(net.requests.length, 2, 'the second pause is longer');
  net.answers.set(URL, jwksOf(one));
  clock.advance(1_000);
  assert.equal(await ask(ONE), 'ok, waited');
});

test('proxy-hardening 34: an unknown kid asks again at most once in 30 s', async () => {
  const { ask, net, clock } = world({ [URL]: jwksOf(one) });
  await ask(ONE);
  clock.advance(29_000);
  net.answers.set(URL, jwksOf(one, two));
  assert.equal(await ask(TWO), '401');
  assert.equal(net.requests.length, 1);
  clock.advance(1_000);
  assert.deepEqual(await Promise.all([ask(TWO), ask(TWO)]), ['ok, waited', 'ok, waited']);
  assert.equal(net.requests.length, 2, 'single flight');
  for (let i = 0; i < 50; i++) await ask(token(ecIssuer(`k${i % 2}`), CLAIMS));
  assert.equal(net.requests.length, 2);
});

test('proxy-hardening 40: a verdict falls when its key is withdrawn', async () => {
  const { ask, net, clock } = world({ [URL]: jwksOf(one, two) });
  await ask(ONE);
  assert.equal(await ask(ONE), 'ok');
  net.answers.set(URL, jwksOf(two));
  clock.advance(30_000);
  assert.equal(await ask(token(ecIssuer('new'), CLAIMS)), '401, waited', 'brings the new set');
  assert.equal(await ask(ONE), '401', 'although its verdict was half a minute old');
  assert.equal(await ask(TWO), 'ok');
});

test('proxy-hardening 35: a set is renewed before it is due, and nobody waits', async () => {
  const { ask, net, clock } = world({ [URL]: jwksOf(one) });
  await ask(ONE);
  clock.advance(4 * 60_000);
  net.answers.set(URL, jwksOf(one, two));
  assert.equal(await ask(ONE), 'ok');
  await new Promise(setImmediate);
  assert.equal(net.requests.length, 2);
  assert.equal(await ask(TWO), 'ok');
});

test('proxy-hardening 35: an old set is not used where a new one can be had', async () => {
  const { ask, net, clock } = world({ [URL]: jwksOf(one) });
  await ask(ONE);
  net.answers.set(URL, jwksOf(two));
  clock.advance(6 * 60_000);
  assert.equal(await ask(ONE), '401, waited');
});

test('proxy-hardening 35: stale keys serve while the source is down, for ten minutes and no longer', async () => {
  const { ask, net, clock } = world({ [URL]: jwksOf(one) });
  await ask(ONE);
  net.answers.set(URL, DOWN);
  clock.advance(6 * 60_000);
  assert.equal(await ask(ONE), 'ok, waited');
  assert.equal(await ask(ONE), 'ok', 'while the pause after a failure lasts, nobody waits');
  for (let minute = 7; minute < 15; minute++) {
    clock.advance(60_000);
    assert.match(await ask(ONE), /^ok/, `minute ${minute}`);
  }
  clock.advance(60_000);
  assert.match(await ask(ONE), /^401/);
  net.answers.set(URL, jwksOf(one));
  clock.advance(60_000);
  assert.match(await ask(ONE), /^ok/);
});

test('proxy-hardening 35: a pause after a failure does not stretch the life of stale keys', async () => {
  const { ask, net, clock } = world({ [URL]: jwksOf(one) });
  await ask(ONE);
  net.answers.set(URL, DOWN);
  // Five failures, so that the pause after the next one is half a minute.
  for (const ms of [6 * 60_000, 60_000, 60_000, 60_000, 60_000, 4 * 60_000 + 50_000]) {
    clock.advance(ms);
    assert.match(await ask(ONE), /^ok/);
  }
  clock.advance(9_000);
  assert.equal(await ask(ONE), 'ok');
  clock.advance(2_000);
  assert.match(await ask(ONE), /^401/);
});

const WELL_KNOWN = 'https://a.test/.well-known/openid-configuration';
const DISCOVERY: readonly (readonly [title: string, document: string, want: RegExp, issuer?: string])[] = [
  ['names the keys', JSON.stringify({ issuer: 'https://a.test', jwks_uri: URL }), /^ok/],
  ['of an issuer with a slash', JSON.stringify({ issuer: 'https://a.test/', jwks_uri: URL }), /^ok/, 'https://a.test/'],
  ['of another issuer', JSON.stringify({ issuer: 'https://b.test', jwks_uri: URL }), /^401/],
  ['of the issuer with a slash too much', JSON.stringify({ issuer: 'https://a.test/', jwks_uri: URL }), /^401/],
  ['without keys', JSON.stringify({ issuer: 'https://a.test' }), /^401/],
  ['with keys in a file', JSON.stringify({ issuer: 'https://a.test', jwks_uri: 'file:///etc/passwd' }), /^401/],
  ['that is no JSON', 'x', /^401/],
];
for (const [title, document, want, issuer = 'https://a.test'] of DISCOVERY) {
  test(`an issuer alone is discovered: document ${title}`, async () => {
    const { ask } = world({ [WELL_KNOWN]: document, [URL]: jwksOf(one) }, { issuer });
    assert.match(await ask(token(one, { ...CLAIMS, iss: issuer })), want);
  });
}

test('workloads that share key sources share the fetch', async () => {
  const clock = new FakeClock(NOW);
  const net = fakeFetch({ [URL]: jwksOf(one) });
  const keys = new KeySources({ fetch: net.fetch, clock });
  for (const name of ['a', 'b']) {
    const result = await compileRequestAuthentication([policy(name, RULE)], { fetch: net.fetch, clock, keys }).authenticate(
      bearer(ONE),
    );
    assert.equal(result.kind, 'ok');
  }
  assert.equal(net.requests.length, 1);
});

test('keys can be had before the first token comes', async () => {
  const { authenticator, ask, net } = world({ [URL]: jwksOf(one) });
  await authenticator.warm();
  assert.equal(net.requests.length, 1);
  assert.equal(await ask(ONE), 'ok');
  await world({ [URL]: DOWN }).authenticator.warm();
});
