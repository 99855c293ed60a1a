// Pack files, version 2, with their indexes (git's Documentation/gitformat-pack.adoc): random access to objects, deltas resolved, memory bounded.
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { inflateSync } from 'node:zlib';

export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag';

export interface GitObject {
  readonly type: ObjectType;
  readonly bytes: Uint8Array;
}

/** Finds an object by its id in hex, for deltas whose base stands elsewhere. */
export type ReadObject = (id: string) => GitObject | undefined;

const TYPES: Readonly<Record<number, ObjectType>> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' };
const [OFS_DELTA, REF_DELTA] = [6, 7] as const;
/** Longest chain of deltas; git makes 50, `--depth` up to 4095. */
const CHAIN_MAX = 4096;

/** Bases that deltas were made from last, by place, up to so many bytes. */
export class BaseCache {
  readonly #entries = new Map<string, GitObject>();
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get(key: string): GitObject | undefined {
    const found = this.#entries.get(key);
    if (!found) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, found);
    return found;
  }

  set(key: string, object: GitObject): void {
    if (object.bytes.length > this.#bytesMax / 4 || this.#entries.has(key)) return;
    this.#entries.set(key, object);
    this.#bytes += object.bytes.length;
    for (const [oldest, { bytes }] of this.#entries) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#entries.delete(oldest);
      this.#bytes -= bytes.length;
    }
  }
}

/** One pack, open until `close`. */
export class Pack {
  readonly #path: string;
  readonly #fd: number;
  readonly #size: number;
  readonly #index: Buffer;
  readonly #idBytes: number;
  readonly #count: number;
  readonly #cache: BaseCache;
  readonly #objectBytesMax: number;
  /** Where objects begin, in rising order, to know where each ends; made when first needed. */
  #offsets: Float64Array | undefined;

