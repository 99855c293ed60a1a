// Bytes that arrived and were not read yet. One chunk is kept as it is; more are gathered in a buffer that doubles, so that a peer who sends
// byte by byte costs linear work.
import { copyOf, lentCopy } from '../direct-read.ts';

const EMPTY = Buffer.alloc(0);
const TERMINATOR = Buffer.from('\r\n\r\n');
const GATHERED_BYTES_MIN = 4096;

export class Backlog {
  bytes: Buffer = EMPTY;
  start = 0;
  end = 0;
  #owned = false;
  /** Length at the last unfinished look, -1 when none was made. */
  #looked = -1;

  get length(): number {
    return this.end - this.start;
  }

  append(chunk: Buffer): void {
    const length = this.length;
    if (length === 0) {
      this.bytes = chunk;
      this.start = 0;
      this.end = chunk.length;
      this.#owned = false;
      return;
    }
    if (!this.#owned || this.end + chunk.length > this.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(GATHERED_BYTES_MIN, 2 * (length + chunk.length)));
      this.bytes.copy(grown, 0, this.start, this.end);
      this.bytes = grown;
      this.start = 0;
      this.end = length;
      this.#owned = true;
    }
    chunk.copy(this.bytes, this.end);
    this.end += chunk.length;
  }

  /** Copies what is left of a chunk that is not ours, which is only good until anything else is called (see direct-read.ts). */
  own(): void {
    const { length } = this;
    if (this.#owned || length === 0) return;
    this.bytes = copyOf(this.bytes.subarray(this.start, this.end));
    this.start = 0;
    this.end = length;
    this.#owned = true;
  }

  /** As `own`, in memory that is used again. @returns it, see `lentCopy`; undefined when there is nothing to give back */
  borrow(): Buffer | undefined {
    const { length } = this;
    const loan = this.#owned ? undefined : lentCopy(this.bytes.subarray(this.start, this.end));
    if (!loan) {
      this.own();
      return undefined;
    }
    this.bytes = loan;
    this.start = 0;
    this.end = length;
    this.#owned = true;
    return loan;
  }

  /** Moves past what was read up to the offset `to` of `bytes`. */
  consumeTo(to: number): void {
    this.start = to;
    this.#looked = -1;
    if (to >= this.end) this.clear();
  }

  clear(): void {
    this.bytes = EMPTY;
    this.start = this.end = 0;
    this.#owned = false;
    this.#looked = -1;
  }

  /** Takes everything out. */
  take(): Buffer {
    const rest = this.bytes.subarray(this.start, this.end);
    this.clear();
    return rest;
  }

  /**
   * Whether a head should be parsed now: at first sight, when its end has arrived, and each time the bytes doubled (so that nonsense is
   * answered early). Parsing on every byte of a slow sender would be quadratic work.
   */
  worthParsing(headerBytesMax: number): boolean {
    const looked = this.#looked;
    const length = this.length;
    if (looked >= 0 && length < 2 * looked && length < headerBytesMax) {
      const from = this.start + Math.max(0, looked - 3);
      if (this.bytes.subarray(from, this.end).indexOf(TERMINATOR) === -1) return false;
    }
    return true;
  }

  /** A look found the head unfinished. */
  lookedAll(): void {
    this.#looked = this.length;
  }
}
