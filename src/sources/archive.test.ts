import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import type { NotAnalysed } from '#model/coverage.ts';
import { readArchive } from './archive.ts';
import type { ArchiveLimits } from './archive.ts';

function zip(files: Readonly<Record<string, string | Uint8Array>>, stored = false): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const bytes = Buffer.from(content);
    const data = stored ? bytes : deflateRawSync(bytes);
    const header = Buffer.alloc(26);
    header.writeUInt16LE(20, 0);
    header.writeUInt16LE(stored ? 0 : 8, 4);
    header.writeUInt32LE(crc32(bytes), 10);
    header.writeUInt32LE(data.length, 14);
    header.writeUInt32LE(bytes.length, 18);
    header.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), header, Buffer.from(name), data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), header, rest, Buffer.from(name)]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(central.length, 4);
  end.writeUInt16LE(central.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, directory, Buffer.from('PK\x05\x06'), end]);
}

function tar(files: Readonly<Record<string, string>>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, content]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write(`${Buffer.byteLength(content).toString(8).padStart(11, '0')}\0`, 124);
    header.write('        0', 148);
    header.write('ustar\x0000', 257);
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    const body = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / 512) * 512);
    body.write(content);
    return [header, body];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

function walk(
  name: string,
  bytes: Uint8Array,
  limits?: Partial<ArchiveLimits>,
): { files: Record<string, string>; left: NotAnalysed[] } {
  const left: NotAnalysed[] = [];
  const files = Object.fromEntries(
    [...readArchive(name, bytes, (each) => left.push(each), limits)].map((file) => [
      file.path,
      Buffer.from(file.bytes).toString(),
    ]),
  );
  return { files, left };
}

for (const [name, bytes, want] of [
  ['a.jar', zip({ 'x/a.txt': 'one', 'b.txt': 'two' }), { 'a.jar!/x/a.txt': 'one', 'a.jar!/b.txt': 'two' }],
  ['a.zip', zip({ 'a.txt': 'one' }, true), { 'a.zip!/a.txt': 'one' }],
  ['a.tar', tar({ 'x/a.txt': 'one' }), { 'a.tar!/x/a.txt': 'one' }],
  ['a.tgz', gzipSync(tar({ 'a.txt': 'one' })), { 'a.tgz!/a.txt': 'one' }],
  ['d/a.sql.gz', gzipSync('select'), { 'd/a.sql.gz!/a.sql': 'select' }],
  ['a.zip', zip({ 'in.tgz': gzipSync(tar({ 'a.txt': 'deep' })) }), { 'a.zip!/in.tgz!/a.txt': 'deep' }],
  ['a.zip', zip({ '../../etc/x': 'one' }), { 'a.zip!/etc/x': 'one' }],
  ['a.txt', Buffer.from('plain'), {}],
] as const)
  test(`archive: reads ${name} with ${Object.keys(want).join(', ') || 'nothing'}`, () =>
    assert.deepEqual(walk(name, bytes), { files: want, left: [] }));

test('archive: what unfolds too far is refused with a reason, the rest is read', () => {
  const { files, left } = walk('a.zip', zip({ bomb: Buffer.alloc(3 * 1024 * 1024), 'a.txt': 'one' }));
  assert.deepEqual(Object.keys(files), ['a.zip!/a.txt']);
  assert.match(left[0]!.message, /unfolds to more than/);
  assert.match(walk('a.gz', gzipSync(Buffer.alloc(8 * 1024 * 1024))).left[0]!.message, /unfolds to more than/);
});

test('archive: a size that lies does not help a bomb', () => {
  const bytes = zip({ bomb: Buffer.alloc(3 * 1024 * 1024) });
  const directory = bytes.indexOf('PK\x01\x02');
  bytes.writeUInt32LE(10, directory + 24);
  const { files, left } = walk('a.zip', bytes);
  assert.deepEqual(files, {});
  assert.equal(left.length, 1);
});

test('archive: depth, number of files and bytes are bounded', () => {
  let nested: Buffer = zip({ 'a.txt': 'one' });
  for (let i = 0; i < 4; i++) nested = zip({ 'in.zip': nested });
  assert.match(walk('a.zip', nested).left[0]!.message, /3 deep/);
  assert.match(walk('a.zip', zip({ a: '1', b: '2', c: '3' }), { filesMax: 2 }).left[0]!.message, /more than 2 files/);
  assert.match(walk('a.zip', zip({ a: '1234', b: '2', c: '3' }), { bytesMax: 4 }).left[0]!.message, /is not read/);
});

test('archive: damaged ones are told, whatever is cut off', () => {
  const whole = zip({ 'a.txt': 'one', 'b.txt': 'two'.repeat(100) });
  for (let length = 0; length < whole.length; length += 7) {
    const { files, left } = walk('a.zip', whole.subarray(0, length));
    assert.ok(length < 4 || Object.keys(files).length > 0 || left.length > 0, String(length));
  }
  assert.equal(walk('a.7z', Buffer.from([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c])).left[0]!.what, 'archive');
});
