// Lines on their way to disk. They are encoded as they are taken in, into memory outside the heap: a busy proxy's garbage collector has nothing of
// them to copy, and what is left for the moment of writing is one short pass for the checksums.
import { crc32 } from 'node:zlib';
import type { CullisError } from '#base/errors.ts';
import { ACCEPTED_DIGITS, LINE_HEAD_BYTES_MAX, SUM_DIGITS } from './journal-format.ts';

const NEWLINE = 0x0a;
const BLANK = 0x20;
const ZERO = 0x30;
const HEX = Buffer.from('0123456789abcdef', 'latin1');
const NO_COUNT_YET = '0'.repeat(ACCEPTED_DIGITS);
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
  /** Two numbers a line: where it starts, and where its JSON does. */
  readonly #lines: number[] = [];

  /** @param memory is written over */
  constructor(memory: Buffer) {
    this.#bytes = memory;
  }

  /** The memory that an event needs at most. */
  static bytesFor(json: string): number {
    return LINE_HEAD_BYTES_MAX + json.length * BYTES_PER_CHAR_MAX + 1;
  }

  get count(): number {
    return this.#lines.length / 2;
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
    bytes[at++] = BLANK;
    at += bytes.write(`${sequence} ${NO_COUNT_YET} `, at, 'latin1');
    this.#lines.push(start, at);
    at += bytes.write(json, at, 'utf8');
    bytes[at++] = NEWLINE;
    this.#end = at;
    this.chars += json.length;
    return true;
  }

  /** The lines, complete. @param accepted last sequence number taken in by now */
  seal(accepted: number): Buffer {
    const bytes = this.#bytes;
    const lines = this.#lines;
    const digits = Buffer.from(String(accepted).padStart(ACCEPTED_DIGITS, '0'), 'latin1');
    for (let i = 0; i < lines.length; i += 2) {
      const start = lines[i]!;
      const acceptedAt = lines[i + 1]! - ACCEPTED_DIGITS - 1;
      for (let d = 0; d < ACCEPTED_DIGITS; d++) bytes[acceptedAt + d] = digits[d] ?? ZERO;
      const end = (lines[i + 2] ?? this.#end) - 1;
      let sum = crc32(bytes.subarray(start + SUM_DIGITS + 1, end));
      for (let d = SUM_DIGITS - 1; d >= 0; d--) {
        bytes[start + d] = HEX[sum & 15]!;
        sum >>>= 4;
      }
    }
    return bytes.subarray(0, this.#end);
  }
}
