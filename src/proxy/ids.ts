import type { Random } from '#base/ports.ts';

const HEX: readonly string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));
const POOL_BYTES = 4096;

/** Makes the ids of requests and traces from the Random port, drawing bytes in large pieces so that an id costs no call. */
export class Ids {
  readonly #random: Random;
  #pool: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** RFC 9562 version 4. */
  uuid4(): string {
    const p = this.#take(16);
    const b = this.#pool;
    return (
      `${HEX[b[p]!]!}${HEX[b[p + 1]!]!}${HEX[b[p + 2]!]!}${HEX[b[p + 3]!]!}-${HEX[b[p + 4]!]!}${HEX[b[p + 5]!]!}-` +
      `${HEX[(b[p + 6]! & 0x0f) | 0x40]!}${HEX[b[p + 7]!]!}-${HEX[(b[p + 8]! & 0x3f) | 0x80]!}${HEX[b[p + 9]!]!}-` +
      `${HEX[b[p + 10]!]!}${HEX[b[p + 11]!]!}${HEX[b[p + 12]!]!}${HEX[b[p + 13]!]!}${HEX[b[p + 14]!]!}${HEX[b[p + 15]!]!}`
    );
  }

  /** `size` random bytes in lower-case hex, never all zero (W3C trace context section 3.2.2.3). */
  hex(size: number): string {
    const p = this.#take(size);
    const text = this.#pool.toString('hex', p, p + size);
    return /[1-9a-f]/.test(text) ? text : this.hex(size);
  }

  #take(size: number): number {
    if (this.#at + size > this.#pool.length) {
      this.#pool = Buffer.from(this.#random.bytes(POOL_BYTES));
      this.#at = 0;
    }
    const at = this.#at;
    this.#at += size;
    return at;
  }
}
