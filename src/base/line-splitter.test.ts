import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { LineSplitter } from './line-splitter.ts';

test('however a text is cut into chunks, the same lines come out', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('', 'a', 'äö', '€', '\u{1f512}x')), fc.integer({ min: 1, max: 5 }), (lines, size) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const splitter = new LineSplitter(100);
      const seen: string[] = [];
      for (let at = 0; at < bytes.length; at += size) seen.push(...splitter.push(bytes.subarray(at, at + size))!);
      assert.deepEqual(seen, lines);
    }),
    { numRuns: 100 },
  );
});

test('a line beyond the bound is refused, whole or in pieces', () => {
  assert.deepEqual(new LineSplitter(3).push(Buffer.from('abc\nabc')), ['abc']);
  assert.equal(new LineSplitter(3).push(Buffer.from('abcd\n')), undefined);
  const splitter = new LineSplitter(3);
  assert.deepEqual(splitter.push(Buffer.from('ab')), []);
  assert.equal(splitter.push(Buffer.from('cd')), undefined);
});
