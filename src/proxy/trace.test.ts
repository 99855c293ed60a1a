// Spans of a request on its way, and who decides whether they are recorded.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ExchangeEvent } from '#model/event.ts';
import { type Mesh, type MeshOptions, authorizationPolicy, call, startApp, startMesh } from '../../test/fakes/mesh.ts';
import { fakeClock, fakeRandom } from '../../test/fakes/time.ts';
import { Ids } from './ids.ts';
import { Sampler, clientSpanOf, joinTrace } from './trace.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const context = (flags: string): string => `00-${TRACE}-${CALLER}-${flags}`;
const sampler = (percent: number, floor = false): Sampler => {
  const clock = fakeClock();
  return new Sampler({ percent, floor, tags: {} }, fakeRandom(), () => clock.monotonicMs());
};

for (const [received, believed, percent, sampled, continued] of [
  [context('01'), true, 0, true, true],
  [context('00'), true, 100, false, true],
  // The future's flags are no decision of today's.
  [context('03'), true, 0, true, true],
  [context('02'), true, 100, false, true],
  // A stranger's trace goes on, its decision does not count.
  [context('01'), false, 0, false, true],
  [context('00'), false, 100, true, true],
  [undefined, true, 100, true, false],
  [undefined, true, 0, false, false],
  ['nonsense', true, 0, false, false],
] as const)
  test(`${received} ${believed ? 'of a peer' : 'of a stranger'} at ${percent} %`, () => {
    const trace = joinTrace(received, new Ids(fakeRandom()), sampler(percent), { believed, twoSpans: false });
    assert.deepEqual([trace.sampled, trace.continued, trace.traceId === TRACE], [sampled, continued, continued]);
    assert.equal(trace.traceparent, `00-${trace.traceId}-${trace.spanId}-${sampled ? '01' : '00'}`);
    assert.equal(trace.parentId, continued ? CALLER : '');
    assert.notEqual(trace.spanId, CALLER);
  });

test('a ratio is kept, and the floor takes one a second whatever the ratio', () => {
  const tenth = sampler(10);
  const taken = Array.from({ length: 5000 }, () => tenth.sample()).filter(Boolean).length;
  assert.ok(taken > 400 && taken < 600, String(taken));
  const clock = fakeClock();
  const floor = new Sampler({ percent: 0, floor: true, tags: {} }, fakeRandom(), () => clock.monotonicMs());
  const looks = Array.from({ length: 30 }, () => {
    clock.advance(100);
    return floor.sample();
  });
  assert.equal(looks.filter(Boolean).length, 3);
});

test('spans for their outcome alone are bounded', () => {
  const clock = fakeClock();
  const one = new Sampler({ percent: 0, floor: false, tags: {} }, fakeRandom(), () => clock.monotonicMs());
  const kept = (): number => Array.from({ length: 1000 }, () => one.keepOutcome()).filter(Boolean).length;
  assert.equal(kept(), 100);
  clock.advance(1000);
  assert.equal(kept(), 100);
});

test('the second span of a gateway has an id of its own that is never all zero', () => {
  for (const id of ['cf56e132a7829c10', '0000000000000001', '1000000000000000', 'ffffffffffffffff']) {
    const second = clientSpanOf(id);
    assert.match(second, /^(?!0{16})[0-9a-f]{16}$/);
    assert.notEqual(second, id);
  }
});

describe('on the way through a mesh', () => {
  const authorization = [authorizationPolicy('cart', { rules: [{ to: [{ operation: { notPaths: ['/secret'] } }] }] })];
  const all: MeshOptions = { authorization, tracing: { percent: 100, floor: false, tags: {} } };
  let app: Awaited<ReturnType<typeof startApp>>;
  let mesh: Mesh;
  before(async () => {
    app = await startApp();
    mesh = await startMesh(app.port, all);
  });
  after(async () => {
    await mesh.close();
    await app.close();
  });

  const eventOf = (role: ExchangeEvent['role'], requestId: string): Promise<ExchangeEvent> =>
    mesh.seen.event((one) => one.role === role && one.requestId === requestId);

  test('parents follow the way of the request, down to the application', async () => {
    await mesh.apply(all);
    const { seen } = await call(mesh.gateway, { path: '/a', headers: { traceparent: context('00'), b3: '0', baggage: 'k=v' } });
    const id = seen.headers['x-request-id']!;
    const [edge, inner] = await Promise.all([eventOf('gateway', id), eventOf('sidecar-in', id)]);
    assert.equal(edge.span?.parentId, CALLER);
    assert.equal(inner.span?.parentId, edge.span?.clientId);
    assert.equal(seen.headers['traceparent'], `00-${TRACE}-${inner.span?.id}-01`);
    assert.deepEqual([seen.headers['b3'], seen.headers['baggage']], ['0', 'k=v']);
    assert.ok(edge.span!.sentMs! > 0 && edge.span!.peer?.startsWith('127.0.0.1:'));
    // The application goes on with its own trace, which its sidecar believes.
    const next = await call(mesh.outbound, { path: '/b', headers: { traceparent: context('00') } });
    assert.match(next.seen.headers['traceparent']!, new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
    assert.equal((await eventOf('sidecar-out', next.seen.headers['x-request-id']!)).span, undefined);
  });

  test('what is not sampled tells nothing, unless it is refused or fails', async () => {
    await mesh.apply({ ...all, tracing: { percent: 0, floor: false, tags: {} } });
    const { seen } = await call(mesh.gateway, { path: '/a' });
    assert.match(seen.headers['traceparent']!, /-00$/);
    assert.equal((await eventOf('sidecar-in', seen.headers['x-request-id']!)).span, undefined);
    const refused = await call(mesh.gateway, { path: '/secret' });
    assert.equal(refused.status, 403);
    const denial = await mesh.seen.event((one) => one.role === 'sidecar-in' && one.path === '/secret');
    assert.deepEqual([denial.span?.sampled, denial.span?.id.length, denial.traceId.length], [false, 16, 32]);
    // Where no route is, a stranger would decide how many spans there are.
    await mesh.apply({ ...all, tracing: { percent: 0, floor: false, tags: {} }, rules: () => [] });
    assert.equal((await call(mesh.gateway, { path: '/nowhere' })).status, 404);
    assert.equal((await mesh.seen.event((one) => one.path === '/nowhere')).span, undefined);
  });

  test('tags come from the plan and from headers; long values are cut', async () => {
    const tags = {
      zone: { literal: 'eu' },
      agent: { header: 'user-agent', otherwise: 'none' },
      gone: { header: 'x-no', otherwise: 'none' },
    };
    await mesh.apply({ ...all, tracing: { percent: 100, floor: false, tags } });
    const { seen } = await call(mesh.gateway, { path: '/t', headers: { 'user-agent': 'u'.repeat(1000) } });
    const { span } = await eventOf('gateway', seen.headers['x-request-id']!);
    assert.deepEqual({ ...span?.tags }, { zone: 'eu', agent: 'u'.repeat(256), gone: 'none' });
  });

  test('without tracing the span of the caller stays the parent', async () => {
    await mesh.apply({ authorization });
    const { seen } = await call(mesh.gateway, { path: '/a', headers: { traceparent: context('00') } });
    assert.equal(seen.headers['traceparent'], context('00'));
  });
});
