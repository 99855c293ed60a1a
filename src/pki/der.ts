// DER (ITU-T X.690 section 10): a strict reader and a small writer. Strict means: definite and shortest lengths, one-byte tags, nothing left over;
// what two programs could read in two ways is refused.

/** A text that is not DER, or not the structure that was expected. Caught inside pki/, never seen by callers. */
export class DerError extends Error {
  override name = 'DerError';
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8: 0x0c,
  printable: 0x13,
  ia5: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Context-specific tag, e.g. `context(3)` constructed, `context(6, false)` primitive. */
export function context(number: number, constructed = true): number {
  return (constructed ? 0xa0 : 0x80) | number;
}

export interface DerNode {
  readonly tag: number;
  /** The element with its header. */
  readonly whole: Uint8Array;
  readonly content: Uint8Array;
}

/** Walks the elements of one constructed value from left to right. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Tag of the next element, or -1 at the end. */
  get tag(): number {
    return this.#bytes[this.#at] ?? -1;
  }

  /** @param tag what must come @throws DerError */
  next(tag?: number): DerNode {
    const bytes = this.#bytes;
    const start = this.#at;
    const found = bytes[start];
    if (found === undefined) throw new DerError('ends too early');
    if (tag !== undefined && found !== tag) throw new DerError(`tag ${found} where ${tag} was expected`);
    if ((found & 0x1f) === 0x1f) throw new DerError('multi-byte tag');
    let at = start + 1;
    let length = bytes[at++];
    if (length === undefined) throw new DerError('ends too early');
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 4) throw new DerError('length is indefinite or too long');
      length = 0;
      for (let i = 0; i < count; i++) {
        const byte = bytes[at++];
        if (byte === undefined) throw new DerError('ends too early');
        if (i === 0 && byte === 0) throw new DerError('length is not in its shortest form');
        length = length * 256 + byte;
      }
      if (length < 0x80) throw new DerError('length is not in its shortest form');
    }
    const end = at + length;
    if (end > bytes.length) throw new DerError('ends too early');
    this.#at = end;
    return { tag: found, whole: bytes.subarray(start, end), content: bytes.subarray(at, end) };
  }

  /** The next element when it has this tag. */
  optional(tag: number): DerNode | undefined {
    return this.tag === tag ? this.next(tag) : undefined;
  }

  /** A reader over the next element's content. */
  enter(tag: number): DerReader {
    return new DerReader(this.next(tag).content);
  }

  /** @throws DerError when bytes are left */
  end(): void {
    if (!this.done) throw new DerError('bytes left over');
  }
}

/** Reads the single element that `bytes` must be. */
export function readWhole(bytes: Uint8Array, tag: number): DerReader {
  const outer = new DerReader(bytes);
  const inner = outer.enter(tag);
  outer.end();
  return inner;
}

/** Dotted form, e.g. `2.5.29.17`. */
export function oidText(content: Uint8Array): string {
  if (content.length === 0 || content.length > 32 || (content[content.length - 1]! & 0x80) !== 0)
    throw new DerError('malformed object identifier');
  const parts: number[] = [];
  let value = 0;
  let first = true;
  for (const byte of content) {
    if (first && byte === 0x80) throw new DerError('malformed object identifier');
    value = value * 128 + (byte & 0x7f);
    if (value > Number.MAX_SAFE_INTEGER / 128) throw new DerError('malformed object identifier');
    first = (byte & 0x80) === 0;
    if (!first) continue;
    if (parts.length === 0) {
      const top = Math.min(2, Math.floor(value / 40));
      parts.push(top, value - top * 40);
    } else parts.push(value);
    value = 0;
  }
  return parts.join('.');
}

/** A small non-negative INTEGER. */
export function smallInteger(content: Uint8Array): number {
  checkInteger(content);
  if (content[0]! & 0x80 || content.length > 4) throw new DerError('integer out of range');
  let value = 0;
  for (const byte of content) value = value * 256 + byte;
  return value;
}

/** @throws DerError when an INTEGER is empty or longer than it must be */
export function checkInteger(content: Uint8Array): void {
  if (content.length === 0) throw new DerError('empty integer');
  if (content.length > 1 && ((content[0] === 0 && !(content[1]! & 0x80)) || (content[0] === 0xff && content[1]! & 0x80))) {
    throw new DerError('integer is not in its shortest form');
  }
}

