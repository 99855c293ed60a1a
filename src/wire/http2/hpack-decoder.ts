// Reads header blocks (RFC 7541). Every bound of it comes from outside: the block's bytes are bounded by the connection, the table by us.
import { COMPRESSION_ERROR, ENHANCE_YOUR_CALM, NO_ERROR } from './constants.ts';
import { Field, isBadValue, kindOf } from './field.ts';
import { decodeHuffman, decodedBytesMax } from './huffman.ts';
import { STATIC, STATIC_LENGTH } from './static-table.ts';

/** Where the fields of a block go. */
export interface FieldSink {
  field(field: Field): void;
}

/** No integer in a header block that we take is larger. */
const INTEGER_MAX = 0x7f_ff_ff;
const SCRATCH_BYTES = 512;

export class HpackDecoder {
  readonly #tableBytesMax: number;
  /** Oldest first, from `#oldest` on; what is before was evicted. */
  #entries: (Field | undefined)[] = [];
  #oldest = 0;
  #bytes = 0;
  #bytesMax: number;
  #at = 0;
  #scratch: Buffer | undefined;
  #text = '';
  #kind = 0;
  #badValue = false;

  /** @param tableBytesMax size of the dynamic table that the peer was granted (SETTINGS_HEADER_TABLE_SIZE) */
  constructor(tableBytesMax: number) {
    this.#tableBytesMax = tableBytesMax;
    this.#bytesMax = tableBytesMax;
  }

  /** Bytes of the dynamic table in use, as RFC 7541 section 4.1 counts them. */
  get tableBytes(): number {
    return this.#bytes;
  }

  /** Lets go of what only makes reading faster. */
  release(): void {
    this.#scratch = undefined;
  }

  /**
   * Reads one whole block.
   * @param listBytesMax bound of what its fields come to, as SETTINGS_MAX_HEADER_LIST_SIZE counts: one byte may stand for a whole entry of the table
   * @returns NO_ERROR; COMPRESSION_ERROR when it cannot be read, ENHANCE_YOUR_CALM when it is too much: the connection's state is lost then
   * @example new HpackDecoder(4096).decode(Buffer.of(0x82), 0, 1, { field: ({ name, value }) => console.log(name, value) }, 100); // :method GET
   */
  decode(bytes: Buffer, from: number, to: number, sink: FieldSink, listBytesMax: number): number {
    this.#at = from;
    let updatable = true;
    let listBytes = 0;
    while (this.#at < to) {
      const first = bytes[this.#at]!;
      if (first >= 0x20 && first < 0x40) {
        // A table size: only in front of a block (section 4.2).
        const size = this.#integer(bytes, to, 5);
        if (!updatable || size < 0 || size > this.#tableBytesMax) return COMPRESSION_ERROR;
        this.#bytesMax = size;
        this.#evict(0);
        continue;
      }
      updatable = false;
      const field = this.#field(first, bytes, to);
      if (!field) return COMPRESSION_ERROR;
      listBytes += field.size;
      if (listBytes > listBytesMax) return ENHANCE_YOUR_CALM;
      sink.field(field);
    }
    return NO_ERROR;
  }

  #field(first: number, bytes: Buffer, to: number): Field | undefined {
    if (first >= 0x80) return this.#lookUp(this.#integer(bytes, to, 7));
    if (first < 0x40) return this.#literal(bytes, to, 4);
    const field = this.#literal(bytes, to, 6);
    if (field) this.#insert(field);
    return field;
  }

  #lookUp(index: number): Field | undefined {
    if (index <= 0) return undefined;
    if (index <= STATIC_LENGTH) return STATIC[index - 1];
    const at = this.#entries.length - (index - STATIC_LENGTH);
    return at >= this.#oldest ? this.#entries[at] : undefined;
  }

  #literal(bytes: Buffer, to: number, prefix: number): Field | undefined {
    const index = this.#integer(bytes, to, prefix);
    if (index < 0) return undefined;
    let name: string;
    let kind: number;
    if (index === 0) {
      if (!this.#string(bytes, to, true)) return undefined;
      name = this.#text;
      kind = this.#kind;
    } else {
      const known = this.#lookUp(index);
      if (!known) return undefined;
      ({ name, kind } = known);
    }
    if (!this.#string(bytes, to, false)) return undefined;
    return new Field(name, this.#text, kind, this.#badValue);
  }

  /** Reads an integer with a prefix of `bits` bits (section 5.1). @returns -1 when it is cut off or too large */
  #integer(bytes: Buffer, to: number, bits: number): number {
    const mask = (1 << bits) - 1;
    let value = bytes[this.#at++]! & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#at >= to) return -1;
      const byte = bytes[this.#at++]!;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value > INTEGER_MAX ? -1 : value;
    }
    return -1;
  }

  /** Reads a string into `#text`, and judges it as a name or as a value. */
  #string(bytes: Buffer, to: number, isName: boolean): boolean {
    if (this.#at >= to) return false;
    const huffman = bytes[this.#at]! >= 0x80;
    const length = this.#integer(bytes, to, 7);
    const from = this.#at;
    if (length < 0 || from + length > to) return false;
    this.#at = from + length;
    if (huffman) {
      const scratch = this.#room(decodedBytesMax(length));
      const decoded = decodeHuffman(bytes, from, from + length, scratch);
      if (decoded < 0) return false;
      this.#judge(scratch, 0, decoded, isName);
    } else this.#judge(bytes, from, from + length, isName);
    return true;
  }

  #judge(bytes: Buffer, from: number, to: number, isName: boolean): void {
    this.#text = bytes.toString('latin1', from, to);
    if (isName) this.#kind = kindOf(bytes, from, to, this.#text);
    else this.#badValue = isBadValue(bytes, from, to);
  }

  #room(length: number): Buffer {
    if (!this.#scratch || this.#scratch.length < length) this.#scratch = Buffer.allocUnsafeSlow(Math.max(SCRATCH_BYTES, length));
    return this.#scratch;
  }

  #insert(field: Field): void {
    this.#evict(field.size);
    // An entry that is larger than the table empties it and is not kept (section 4.4).
    if (field.size > this.#bytesMax) return;
    this.#entries.push(field);
    this.#bytes += field.size;
  }

  /** Makes room for `size` bytes. */
  #evict(size: number): void {
    const entries = this.#entries;
    while (this.#oldest < entries.length && this.#bytes + size > this.#bytesMax) {
      this.#bytes -= entries[this.#oldest]!.size;
      entries[this.#oldest++] = undefined;
    }
    if (this.#oldest === entries.length || this.#oldest > 256) {
      this.#entries = entries.slice(this.#oldest);
      this.#oldest = 0;
    }
  }
}
