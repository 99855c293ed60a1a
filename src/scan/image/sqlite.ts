// Just enough of SQLite's file format (https://www.sqlite.org/fileformat2.html) to read the blobs of one table that lies in memory. Nothing in the file is run.
import { ByteView } from './bytes.ts';

export interface SqliteLimits {
  readonly blobsMax: number;
  readonly bytesMax: number;
}

const [TABLE_INTERIOR, TABLE_LEAF] = [5, 13];
const DEPTH_MAX = 20;

interface Row {
  readonly types: readonly number[];
  readonly values: readonly Uint8Array[];
}

/** Every blob column of a table's rows. @returns an empty list when there is no such table */
export function sqliteBlobs(bytes: Uint8Array, table: string, limits: SqliteLimits): Uint8Array[] {
  const file = new SqliteFile(bytes);
  const decoder = new TextDecoder();
  let root = 0;
  for (const { values } of file.rows(1, limits.bytesMax)) {
    // type, name, tbl_name, rootpage, sql
    if (values.length >= 4 && decoder.decode(values[0]) === 'table' && decoder.decode(values[1]) === table)
      root = integer(values[3]!);
  }
  const blobs: Uint8Array[] = [];
  if (root === 0) return blobs;
  for (const { types, values } of file.rows(root, limits.bytesMax)) {
    for (const [i, type] of types.entries()) if (type >= 12 && type % 2 === 0) blobs.push(values[i]!);
    if (blobs.length >= limits.blobsMax) break;
  }
  return blobs;
}

function integer(bytes: Uint8Array): number {
  let value = 0;
  for (const byte of bytes) value = value * 256 + byte;
  return value;
}

class SqliteFile {
  readonly #view: ByteView;
  readonly #pageSize: number;
  readonly #usable: number;

  constructor(bytes: Uint8Array) {
    this.#view = new ByteView(bytes, false);
    const size = this.#view.u16(16);
    this.#pageSize = size === 1 ? 65_536 : size;
    this.#usable = this.#pageSize - this.#view.u8(20);
  }

  /** Rows of the table whose root page this is, at most `bytesMax` bytes of them. */
  *rows(root: number, bytesMax: number): Generator<Row> {
    const budget = { bytes: bytesMax, seen: new Set<number>() };
    yield* this.#walk(root, 0, budget);
  }

  *#walk(number: number, depth: number, budget: { bytes: number; readonly seen: Set<number> }): Generator<Row> {
    const page = (number - 1) * this.#pageSize;
    if (number < 1 || depth > DEPTH_MAX || this.#usable < 480 || page + this.#pageSize > this.#view.bytes.length) return;
    if (budget.seen.has(number)) return;
    budget.seen.add(number);
    const head = page + (number === 1 ? 100 : 0);
    const type = this.#view.u8(head);
    const cells = this.#view.u16(head + 3);
    if (type === TABLE_INTERIOR) {
      for (let i = 0; i < cells; i++)
        yield* this.#walk(this.#view.u32(page + this.#view.u16(head + 12 + i * 2)), depth + 1, budget);
      yield* this.#walk(this.#view.u32(head + 8), depth + 1, budget);
    } else if (type === TABLE_LEAF) {
      for (let i = 0; i < cells && budget.bytes > 0; i++) {
        const payload = this.#payload(page, page + this.#view.u16(head + 8 + i * 2), budget);
        if (!payload) continue;
        const row = readRecord(payload);
        if (row) yield row;
      }
    }
  }

  #payload(page: number, cell: number, budget: { bytes: number }): Uint8Array | undefined {
    const [length, afterLength] = varint(this.#view.bytes, cell);
    const [, start] = varint(this.#view.bytes, afterLength);
    if (length > this.#view.bytes.length) return undefined;
    // Also what turns out to be damaged is paid for.
    budget.bytes -= length;
    const usable = this.#usable;
    const most = usable - 35;
    if (length <= most)
      return start + length <= page + this.#pageSize ? this.#view.bytes.subarray(start, start + length) : undefined;
    const least = Math.floor(((usable - 12) * 32) / 255) - 23;
    const wanted = least + ((length - least) % (usable - 4));
    const local = wanted <= most ? wanted : least;
    const payload = new Uint8Array(length);
    payload.set(this.#view.bytes.subarray(start, start + local));
    let filled = local;
    for (let number = this.#view.u32(start + local); number !== 0 && filled < length;) {
      const at = (number - 1) * this.#pageSize;
      if (at + usable > this.#view.bytes.length) return undefined;
      const size = Math.min(usable - 4, length - filled);
      payload.set(this.#view.bytes.subarray(at + 4, at + 4 + size), filled);
      filled += size;
      number = this.#view.u32(at);
    }
    return filled === length ? payload : undefined;
  }
}

/** Big-endian base 128, at most nine bytes. @returns value and where the next thing begins */
function varint(bytes: Uint8Array, at: number): readonly [value: number, next: number] {
  let value = 0;
  for (let i = 0; i < 8; i++) {
    const byte = bytes[at + i] ?? 0;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return [value, at + i + 1];
  }
  return [value * 256 + (bytes[at + 8] ?? 0), at + 9];
}

const SIZES: readonly number[] = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0];

function readRecord(payload: Uint8Array): Row | undefined {
  const [headerLength, first] = varint(payload, 0);
  if (headerLength > payload.length) return undefined;
  const types: number[] = [];
  for (let at = first; at < headerLength && types.length < 100;) {
    const [type, next] = varint(payload, at);
    types.push(type);
    at = next;
  }
  let at = headerLength;
  const values = types.map((type) => {
    const size = type < 12 ? SIZES[type]! : Math.floor((type - 12) / 2);
    at += size;
    return payload.subarray(at - size, at);
  });
  return { types, values };
}
