// Writes header blocks (RFC 7541) straight into a connection's output. A field enters the dynamic table when it comes for the second time, so that
// values that never come again cannot push out those that do; strings are written without Huffman, which costs more time here than it saves bytes.
import { assert } from '#base/assert.ts';
import { FIELD, LOWER, TOKEN, isFieldValue } from '../http1/chars.ts';
import type { HeaderInput } from '../types.ts';
import { TABLE_BYTES_DEFAULT } from './constants.ts';
import { ENTRY_BYTES } from './field.ts';
import { DROPPED, INDEXED, LITERAL, NEVER, ONLY_TRAILERS, type NameInfo, nameInfo } from './hpack-names.ts';
import type { Output } from './output.ts';
import { STATIC_LENGTH } from './static-table.ts';

/** Longer fields are not worth a tenth of the table. */
const INDEXED_BYTES_MAX = 400;
/** Values up to this are copied by a loop, longer ones by Node. */
const LOOP_CHARS_MAX = 48;
const SEEN_SLOTS = 128;

interface Entry {
  readonly name: string;
  readonly value: string;
  readonly size: number;
  /** Count of insertions when it came in. */
  readonly number: number;
  /** An older one of the same name. */
  older: Entry | undefined;
}

export class HpackEncoder {
  /** Newest entry of each name. */
  readonly #byName = new Map<string, Entry>();
  #queue: Entry[] = [];
  #oldest = 0;
  #bytes = 0;
  #bytesMax = TABLE_BYTES_DEFAULT;
  #inserted = 0;
  #seen: Uint32Array | undefined;
  /** Smallest table size since the last block, -1 when it did not change. */
  #shrunkTo = -1;

  /** The peer's SETTINGS_HEADER_TABLE_SIZE; never more than the default is used of it. */
  resize(bytesMax: number): void {
    const size = Math.min(bytesMax, TABLE_BYTES_DEFAULT);
    if (size === this.#bytesMax) return;
    this.#shrunkTo = this.#shrunkTo < 0 ? size : Math.min(size, this.#shrunkTo);
    this.#bytesMax = size;
    this.#evict(0);
  }

  /** Starts a block: table sizes that changed are told first (section 4.2). */
  begin(out: Output): void {
    if (this.#shrunkTo < 0) return;
    out.ensure(8);
    if (this.#shrunkTo < this.#bytesMax) integer(out, 0x20, 5, this.#shrunkTo);
    integer(out, 0x20, 5, this.#bytesMax);
    this.#shrunkTo = -1;
  }

  /** The block under way is given up: the peer never sees it, so nothing of it may be in the table. */
  rollBack(): void {
    const bytesMax = this.#bytesMax;
    this.#bytesMax = 0;
    this.#evict(0);
    this.#bytesMax = bytesMax;
    this.#shrunkTo = 0;
  }

  /** Writes the fields of a list; framing fields and those of one HTTP/1 connection are passed over. @throws AssertionBug as `field` */
  fields(out: Output, headers: HeaderInput): void {
    if (typeof headers[0] === 'string') {
      const flat = headers as readonly string[];
      for (let i = 0; i + 1 < flat.length; i += 2) this.#listed(out, flat[i]!, flat[i + 1]!);
    } else {
      for (const [name, value] of headers as readonly (readonly [string, string])[]) this.#listed(out, name, value);
    }
  }

  #listed(out: Output, name: string, value: string): void {
    const info = nameInfo(name);
    if (!info) {
      this.#write(out, name.toLowerCase(), 0, INDEXED, value);
      return;
    }
    // The body's length is the codec's to say, as `field`.
    if (info.mode === DROPPED || info.name === 'content-length' || info.name.startsWith(':')) return;
    if (info.mode === ONLY_TRAILERS && value.toLowerCase() !== 'trailers') return;
    this.#known(out, info, value);
  }

  /**
   * Writes one field. @param name lower case
   * @throws AssertionBug when the name or value has a byte that may not be: such text must be refused where it enters. Call `rollBack` then
   */
  field(out: Output, name: string, value: string): void {
    const info = nameInfo(name);
    if (info) this.#known(out, info, value);
    else this.#write(out, name, 0, INDEXED, value);
  }

  #known(out: Output, info: NameInfo, value: string): void {
    const index = info.values?.get(value);
    if (index === undefined) this.#write(out, info.name, info.index, info.mode, value);
    else {
      out.ensure(1);
      out.bytes[out.length++] = 0x80 | index;
    }
  }

  #write(out: Output, name: string, staticIndex: number, mode: number, value: string): void {
    out.ensure(name.length + value.length + 24);
    if (mode === NEVER || mode === LITERAL) {
      this.#literal(out, mode === NEVER ? 0x10 : 0, 4, name, staticIndex, value);
      return;
    }
    const newest = this.#byName.get(name);
    for (let entry = newest; entry; entry = entry.older) {
      if (entry.value === value) {
        integer(out, 0x80, 7, STATIC_LENGTH + 1 + this.#inserted - entry.number);
        return;
      }
    }
    const index = staticIndex > 0 || !newest ? staticIndex : STATIC_LENGTH + 1 + this.#inserted - newest.number;
    if (!this.#cameBefore(name, value)) {
      this.#literal(out, 0, 4, name, index, value);
      return;
    }
    this.#literal(out, 0x40, 6, name, index, value);
    this.#insert(name, value);
  }

  #literal(out: Output, pattern: number, prefix: number, name: string, index: number, value: string): void {
    integer(out, pattern, prefix, index);
    if (index === 0) putName(out, name);
    putValue(out, value);
  }

  /** Whether a field like this one was written lately; remembers it. Errs rarely, and then harmlessly. */
  #cameBefore(name: string, value: string): boolean {
    if (name.length + value.length > INDEXED_BYTES_MAX) return false;
    this.#seen ??= new Uint32Array(SEEN_SLOTS);
    let hash = Math.imul(name.length, 31) + value.length;
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash, 31) + name.charCodeAt(i);
    for (let i = 0; i < value.length; i++) hash = Math.imul(hash, 31) + value.charCodeAt(i);
    hash = (hash ^ (hash >>> 15)) >>> 0 || 1;
    const slot = hash % SEEN_SLOTS;
    if (this.#seen[slot] === hash) return true;
    this.#seen[slot] = hash;
    return false;
  }

