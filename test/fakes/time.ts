// Clock and Random for tests: time moves when the test says so, and random bytes are a seeded sequence.
import type { Clock, Random } from '#base/ports.ts';

export interface FakeClock extends Clock {
  advance(ms: number): void;
}

/** Starts at 2026-01-01T00:00:00Z unless told otherwise. */
export function fakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  let now = startMs;
  return {
    nowMs: () => now,
    monotonicMs: () => now - startMs,
    advance(ms) {
      now += ms;
    },
  };
}

/** Equal seeds give equal bytes (xorshift32): good for golden files, useless for keys. */
export function fakeRandom(seed = 1): Random {
  let state = seed | 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  return {
    bytes: (size) => Uint8Array.from({ length: size }, () => next() & 0xff),
    unit: () => next() / 2 ** 32,
  };
}
