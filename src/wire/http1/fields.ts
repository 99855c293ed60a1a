// Header lines: one pass over the bytes finds and checks every name and value; strings are made when somebody asks for them.
import type { HeaderList } from '../types.ts';
import { COLON, CR, FIELD, LF, LOWER, SP, TAB, TOKEN } from './chars.ts';
import {
  CONNECTION_ID,
  CONTENT_LENGTH_ID,
  EXPECT_ID,
  HOST_ID,
  TRANSFER_ENCODING_ID,
  UPGRADE_ID,
  hashStep,
  nameId,
  nameOf,
} from './names.ts';
import type { RefusalKind } from './refusals.ts';

/** Numbers kept per field: name id, name start and end, value start and end (offsets into the head). */
const STRIDE = 5;

/** The header fields of one parsed head. */
export class Fields implements HeaderList {
  readonly length: number;
  readonly #text: string;
  readonly #at: readonly number[];

  constructor(text: string, at: readonly number[]) {
    this.length = at.length / STRIDE;
    this.#text = text;
    this.#at = at;
  }

  name(i: number): string {
    const id = this.#at[i * STRIDE]!;
    return id === 0 ? this.rawName(i).toLowerCase() : nameOf(id);
  }

  rawName(i: number): string {
    const base = i * STRIDE;
    return this.#text.slice(this.#at[base + 1], this.#at[base + 2]);
  }

  value(i: number): string {
    const base = i * STRIDE;
    return this.#text.slice(this.#at[base + 3], this.#at[base + 4]);
  }

  get(name: string): string | undefined {
    for (let i = 0; i < this.length; i++) if (this.name(i) === name) return this.value(i);
    return undefined;
  }

  all(name: string): readonly string[] {
    const values: string[] = [];
    for (let i = 0; i < this.length; i++) if (this.name(i) === name) values.push(this.value(i));
    return values;
  }
}

export const NO_FIELDS: HeaderList = new Fields('', []);

/** What framing needs to know of the fields: where the few special ones are, and how often they came. */
export class FieldScanner {
  /** Set when `scan` gives -1. */
  error: RefusalKind = 'field-name';
  at: number[] = [];
  /** Index of the field, -1 when absent. */
  host = -1;
  hosts = 0;
  contentLength = -1;
  contentLengths = 0;
  transferEncoding = -1;
  transferEncodings = 0;
  connection = -1;
  connections = 0;
  expect = -1;
  expects = 0;
  upgrade = -1;
  upgrades = 0;

  reset(): void {
    this.at = [];
    this.host = this.contentLength = this.transferEncoding = this.connection = this.expect = this.upgrade = -1;
    this.hosts = this.contentLengths = this.transferEncodings = this.connections = this.expects = this.upgrades = 0;
  }

  /**
   * Reads header lines up to and with the empty line (RFC 9112 section 5).
   * @param from offset of the first line @param base offset of the head, which the recorded offsets are relative to
   * @returns the offset behind the empty line; 0 when more bytes are needed; -1 when refused (see `error`)
   */
  scan(bytes: Uint8Array, from: number, end: number, base: number, fieldsMax: number): number {
    const at = this.at;
    let i = from;
    for (;;) {
      if (i >= end) return 0;
      if (bytes[i] === CR) {
        if (i + 1 >= end) return 0;
        return bytes[i + 1] === LF ? i + 2 : this.#refuse('field-name');
      }
      const nameStart = i;
      let hash = 0;
      while (i < end && TOKEN[bytes[i]!] === 1) hash = hashStep(hash, LOWER[bytes[i++]!]!);
      if (i >= end) return 0;
      if (bytes[i] !== COLON || i === nameStart) return this.#refuse('field-name');
      const nameEnd = i++;
      while (i < end && (bytes[i] === SP || bytes[i] === TAB)) i++;
      const valueStart = i;
      while (i < end && FIELD[bytes[i]!] === 1) i++;
      if (i >= end) return 0;
      if (bytes[i] !== CR) return this.#refuse('field-value');
      if (i + 1 >= end) return 0;
      if (bytes[i + 1] !== LF) return this.#refuse('field-value');
      let valueEnd = i;
      while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === TAB)) valueEnd--;
      i += 2;
      if (at.length >= fieldsMax * STRIDE) return this.#refuse('fields-many');
      const id = nameId(bytes, nameStart, nameEnd, hash);
      if (id !== 0 && id <= UPGRADE_ID) this.#note(id, at.length / STRIDE);
      at.push(id, nameStart - base, nameEnd - base, valueStart - base, valueEnd - base);
    }
  }

  get count(): number {
    return this.at.length / STRIDE;
  }

  isConnection(index: number): boolean {
    return this.at[index * STRIDE] === CONNECTION_ID;
  }

  valueStart(index: number): number {
    return this.at[index * STRIDE + 3]!;
  }

  valueEnd(index: number): number {
    return this.at[index * STRIDE + 4]!;
  }

  /**
   * Whether the value stands directly behind the colon or behind one space, and nothing but CRLF follows: what Content-Length and
   * Transfer-Encoding must look like here, since other spacing is read differently by different servers.
   */
  isPlainlySpaced(bytes: Uint8Array, base: number, index: number): boolean {
    const colon = base + this.at[index * STRIDE + 2]!;
    const start = base + this.valueStart(index);
    return (start === colon + 1 || (start === colon + 2 && bytes[colon + 1] === SP)) && bytes[base + this.valueEnd(index)] === CR;
  }

  #note(id: number, index: number): void {
    switch (id) {
      case HOST_ID:
        if (this.hosts++ === 0) this.host = index;
        return;
      case CONTENT_LENGTH_ID:
        if (this.contentLengths++ === 0) this.contentLength = index;
        return;
      case TRANSFER_ENCODING_ID:
        if (this.transferEncodings++ === 0) this.transferEncoding = index;
        return;
      case CONNECTION_ID:
        if (this.connections++ === 0) this.connection = index;
        return;
      case EXPECT_ID:
        if (this.expects++ === 0) this.expect = index;
        return;
      default:
        if (this.upgrades++ === 0) this.upgrade = index;
    }
  }

  #refuse(error: RefusalKind): -1 {
    this.error = error;
    return -1;
  }
}
