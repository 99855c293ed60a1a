// The small parts, row by row.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMITS } from '#model/platform.ts';
import { Metrics } from '#telemetry/metrics.ts';
import { IdleConnections } from '#wire/idle-connections.ts';
import { TimerWheel } from '#wire/timers.ts';
import { fakeRandom } from '../../test/fakes/time.ts';
import { fromEdge, fromMesh } from './client-address.ts';
import { removeCookies, removeParams } from './credentials.ts';
import { HeaderRules, connectionOptions } from './header-rules.ts';
import { Headers } from './headers.ts';
import { Ids } from './ids.ts';
import { Links } from './links.ts';
import { compileNames } from './name-matcher.ts';
import { Sessions, cookieValue } from './sessions.ts';
import { continueTrace } from './trace.ts';
import { Upstreams } from './upstreams.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
for (const [received, continues] of [
  [`00-${TRACE}-${SPAN}-01`, true],
  [`00-${TRACE}-${SPAN}-00`, true],
  [`cc-${TRACE}-${SPAN}-01-what-the-future-holds`, true],
  [`cc-${TRACE}-${SPAN}-01`, true],
  [`00-${TRACE}-${SPAN}-01-more`, false],
  [`ff-${TRACE}-${SPAN}-01`, false],
  [`00-${TRACE.toUpperCase()}-${SPAN}-01`, false],
  [`00-${'0'.repeat(32)}-${SPAN}-01`, false],
  [`00-${TRACE}-${'0'.repeat(16)}-01`, false],
  [`00-${TRACE}-${SPAN}`, false],
  [`00-${TRACE}-${SPAN}-1`, false],
  [` 00-${TRACE}-${SPAN}-01`, false],
  ['', false],
  [undefined, false],
] as const) {
  test(`traceparent ${received} ${continues ? 'continues' : 'is replaced'}`, () => {
    const trace = continueTrace(received, new Ids(fakeRandom()));
    assert.equal(trace.continued, continues);
    assert.equal(trace.traceId === TRACE, continues);
    assert.match(trace.traceparent, continues ? new RegExp(`^00-${TRACE}-${SPAN}-0[01]$`) : /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });
}

for (const [received, proxies, remoteIp, header] of [
  [undefined, 0, '10.0.0.9', '10.0.0.9'],
  ['1.1.1.1', 0, '10.0.0.9', '10.0.0.9'],
  ['1.1.1.1', 1, '1.1.1.1', '1.1.1.1, 10.0.0.9'],
  ['6.6.6.6, 1.1.1.1', 1, '1.1.1.1', '1.1.1.1, 10.0.0.9'],
  ['6.6.6.6, 1.1.1.1, 2.2.2.2', 2, '1.1.1.1', '1.1.1.1, 2.2.2.2, 10.0.0.9'],
  ['1.1.1.1', 2, '10.0.0.9', '10.0.0.9'],
  ['1.1.1.1:4711', 1, '1.1.1.1', '1.1.1.1:4711, 10.0.0.9'],
  ['[2001:db8::1]:80', 1, '2001:db8::1', '[2001:db8::1]:80, 10.0.0.9'],
  ['unknown', 1, '10.0.0.9', '10.0.0.9'],
  ['1.1.1.1,', 1, '10.0.0.9', '10.0.0.9'],
  [`${'6.6.6.6,'.repeat(100_000)}1.1.1.1`, 1, '1.1.1.1', '1.1.1.1, 10.0.0.9'],
] as const) {
  test(`at the edge behind ${proxies} proxies, ${String(received).slice(0, 40)} is ${remoteIp}`, () => {
    assert.deepEqual(fromEdge(received, '10.0.0.9', proxies), { remoteIp, header });
  });
}

for (const [received, proxies, remoteIp] of [
  [undefined, 0, '10.0.0.9'],
  ['1.1.1.1', 0, '1.1.1.1'],
  ['6.6.6.6, 1.1.1.1', 0, '1.1.1.1'],
  ['1.1.1.1, 2.2.2.2', 1, '1.1.1.1'],
  ['1.1.1.1', 1, '10.0.0.9'],
  ['_hidden', 0, '10.0.0.9'],
] as const) {
  test(`inside the mesh behind ${proxies} proxies, ${received} is ${remoteIp}`, () => {
    assert.equal(fromMesh(received, '10.0.0.9', proxies).remoteIp, remoteIp);
  });
}

const rules = new HeaderRules();
for (const [name, rule] of [
  ['accept', 'pass'],
  ['x-user_id', 'pass'],
  ['connection', 'hop'],
  ['te', 'hop'],
  ['upgrade', 'hop'],
  ['proxy-authorization', 'hop'],
  ['x-forwarded-client-cert', 'identity'],
  ['x_forwarded_client_cert', 'identity'],
  ['x.forwarded-client.cert', 'identity'],
  ['x-cullis-source-identity', 'identity'],
  ['x_cullis-anything', 'identity'],
  ['x-envoy-original-path', 'identity'],
  ['x-forwarded-for', 'forwarded'],
  ['x_forwarded_for', 'identity'],
  ['x-request-id', 'correlation'],
  ['x_request_id', 'identity'],
  ['x-cullis-session-id', 'correlation'],
  ['x-cullis_session_id', 'identity'],
  ['transfer_encoding', 'identity'],
  ['__proto__', 'pass'],
] as const) {
  test(`header ${name}: ${rule}`, () => {
    assert.equal(rules.of(name), rule);
    assert.equal(rules.of(name), rule);
  });
}

test('header names that strangers make up do not fill memory', () => {
  const own = new HeaderRules();
  for (let i = 0; i < 10_000; i++) assert.equal(own.of(`x-made-up-${i}`), 'pass');
});

test('connection options that may take a header away', () => {
  assert.deepEqual(connectionOptions('keep-alive'), []);
  assert.deepEqual(connectionOptions('X-A, close , authorization,,cookie,Host, x-b'), ['x-a', 'x-b']);
});

test('headers are set, added, removed and joined', () => {
  const headers = new Headers();
  headers.add('a', 'A', '1');
  headers.add('b', 'B', '2');
  headers.add('a', 'a', '3');
  assert.equal(headers.get('a'), '1,3');
  assert.deepEqual(headers.all('a'), ['1', '3']);
  headers.set('a', '4');
  headers.set('c', '5');
  assert.deepEqual(headers.flat, ['A', '4', 'B', '2', 'c', '5']);
  headers.remove('b');
  assert.deepEqual(
    [headers.flat, headers.has('b'), headers.get('b'), headers.length],
    [['A', '4', 'c', '5'], false, undefined, 2],
  );
});

for (const [header, name, want] of [
  ['sid=1', 'sid', '1'],
  ['a=0; sid=1; sid=2', 'sid', '1'],
  ['xsid=0;sid=1', 'sid', '1'],
  ['sid', 'sid', ''],
  ['sid=', 'sid', ''],
  ['a=sid=1', 'sid', ''],
  [undefined, 'sid', ''],
  ['=1', '', ''],
] as const) {
  test(`cookie ${name} of ${header}`, () => assert.equal(cookieValue(header, name), want));
}

test('session ids are keyed, stable and tell subjects from cookies', () => {
  const [a, b] = [new Sessions('AAAA'), new Sessions('BBBB')];
  assert.equal(a.ofCookie('x'), a.ofCookie('x'));
  assert.notEqual(a.ofCookie('x'), a.ofSubject('x'));
  assert.notEqual(a.ofCookie('x'), b.ofCookie('x'));
  assert.ok(Sessions.isId(a.ofCookie('x'.repeat(1000))));
  assert.ok(!Sessions.isId('X'.repeat(32)));
});

test('used credentials are cut out of cookies and queries', () => {
  const headers = new Headers();
  headers.add('cookie', 'Cookie', 'a=1; token=x; b=2');
  headers.add('cookie', 'Cookie', 'token=y');
  removeCookies(headers, ['token']);
  assert.deepEqual(headers.all('cookie'), ['a=1; b=2']);
  removeCookies(headers, ['a', 'b']);
  assert.equal(headers.has('cookie'), false);
  assert.equal(removeParams('?a=1&access_token=x&b=2', ['access_token']), '?a=1&b=2');
  assert.equal(removeParams('?access%5Ftoken=x', ['access_token']), '');
  assert.equal(removeParams('?%zz=1&a', ['a']), '?%zz=1');
});

test('header name patterns', () => {
  const matches = compileNames(['X-Exact', 'x-pre-*', '*-post']);
  assert.deepEqual(['x-exact', 'x-pre-a', 'a-post', 'x-exact2', 'x-pre', ''].map(matches), [
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
  assert.equal(compileNames(['*'])('anything'), true);
});

test('a link keeps percentiles in a small table, and the table of links is bounded', () => {
  const links = new Links();
  const link = links.of('a', 'b', 1, 'http');
  for (let i = 1; i <= 100; i++) link.time(i <= 98 ? 2 : 90);
  const stats = links.stats()[0]!;
  // Within the factor by which buckets grow.
  for (const [got, real] of [
    [stats.p50Ms, 2],
    [stats.p90Ms, 2],
    [stats.p99Ms, 90],
  ] as const)
    assert.ok(Math.abs(Math.log2(got / real)) <= 0.25, `${got} for ${real}`);
  assert.equal(stats.latencySumMs, 98 * 2 + 2 * 90);
  assert.equal(links.of('a', 'b', 1, 'http'), link);
  link.lastMs = 1;
  for (let i = 0; i < 5000; i++) links.of(`s${i}`, 'b', 1, 'http');
  assert.equal(links.stats().length, 4096);
});

test('request ids are version 4 UUIDs', () => {
  const ids = new Ids(fakeRandom());
  const made = new Set(Array.from({ length: 1000 }, () => ids.uuid4()));
  assert.equal(made.size, 1000);
  for (const id of made) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('proxy-hardening 53: connections are shared only where everything that they prove is the same', async () => {
  const clock = { nowMs: () => 0, monotonicMs: () => 0 };
  const timers = new TimerWheel(clock, { byHand: true });
  const upstreams = new Upstreams({
    ports: { network: {} as never },
    identities: {} as never,
    servingKeys: {} as never,
    outside: {} as never,
    metrics: new Metrics(),
    clock,
    resting: new IdleConnections(8),
    timers,
  });
  const base = {
    address: { ip: '127.0.0.1', port: 1 },
    workload: 'a/b',
    peerIdentity: 'spiffe://td/a',
    ownIdentity: 'spiffe://td/b',
    sni: 's',
  };
  const first = upstreams.endpoint(base, DEFAULT_LIMITS);
  assert.equal(upstreams.endpoint({ ...base, address: { ...base.address } }, { ...DEFAULT_LIMITS }), first);
  for (const change of [
    { peerIdentity: 'spiffe://td/c' },
    { peerIdentity: '' },
    { ownIdentity: 'spiffe://td/c' },
    { sni: '' },
    { workload: 'a/c' },
    { address: { ip: '127.0.0.1', port: 2 } },
    { address: { ip: '127.0.0.1', port: 1, namespaceOf: 'a/b' } },
  ]) {
    const other = upstreams.endpoint({ ...base, ...change }, DEFAULT_LIMITS);
    assert.notEqual(other, first, JSON.stringify(change));
    assert.notEqual(other.pool, first.pool);
  }
  upstreams.destroy();
});
