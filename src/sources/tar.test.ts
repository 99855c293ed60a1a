import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CullisError } from '#base/errors.ts';
import { tarOf } from '../../test/fakes/tar.ts';
import type { TarItem } from '../../test/fakes/tar.ts';
import { isTar, readTar, TarReader } from './tar.ts';

const LONG = `${'deep/'.repeat(40)}file`;

const ITEMS: readonly TarItem[] = [
  { path: './etc/passwd', text: 'root' },
  { path: '/abs', text: '' },
  { path: 'folder/', type: 'folder' },
  { path: '../../escape', text: 'x' },
  { path: `${'p'.repeat(80)}/${'n'.repeat(90)}`, text: 'prefix', long: 'prefix' },
  { path: LONG, text: 'pax', long: 'pax' },
  { path: `${LONG}2`, text: 'gnu', long: 'gnu' },
  { path: 'link', type: 'symlink', target: '../target' },
  { path: 'hard', type: 'hardlink', target: 'etc/passwd' },
  { path: 'su', text: 'x'.repeat(513), mode: 0o4755 },
];

const WANT = [
  ['etc/passwd', 'file', 'root'],
  ['abs', 'file', ''],
  ['folder', 'folder', undefined],
  ['escape', 'file', 'x'],
  [`${'p'.repeat(80)}/${'n'.repeat(90)}`, 'file', 'prefix'],
  [LONG, 'file', 'pax'],
  [`${LONG}2`, 'file', 'gnu'],
  ['link', 'symlink', undefined],
  ['hard', 'hardlink', undefined],
  ['su', 'file', 'x'.repeat(513)],
];

function seen(entries: readonly { path: string; type: string; bytes: Uint8Array | undefined }[]): unknown[] {
  return entries.map(({ path, type, bytes }) => [path, type, bytes && Buffer.from(bytes).toString()]);
}

test('tar: names, types and contents of ustar, pax and GNU entries', () => {
  const entries = readTar(tarOf(ITEMS));
  assert.deepEqual(seen(entries), WANT);
  assert.equal(entries.at(-1)!.mode, 0o4755);
  assert.equal(entries[7]!.target, '../target');
});

test('tar: chunks of any size give the same entries, and offsets point at the content', () => {
  const archive = tarOf(ITEMS);
  for (const size of [1, 7, 511, 512, 513, 4096]) {
    const reader = new TarReader();
    const entries = [];
    for (let at = 0; at < archive.length; at += size) entries.push(...reader.push(archive.subarray(at, at + size)));
    reader.end();
    assert.deepEqual(seen(entries), WANT);
    for (const { offset, bytes } of entries)
      if (bytes) assert.deepEqual(archive.subarray(offset, offset + bytes.length), Buffer.from(bytes));
  }
});

test('tar: large files are passed over, unwanted ones are not kept, too many entries are refused', () => {
  const archive = tarOf([
    { path: 'large', text: 'x'.repeat(2000) },
    { path: 'small', text: 'y' },
  ]);
  assert.deepEqual(seen(readTar(archive, { fileBytesMax: 1000 })), [
    ['large', 'file', undefined],
    ['small', 'file', 'y'],
  ]);
  assert.deepEqual(seen(readTar(archive, { wants: ({ path }) => path === 'large' }))[1], ['small', 'file', undefined]);
  assert.throws(() => readTar(archive, { entriesMax: 1 }), CullisError);
});

test('tar: sizes in base 256 are read', () => {
  const archive = tarOf([{ path: 'a', text: 'abc' }]);
  archive.fill(0, 124, 136);
  archive[124] = 0x80;
  archive[135] = 3;
  archive.write('        ', 148);
  let sum = 0;
  for (const byte of archive.subarray(0, 512)) sum += byte;
  archive.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  assert.deepEqual(seen(readTar(archive)), [['a', 'file', 'abc']]);
});

test('tar: what is no archive, or cut off, is refused', () => {
  const archive = tarOf([{ path: 'a', text: 'x'.repeat(1000) }]);
  assert.equal(isTar(archive), true);
  assert.equal(isTar(Buffer.from('x'.repeat(600))), false);
  for (const bytes of [Buffer.from('x'.repeat(600)), archive.subarray(0, 700)])
    assert.throws(() => readTar(bytes), { code: 'image.invalid' });
});

test('tar: any bytes give entries or a declared error', () => {
  const archive = tarOf(ITEMS);
  fc.assert(
    fc.property(fc.nat(archive.length - 1), fc.nat(255), (at, value) => {
      const copy = Buffer.from(archive);
      copy[at] = value;
      try {
        readTar(copy);
      } catch (error) {
        assert.ok(error instanceof CullisError);
      }
    }),
    { numRuns: 200 },
  );
});
