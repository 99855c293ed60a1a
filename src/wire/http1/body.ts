// A body on its way in, for both sides of the codec: takes the connection's bytes, undoes the framing, and hands them to whoever reads.
import { copyOf } from '../direct-read.ts';
import { KEPT, PASSED, PAUSE, passOn } from '../passing.ts';
import type { BodyReader, BodySink } from '../types.ts';
import { CHUNK_DATA, CHUNK_END, CHUNK_REFUSED, ChunkReader } from './chunked.ts';
import { CHUNKED } from './framing.ts';
import type { RefusalKind } from './refusals.ts';

/** The connection that a body arrives on. */
export interface BodyHost {
  /** The reader wants no more bytes for now, or wants them again. */
  bodyPaused(paused: boolean): void;
  /** Bytes that were fed as a view are in use for longer. */
  bodyKept(): void;
  /** Somebody starts to read: the moment for `100 Continue`. */
  bodyWanted(): void;
  /** The last byte has come; `at` is the offset behind it in the bytes being fed. Called before the reader is told. */
  bodyCompleted(at: number): void;
}

export const UNTIL_CLOSE = -3;

const DISCARD: BodySink = { write: () => true, pass: () => PASSED, end() {}, abort() {} };

/** A body with so much still to come is worth memory of its own. */
const LONG_BYTES_MIN = 64 * 1024;

/** A body without bytes. @param length what was declared, -1 when nothing was */
export function emptyBody(length: number): BodyReader {
  if (length === -1) return NOTHING_DECLARED;
  return length === 0 ? NOTHING : bare(length);
}

const bare = (length: number): BodyReader => ({
  kind: 'none',
  length,
  pipe: (sink) => sink.end(),
  discard() {},
  pause() {},
  resume() {},
});
const NOTHING_DECLARED = bare(-1);
const NOTHING = bare(0);

export class IncomingBody implements BodyReader {
  readonly kind: BodyReader['kind'];
  readonly length: number;
  /** The whole body has arrived (it may not have been read yet). */
  complete = false;
  /** Bytes of content so far. */
  received = 0;
  /** What is fed is a view: good until `feed` returns, and for longer when the host is told so. */
  views = false;
  /** What waits here is a view in the same way. */
  holdsViews = false;
  /** Set when `feed` gives -1. */
  error: RefusalKind = 'body-large';
  readonly #host: BodyHost;
  readonly #bytesMax: number;
  readonly #heldMax: number;
  #left: number;
  #chunks: ChunkReader | undefined;
  #sink: BodySink | undefined;
  #held: Buffer[] | undefined;
  #heldBytes = 0;
  #failed: string | undefined;
  #paused = false;

  /**
   * @param framing length in bytes, CHUNKED or UNTIL_CLOSE @param length what `length` shall say
   * @param bytesMax bound of the content @param heldMax bytes kept while nobody reads, before the connection is paused
   * @param trailers names of fields behind it that are kept
   */
  constructor(
    host: BodyHost,
    framing: number,
    length: number,
    bytesMax: number,
    heldMax: number,
    trailers?: ReadonlySet<string>,
  ) {
    this.#host = host;
    this.kind = framing === CHUNKED ? 'chunked' : framing === UNTIL_CLOSE ? 'until-close' : framing === 0 ? 'none' : 'length';
    this.length = length;
    this.#left = framing;
    this.#bytesMax = bytesMax;
    this.#heldMax = heldMax;
    if (framing === CHUNKED) this.#chunks = new ChunkReader(trailers);
    this.complete = framing === 0;
  }

  /** Whether somebody reads it. */
  get wanted(): boolean {
    return this.#sink !== undefined;
  }

  /** Bytes of a Content-Length body that have not arrived; Infinity when the length is not known. */
  get missing(): number {
    return this.complete ? 0 : this.#left >= 0 ? this.#left : Number.POSITIVE_INFINITY;
  }

  /** Whether bytes wait here for a reader. */
  get holds(): boolean {
    return this.#held !== undefined;
  }

