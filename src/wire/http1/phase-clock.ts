// The one timer of a served connection, and what it means at each time: RFC 9110 section 15.5.9 for the answer, proxy hardening F 56 for the need.
import type { Limits } from '#model/platform.ts';
import type { Timer, TimerWheel } from '../timers.ts';

/** `idle`: no request yet, or between two. `head`, `body`: a request is arriving. `linger`: the last answer is being read. `none`: ours to act. */
export type Phase = 'idle' | 'head' | 'body' | 'linger' | 'none';

/** Time that a client gets to read the last answer before the connection is closed under it (RFC 9112 section 9.6). */
const LINGER_MS = 2000;

export class PhaseClock {
  phase: Phase = 'idle';
  readonly #limits: Limits;
  readonly #timers: TimerWheel;
  readonly #timer: Timer;
  #bodyDeadlineMs = 0;

  /** Starts with a fresh connection, which must send something within the time for headers. */
  constructor(limits: Limits, timers: TimerWheel, onTimeout: (phase: Phase) => void) {
    this.#limits = limits;
    this.#timers = timers;
    this.#timer = timers.timer(() => onTimeout(this.phase));
    this.#timer.arm(Math.min(limits.headerTimeoutMs, limits.idleTimeoutMs));
  }

  idle(): void {
    this.phase = 'idle';
    this.#timer.arm(this.#limits.idleTimeoutMs);
  }

  /** A head has begun and is not whole; more of it does not move the deadline. */
  head(): void {
    if (this.phase === 'head') return;
    this.phase = 'head';
    this.#timer.arm(this.#limits.headerTimeoutMs);
  }

  body(): void {
    this.phase = 'body';
    this.#bodyDeadlineMs = this.#timers.coarseMs + this.#limits.requestTimeoutMs;
  }

  /** Bytes of the body came, or reading was paused or resumed. While we pause it the client cannot be blamed for silence. */
  bodyMoved(paused: boolean): void {
    const leftMs = this.#bodyDeadlineMs - this.#timers.coarseMs;
    this.#timer.arm(paused ? leftMs : Math.min(leftMs, this.#limits.idleTimeoutMs));
  }

  linger(): void {
    this.phase = 'linger';
    this.#timer.arm(LINGER_MS);
  }

  stop(): void {
    this.phase = 'none';
    this.#timer.clear();
  }
}
