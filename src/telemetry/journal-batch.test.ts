import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { Batch } from './journal-batch.ts';
import { decodeLine, eachLine } from './journal-format.ts';

function linesOf(bytes: Buffer): (ReturnType<typeof decodeLine> | 'damaged')[] {
  const lines: (ReturnType<typeof decodeLine> | 'damaged')[] = [];
  eachLine(bytes, (line) => void lines.push(decodeLine(line) ?? 'damaged'));
  return lines;
}

test('what goes into a batch comes out of its lines, whatever the text and what the memory held before', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary', maxLength: 300 }), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER - 100 }),
      fc.integer({ min: 100, max: 4000 }),
      (texts, first, size) => {
        const batch = new Batch(Buffer.alloc(size, 0x0a));
        const taken: string[] = [];
        for (const text of texts) if (batch.add(first + taken.length, JSON.stringify({ text }))) taken.push(text);
        assert.equal(batch.count, taken.length);
        const accepted = first + 99;
        assert.deepEqual(
          linesOf(batch.seal(accepted)),
          taken.map((text, i) => ({ sequence: first + i, accepted, event: { text } })),
        );
        if (taken.length > 0) assert.equal(batch.firstSequence, first);
      },
    ),
    { numRuns: 60 },
  );
});

test('an event that needs more room than is left changes nothing', () => {
  const json = JSON.stringify({ text: 'é'.repeat(50) });
  const batch = new Batch(Buffer.alloc(Batch.bytesFor(json) + 40));
  assert.equal(batch.add(1, json), true);
  const before = Buffer.from(batch.seal(1));
  assert.equal(batch.add(2, json), false);
  assert.equal(batch.count, 1);
  assert.deepEqual(batch.seal(1), before);
});

test('lines that nobody waits for are told from those that somebody does, and from the gaps', () => {
  const batch = new Batch(Buffer.alloc(1000));
  for (let i = 1; i <= 3; i++) batch.add(i, '{}');
  batch.waiting.push(() => {});
  batch.losses.push({ lost: 1, detail: 'the queue was full' });
  assert.equal(batch.batched, 1);
});
