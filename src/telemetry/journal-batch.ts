// Lines on their way to disk. They are encoded as they are taken in, into memory outside the heap: a busy proxy's garbage collector has nothing of
// them to copy, and what is left for the moment of writing is one short pass for the checksums.
import { crc32 } from 'node:zlib';
import type { CullisError } from '#base/errors.ts';
import { ACCEPTED_DIGITS, LINE_HEAD_BYTES_MAX, SUM_DIGITS } from './journal-format.ts';

const NEWLINE = 0x0a;
const BLANK = 0x20;
const ZERO = 0x30;
const HEX = Buffer.from('0123456789abcdef', 'latin1');
/** A UTF-16 unit takes at most three bytes of UTF-8. */
const BYTES_PER_CHAR_MAX = 3;

/** Everything lost since the last gap event, by reason. */
export interface Loss {
  readonly lost: number;
  readonly detail: string;
}

export type Done = (error?: CullisError) => void;

export class Batch {
  /** Those who wait for this batch to be on disk. */
  readonly waiting: Done[] = [];
  /** What the journal's own gap events in here say: said again when they cannot be written either. */
  readonly losses: Loss[] = [];
  firstSequence = 0;
  /** Characters of JSON. */
  chars = 0;
  readonly #bytes: Buffer;
  #end = 0;
  /** Lines. */
  count = 0;

  /** @param memory is written over */
  constructor(memory: Buffer) {
    this.#bytes = memory;
  }

  /** The memory that an event needs at most. */
  static bytesFor(json: string): number {
    return LINE_HEAD_BYTES_MAX + json.length * BYTES_PER_CHAR_MAX + 1;
  }

  /** Lines that nobody waits for and that are no gap events. */
  get batched(): number {
    return this.count - this.waiting.length - this.losses.length;
  }

  get memory(): Buffer {
    return this.#bytes;
  }

  /** @returns false when there may be no room, and nothing is taken */
  add(sequence: number, json: string): boolean {
    const bytes = this.#bytes;
    const start = this.#end;
    if (start + Batch.bytesFor(json) > bytes.length) return false;
    if (start === 0) this.firstSequence = sequence;
    let at = start + SUM_DIGITS;
    // The sum comes with `seal`; until then nothing of the memory's past must stand there.
    bytes.fill(ZERO, start, at);
    bytes[at++] = BLANK;
    at = putDecimal(bytes, at, sequence);
    bytes[at++] = BLANK;
    // The count of those taken in, which `seal` fills in.
    bytes.fill(ZERO, at, at + ACCEPTED_DIGITS);
    at += ACCEPTED_DIGITS;
    bytes[at++] = BLANK;
    this.count++;
    at += bytes.write(json, at, 'utf8');
    bytes[at++] = NEWLINE;
    this.#end = at;
    this.chars += json.length;
    return true;
  }

  /** The lines, complete. @param accepted last sequence number taken in by now */
  seal(accepted: number): Buffer {
    const bytes = this.#bytes;
    const digits = Buffer.from(String(accepted).padStart(ACCEPTED_DIGITS, '0'), 'latin1');
    for (let start = 0, end = 0; start < this.#end; start = end + 1) {
      // JSON has no newline in it, and the sequence number ends with a blank.
      end = bytes.indexOf(NEWLINE, start);
      const acceptedAt = bytes.indexOf(BLANK, start + SUM_DIGITS + 1) + 1;
      for (let d = 0; d < ACCEPTED_DIGITS; d++) bytes[acceptedAt + d] = digits[d] ?? ZERO;
      let sum = crc32(bytes.subarray(start + SUM_DIGITS + 1, end));
      for (let d = SUM_DIGITS - 1; d >= 0; d--) {
        bytes[start + d] = HEX[sum & 15]!;
        sum >>>= 4;
      }
    }
    return bytes.subarray(0, this.#end);
  }
}

/** Without a string in between: V8 keeps the strings of the last numbers in a table, and with two a request that is most of what its old space grows by. */
function putDecimal(bytes: Buffer, at: number, value: number): number {
  let end = at + 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) end++;
  for (let i = end - 1, rest = value; i >= at; i--, rest = Math.floor(rest / 10)) bytes[i] = ZERO + (rest % 10);
  return end;
}