  #insert(name: string, value: string): void {
    const size = name.length + value.length + ENTRY_BYTES;
    this.#evict(size);
    if (size > this.#bytesMax) return;
    const entry: Entry = { name, value, size, number: ++this.#inserted, older: this.#byName.get(name) };
    this.#byName.set(name, entry);
    this.#queue.push(entry);
    this.#bytes += size;
  }

  #evict(size: number): void {
    while (this.#oldest < this.#queue.length && this.#bytes + size > this.#bytesMax) {
      const gone = this.#queue[this.#oldest++]!;
      this.#bytes -= gone.size;
      const newest = this.#byName.get(gone.name)!;
      if (newest === gone) this.#byName.delete(gone.name);
      else {
        let entry = newest;
        while (entry.older !== gone) entry = entry.older!;
        entry.older = undefined;
      }
    }
    if (this.#oldest > 128 || this.#oldest === this.#queue.length) {
      this.#queue = this.#queue.slice(this.#oldest);
      this.#oldest = 0;
    }
  }
}

/** Writes an integer behind a pattern (section 5.1); the caller made room. */
function integer(out: Output, pattern: number, prefix: number, value: number): void {
  const { bytes } = out;
  const mask = (1 << prefix) - 1;
  if (value < mask) {
    bytes[out.length++] = pattern | value;
    return;
  }
  bytes[out.length++] = pattern | mask;
  let rest = value - mask;
  while (rest >= 0x80) {
    bytes[out.length++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[out.length++] = rest;
}

function putName(out: Output, name: string): void {
  integer(out, 0, 7, name.length);
  let bad = name.length === 0;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if ((TOKEN[code] !== 1 || LOWER[code] !== code) && !(i === 0 && code === 0x3a)) bad = true;
    out.bytes[out.length++] = code;
  }
  assert(!bad, 'a header to be written has a forbidden byte in its name');
}

function putValue(out: Output, given: string): void {
  const value = trimmed(given);
  integer(out, 0, 7, value.length);
  if (value.length > LOOP_CHARS_MAX) {
    assert(isFieldValue(value), 'a header to be written has a forbidden byte');
    out.length += out.bytes.write(value, out.length, 'latin1');
    return;
  }
  let bad = false;
  const { bytes } = out;
  let at = out.length;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code > 0xff || FIELD[code] !== 1) bad = true;
    bytes[at++] = code;
  }
  out.length = at;
  assert(!bad, 'a header to be written has a forbidden byte');
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x09;

/** HTTP/1 allows space around a value, HTTP/2 does not (RFC 9113 section 8.2.1). */
function trimmed(value: string): string {
  if (value.length === 0 || (!isSpace(value.charCodeAt(0)) && !isSpace(value.charCodeAt(value.length - 1)))) return value;
  return value.replaceAll(/^[ \t]+|[ \t]+$/g, '');
}
