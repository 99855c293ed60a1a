// Reading tar archives as they come: ustar, pax and GNU names, in chunks of any size, bounded in everything (POSIX.1-2017 pax, GNU tar manual "Basic Tar Format").
import { CullisError } from '#base/errors.ts';
import type { ImageEntryType } from '#model/image.ts';

export interface TarEntry {
  /** As written, without a leading `/` or `./`; never with `..`. */
  readonly path: string;
  readonly type: ImageEntryType;
  readonly target: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Where the content begins in the archive, in bytes. */
  readonly offset: number;
  /** Content of a regular file; undefined when it is larger than `fileBytesMax`, or `wants` said no. */
  readonly bytes: Uint8Array | undefined;
}

export type TarHeader = Omit<TarEntry, 'bytes'>;

export interface TarLimits {
  /** Larger files are passed over. */
  readonly fileBytesMax: number;
  readonly entriesMax: number;
  /** Whether a file's content is needed. */
  readonly wants?: (header: TarHeader) => boolean;
}

export const DEFAULT_TAR_LIMITS: TarLimits = { fileBytesMax: 256 * 1024 * 1024, entriesMax: 2_000_000 };

const BLOCK = 512;
/** pax records and GNU long names; more is no name. */
const META_BYTES_MAX = 1024 * 1024;

const TYPES: Readonly<Record<string, ImageEntryType>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'device',
  '4': 'device',
  '5': 'folder',
  '6': 'device',
};

function damaged(message: string): CullisError {
  return new CullisError('image.invalid', message);
}

/** Takes an archive's bytes and hands out entries; one instance an archive. */
export class TarReader {
  readonly #limits: TarLimits;
  #entries = 0;
  #position = 0;
  #header: (TarHeader & { readonly kind: string }) | undefined;
  #left = 0;
  #padding = 0;
  #content: Uint8Array | undefined;
  #filled = 0;
  #block = new Uint8Array(BLOCK);
  #blockFilled = 0;
  #pax: Record<string, string> = {};
  #global: Record<string, string> = {};
  #ended = false;

  constructor(limits: Partial<TarLimits> = {}) {
    this.#limits = { ...DEFAULT_TAR_LIMITS, ...limits };
  }