  /** @param path of the `.pack` @throws Error when pack or index are of another version or cannot be read */
  constructor(path: string, idBytes: number, cache: BaseCache, objectBytesMax: number) {
    this.#path = path;
    this.#idBytes = idBytes;
    this.#cache = cache;
    this.#objectBytesMax = objectBytesMax;
    this.#index = readFileSync(path.replace(/\.pack$/, '.idx'));
    if (
      this.#index.length < 8 + 1024 + 2 * idBytes ||
      this.#index.readUInt32BE(0) !== 0xff744f63 ||
      this.#index.readUInt32BE(4) !== 2
    )
      throw new Error('the index of the pack is not version 2');
    this.#count = this.#index.readUInt32BE(8 + 255 * 4);
    if (this.#index.length < 8 + 1024 + this.#count * (idBytes + 8) + 2 * idBytes)
      throw new Error('the index of the pack is cut off');
    this.#fd = openSync(path, 'r');
    this.#size = fstatSync(this.#fd).size;
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** @param id hex */
  read(id: string, elsewhere: ReadObject): GitObject | undefined {
    const at = this.#find(Buffer.from(id, 'hex'));
    return at === -1 ? undefined : this.#objectAt(this.#offsetOf(at), elsewhere);
  }

  #find(id: Buffer): number {
    const first = id[0]!;
    let low = first === 0 ? 0 : this.#index.readUInt32BE(8 + (first - 1) * 4);
    let high = Math.min(this.#count, this.#index.readUInt32BE(8 + first * 4));
    const ids = 8 + 1024;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const start = ids + middle * this.#idBytes;
      const order = this.#index.compare(id, 0, this.#idBytes, start, start + this.#idBytes);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return -1;
  }

  #offsetOf(n: number): number {
    const small = 8 + 1024 + this.#count * (this.#idBytes + 4);
    const offset = this.#index.readUInt32BE(small + n * 4);
    if (offset < 0x8000_0000) return offset;
    const at = small + this.#count * 4 + (offset - 0x8000_0000) * 8;
    return at + 8 <= this.#index.length ? Number(this.#index.readBigUInt64BE(at)) : this.#size;
  }

  #endOf(offset: number): number {
    this.#offsets ??= Float64Array.from({ length: this.#count }, (_, i) => this.#offsetOf(i)).sort();
    const offsets = this.#offsets;
    let low = 0;
    let high = offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (offsets[middle]! <= offset) low = middle + 1;
      else high = middle;
    }
    return offsets[low] ?? this.#size - this.#idBytes;
  }

  /** Follows the chain of deltas down to a whole object, then applies them on the way back. */
  #objectAt(start: number, elsewhere: ReadObject): GitObject | undefined {
    const deltas: { readonly key: string; readonly delta: Uint8Array }[] = [];
    let offset = start;
    let base: GitObject | undefined;
    while (!base) {
      const key = `${this.#path}:${offset}`;
      base = this.#cache.get(key);
      if (base) break;
      const raw = this.#raw(offset);
      if (!raw || deltas.length > CHAIN_MAX) return undefined;
      const type = TYPES[raw.type];
      if (type) {
        base = { type, bytes: raw.bytes };
        if (deltas.length > 0) this.#cache.set(key, base);
      } else {
        deltas.push({ key, delta: raw.bytes });
        if (raw.base === undefined) base = elsewhere(raw.baseId!);
        else offset = raw.base;
        if (raw.base === undefined && !base) return undefined;
      }
    }
    for (let i = deltas.length - 1; i >= 0; i--) {
      const bytes = applyDelta(base.bytes, deltas[i]!.delta, this.#objectBytesMax);
      if (!bytes) return undefined;
      base = { type: base.type, bytes };
      this.#cache.set(deltas[i]!.key, base);
    }
    return base;
  }

  #raw(offset: number): { type: number; bytes: Uint8Array; base?: number; baseId?: string } | undefined {
    const end = this.#endOf(offset);
    const length = end - offset;
    if (length <= 0 || end > this.#size || length > this.#objectBytesMax + 1024) return undefined;
    const stored = Buffer.allocUnsafe(length);
    if (readSync(this.#fd, stored, 0, length, offset) !== length) return undefined;
    let at = 0;
    let byte = stored[at++]!;
    const type = (byte >> 4) & 7;
    let size = byte & 15;
    for (let shift = 4; byte >= 0x80 && at < length && shift < 50; shift += 7) {
      byte = stored[at++]!;
      size += (byte & 0x7f) * 2 ** shift;
    }
    if (size > this.#objectBytesMax) return undefined;
    let base: { base: number } | { baseId: string } | undefined;
    if (type === OFS_DELTA) {
      byte = stored[at++]!;
      let back = byte & 0x7f;
      while (byte >= 0x80 && at < length) {
        byte = stored[at++]!;
        back = (back + 1) * 128 + (byte & 0x7f);
      }
      if (back <= 0 || back > offset) return undefined;
      base = { base: offset - back };
    } else if (type === REF_DELTA) {
      base = { baseId: stored.toString('hex', at, at + this.#idBytes) };
      at += this.#idBytes;
    } else if (!TYPES[type]) return undefined;
    try {
      const bytes = inflateSync(stored.subarray(at), { maxOutputLength: Math.max(1, size) });
      return bytes.length === size ? { type, bytes, ...base } : undefined;
    } catch {
      return undefined;
    }
  }
}

/** @returns undefined when the delta does not fit its base (gitformat-pack, "Deltified representation") */
export function applyDelta(base: Uint8Array, delta: Uint8Array, bytesMax: number): Uint8Array | undefined {
  let at = 0;
  const size = (): number => {
    let value = 0;
    for (let shift = 0; at < delta.length && shift < 50; shift += 7) {
      const byte = delta[at++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  if (size() !== base.length) return undefined;
  const total = size();
  if (total > bytesMax) return undefined;
  const out = Buffer.allocUnsafe(total);
  let filled = 0;
  while (at < delta.length) {
    const code = delta[at++]!;
    if (code === 0) return undefined;
    let from = 0;
    let length = code;
    let source = delta;
    if (code >= 0x80) {
      length = 0;
      for (let i = 0; i < 4; i++) if ((code >> i) & 1) from += (delta[at++] ?? 0) * 2 ** (8 * i);
      for (let i = 0; i < 3; i++) if ((code >> (4 + i)) & 1) length += (delta[at++] ?? 0) * 2 ** (8 * i);
      if (length === 0) length = 0x10000;
      source = base;
    } else {
      from = at;
      at += length;
    }
    if (from + length > source.length || filled + length > total) return undefined;
    out.set(source.subarray(from, from + length), filled);
    filled += length;
  }
  return filled === total ? out : undefined;
}
