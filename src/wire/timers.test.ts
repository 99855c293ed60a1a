import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { fakeClock } from '../../test/fakes/time.ts';
import { TimerWheel } from './timers.ts';

function rig() {
  const clock = fakeClock();
  const wheel = new TimerWheel(clock, { byHand: true });
  const advance = (ms: number): void => {
    clock.advance(ms);
    wheel.tick();
  };
  return { clock, wheel, advance };
}

describe('the timer wheel', () => {
  it('fires once, not early and at most two ticks late', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200_000), { minLength: 1, maxLength: 30 }), fc.nat(99), (delays, offset) => {
        const { clock, wheel, advance } = rig();
        clock.advance(offset);
        wheel.tick();
        const start = clock.monotonicMs();
        const fired: (number | undefined)[] = delays.map(() => undefined);
        delays.forEach((ms, i) =>
          wheel
            .timer(() => {
              assert.equal(fired[i], undefined);
              fired[i] = clock.monotonicMs() - start;
            })
            .arm(ms),
        );
        for (let i = 0; i < 2010; i++) advance(100);
        delays.forEach((ms, i) => assert.ok(fired[i]! >= ms && fired[i]! <= ms + 200, `${ms} fired after ${fired[i]}`));
      }),
      { numRuns: 20 },
    );
  });

  it('holds nothing of a cleared timer, however many there were', () => {
    const { wheel, advance } = rig();
    const kept = wheel.timer(() => {});
    kept.arm(40_000);
    const cleared = Array.from({ length: 100 }, (_, i) => wheel.timer(() => assert.fail(`timer ${i} was cleared`)));
    for (const timer of cleared) timer.arm(40_000);
    for (const timer of cleared) timer.clear();
    assert.deepEqual([kept.previous, kept.next], [undefined, undefined]);
    for (const timer of cleared) assert.deepEqual([timer.slotTick, timer.previous, timer.next], [0, undefined, undefined]);
    advance(50_000);
    assert.equal(kept.armed, false);
  });

  it('moves a deadline later and earlier, and forgets a cleared one', () => {
    const { wheel, advance } = rig();
    let fired = 0;
    const timer = wheel.timer(() => fired++);
    timer.arm(1000);
    for (let i = 0; i < 50; i++) {
      advance(500);
      timer.arm(1000);
    }
    assert.equal(fired, 0);
    timer.arm(100);
    advance(300);
    assert.equal(fired, 1);
    timer.arm(100);
    timer.clear();
    assert.equal(timer.armed, false);
    advance(1000);
    assert.equal(fired, 1);
    timer.arm(100);
    advance(300);
    assert.equal(fired, 2, 'it can be armed again');
  });

  it('what a timeout does may arm and clear others, also those due at the same tick', () => {
    const { wheel, advance } = rig();
    const fired: string[] = [];
    const others = Array.from({ length: 5 }, (_, i) => wheel.timer(() => fired.push(String(i))));
    const first = wheel.timer(() => {
      fired.push('first');
      others[0]!.clear();
      others[1]!.arm(10_000);
      if (fired.length === 1) first.arm(100);
    });
    for (const timer of others) timer.arm(100);
    first.arm(100);
    advance(300);
    assert.deepEqual(fired.toSorted(), ['2', '3', '4', 'first']);
    advance(300);
    assert.equal(fired.filter((name) => name === 'first').length, 2);
    advance(11_000);
    assert.deepEqual(
      fired.filter((name) => name === '1' || name === '0'),
      ['1'],
    );
  });

  it('catches up after a long pause', () => {
    const { wheel, advance } = rig();
    let fired = 0;
    for (const ms of [1, 1000, 60_000, 3_600_000]) wheel.timer(() => fired++).arm(ms);
    advance(1_000_000);
    assert.equal(fired, 3);
    advance(3_000_000);
    assert.equal(fired, 4);
  });

  it('runs by itself when asked to, and stops when nobody waits', async () => {
    const wheel = new TimerWheel({ nowMs: () => Date.now(), monotonicMs: () => performance.now() }, { tickMs: 2 });
    // The wheel keeps no process alive, so something else has to.
    const alive = setTimeout(() => {}, 5000);
    await new Promise<void>((resolve) => wheel.timer(resolve).arm(4));
    clearTimeout(alive);
    wheel.stop();
  });

  it('writes the date of HTTP', () => {
    const { clock, wheel } = rig();
    assert.equal(wheel.dateText, 'Thu, 01 Jan 2026 00:00:00 GMT');
    clock.advance(61_000);
    assert.equal(wheel.dateText, 'Thu, 01 Jan 2026 00:01:01 GMT');
  });
});
