// One header field as HPACK carries it, judged once: what stands in a table is not looked at again each time it is referred to.
import { FIELD, LOWER, SP, TAB, TOKEN } from '../http1/chars.ts';

/** What a field is to the rules of a header block (RFC 9113 section 8). */
export const PLAIN = 0;
export const METHOD = 1;
export const SCHEME = 2;
export const AUTHORITY = 3;
export const PATH = 4;
export const PROTOCOL = 5;
export const STATUS = 6;
/** Kinds up to this one are pseudo-headers. */
export const UNKNOWN_PSEUDO = 7;
export const HOST = 8;
export const CONTENT_LENGTH = 9;
/** Belongs to one HTTP/1 connection: never in HTTP/2 (section 8.2.2). */
export const CONNECTION = 10;
export const TE = 11;
export const COOKIE = 12;
export const EXPECT = 13;
/** Empty, upper case, or a byte that no name has. */
export const BAD_NAME = 14;

const KINDS: ReadonlyMap<string, number> = new Map([
  [':method', METHOD],
  [':scheme', SCHEME],
  [':authority', AUTHORITY],
  [':path', PATH],
  [':protocol', PROTOCOL],
  [':status', STATUS],
  ['host', HOST],
  ['content-length', CONTENT_LENGTH],
  ['connection', CONNECTION],
  ['proxy-connection', CONNECTION],
  ['keep-alive', CONNECTION],
  ['transfer-encoding', CONNECTION],
  ['upgrade', CONNECTION],
  ['te', TE],
  ['cookie', COOKIE],
  ['expect', EXPECT],
]);

/** What HPACK adds to the bytes of name and value for the size of an entry (RFC 7541 section 4.1). */
export const ENTRY_BYTES = 32;

const COLON = 0x3a;

export class Field {
  readonly name: string;
  readonly value: string;
  readonly kind: number;
  /** The value has a byte that may not be, or space around it. */
  readonly badValue: boolean;
  readonly size: number;

  constructor(name: string, value: string, kind: number, badValue: boolean) {
    this.name = name;
    this.value = value;
    this.kind = kind;
    this.badValue = badValue;
    this.size = name.length + value.length + ENTRY_BYTES;
  }
}

/** The kind of a name, given as bytes and as text. */
export function kindOf(bytes: Uint8Array, from: number, to: number, name: string): number {
  const pseudo = bytes[from] === COLON;
  let i = pseudo ? from + 1 : from;
  if (i >= to) return BAD_NAME;
  for (; i < to; i++) {
    const byte = bytes[i]!;
    if (TOKEN[byte] !== 1 || LOWER[byte] !== byte) return BAD_NAME;
  }
  return KINDS.get(name) ?? (pseudo ? UNKNOWN_PSEUDO : PLAIN);
}

/** Whether a value breaks the rules of section 8.2.1, which are those of HTTP/1 and no space around it. */
export function isBadValue(bytes: Uint8Array, from: number, to: number): boolean {
  if (from === to) return false;
  const first = bytes[from]!;
  const last = bytes[to - 1]!;
  if (first === SP || first === TAB || last === SP || last === TAB) return true;
  for (let i = from; i < to; i++) if (FIELD[bytes[i]!] !== 1) return true;
  return false;
}

const encoder = new TextEncoder();

/** A field of the static table. */
export function staticField(name: string, value: string): Field {
  const bytes = encoder.encode(name);
  return new Field(name, value, kindOf(bytes, 0, bytes.length, name), false);
}
