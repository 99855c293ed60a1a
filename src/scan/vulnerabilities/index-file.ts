// The advisory database as one file that opens at once: records one after the other, then a table from packages to records, then a short end that says where all is.
// Only what is asked for is read: opening costs the same for a hundred advisories and for a million.
import { createHash } from 'node:crypto';
import type { Advisory } from './osv.ts';

/** What the database says about itself. */
export interface AdvisoryMeta {
  /** Where the advisories came from, for people. */
  readonly from: string;
  /** RFC 3339: when the file was made. */
  readonly fetched: string;
  /** RFC 3339: the newest change of an advisory in it. */
  readonly newest: string;
  readonly count: number;
  /** Advisories by ecosystem, releases left out. */
  readonly ecosystems: Readonly<Record<string, number>>;
  /** Records that could not be read. */
  readonly unreadable: number;
}

/** Reads a part of the file. @throws when it is not there */
export type ReadAt = (offset: number, length: number) => Uint8Array;

const MAGIC = 'CULLADV1';
const TAIL = 8 + 4 + 4 + 8 + 8;
const SLOT = 8 + 8 + 4;
const META_MAX = 1024 * 1024;
const RECORD_MAX = 64 * 1024 * 1024;

/** First eight bytes of SHA-256 over ecosystem (without release) and name. */
function keyOf(ecosystem: string, name: string): bigint {
  return createHash('sha256')
    .update(`${familyOf(ecosystem)}\0${name}`)
    .digest()
    .readBigUInt64BE(0);
}

/** The ecosystem without its release: `Debian:12` is `debian`. */
export function familyOf(ecosystem: string): string {
  return ecosystem.split(':')[0]!.toLowerCase();
}

/** Makes the file, piece by piece. */
export class AdvisoryIndexWriter {
  readonly #postings = new Map<bigint, number[]>();
  readonly #records: { readonly offset: number; readonly length: number }[] = [];
  readonly #ecosystems: Record<string, number> = {};
  #offset = 0;
  #newest = '';

