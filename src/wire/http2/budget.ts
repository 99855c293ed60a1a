// What a peer may spend on frames that bring nothing: a bucket that useful work fills again (proxy hardening F 55).
import type { TimerWheel } from '../timers.ts';

export class Budget {
  readonly #timers: TimerWheel;
  readonly #most: number;
  readonly #perSecond: number;
  #left: number;
  #sinceMs: number;

  /** @param most tokens at the start, and at most @param perSecond tokens that time alone gives back */
  constructor(timers: TimerWheel, most: number, perSecond: number) {
    this.#timers = timers;
    this.#most = most;
    this.#perSecond = perSecond;
    this.#left = most;
    this.#sinceMs = timers.coarseMs;
  }

  /** Takes tokens. @returns false when there are too few: the peer is flooding */
  spend(tokens: number): boolean {
    this.#left -= tokens;
    if (this.#left >= 0) return true;
    const nowMs = this.#timers.coarseMs;
    const earned = ((nowMs - this.#sinceMs) * this.#perSecond) / 1000;
    this.#sinceMs = nowMs;
    this.#left = Math.min(this.#most, this.#left + earned);
    return this.#left >= 0;
  }

  /** Work was done that the spending belongs to. */
  earn(tokens: number): void {
    if (this.#left < this.#most) this.#left += tokens;
  }
}