/** DER knows one TRUE, 0xff, and one FALSE. */
export function booleanValue(content: Uint8Array): boolean {
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw new DerError('malformed boolean');
  return content[0] === 0xff;
}

/** Bytes of a BIT STRING that has no unused bits, as signatures and keys are. */
export function wholeBits(content: Uint8Array): Uint8Array {
  if (content[0] !== 0) throw new DerError('unused bits in a bit string');
  return content.subarray(1);
}

/** A named bit list as a number: bit 0 of the list is the lowest bit. */
export function namedBits(content: Uint8Array): number {
  const unused = content[0];
  if (unused === undefined || unused > 7 || content.length > 5 || (content.length === 1 && unused !== 0))
    throw new DerError('malformed bit string');
  let value = 0;
  for (let i = 0; i < (content.length - 1) * 8 - unused; i++) if (content[1 + (i >> 3)]! & (0x80 >> (i & 7))) value |= 1 << i;
  return value;
}

const TIME = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;

/** UTCTime or GeneralizedTime as RFC 5280 section 4.1.2.5 restricts them, in milliseconds since 1970. */
export function timeMs(node: DerNode): number {
  const match = TIME.exec(Buffer.from(node.content).toString('latin1'));
  const yearDigits = node.tag === TAG.utcTime ? 2 : node.tag === TAG.generalizedTime ? 4 : 0;
  if (!match || match[1]!.length !== yearDigits) throw new DerError('malformed time');
  const [, yearText, ...rest] = match;
  const short = Number(yearText);
  const year = yearDigits === 4 ? short : short < 50 ? 2000 + short : 1900 + short;
  const [month, day, hour, minute, second] = rest.map(Number) as [number, number, number, number, number];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59)
    throw new DerError('malformed time');
  return date.getTime();
}

/** One element: tag, shortest length, the parts one after another. */
export function tlv(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const header = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  if (length > 0xffff) throw new DerError('element too long');
  return Buffer.concat([Uint8Array.from(header), ...parts]);
}

export function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return tlv(TAG.sequence, ...parts);
}

export function oid(text: string): Uint8Array {
  const [a, b, ...rest] = text.split('.').map(Number) as [number, number, ...number[]];
  const bytes: number[] = [];
  for (const value of [a * 40 + b, ...rest]) {
    const group = [value & 0x7f];
    for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) group.unshift((left & 0x7f) | 0x80);
    bytes.push(...group);
  }
  return tlv(TAG.oid, Uint8Array.from(bytes));
}

/** @param magnitude big-endian bytes of a non-negative number */
export function unsigned(magnitude: Uint8Array): Uint8Array {
  let start = 0;
  while (start < magnitude.length - 1 && magnitude[start] === 0) start++;
  const bytes = magnitude.subarray(start);
  return (bytes[0] ?? 0) & 0x80
    ? tlv(TAG.integer, Uint8Array.of(0), bytes)
    : tlv(TAG.integer, bytes.length > 0 ? bytes : Uint8Array.of(0));
}

export function bitString(bytes: Uint8Array, unusedBits = 0): Uint8Array {
  return tlv(TAG.bitString, Uint8Array.of(unusedBits), bytes);
}

export function octetString(...parts: readonly Uint8Array[]): Uint8Array {
  return tlv(TAG.octetString, ...parts);
}

/** Text whose characters are all below 128, or the bytes of latin1 where a test wants trouble. */
export function textBytes(tag: number, text: string): Uint8Array {
  return tlv(tag, Buffer.from(text, tag === TAG.utf8 ? 'utf8' : 'latin1'));
}

export const DER_TRUE: Uint8Array = tlv(TAG.boolean, Uint8Array.of(0xff));

/** RFC 5280 section 4.1.2.5: UTCTime through 2049, GeneralizedTime after. Whole seconds; the rest is cut. */
export function timeDer(ms: number): Uint8Array {
  const text = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return Number(text.slice(0, 4)) < 2050 ? textBytes(TAG.utcTime, text.slice(2)) : textBytes(TAG.generalizedTime, text);
}
