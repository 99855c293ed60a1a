// Copies of requests: which are sent, what they carry, and that nobody waits for them.
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import { gatewayKind, startGateway } from '../../test/fakes/gateway.ts';
import { call, startApp } from '../../test/fakes/mesh.ts';
import { chooseMirrors } from './mirror.ts';
import type { Destination } from './destination.ts';

/** An application that notes what reaches it, and answers as `answer` says. */
async function listener(answer: (response: ServerResponse) => void) {
  const got: { readonly url: string; readonly headers: IncomingMessage['headers']; readonly body: string }[] = [];
  const waiting: (() => void)[] = [];
  const app = await startApp((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      got.push({ url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() });
      for (const look of waiting) look();
      answer(response);
    });
  });
  const reached = (count: number): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => void (got.length >= count && resolve());
      waiting.push(look);
      look();
    });
  return { ...app, got, reached };
}

const EDGE = gatewayKind('Gateway', 'edge', '{gatewayClassName: x, listeners: [{name: http, port: 80, protocol: HTTP}]}');
const mirrors = (...filters: string[]): string =>
  gatewayKind(
    'HTTPRoute',
    'web',
    `{parentRefs: [{name: edge}], rules: [{filters: [${filters.join(', ')}], backendRefs: [{name: web, port: 80}]}]}`,
  );
const mirror = (name: string, share = ''): string =>
  `{type: RequestMirror, requestMirror: {backendRef: {name: ${name}, port: 80}${share}}}`;

test('HTTPRouteRequestMultipleMirrors: each gets the whole request, whatever becomes of its answer', async () => {
  const app = await startApp();
  const good = await listener((response) => response.end('unread'));
  const bad = await listener((response) => response.destroy());
  const gateway = await startGateway({
    apps: { web: app.port, good: good.port, bad: bad.port },
    manifests: [EDGE, mirrors(mirror('good'), mirror('bad'), mirror('nowhere'))],
  });
  for (const [body, headers] of [
    ['', {}],
    ['short', {}],
    ['x'.repeat(100_000), { 'transfer-encoding': 'chunked' }],
  ] as const) {
    const seen = good.got.length;
    const answer = await call(gateway.port(80), { method: 'POST', path: '/a?b=c', headers: { 'x-own': '1', ...headers }, body });
    assert.deepEqual([answer.status, answer.seen.body.length], [200, body.length]);
    await good.reached(seen + 1);
    const copy = good.got[seen]!;
    assert.deepEqual([copy.url, copy.body.length, copy.headers['x-own']], ['/a?b=c', body.length, '1']);
  }
  await bad.reached(3);
  assert.ok(gateway.plan.closed.some(({ why }) => why === 'no Service `shop/nowhere` with port 80'));
  await gateway.close();
  for (const one of [app, good, bad]) await one.close();
});

test('a copy that hangs keeps nobody waiting', async () => {
  const app = await startApp();
  const hanging = await listener(() => {});
  const gateway = await startGateway({
    apps: { web: app.port, hanging: hanging.port },
    manifests: [EDGE, mirrors(mirror('hanging'))],
  });
  for (let i = 0; i < 3; i++) assert.equal((await call(gateway.port(80), { method: 'POST', body: 'x' })).status, 200);
  await hanging.reached(3);
  await gateway.close();
  await app.close();
  await hanging.close();
});

test('a denied request has no copies', async () => {
  const app = await startApp();
  const other = await listener((response) => response.end());
  const policy = JSON.stringify({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'edge', namespace: 'shop' },
    spec: {
      action: 'DENY',
      targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' }],
      rules: [{ to: [{ operation: { paths: ['/secret'] } }] }],
    },
  });
  const gateway = await startGateway({
    apps: { web: app.port, other: other.port },
    manifests: [EDGE, mirrors(mirror('other')), policy],
  });
  assert.equal((await call(gateway.port(80), { path: '/secret' })).status, 403);
  assert.equal((await call(gateway.port(80), { path: '/open' })).status, 200);
  await other.reached(1);
  assert.deepEqual(
    other.got.map(({ url }) => url),
    ['/open'],
  );
  await gateway.close();
  await app.close();
  await other.close();
});

for (const [name, numerator, denominator, units, want] of [
  ['all', 100, 100, [0, 0.999], 2],
  ['none', 0, 100, [0, 0.5], 0],
  ['a fifth', 20, 100, [0.19, 0.2, 0.9], 1],
  ['half of a thousandth', 1, 2000, [0.0004, 0.0005], 1],
] as const)
  test(`HTTPRouteRequestPercentageMirror: ${name}`, () => {
    const target = { destination: {} as Destination, fraction: { numerator, denominator } };
    assert.equal(units.filter((unit) => chooseMirrors([target], () => unit).length > 0).length, want);
  });
