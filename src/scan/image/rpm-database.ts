// The three containers in which rpm has kept its headers: SQLite (rpm 4.16 and later), NDB (SUSE), Berkeley DB hash (before).
import { ByteView } from './bytes.ts';
import { sqliteBlobs } from './sqlite.ts';

const BLOB_MAX = 32 * 1024 * 1024;
const BLOBS_MAX = 100_000;
/** All headers of a database together; chains of damaged pages could otherwise be followed again and again. */
const BYTES_MAX = 512 * 1024 * 1024;

/** The header blobs of an rpm database file, whichever kind it is. @returns undefined when it is none of them */
export function rpmBlobs(bytes: Uint8Array): Uint8Array[] | undefined {
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, 15));
  if (start === 'SQLite format 3') return sqliteBlobs(bytes, 'Packages', { blobsMax: BLOBS_MAX, bytesMax: BYTES_MAX });
  if (start.startsWith('RpmP')) return ndbBlobs(bytes);
  return berkeleyBlobs(bytes);
}

/** rpm's own format: a table of slots, each with the place of a blob in blocks of 16 bytes. */
function ndbBlobs(bytes: Uint8Array): Uint8Array[] {
  const view = new ByteView(bytes, true);
  const pages = view.u32(12);
  const end = Math.min(pages * 4096, bytes.length);
  const blobs: Uint8Array[] = [];
  let total = 0;
  for (let slot = 32; slot + 16 <= end && blobs.length < BLOBS_MAX && total < BYTES_MAX; slot += 16) {
    // `Slot`; a package index of 0 marks a free one.
    if (view.u32(slot) !== 0x746f6c53 || view.u32(slot + 4) === 0) continue;
    const at = view.u32(slot + 8) * 16;
    const length = view.u32(at + 12);
    if (view.u32(at) !== 0x53626c42 || length > BLOB_MAX || at + 16 + length > bytes.length) continue;
    blobs.push(bytes.subarray(at + 16, at + 16 + length));
    total += length;
  }
  return blobs;
}

const HASH_MAGIC = 0x061561;
const [PAGE_HASH_UNSORTED, PAGE_OVERFLOW, PAGE_HASH] = [2, 7, 13];
const [ITEM_INLINE, ITEM_OVERFLOW] = [1, 3];
const PAGE_HEADER = 26;

/** Berkeley DB's hash: pages of pairs, large values on chains of overflow pages. */
function berkeleyBlobs(bytes: Uint8Array): Uint8Array[] | undefined {
  const little = new ByteView(bytes, true).u32(12) === HASH_MAGIC;
  const view = new ByteView(bytes, little);
  if (view.u32(12) !== HASH_MAGIC) return undefined;
  const pageSize = view.u32(20);
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) return [];
  const blobs: Uint8Array[] = [];
  let total = 0;
  for (let page = pageSize; page + pageSize <= bytes.length && blobs.length < BLOBS_MAX && total < BYTES_MAX; page += pageSize) {
    const type = view.u8(page + 25);
    if (type !== PAGE_HASH && type !== PAGE_HASH_UNSORTED) continue;
    const entries = view.u16(page + 20);
    // Keys and values by turns; the values are at odd places.
    for (let i = 1; i < entries && i < pageSize / 2 && total < BYTES_MAX; i += 2) {
      const item = page + view.u16(page + PAGE_HEADER + i * 2);
      const kind = view.u8(item);
      let blob: Uint8Array | undefined;
      if (kind === ITEM_OVERFLOW) {
        // Also a chain that turns out to be damaged is paid for.
        total += Math.min(view.u32(item + 8), BLOB_MAX);
        blob = overflow(view, pageSize, view.u32(item + 4), view.u32(item + 8));
      } else if (kind === ITEM_INLINE)
        blob = bytes.subarray(item + 1, page + (view.u16(page + PAGE_HEADER + (i - 1) * 2) || pageSize));
      if (!blob || blob.length < 16) continue;
      blobs.push(blob);
    }
  }
  return blobs;
}

function overflow(view: ByteView, pageSize: number, first: number, length: number): Uint8Array | undefined {
  if (length > BLOB_MAX || length > view.bytes.length) return undefined;
  const blob = new Uint8Array(length);
  let filled = 0;
  for (let number = first; number !== 0 && filled < length;) {
    const page = number * pageSize;
    if (page + pageSize > view.bytes.length || view.u8(page + 25) !== PAGE_OVERFLOW) return undefined;
    const size = Math.min(view.u16(page + 22), pageSize - PAGE_HEADER, length - filled);
    if (size === 0) return undefined;
    blob.set(view.bytes.subarray(page + PAGE_HEADER, page + PAGE_HEADER + size), filled);
    filled += size;
    number = view.u32(page + 16);
  }
  return filled === length ? blob : undefined;
}