  /** Somebody reads it, and much is to come: known from its length, or expected for what has come. */
  get isLong(): boolean {
    if (this.complete || this.#sink === undefined) return false;
    return this.#left >= 0 ? this.#left >= LONG_BYTES_MIN : this.received >= LONG_BYTES_MIN;
  }

  /**
   * Takes bytes of the connection.
   * @returns the offset behind the bytes that belong to this body (`complete` says whether it ended there), or -1 when refused
   */
  feed(bytes: Buffer, from: number, end: number): number {
    if (this.#chunks) return this.#feedChunks(this.#chunks, bytes, from, end);
    const stop = this.#left === UNTIL_CLOSE ? end : Math.min(end, from + this.#left);
    if (this.#left !== UNTIL_CLOSE) this.#left -= stop - from;
    this.received += stop - from;
    if (this.received > this.#bytesMax) return this.#refuse('body-large');
    if (this.#left === 0) this.complete = true;
    if (stop > from) this.#give(from === 0 && stop === bytes.length ? bytes : bytes.subarray(from, stop));
    if (this.complete) this.#finish(stop);
    return stop;
  }

  #feedChunks(chunks: ChunkReader, bytes: Buffer, from: number, end: number): number {
    let at = from;
    for (;;) {
      const found = chunks.next(bytes, at, end);
      at = chunks.position;
      if (found === CHUNK_DATA) {
        this.received += chunks.dataEnd - chunks.dataStart;
        if (this.received > this.#bytesMax) return this.#refuse('body-large');
        this.#give(bytes.subarray(chunks.dataStart, chunks.dataEnd));
      } else if (found === CHUNK_END) {
        this.complete = true;
        this.#finish(at);
        return at;
      } else if (found === CHUNK_REFUSED) return this.#refuse(chunks.error);
      else return at;
    }
  }

  /** The connection ended: the end of an until-close body, a broken-off one of every other kind. @returns whether the body is whole */
  finishAtClose(): boolean {
    if (this.complete) return true;
    if (this.kind !== 'until-close') return false;
    this.complete = true;
    this.#finish(0);
    return true;
  }

  /** No more bytes will come though they should. */
  fail(reason: string): void {
    if (this.#failed !== undefined || this.complete) return;
    this.#failed = reason;
    this.#held = undefined;
    this.#sink?.abort(reason);
  }

  pipe(sink: BodySink): void {
    if (this.#sink) return;
    this.#sink = sink;
    if (this.#failed !== undefined) {
      sink.abort(this.#failed);
      return;
    }
    if (!this.complete) this.#host.bodyWanted();
    const held = this.#held;
    this.#held = undefined;
    this.#heldBytes = 0;
    let open = true;
    if (held) for (const chunk of held) open = this.holdsViews ? this.#passed(sink, chunk) : sink.write(chunk);
    if (this.complete) sink.end(this.#chunks?.trailers);
    else if (open) this.resume();
    else this.pause();
  }

  discard(): void {
    this.pipe(DISCARD);
  }

  pause(): void {
    if (this.#paused || this.complete) return;
    this.#paused = true;
    this.#host.bodyPaused(true);
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#host.bodyPaused(false);
  }

  #give(chunk: Buffer): void {
    const sink = this.#sink;
    if (sink) {
      if (!(this.views ? this.#passed(sink, chunk) : sink.write(chunk))) this.pause();
      return;
    }
    (this.#held ??= []).push(this.views ? copyOf(chunk) : chunk);
    this.#heldBytes += chunk.length;
    if (this.#heldBytes > this.#heldMax) this.pause();
  }

  /** @returns whether more may come */
  #passed(sink: BodySink, view: Buffer): boolean {
    const passed = passOn(sink, view);
    if ((passed & KEPT) !== 0) this.#host.bodyKept();
    return (passed & PAUSE) === 0;
  }

  #finish(at: number): void {
    // A pause asked for by the last bytes must not outlive the body, or the connection would never read its next message.
    this.resume();
    this.#host.bodyCompleted(at);
    if (this.#sink) this.#sink.end(this.#chunks?.trailers);
  }

  #refuse(error: RefusalKind): -1 {
    this.error = error;
    return -1;
  }
}