  /**
   * Reads on. @returns the entries that are complete with these bytes
   * @throws CullisError `image.invalid` when the bytes are no tar archive, or it holds too many entries
   */
  push(chunk: Uint8Array): TarEntry[] {
    const entries: TarEntry[] = [];
    let at = 0;
    while (at < chunk.length && !this.#ended) {
      if (this.#left > 0) {
        const take = Math.min(this.#left, chunk.length - at);
        this.#content?.set(chunk.subarray(at, at + take), this.#filled);
        this.#filled += take;
        this.#left -= take;
        at += take;
        if (this.#left === 0) this.#finish(entries);
      } else if (this.#padding > 0) {
        const skip = Math.min(this.#padding, chunk.length - at);
        this.#padding -= skip;
        at += skip;
      } else {
        const take = Math.min(BLOCK - this.#blockFilled, chunk.length - at);
        this.#block.set(chunk.subarray(at, at + take), this.#blockFilled);
        this.#blockFilled += take;
        at += take;
        if (this.#blockFilled < BLOCK) break;
        this.#blockFilled = 0;
        this.#begin(entries, this.#position + at);
      }
    }
    this.#position += chunk.length;
    return entries;
  }

  /** Says that no bytes follow. @throws CullisError `image.invalid` when an entry was cut off */
  end(): void {
    if (this.#left > 0 || this.#blockFilled > 0) throw damaged('the archive is cut off');
  }

  #begin(entries: TarEntry[], offset: number): void {
    const block = this.#block;
    if (block.every((byte) => byte === 0)) {
      this.#ended = true;
      return;
    }
    if (!checksumFits(block)) throw damaged('this is not a tar archive, or it is damaged');
    if (++this.#entries > this.#limits.entriesMax) throw damaged(`the archive has more than ${this.#limits.entriesMax} entries`);
    const kind = String.fromCharCode(block[156]!);
    const meta = kind === 'x' || kind === 'g' || kind === 'L' || kind === 'K';
    const pax = meta ? {} : { ...this.#global, ...this.#pax };
    const size = pax['size'] !== undefined ? Number(pax['size']) : readNumber(block, 124, 12);
    if (!Number.isSafeInteger(size) || size < 0) throw damaged('an entry of the archive has no valid size');
    if (meta && size > META_BYTES_MAX) throw damaged('a name in the archive is longer than a name can be');
    const type = TYPES[kind] ?? 'other';
    const path = cleanPath(pax['path'] ?? readName(block));
    const header = {
      kind,
      offset,
      // A folder in the oldest format is a file whose name ends with a slash.
      type: type === 'file' && (pax['path'] ?? readName(block)).endsWith('/') ? ('folder' as const) : type,
      path,
      target: pax['linkpath'] ?? readText(block, 157, 100),
      mode: readNumber(block, 100, 8) & 0o7777,
      uid: pax['uid'] === undefined ? readNumber(block, 108, 8) : Number(pax['uid']),
      gid: pax['gid'] === undefined ? readNumber(block, 116, 8) : Number(pax['gid']),
      size: type === 'file' || meta || type === 'other' ? size : 0,
    };
    if (!meta) this.#pax = {};
    this.#header = header;
    this.#left = header.size;
    this.#padding = (BLOCK - (header.size % BLOCK)) % BLOCK;
    this.#filled = 0;
    const wanted =
      meta || (header.type === 'file' && size <= this.#limits.fileBytesMax && (this.#limits.wants?.(header) ?? true));
    this.#content = wanted ? new Uint8Array(header.size) : undefined;
    if (header.size === 0) this.#finish(entries);
  }

  #finish(entries: TarEntry[]): void {
    const { kind, ...header } = this.#header!;
    const bytes = this.#content;
    this.#content = undefined;
    if (kind === 'x') Object.assign(this.#pax, readPax(bytes!));
    else if (kind === 'g') Object.assign(this.#global, readPax(bytes!));
    else if (kind === 'L') this.#pax['path'] = readText(bytes!, 0, bytes!.length);
    else if (kind === 'K') this.#pax['linkpath'] = readText(bytes!, 0, bytes!.length);
    else if (header.path !== '') entries.push({ ...header, bytes: header.type === 'file' ? bytes : undefined });
  }
}

/** Reads an archive that lies in memory. @throws CullisError `image.invalid` */
export function readTar(bytes: Uint8Array, limits: Partial<TarLimits> = {}): TarEntry[] {
  const reader = new TarReader(limits);
  const entries = reader.push(bytes);
  reader.end();
  return entries;
}

/** Whether bytes begin with a tar header. */
export function isTar(bytes: Uint8Array): boolean {
  return bytes.length >= BLOCK && bytes[0] !== 0 && checksumFits(bytes.subarray(0, BLOCK));
}

/** A path from the root of the archive; `..` cannot lead out of it. */
export function cleanPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}

function checksumFits(block: Uint8Array): boolean {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 32 : block[i]!;
  return sum === readNumber(block, 148, 8);
}

function readText(bytes: Uint8Array, start: number, length: number): string {
  let end = start;
  while (end < start + length && bytes[end] !== 0) end++;
  return new TextDecoder().decode(bytes.subarray(start, end));
}

function readName(block: Uint8Array): string {
  const name = readText(block, 0, 100);
  // The prefix is ustar's; old GNU archives (`ustar  `) keep other things there.
  const ustar = readText(block, 257, 6) === 'ustar' && block[262] === 0;
  const prefix = ustar ? readText(block, 345, 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** Octal text, or a big-endian number when the first bit says so (GNU). */
function readNumber(block: Uint8Array, start: number, length: number): number {
  if ((block[start]! & 0x80) !== 0) {
    let value = 0;
    for (let i = start + 1; i < start + length; i++) value = value * 256 + block[i]!;
    return value;
  }
  const text = readText(block, start, length).trim();
  return text === '' ? 0 : /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
}

/** Records `length key=value\n` (pax section "Extended Header"). */
function readPax(bytes: Uint8Array): Record<string, string> {
  const records: Record<string, string> = Object.create(null);
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(32, at);
    if (space === -1 || space - at > 10) break;
    const length = Number(readText(bytes, at, space - at));
    if (!Number.isInteger(length) || length <= 0 || at + length > bytes.length) break;
    const record = new TextDecoder().decode(bytes.subarray(space + 1, at + length - 1));
    const equals = record.indexOf('=');
    if (equals > 0) records[record.slice(0, equals)] = record.slice(equals + 1);
    at += length;
  }
  return records;
}
