// Bytes on their way out: each piece is counted against the bounds and searched before it leaves.
import type { Timer } from '#wire/timers.ts';
import type { Runtime } from '../runtime.ts';
import { type Caller, leakReasons, tellLeaks } from './events.ts';
import { Inspection } from './inspection.ts';
import type { Refused, WayOut } from './way-out.ts';

/** Pieces below this are gathered for a moment: to search a tail with every byte of a drip would cost more than the drip. */
const GATHER_BYTES = 512;
const GATHER_MS = 100;

export interface OutboundEvents {
  /** Lets bytes go. @returns false when the receiver wants a pause */
  forward(bytes: Buffer): boolean;
  /** Nothing more may leave; called once. */
  refused(why: Refused): void;
}

/** One body, or one direction of a connection. */
export class OutboundStream {
  readonly #runtime: Runtime;
  readonly #way: WayOut;
  readonly #caller: Caller;
  readonly #events: OutboundEvents;
  readonly #inspection: Inspection;
  readonly #bytesMax: number;
  readonly #timer: Timer;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #beyond = false;
  #over = false;

  /** @param inspection the one that saw the head, so that each finding is told once */
  constructor(runtime: Runtime, way: WayOut, caller: Caller, events: OutboundEvents, inspection?: Inspection) {
    this.#runtime = runtime;
    this.#way = way;
    this.#caller = caller;
    this.#events = events;
    this.#inspection = inspection ?? new Inspection(way.inspections, runtime.ports.outside.findSecrets);
    this.#bytesMax = way.bytesMax;
    this.#timer = runtime.timers.timer(() => void this.#release());
  }

  /** @param chunk valid during the call only @returns false when a pause is wanted */
  write(chunk: Buffer): boolean {
    if (this.#over) return true;
    const limited = this.#way.send(this.#runtime.clock.monotonicMs(), chunk.length);
    if (limited) {
      this.#refuse(limited);
      return true;
    }
    if (this.#beyond) return this.#events.forward(chunk);
    if (this.#heldBytes === 0 && chunk.length >= GATHER_BYTES) return this.#search(chunk) ? this.#events.forward(chunk) : true;
    this.#held.push(Buffer.from(chunk));
    this.#heldBytes += chunk.length;
    if (this.#heldBytes >= GATHER_BYTES) return this.#release();
    if (!this.#timer.armed) this.#timer.arm(GATHER_MS);
    return true;
  }

  /** The sender has ended: what is held is searched and let go. @returns false when it was refused */
  end(): boolean {
    this.#release();
    const whole = !this.#over;
    this.#over = true;
    this.#timer.clear();
    return whole;
  }

  /** Nothing follows, and nothing held counts any more. */
  abandon(): void {
    this.#over = true;
    this.#timer.clear();
    this.#held = [];
  }

  #release(): boolean {
    this.#timer.clear();
    if (this.#over || this.#heldBytes === 0) return true;
    const bytes = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return this.#search(bytes) ? this.#events.forward(bytes) : true;
  }

  /** @returns false when it may not leave */
  #search(bytes: Buffer): boolean {
    const leaks = this.#inspection.body(bytes);
    if (this.#inspection.looked >= this.#bytesMax) {
      this.#beyond = true;
      leaks.push(...this.#inspection.unreadable(`body, beyond its first ${this.#bytesMax} bytes`));
    }
    tellLeaks(this.#runtime, this.#caller, leaks);
    const denied = leaks.filter(({ action }) => action === 'deny');
    if (denied.length === 0) return true;
    this.#refuse({ code: 'egress.content', reasons: leakReasons(denied) });
    return false;
  }

  #refuse(why: Refused): void {
    if (this.#over) return;
    this.abandon();
    this.#events.refused(why);
  }
}

/** An OutboundStream in the shape that a splice takes. @param refused told why, once; the splice is cut by whoever it is */
export function boundOutbound(
  runtime: Runtime,
  way: WayOut,
  caller: Caller,
  refused: (why: Refused) => void,
): (forward: (bytes: Buffer) => boolean) => OutboundStream {
  return (forward) => new OutboundStream(runtime, way, caller, { forward, refused });
}
