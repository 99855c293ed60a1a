import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { zipOf } from '../../test/fakes/zip.ts';
import { isZip, unzip, zipEntries } from './zip.ts';

const ARCHIVE = zipOf({ 'a.txt': 'plain', 'folder/b.txt': 'packed '.repeat(100), empty: '' });

test('zip: entries and contents, from memory and piece by piece', () => {
  const source = { size: ARCHIVE.length, read: (offset: number, length: number) => ARCHIVE.subarray(offset, offset + length) };
  for (const archive of [ARCHIVE, source, Buffer.concat([ARCHIVE])]) {
    const entries = zipEntries(archive)!;
    assert.deepEqual(
      entries.map((entry) => [entry.name, Buffer.from(unzip(archive, entry, 10_000)!).toString()]),
      [
        ['a.txt', 'plain'],
        ['folder/b.txt', 'packed '.repeat(100)],
        ['empty', ''],
      ],
    );
  }
  assert.equal(isZip(ARCHIVE), true);
});

test('zip: what is larger than allowed, or lies about its size, is not unpacked', () => {
  const entry = zipEntries(ARCHIVE)![1]!;
  assert.equal(unzip(ARCHIVE, entry, 100), undefined);
  assert.equal(unzip(ARCHIVE, { ...entry, size: 10 }, 100), undefined);
  assert.equal(unzip(ARCHIVE, { ...entry, encrypted: true }, 10_000), undefined);
  assert.equal(unzip(ARCHIVE, { ...entry, method: 99 }, 10_000), undefined);
  assert.equal(zipEntries(ARCHIVE, { entriesMax: 2 })!.length, 2);
});

test('zip: any bytes give entries or nothing', () => {
  for (const bytes of [Buffer.alloc(0), Buffer.from('PK'), Buffer.alloc(100), ARCHIVE.subarray(0, 60)])
    assert.equal(zipEntries(bytes), undefined);
  fc.assert(
    fc.property(fc.nat(ARCHIVE.length - 1), fc.nat(255), (at, value) => {
      const copy = Buffer.from(ARCHIVE);
      copy[at] = value;
      for (const entry of zipEntries(copy) ?? []) unzip(copy, entry, 10_000);
    }),
    { numRuns: 300 },
  );
});
