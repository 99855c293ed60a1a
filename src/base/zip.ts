// Reading ZIP archives (APPNOTE.TXT 6.3), in memory or piece by piece from a file: the central directory counts, entries are unpacked one by one, everything is bounded.
import { inflateRawSync } from 'node:zlib';

export interface ZipEntry {
  /** As written, with `/` between folders. Never to be used as a path on disk without a check. */
  readonly name: string;
  /** Unpacked size that the archive declares. */
  readonly size: number;
  readonly method: number;
  readonly encrypted: boolean;
  readonly offset: number;
  readonly packedSize: number;
}

/** An archive that is not in memory. */
export interface ZipSource {
  /** Bytes of the archive. */
  readonly size: number;
  /** Exactly these bytes. @throws when they are not there */
  read(offset: number, length: number): Uint8Array;
}

export interface ZipLimits {
  readonly entriesMax: number;
}

const END = 0x06054b50;
const END64_LOCATOR = 0x07064b50;
const END64 = 0x06064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const COMMENT_MAX = 65_535;
const ZIP64 = 0xffffffff;

/** Whether bytes begin as a ZIP archive does. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && ((bytes[2] === 3 && bytes[3] === 4) || (bytes[2] === 5 && bytes[3] === 6));
}

/**
 * The archive's table of contents, in order.
 * @returns undefined when the bytes are no readable ZIP archive; entries above the limit are left out
 */
export function zipEntries(
  archive: Uint8Array | ZipSource,
  limits: ZipLimits = { entriesMax: 500_000 },
): readonly ZipEntry[] | undefined {
  const source = asSource(archive);
  const directory = findDirectory(source);
  if (!directory) return undefined;
  const bytes = source.read(directory.offset, directory.end - directory.offset);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder();
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let i = 0; i < directory.count && entries.length < limits.entriesMax; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== CENTRAL) break;
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const next = at + 46 + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > bytes.length) break;
    const name = decoder.decode(bytes.subarray(at + 46, at + 46 + nameLength)).replaceAll('\\', '/');
    const sizes = readSizes(view, at, at + 46 + nameLength, extraLength);
    const flags = view.getUint16(at + 8, true);
    entries.push({ name, method: view.getUint16(at + 10, true), encrypted: (flags & 1) !== 0, ...sizes });
    at = next;
  }
  return entries;
}

function asSource(archive: Uint8Array | ZipSource): ZipSource {
  if (!(archive instanceof Uint8Array)) return archive;
  return { size: archive.length, read: (offset, length) => archive.subarray(offset, offset + length) };
}

interface Directory {
  readonly offset: number;
  readonly end: number;
  readonly count: number;
}

/** Where the table of contents lies: said by a record at the end, behind which only a comment may stand. */
function findDirectory(source: ZipSource): Directory | undefined {
  const start = Math.max(0, source.size - COMMENT_MAX - 22 - 20);
  const bytes = source.read(start, source.size - start);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = bytes.length - 22; at >= 0; at--) {
    if (view.getUint32(at, true) !== END) continue;
    const end = start + at;
    const count = view.getUint16(at + 10, true);
    const offset = view.getUint32(at + 16, true);
    const plain = offset !== ZIP64 && count !== 0xffff;
    if (plain || at < 20 || view.getUint32(at - 20, true) !== END64_LOCATOR)
      return offset <= end ? { offset, end, count } : undefined;
    const at64 = Number(view.getBigUint64(at - 12, true));
    if (at64 + 56 > source.size) return undefined;
    const record = source.read(at64, 56);
    const wide = new DataView(record.buffer, record.byteOffset, record.byteLength);
    if (wide.getUint32(0, true) !== END64) return undefined;
    const offset64 = Number(wide.getBigUint64(48, true));
    return offset64 <= at64 ? { count: Number(wide.getBigUint64(32, true)), offset: offset64, end: at64 } : undefined;
  }
  return undefined;
}

function readSizes(
  view: DataView,
  at: number,
  extra: number,
  extraLength: number,
): Pick<ZipEntry, 'size' | 'packedSize' | 'offset'> {
  let size = view.getUint32(at + 24, true);
  let packedSize = view.getUint32(at + 20, true);
  let offset = view.getUint32(at + 42, true);
  if (size !== ZIP64 && packedSize !== ZIP64 && offset !== ZIP64) return { size, packedSize, offset };
  // Zip64 extra field: the 64-bit values of those that are full, in this order (section 4.5.3).
  for (let field = extra; field + 4 <= extra + extraLength;) {
    const length = view.getUint16(field + 2, true);
    const end = Math.min(field + 4 + length, extra + extraLength);
    if (view.getUint16(field, true) === 1) {
      let value = field + 4;
      const take = (): number => {
        if (value + 8 > end) return Number.MAX_SAFE_INTEGER;
        value += 8;
        return Number(view.getBigUint64(value - 8, true));
      };
      if (size === ZIP64) size = take();
      if (packedSize === ZIP64) packedSize = take();
      if (offset === ZIP64) offset = take();
      break;
    }
    field += 4 + length;
  }
  return { size, packedSize, offset };
}

/**
 * Unpacks one entry.
 * @param bytesMax refuses entries that are larger, whatever size they declare
 * @returns undefined for what is encrypted, damaged, packed by an unknown method or too large
 */
export function unzip(archive: Uint8Array | ZipSource, entry: ZipEntry, bytesMax: number): Uint8Array | undefined {
  const source = asSource(archive);
  if (entry.encrypted || entry.size > bytesMax || entry.offset + 30 > source.size) return undefined;
  const head = source.read(entry.offset, 30);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (view.getUint32(0, true) !== LOCAL) return undefined;
  const start = entry.offset + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  if (start + entry.packedSize > source.size) return undefined;
  if (entry.method !== 0 && entry.method !== 8) return undefined;
  if (entry.method === 0 && entry.packedSize > bytesMax) return undefined;
  const packed = source.read(start, entry.packedSize);
  if (entry.method === 0) return packed;
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, bytesMax) });
  } catch {
    return undefined;
  }
}
