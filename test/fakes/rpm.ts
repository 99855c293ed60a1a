// rpm databases for tests, in the three containers that rpm has used.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** An rpm header with these string tags (and an epoch). */
export function rpmHeader(tags: Readonly<Record<number, string | number | readonly string[]>>): Buffer {
  const index: Buffer[] = [];
  const store: Buffer[] = [];
  let offset = 0;
  for (const [tag, value] of Object.entries(tags)) {
    const entry = Buffer.alloc(16);
    const bytes =
      typeof value === 'number'
        ? Buffer.alloc(4)
        : Buffer.from(typeof value === 'string' ? `${value}\0` : value.map((each) => `${each}\0`).join(''));
    if (typeof value === 'number') bytes.writeUInt32BE(value);
    entry.writeUInt32BE(Number(tag), 0);
    entry.writeUInt32BE(typeof value === 'number' ? 4 : typeof value === 'string' ? 6 : 8, 4);
    entry.writeUInt32BE(offset, 8);
    entry.writeUInt32BE(Array.isArray(value) ? value.length : 1, 12);
    index.push(entry);
    store.push(bytes);
    offset += bytes.length;
  }
  const head = Buffer.alloc(8);
  head.writeUInt32BE(index.length, 0);
  head.writeUInt32BE(offset, 4);
  return Buffer.concat([head, ...index, ...store]);
}

/** rpm's SQLite file with these headers and 300 more, so that its tree has several levels. */
export function sqliteDatabase(blobs: readonly Buffer[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'cullis-rpm-'));
  try {
    const path = join(folder, 'rpmdb.sqlite');
    const database = new DatabaseSync(path);
    database.exec(
      'CREATE TABLE Name (key TEXT, hnum INTEGER); CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL); CREATE INDEX n ON Name(key)',
    );
    const insert = database.prepare('INSERT INTO Packages (blob) VALUES (?)');
    for (const blob of blobs) insert.run(blob);
    for (let i = 0; i < 300; i++) insert.run(rpmHeader({ 1000: `filler${i}`, 1001: '1', 1002: '1' }));
    database.close();
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** rpm's own NDB format. */
export function ndbDatabase(blobs: readonly Buffer[]): Buffer {
  const file = Buffer.alloc(4096 + blobs.reduce((sum, blob) => sum + 32 + Math.ceil(blob.length / 16) * 16, 0));
  file.write('RpmP');
  file.writeUInt32LE(1, 12);
  let at = 4096;
  for (const [i, blob] of blobs.entries()) {
    const slot = 32 + i * 16;
    file.write('Slot', slot);
    file.writeUInt32LE(i + 1, slot + 4);
    file.writeUInt32LE(at / 16, slot + 8);
    file.write('BlbS', at);
    file.writeUInt32LE(blob.length, at + 12);
    blob.copy(file, at + 16);
    at += 16 + Math.ceil(blob.length / 16) * 16;
  }
  return file;
}

/** A Berkeley DB hash whose values lie on overflow pages. */
export function berkeleyDatabase(blobs: readonly Buffer[], big: boolean): Buffer {
  const size = 4096;
  const pages: Buffer[] = [Buffer.alloc(size)];
  const u32 = (page: Buffer, value: number, at: number): number =>
    big ? page.writeUInt32BE(value, at) : page.writeUInt32LE(value, at);
  const u16 = (page: Buffer, value: number, at: number): number =>
    big ? page.writeUInt16BE(value, at) : page.writeUInt16LE(value, at);
  u32(pages[0]!, 0x061561, 12);
  u32(pages[0]!, size, 20);
  const hash = Buffer.alloc(size);
  hash[25] = 13;
  u16(hash, blobs.length * 2, 20);
  pages.push(hash);
  let end = size;
  for (const [i, blob] of blobs.entries()) {
    end -= 5;
    hash[end] = 1;
    u16(hash, end, 26 + i * 4);
    end -= 12;
    hash[end] = 3;
    u32(hash, pages.length, end + 4);
    u32(hash, blob.length, end + 8);
    u16(hash, end, 28 + i * 4);
    for (let at = 0; at < blob.length; at += size - 26) {
      const page = Buffer.alloc(size);
      const part = blob.subarray(at, at + size - 26);
      page[25] = 7;
      u16(page, part.length, 22);
      u32(page, at + size - 26 < blob.length ? pages.length + 1 : 0, 16);
      part.copy(page, 26);
      pages.push(page);
    }
  }
  return Buffer.concat(pages);
}
