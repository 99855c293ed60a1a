// One coarse timer wheel for all timeouts of the wire. Moving a deadline later is one store, which is what a busy connection does on every
// request; the wheel looks at a timer only when its slot comes round.
import type { Clock } from '#base/ports.ts';

const SLOTS = 512;

/** One timeout that is armed and cleared again and again. Make it with `TimerWheel.timer`. */
export class Timer {
  /** Tick at which it fires; 0 when it is not armed, and then the wheel does not hold it. Read and written by the wheel only. */
  dueTick = 0;
  /** Tick at which the wheel looks at it; 0 when it is not in the wheel. */
  slotTick = 0;
  previous: Timer | undefined;
  next: Timer | undefined;
  readonly onTimeout: () => void;
  readonly #wheel: TimerWheel;

  constructor(wheel: TimerWheel, onTimeout: () => void) {
    this.#wheel = wheel;
    this.onTimeout = onTimeout;
  }

  /** Fires once, `ms` from now, rounded up to whole ticks: late by at most two ticks. Replaces an earlier deadline. */
  arm(ms: number): void {
    const due = this.#wheel.tickIn(ms);
    this.dueTick = due;
    if (this.slotTick === 0 || due < this.slotTick) this.#wheel.place(this);
  }

  /** The wheel lets go of it at once: what a timeout refers to, a whole connection or request, must not live until the slot comes round. */
  clear(): void {
    this.dueTick = 0;
    if (this.slotTick !== 0) this.#wheel.remove(this);
  }

  get armed(): boolean {
    return this.dueTick !== 0;
  }
}

/** @example const wheel = new TimerWheel(clock); const timer = wheel.timer(() => socket.destroy()); timer.arm(5_000); */
export class TimerWheel {
  readonly clock: Clock;
  readonly tickMs: number;
  #now: number;
  #count = 0;
  #interval: NodeJS.Timeout | undefined;
  #dateSecond = -1;
  #dateText = '';
  readonly #byHand: boolean;
  readonly #slots: (Timer | undefined)[] = Array.from({ length: SLOTS }, () => undefined);

  /** @param options.byHand the owner calls `tick` (tests); else an interval runs while timers are armed, and keeps no process alive */
  constructor(clock: Clock, options: { readonly tickMs?: number; readonly byHand?: boolean } = {}) {
    this.clock = clock;
    this.tickMs = options.tickMs ?? 100;
    this.#byHand = options.byHand ?? false;
    this.#now = this.#clockTick();
  }

  timer(onTimeout: () => void): Timer {
    return new Timer(this, onTimeout);
  }

  /** Milliseconds of the clock at the last tick while timers run: exact to a tick, and free. */
  get coarseMs(): number {
    if (this.#count === 0) this.#now = this.#clockTick();
    return this.#now * this.tickMs;
  }

  /** Now as an HTTP date (RFC 9110 section 5.6.7), written once a second. */
  get dateText(): string {
    const second = Math.floor(this.clock.nowMs() / 1000);
    if (second !== this.#dateSecond) {
      this.#dateSecond = second;
      this.#dateText = new Date(second * 1000).toUTCString();
    }
    return this.#dateText;
  }

  /** The tick that is at least `ms` away. */
  tickIn(ms: number): number {
    if (this.#count === 0) this.#now = this.#clockTick();
    return this.#now + Math.ceil(Math.max(ms, 0) / this.tickMs) + 1;
  }

  place(timer: Timer): void {
    if (timer.slotTick !== 0) this.remove(timer);
    // A deadline beyond one turn waits in the farthest slot and is placed again from there.
    timer.slotTick = Math.min(timer.dueTick, this.#now + SLOTS - 1);
    const slot = timer.slotTick % SLOTS;
    const head = this.#slots[slot];
    timer.previous = undefined;
    timer.next = head;
    if (head) head.previous = timer;
    this.#slots[slot] = timer;
    this.#count++;
    if (!this.#interval && !this.#byHand) {
      this.#interval = setInterval(() => this.tick(), this.tickMs);
      this.#interval.unref();
    }
  }

  /** Looks at every slot that came due since the last call. */
  tick(): void {
    const target = this.#clockTick();
    if (target - this.#now >= SLOTS) this.#now = target - SLOTS;
    while (this.#now < target) {
      this.#now++;
      this.#turn(this.#now % SLOTS);
    }
    if (this.#count === 0) this.stop();
  }

  /** Stops looking; armed timers never fire afterwards unless another is armed. */
  stop(): void {
    clearInterval(this.#interval);
    this.#interval = undefined;
  }

  remove(timer: Timer): void {
    const slot = timer.slotTick % SLOTS;
    if (timer.previous) timer.previous.next = timer.next;
    else this.#slots[slot] = timer.next;
    if (timer.next) timer.next.previous = timer.previous;
    timer.previous = timer.next = undefined;
    timer.slotTick = 0;
    this.#count--;
  }

  #turn(slot: number): void {
    // Always the first one: what a timeout does may take any other timer out of this list. None is put back into it, since a timer is
    // placed at most SLOTS - 1 ticks ahead.
    for (let timer = this.#slots[slot]; timer; timer = this.#slots[slot]) {
      this.remove(timer);
      if (timer.dueTick > this.#now) {
        this.place(timer);
        continue;
      }
      timer.dueTick = 0;
      timer.onTimeout();
    }
  }

  #clockTick(): number {
    // Tick 0 means "not armed", so counting starts at 1.
    return Math.floor(this.clock.monotonicMs() / this.tickMs) + 1;
  }
}
