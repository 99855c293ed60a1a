// A body on its way in over a stream: kept while nobody reads, within the stream's window, and paid back to the sender as it is read.
import { copyOf, giveBack, lentMemory } from '../direct-read.ts';
import { KEPT, PASSED, PAUSE, passOn } from '../passing.ts';
import type { BodyReader, BodySink, HeaderInput } from '../types.ts';

/** Pieces below this are gathered while they wait, so that one byte a frame does not cost a buffer a frame. */
const GATHERED_BYTES = 4096;
/** Pieces from this are gathered in larger memory, which is used again. */
const LARGE_BYTES = 8192;

const DISCARD: BodySink = { write: () => true, pass: () => PASSED, end() {}, abort() {} };

/** Large pieces of one turn of the event loop, which TLS gives one record at a time, go on together, unless so many have come. */
const FULL_BYTES = 40 * 1024;

function deliverLater(body: StreamBody): void {
  body.later();
}

/** The stream that a body arrives on. */
export interface StreamBodyHost {
  /** Somebody starts to read. */
  bodyWanted(): void;
  /** Bytes were read, or reading goes on: the sender may send as many again. */
  bodyRead(bytes: number): void;
}

export class StreamBody implements BodyReader {
  readonly kind: 'length' | 'chunked';
  readonly length: number;
  /** Bytes of content so far. */
  received = 0;
  /** All of it has arrived. */
  complete = false;
  paused = false;
  readonly #host: StreamBodyHost;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Room in the last held buffer behind what is used. */
  #tail: Buffer | undefined;
  #tailUsed = 0;
  /** Memory of large pieces among those held, in their order. */
  #loans: Buffer[] = [];
  #sink: BodySink | undefined;
  #trailers: HeaderInput | undefined;
  #failed: string | undefined;
  #told = false;
  #delivering = false;
  /** `later` is called at the end of this turn. */
  #later = false;

  /** @param length declared, -1 when it was not */
  constructor(host: StreamBodyHost, length: number) {
    this.#host = host;
    this.kind = length >= 0 ? 'length' : 'chunked';
    this.length = length;
  }

  get wanted(): boolean {
    return this.#sink !== undefined;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Takes bytes in; `deliver` hands them on. They are copied. */
  receive(bytes: Buffer, from: number, to: number): void {
    const size = to - from;
    this.received += size;
    if (this.#failed !== undefined || this.#told) {
      this.#host.bodyRead(size);
      return;
    }
    this.#heldBytes += size;
    const large = size >= LARGE_BYTES;
    if (!large && (size >= GATHERED_BYTES / 4 || this.#held.length === 0)) {
      this.#closeTail();
      this.#held.push(copyOf(bytes.subarray(from, to)));
      return;
    }
    if (!this.#tail || this.#tail.length - this.#tailUsed < size) this.#newTail(large);
    bytes.copy(this.#tail!, this.#tailUsed, from, to);
    this.#tailUsed += size;
  }

  #newTail(large: boolean): void {
    this.#closeTail();
    const tail = (this.#tail = large ? lentMemory() : Buffer.allocUnsafeSlow(GATHERED_BYTES));
    this.#held.push(tail);
    if (large) this.#loans.push(tail);
  }

  /** @returns whether more may be given */
  #give(sink: BodySink, chunk: Buffer): boolean {
    const [loan] = this.#loans;
    if (loan?.buffer !== chunk.buffer) return sink.write(chunk);
    this.#loans.shift();
    const passed = passOn(sink, chunk);
    if ((passed & KEPT) === 0) giveBack(loan);
    return (passed & PAUSE) === 0;
  }

  #closeTail(): void {
    if (this.#tail) this.#held[this.#held.length - 1] = this.#tail.subarray(0, this.#tailUsed);
    this.#tail = undefined;
    this.#tailUsed = 0;
  }

  /** For `deliver`. */
  later(): void {
    this.#later = false;
    this.#deliverNow();
  }

  finish(trailers?: HeaderInput): void {
    this.complete = true;
    this.#trailers = trailers;
  }

  /** Hands on what has arrived, as far as the reader takes it; large pieces with more to come at the end of the turn. */
  deliver(): void {
    if (this.#sink === undefined) return;
    const gathers = !this.complete && !this.paused && this.#tail && this.#loans.length === 1 && this.#tailUsed <= FULL_BYTES;
    if (!gathers) this.#deliverNow();
    else if (!this.#later) {
      this.#later = true;
      setImmediate(deliverLater, this);
    }
  }

  #deliverNow(): void {
    const sink = this.#sink;
    if (!sink || this.#delivering || this.#told) return;
    this.#delivering = true;
    // What waits goes on gathering.
    if (!this.paused) this.#closeTail();
    let read = 0;
    while (!this.paused && this.#held.length > 0) {
      const held = this.#held;
      this.#held = [];
      let i = 0;
      while (i < held.length && !this.paused) {
        const chunk = held[i++]!;
        read += chunk.length;
        this.#heldBytes -= chunk.length;
        if (!this.#give(sink, chunk)) this.paused = true;
        if (this.#told) break;
      }
      // What could not be given goes in front of what came meanwhile.
      if (i < held.length && !this.#told) {
        this.#closeTail();
        this.#held = [...held.slice(i), ...this.#held];
      }
    }
    this.#delivering = false;
    if (read > 0) this.#host.bodyRead(read);
    if (this.complete && this.#held.length === 0) this.#end();
  }

  #end(): void {
    if (this.#told || this.#failed !== undefined) return;
    this.#told = true;
    this.paused = false;
    this.#sink?.end(this.#trailers);
  }

  /** No more will come though it should; what is held is not given any more. */
  fail(reason: string): void {
    if (this.#failed !== undefined || this.#told) return;
    this.#failed = reason;
    this.#forget();
    if (this.#sink) {
      this.#told = true;
      this.#sink.abort(reason);
    }
  }

  /** Nobody needs it any more: whoever reads it is told nothing. */
  drop(): void {
    this.#told = true;
    this.#forget();
  }

  #forget(): void {
    this.#held = [];
    this.#loans = [];
    this.#tail = undefined;
    const bytes = this.#heldBytes;
    this.#heldBytes = 0;
    if (bytes > 0) this.#host.bodyRead(bytes);
  }

  pipe(sink: BodySink): void {
    if (this.#sink) return;
    this.#sink = sink;
    if (this.#failed !== undefined) {
      this.#told = true;
      sink.abort(this.#failed);
      return;
    }
    if (!this.complete) this.#host.bodyWanted();
    this.deliver();
  }

  discard(): void {
    this.pipe(DISCARD);
  }

  pause(): void {
    if (!this.#told) this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.deliver();
    if (!this.paused) this.#host.bodyRead(0);
  }
}
