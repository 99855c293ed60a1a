// Reading zip archives that lie in memory (APPNOTE.TXT 6.3.10): the central directory says what there is; nothing is trusted to be as large as it says.
import { inflateRawSync } from 'node:zlib';
import { cleanPath } from './tar.ts';

export interface ZipEntry {
  readonly path: string;
  /** As stored, in bytes. */
  readonly packedSize: number;
  /** As declared, in bytes. */
  readonly size: number;
  readonly encrypted: boolean;
  /** @returns undefined when it is damaged, larger than `bytesMax`, or packed in a way that is not read */
  read(bytesMax: number): Uint8Array | undefined;
}

const [LOCAL, CENTRAL, END, END64, LOCATOR64] = [0x04034b50, 0x02014b50, 0x06054b50, 0x06064b50, 0x07064b50] as const;

/** Whether bytes begin as a zip archive does (also jar, war, whl, nupkg, apk, docx). */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && ((bytes[2] === 3 && bytes[3] === 4) || (bytes[2] === 5 && bytes[3] === 6));
}

/** Files of an archive in the order of its directory; undefined when it has none that can be read. Folders are left out. */
export function readZip(bytes: Uint8Array, entriesMax: number): ZipEntry[] | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const directory = findDirectory(buffer);
  if (!directory) return undefined;
  const entries: ZipEntry[] = [];
  let { at } = directory;
  for (let i = 0; i < directory.count && entries.length < entriesMax; i++) {
    if (at + 46 > buffer.length || buffer.readUInt32LE(at) !== CENTRAL) return entries.length > 0 ? entries : undefined;
    const [nameLength, extraLength, commentLength] = [
      buffer.readUInt16LE(at + 28),
      buffer.readUInt16LE(at + 30),
      buffer.readUInt16LE(at + 32),
    ];
    const name = buffer.toString('utf8', at + 46, at + 46 + nameLength);
    const sizes = sizesOf(buffer, at, buffer.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength));
    const encrypted = (buffer.readUInt16LE(at + 8) & 1) === 1;
    const method = buffer.readUInt16LE(at + 10);
    at += 46 + nameLength + extraLength + commentLength;
    const path = cleanPath(name.replaceAll('\\', '/'));
    if (name.endsWith('/') || path === '') continue;
    const { packed, size, offset } = sizes;
    entries.push({
      path,
      packedSize: packed,
      size,
      encrypted,
      read: (max) => readEntry(buffer, offset, packed, method, encrypted, max),
    });
  }
  return entries;
}

function findDirectory(buffer: Buffer): { at: number; count: number } | undefined {
  // The end record is 22 bytes, and a comment of up to 64 KB follows it.
  for (let at = buffer.length - 22; at >= 0 && at >= buffer.length - 22 - 0xffff; at--) {
    if (buffer[at] !== 0x50 || buffer.readUInt32LE(at) !== END) continue;
    const count = buffer.readUInt16LE(at + 10);
    const start = buffer.readUInt32LE(at + 16);
    if (count !== 0xffff && start !== 0xffffffff) return { at: start, count };
    return findDirectory64(buffer, at);
  }
  return undefined;
}

function findDirectory64(buffer: Buffer, end: number): { at: number; count: number } | undefined {
  const locator = end - 20;
  if (locator < 0 || buffer.readUInt32LE(locator) !== LOCATOR64) return undefined;
  const at = Number(buffer.readBigUInt64LE(locator + 8));
  if (at + 56 > buffer.length || buffer.readUInt32LE(at) !== END64) return undefined;
  return { count: Number(buffer.readBigUInt64LE(at + 32)), at: Number(buffer.readBigUInt64LE(at + 48)) };
}

/** Sizes of 4 GB and more stand in the extra field 1. */
function sizesOf(buffer: Buffer, at: number, extra: Buffer): { packed: number; size: number; offset: number } {
  let packed = buffer.readUInt32LE(at + 20);
  let size = buffer.readUInt32LE(at + 24);
  let offset = buffer.readUInt32LE(at + 42);
  for (let p = 0; p + 4 <= extra.length; p += 4 + extra.readUInt16LE(p + 2)) {
    if (extra.readUInt16LE(p) !== 1) continue;
    let q = p + 4;
    const next = (value: number): number => {
      if (value !== 0xffffffff || q + 8 > extra.length) return value;
      q += 8;
      return Number(extra.readBigUInt64LE(q - 8));
    };
    size = next(size);
    packed = next(packed);
    offset = next(offset);
    break;
  }
  return { packed, size, offset };
}

function readEntry(
  buffer: Buffer,
  offset: number,
  packed: number,
  method: number,
  encrypted: boolean,
  bytesMax: number,
): Uint8Array | undefined {
  if (encrypted || offset + 30 > buffer.length || buffer.readUInt32LE(offset) !== LOCAL) return undefined;
  const start = offset + 30 + buffer.readUInt16LE(offset + 26) + buffer.readUInt16LE(offset + 28);
  if (start + packed > buffer.length) return undefined;
  const data = buffer.subarray(start, start + packed);
  if (method === 0) return packed <= bytesMax ? data : undefined;
  if (method !== 8) return undefined;
  try {
    return inflateRawSync(data, { maxOutputLength: Math.max(1, bytesMax) });
  } catch {
    return undefined;
  }
}