  /** @returns the bytes to be written next */
  add(advisory: Advisory): Uint8Array {
    const bytes = new TextEncoder().encode(JSON.stringify(advisory));
    const index = this.#records.push({ offset: this.#offset, length: bytes.length }) - 1;
    this.#offset += bytes.length;
    if (advisory.modified > this.#newest) this.#newest = advisory.modified;
    const families = new Set<string>();
    const keys = new Set<bigint>();
    for (const { ecosystem, name } of advisory.affected) {
      families.add(ecosystem.split(':')[0]!);
      keys.add(keyOf(ecosystem, name));
    }
    for (const family of families) this.#ecosystems[family] = (this.#ecosystems[family] ?? 0) + 1;
    for (const key of keys) {
      const list = this.#postings.get(key);
      if (list) list.push(index);
      else this.#postings.set(key, [index]);
    }
    return bytes;
  }

  /** @returns the rest of the file, and what it says about itself */
  finish(from: string, fetched: string, unreadable: number): { readonly bytes: Uint8Array; readonly meta: AdvisoryMeta } {
    const keys = [...this.#postings.keys()].toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const count = this.#records.length;
    const meta: AdvisoryMeta = { from, fetched, newest: this.#newest, count, ecosystems: this.#ecosystems, unreadable };
    const metaBytes = new TextEncoder().encode(JSON.stringify(meta));
    let postingBytes = 0;
    for (const list of this.#postings.values()) postingBytes += list.length * 12;
    const postingsAt = this.#offset;
    const slotsAt = postingsAt + postingBytes;
    const metaAt = slotsAt + keys.length * SLOT;
    const bytes = Buffer.alloc(postingBytes + keys.length * SLOT + metaBytes.length + TAIL);
    let posting = 0;
    for (const [i, key] of keys.entries()) {
      const slot = postingBytes + i * SLOT;
      const list = this.#postings.get(key)!;
      bytes.writeBigUInt64BE(key, slot);
      bytes.writeBigUInt64BE(BigInt(postingsAt + posting), slot + 8);
      bytes.writeUInt32BE(list.length, slot + 16);
      for (const index of list) {
        const { offset, length } = this.#records[index]!;
        bytes.writeBigUInt64BE(BigInt(offset), posting);
        bytes.writeUInt32BE(length, posting + 8);
        posting += 12;
      }
    }
    const tail = bytes.length - TAIL;
    bytes.set(metaBytes, tail - metaBytes.length);
    bytes.write(MAGIC, tail, 'latin1');
    bytes.writeUInt32BE(keys.length, tail + 8);
    bytes.writeUInt32BE(metaBytes.length, tail + 12);
    bytes.writeBigUInt64BE(BigInt(slotsAt), tail + 16);
    bytes.writeBigUInt64BE(BigInt(metaAt), tail + 24);
    return { bytes, meta };
  }
}

/** The database, opened. */
export interface AdvisoryDatabase {
  readonly meta: AdvisoryMeta;
  /** Every advisory about a package, whatever its version. @param ecosystem with or without a release @param name canonical (canonicalName) */
  find(ecosystem: string, name: string): readonly Advisory[];
}

/**
 * Opens a database file.
 * @param size bytes of the file
 * @returns undefined when it is none, or of another version
 */
export function openAdvisoryIndex(size: number, read: ReadAt): AdvisoryDatabase | undefined {
  if (size < TAIL) return undefined;
  const tail = Buffer.from(read(size - TAIL, TAIL));
  if (tail.toString('latin1', 0, 8) !== MAGIC) return undefined;
  const slots = tail.readUInt32BE(8);
  const metaLength = tail.readUInt32BE(12);
  const slotsAt = Number(tail.readBigUInt64BE(16));
  const metaAt = Number(tail.readBigUInt64BE(24));
  if (metaLength > META_MAX || metaAt + metaLength + TAIL !== size || slotsAt + slots * SLOT !== metaAt) return undefined;
  const meta = JSON.parse(new TextDecoder().decode(read(metaAt, metaLength))) as AdvisoryMeta;
  let table: Buffer | undefined;
  return {
    meta,
    find: (ecosystem, name) => {
      table ??= Buffer.from(read(slotsAt, slots * SLOT));
      const slot = search(table, slots, keyOf(ecosystem, name));
      if (slot === undefined) return [];
      const at = Number(table.readBigUInt64BE(slot + 8));
      const count = table.readUInt32BE(slot + 16);
      if (at + count * 12 > slotsAt) return [];
      const postings = Buffer.from(read(at, count * 12));
      const found: Advisory[] = [];
      for (let i = 0; i < count; i++) {
        const offset = Number(postings.readBigUInt64BE(i * 12));
        const length = postings.readUInt32BE(i * 12 + 8);
        if (length > RECORD_MAX || offset + length > slotsAt) continue;
        found.push(JSON.parse(new TextDecoder().decode(read(offset, length))) as Advisory);
      }
      return found;
    },
  };
}

function search(table: Buffer, slots: number, key: bigint): number | undefined {
  let low = 0;
  let high = slots - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const at = table.readBigUInt64BE(middle * SLOT);
    if (at === key) return middle * SLOT;
    if (at < key) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}

/** A database of advisories that are at hand, as tests and single files have them. */
export function advisoryDatabase(advisories: Iterable<Advisory>, from: string, fetched: string): AdvisoryDatabase {
  const writer = new AdvisoryIndexWriter();
  const pieces: Uint8Array[] = [];
  for (const advisory of advisories) pieces.push(writer.add(advisory));
  pieces.push(writer.finish(from, fetched, 0).bytes);
  const file = Buffer.concat(pieces);
  return openAdvisoryIndex(file.length, (offset, length) => file.subarray(offset, offset + length))!;
}
