// The chunked transfer coding (RFC 9112 section 7.1), read byte-strictly: every CRLF where it belongs, sizes in plain hexadecimal, extensions
// well formed and bounded, trailers checked and dropped but for those that were announced and may stand there (see trailer-fields.ts).
import { COLON, CR, FIELD, HEX, LF, SEMICOLON, TOKEN } from './chars.ts';
import type { RefusalKind } from './refusals.ts';

/** Hexadecimal digits of a size: 2^48 is far above every body limit and exact in a number. */
const SIZE_DIGITS_MAX = 12;
/** All extensions of one body together (proxy hardening A 9). */
const EXTENSION_BYTES_MAX = 4096;
const TRAILER_BYTES_MAX = 8192;

const SIZE = 0;
const SIZE_LF = 1;
const EXT_NAME = 2;
const EXT_VALUE = 3;
const EXT_TOKEN = 4;
const EXT_QUOTED = 5;
const EXT_ESCAPE = 6;
const EXT_QUOTED_END = 7;
const DATA = 8;
const DATA_CR = 9;
const DATA_LF = 10;
const TRAILER_START = 11;
const TRAILER_NAME = 12;
const TRAILER_VALUE = 13;
const TRAILER_LF = 14;
const END_LF = 15;
const DONE = 16;

const QUOTE = 0x22;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;

/** What `next` found. */
export const CHUNK_MORE = 0;
export const CHUNK_DATA = 1;
export const CHUNK_END = 2;
export const CHUNK_REFUSED = 3;

/** Reads one chunked body, however it is cut into pieces. */
export class ChunkReader {
  /** Where reading stopped, after every `next`. */
  position = 0;
  /** Bounds of the data found, after CHUNK_DATA. */
  dataStart = 0;
  dataEnd = 0;
  /** After CHUNK_REFUSED. */
  error: RefusalKind = 'chunk-size';
  /** Announced fields found behind the body: names in lower case and values in turn. */
  trailers: string[] | undefined = undefined;
  readonly #announced: ReadonlySet<string> | undefined;
  /** The trailer line so far, when some were announced. */
  #line = '';
  #state = SIZE;
  #size = 0;
  #digits = 0;
  #extensionBytes = 0;
  #extensionStart = true;
  #trailerBytes = 0;

  /** @param announced names of trailers that are kept */
  constructor(announced?: ReadonlySet<string>) {
    this.#announced = announced;
  }

  /** Reads on at `from`: to the next piece of data, the end of the body, or the end of the bytes. */
  next(bytes: Uint8Array, from: number, end: number): number {
    let i = from;
    while (i < end) {
      if (this.#state === DATA) {
        const stop = Math.min(end, i + this.#size);
        this.dataStart = i;
        this.dataEnd = this.position = stop;
        this.#size -= stop - i;
        if (this.#size === 0) this.#state = DATA_CR;
        return CHUNK_DATA;
      }
      const error = this.#step(bytes[i++]!);
      if (error !== undefined) {
        this.error = error;
        this.position = i;
        return CHUNK_REFUSED;
      }
      if (this.#state === DONE) {
        this.position = i;
        return CHUNK_END;
      }
    }
    this.position = i;
    return CHUNK_MORE;
  }

  #step(byte: number): RefusalKind | undefined {
    switch (this.#state) {
      case SIZE:
        return this.#sizeByte(byte);
      case SIZE_LF:
        if (byte !== LF) return 'chunk-size';
        this.#state = this.#size === 0 ? TRAILER_START : DATA;
        this.#digits = 0;
        return undefined;
      case DATA_CR:
        if (byte !== CR) return 'chunk-end';
        this.#state = DATA_LF;
        return undefined;
      case DATA_LF:
        if (byte !== LF) return 'chunk-end';
        this.#state = SIZE;
        this.#size = 0;
        return undefined;
      case END_LF:
        if (byte !== LF) return 'trailer';
        this.#state = DONE;
        return undefined;
      default:
        return this.#state < DATA ? this.#extensionByte(byte) : this.#trailerByte(byte);
    }
  }

  #sizeByte(byte: number): RefusalKind | undefined {
    const digit = HEX[byte]!;
    if (digit < 16) {
      if (++this.#digits > SIZE_DIGITS_MAX) return 'chunk-size';
      this.#size = this.#size * 16 + digit;
      return undefined;
    }
    if (this.#digits === 0) return 'chunk-size';
    if (byte === CR) this.#state = SIZE_LF;
    else if (byte === SEMICOLON) this.#startExtension();
    else return 'chunk-size';
    return undefined;
  }

  #startExtension(): void {
    this.#state = EXT_NAME;
    this.#extensionStart = true;
  }

  /** `;name`, `;name=token` or `;name="quoted"`, without the optional spaces that only confuse (RFC 9112 section 7.1.1). */
  #extensionByte(byte: number): RefusalKind | undefined {
    if (++this.#extensionBytes > EXTENSION_BYTES_MAX) return 'chunk-extension';
    switch (this.#state) {
      case EXT_NAME:
        if (TOKEN[byte] === 1) this.#extensionStart = false;
        else if (this.#extensionStart) return 'chunk-extension';
        else if (byte === EQUALS) this.#state = EXT_VALUE;
        else return this.#extensionEnd(byte);
        return undefined;
      case EXT_VALUE:
        if (byte === QUOTE) this.#state = EXT_QUOTED;
        else if (TOKEN[byte] === 1) this.#state = EXT_TOKEN;
        else return 'chunk-extension';
        return undefined;
      case EXT_TOKEN:
        return TOKEN[byte] === 1 ? undefined : this.#extensionEnd(byte);
      case EXT_QUOTED:
        if (byte === QUOTE) this.#state = EXT_QUOTED_END;
        else if (byte === BACKSLASH) this.#state = EXT_ESCAPE;
        else if (FIELD[byte] !== 1) return 'chunk-extension';
        return undefined;
      case EXT_ESCAPE:
        if (FIELD[byte] !== 1) return 'chunk-extension';
        this.#state = EXT_QUOTED;
        return undefined;
      default:
        return this.#extensionEnd(byte);
    }
  }

  #extensionEnd(byte: number): RefusalKind | undefined {
    if (byte === CR) this.#state = SIZE_LF;
    else if (byte === SEMICOLON) this.#startExtension();
    else return 'chunk-extension';
    return undefined;
  }

  #trailerByte(byte: number): RefusalKind | undefined {
    if (++this.#trailerBytes > TRAILER_BYTES_MAX) return 'trailer';
    if (this.#announced && byte !== CR && byte !== LF) this.#line += String.fromCharCode(byte);
    switch (this.#state) {
      case TRAILER_START:
        if (byte === CR) this.#state = END_LF;
        else if (TOKEN[byte] === 1) this.#state = TRAILER_NAME;
        else return 'trailer';
        return undefined;
      case TRAILER_NAME:
        if (byte === COLON) this.#state = TRAILER_VALUE;
        else if (TOKEN[byte] !== 1) return 'trailer';
        return undefined;
      case TRAILER_VALUE:
        if (byte === CR) this.#state = TRAILER_LF;
        else if (FIELD[byte] !== 1) return 'trailer';
        return undefined;
      default:
        if (byte !== LF) return 'trailer';
        this.#state = TRAILER_START;
        if (this.#announced) this.#keep(this.#announced);
        return undefined;
    }
  }

  #keep(announced: ReadonlySet<string>): void {
    const line = this.#line;
    this.#line = '';
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    if (announced.has(name)) (this.trailers ??= []).push(name, line.slice(colon + 1).trim());
  }
}
