// Watches that a client takes what is written to it: nothing taken for a while means a reader that only holds resources.
import type { Socket } from 'node:net';
import type { Timer, TimerWheel } from '../timers.ts';

export class WriteGuard {
  readonly #socket: Socket;
  readonly #timers: TimerWheel;
  readonly #stallMs: number;
  readonly #onStall: () => void;
  #timer: Timer | undefined;
  /** Most bytes that waited since the last look: fewer later means that some were taken. */
  #waiting = 0;

  /** @param stallMs without a byte taken before `onStall` is called */
  constructor(socket: Socket, timers: TimerWheel, stallMs: number, onStall: () => void) {
    this.#socket = socket;
    this.#timers = timers;
    this.#stallMs = stallMs;
    this.#onStall = onStall;
  }

  /** The socket wants a pause in writing. */
  blocked(): void {
    this.#timer ??= this.#timers.timer(() => this.#look());
    const waiting = this.#socket.writableLength;
    if (!this.#timer.armed) {
      this.#timer.arm(this.#stallMs);
      this.#waiting = waiting;
    } else if (waiting > this.#waiting) this.#waiting = waiting;
  }

  clear(): void {
    this.#timer?.clear();
  }

  #look(): void {
    const waiting = this.#socket.writableLength;
    if (waiting === 0) return;
    // Slow is allowed, standing still is not.
    if (waiting < this.#waiting) this.blocked();
    else this.#onStall();
  }
}
