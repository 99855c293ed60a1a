// Two sockets joined: bytes pass both ways at the pace of the slower side, one side's end is passed on, silence on both ends it.
import type { Socket } from 'node:net';
import { messageOf } from '#base/errors.ts';
import type { TimerWheel } from './timers.ts';

export interface SpliceOptions {
  readonly timers: TimerWheel;
  /** Milliseconds without a byte in either direction. */
  readonly idleTimeoutMs: number;
  /** What `b` ends is ended whole: `a` gets what came, and a moment to end too. A WebSocket has no use for half of a connection. */
  readonly endsWithB?: boolean;
  /** Takes what `a` sends in place of `b`, and passes on to `b` what may pass. @param forward writes to `b`; false when it wants a pause */
  readonly outbound?: (forward: (bytes: Buffer) => boolean) => OutboundTap;
  /** Called once when both sides are gone. */
  readonly onClose?: (result: SpliceResult) => void;
}

/** Sees every piece of one direction before it is passed on. */
export interface OutboundTap {
  /** @returns false when a pause is wanted; the receiver's drain ends it */
  write(chunk: Buffer): boolean;
  /** @returns false when the end may not be passed on, because what came before may not */
  end(): boolean;
  /** The splice is over. */
  abandon(): void;
}

export interface SpliceResult {
  /** Bytes from `a` to `b`. */
  readonly bytesAToB: number;
  readonly bytesBToA: number;
  /** Lower-case; '' when both sides ended in order. */
  readonly error: string;
}

export interface Splice {
  readonly bytesAToB: number;
  readonly bytesBToA: number;
  destroy(reason: string): void;
}

/** How long one side may take to end when the other one is gone. */
const LINGER_MS = 2000;

/**
 * Joins two connected sockets. Bytes read before belong to the other side: write them to it first.
 * @example const { socket, head } = responder.upgrade([]); upstream.write(head); splice(socket, upstream, { timers, idleTimeoutMs });
 */
export function splice(a: Socket, b: Socket, options: SpliceOptions): Splice {
  return new Pair(a, b, options);
}

class Pair implements Splice {
  bytesAToB = 0;
  bytesBToA = 0;
  readonly #a: Socket;
  readonly #b: Socket;
  readonly #onClose: SpliceOptions['onClose'];
  #error = '';
  #open = 2;

  constructor(a: Socket, b: Socket, options: SpliceOptions) {
    this.#a = a;
    this.#b = b;
    this.#onClose = options.onClose;
    const timer = options.timers.timer(() => this.destroy('idle for too long'));
    let lingers = false;
    const touch = (): void => {
      if (!lingers) timer.arm(options.idleTimeoutMs);
    };
    touch();
    if (options.endsWithB)
      b.once('end', () => {
        lingers = true;
        timer.arm(LINGER_MS);
        b.end();
      });
    const tap = options.outbound?.((bytes) => b.write(bytes));
    this.#join(
      a,
      b,
      (size) => {
        this.bytesAToB += size;
        touch();
      },
      tap,
    );
    this.#join(b, a, (size) => {
      this.bytesBToA += size;
      touch();
    });
    const closed = (): void => {
      if (--this.#open > 0) return;
      timer.clear();
      tap?.abandon();
      this.#onClose?.({ bytesAToB: this.bytesAToB, bytesBToA: this.bytesBToA, error: this.#error });
    };
    for (const socket of [a, b]) {
      if (socket.closed) closed();
      else socket.once('close', closed);
    }
    if (a.destroyed || b.destroyed) this.destroy('one side was closed already');
  }

  destroy(reason: string): void {
    if (this.#open > 0 && this.#error === '') this.#error = reason;
    this.#a.destroy();
    this.#b.destroy();
  }

  #join(from: Socket, to: Socket, count: (size: number) => void, tap?: OutboundTap): void {
    from.allowHalfOpen = true;
    from.on('data', (chunk: Buffer) => {
      count(chunk.length);
      if (!(tap ?? to).write(chunk)) from.pause();
    });
    to.on('drain', () => from.resume());
    const end = (): void => {
      if (tap?.end() !== false) to.end();
    };
    from.on('end', end);
    from.on('error', (error) => this.destroy(messageOf(error)));
    // A side that went away without an end (reset, destroyed) takes the other with it: half of a stream must not look whole.
    from.on('close', () => {
      if (!from.readableEnded) this.destroy('one side broke off');
    });
    if (from.readableEnded) end();
    from.resume();
  }
}
