import { randomBytes } from 'node:crypto';
import type { Clock, Random } from '#base/ports.ts';

/** The machine's own clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** The operating system's random source; `unit` is for jitter only. */
export const systemRandom: Random = {
  bytes: (size) => randomBytes(size),
  unit: () => Math.random(),
};
