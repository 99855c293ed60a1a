import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memorySocket, settle } from '../../test/fakes/memory-socket.ts';
import { fakeClock } from '../../test/fakes/time.ts';
import { type SpliceResult, splice } from './tcp.ts';
import { TimerWheel } from './timers.ts';

function rig() {
  const clock = fakeClock();
  const timers = new TimerWheel(clock, { byHand: true });
  const a = memorySocket();
  const b = memorySocket();
  const results: SpliceResult[] = [];
  const pair = splice(a.socket, b.socket, { timers, idleTimeoutMs: 1000, onClose: (result) => results.push(result) });
  return {
    a,
    b,
    pair,
    results,
    advance: (ms: number) => {
      clock.advance(ms);
      timers.tick();
    },
  };
}

describe('two joined sockets', () => {
  it("pass bytes both ways, count them, and pass each side's end on", async () => {
    const { a, b, results } = rig();
    a.feed('hello');
    b.feed('hi');
    a.feedEnd();
    await settle();
    assert.deepEqual([b.written, a.written], ['hello', 'hi']);
    assert.deepEqual([b.ended, a.ended], [true, false], 'half closed');
    b.feed(' there');
    b.feedEnd();
    await settle();
    assert.equal(a.written, 'hi there');
    assert.deepEqual(results, [{ bytesAToB: 5, bytesBToA: 8, error: '' }]);
  });

  it('go at the pace of the slower side', async () => {
    const { a, b, pair } = rig();
    b.stall(true);
    a.feed('x'.repeat(20_000));
    assert.equal(a.socket.isPaused(), true);
    b.stall(false);
    await settle();
    assert.equal(a.socket.isPaused(), false);
    pair.destroy('done');
  });

  it('end together when one breaks off, and half a stream does not look whole', async () => {
    const { a, b, results } = rig();
    a.feed('hal');
    a.socket.destroy(new Error('ECONNRESET'));
    await settle();
    assert.equal(b.ended, false);
    assert.equal(b.socket.destroyed, true);
    assert.deepEqual(results, [{ bytesAToB: 3, bytesBToA: 0, error: 'ECONNRESET' }]);
  });

  it('end together when one is just gone', async () => {
    const { a, b, results } = rig();
    a.socket.destroy();
    await settle();
    assert.equal(b.socket.destroyed, true);
    assert.equal(results[0]!.error, 'one side broke off');
  });

  it('end when neither says anything for too long', async () => {
    const { a, b, results, advance } = rig();
    for (let i = 0; i < 5; i++) {
      advance(900);
      (i % 2 === 0 ? a : b).feed('x');
    }
    assert.equal(a.socket.destroyed, false);
    advance(1300);
    await settle();
    assert.deepEqual([a.socket.destroyed, b.socket.destroyed], [true, true]);
    assert.deepEqual(results, [{ bytesAToB: 3, bytesBToA: 2, error: 'idle for too long' }]);
  });

  it('say so when one was gone before', async () => {
    const timers = new TimerWheel(fakeClock(), { byHand: true });
    const a = memorySocket();
    const b = memorySocket();
    a.socket.destroy();
    await settle();
    const results: SpliceResult[] = [];
    splice(a.socket, b.socket, { timers, idleTimeoutMs: 1000, onClose: (result) => results.push(result) });
    await settle();
    assert.equal(b.socket.destroyed, true);
    assert.equal(results.length, 1);
    assert.notEqual(results[0]!.error, '');
  });
});
