import type { Clock, Random } from '#base/ports.ts';

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const BYTES_PER_ID = 10;
const POOL_BYTES = BYTES_PER_ID * 400;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * Makes a generator of UUIDv7 texts (RFC 9562 section 5.7), strictly rising within one generator even when the clock stands still or
 * steps back: the 12 bits of `rand_a` count within a millisecond (section 6.2 method 1, started at a random value below 2048), and a
 * full counter borrows the next millisecond. The other 62 bits are random, so ids of different processes do not meet.
 *
 * @example
 * const nextId = uuidv7(clock, random);
 * nextId() < nextId(); // true
 */
export function uuidv7(clock: Clock, random: Random): () => string {
  let pool: Uint8Array = new Uint8Array(0);
  let used = 0;
  let lastMs = -1;
  let counter = 0;
  let prefix = '';
  return () => {
    if (used + BYTES_PER_ID > pool.length) {
      pool = random.bytes(POOL_BYTES);
      used = 0;
    }
    const p = used;
    used += BYTES_PER_ID;
    const nowMs = clock.nowMs();
    if (nowMs > lastMs) {
      lastMs = Math.floor(nowMs);
      counter = ((pool[p]! << 8) | pool[p + 1]!) & 0x7ff;
      prefix = prefixOf(lastMs);
    } else if (++counter > 0xfff) {
      lastMs += 1;
      counter = 0;
      prefix = prefixOf(lastMs);
    }
    const b = pool;
    const head =
      prefix + HEX[0x70 | (counter >> 8)]! + HEX[counter & 0xff]! + '-' + HEX[0x80 | (b[p + 2]! & 0x3f)]! + HEX[b[p + 3]!]! + '-';
    return head + HEX[b[p + 4]!]! + HEX[b[p + 5]!]! + HEX[b[p + 6]!]! + HEX[b[p + 7]!]! + HEX[b[p + 8]!]! + HEX[b[p + 9]!]!;
  };
}

function prefixOf(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-`;
}

/** Milliseconds since 1970 inside a UUIDv7 text, or undefined when the text is not one (upper case is not accepted: ids are compared as text). */
export function uuidTimeMs(id: string): number | undefined {
  if (id.length !== 36 || !UUID.test(id)) return undefined;
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
