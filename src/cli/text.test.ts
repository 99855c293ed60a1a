import assert from 'node:assert/strict';
import { test } from 'node:test';
import { count, hang, paintWith, printable, table, width, wrap } from './text.ts';

test('columns align by what is seen, not by escape codes', () => {
  const paint = paintWith(true);
  const lines = table([
    [paint('good', 'a'), 'x'],
    ['long', 'y'],
  ]);
  assert.deepEqual(
    lines.map((line) => width(line.slice(0, line.search(/[xy]$/)))),
    [6, 6],
  );
  assert.deepEqual(
    table(
      [
        ['a', '5'],
        ['b', '1234'],
      ],
      { right: [1], indent: 1 },
    ),
    [' a     5', ' b  1234'],
  );
});

test('a paragraph hangs beside its prefix', () => {
  assert.deepEqual(hang('a.yaml:1: ', 'one two three four five', 24, 4), ['a.yaml:1: one two three', '    four five']);
  assert.deepEqual(hang('1 ', 'one two three four five', 26, 4), ['1 one two three four', '    five']);
  assert.deepEqual(hang(`${'p'.repeat(40)}: `, 'one two', 30, 2), [`${'p'.repeat(40)}: one`, '  two']);
  const paint = paintWith(true);
  assert.deepEqual(hang(`${paint('bad', 'x')}: `, 'one two three four five six', 24, 2).map(width), [21, 10]);
});

test('a paragraph wraps between words and keeps long words whole', () => {
  assert.deepEqual(wrap('one two three four five six', 22, 2), ['  one two three four', '  five six']);
  assert.deepEqual(wrap(`a ${'x'.repeat(40)} b`, 20), ['a', 'x'.repeat(40), 'b']);
  assert.deepEqual(wrap('', 80), []);
});

test('nouns follow their number', () => {
  const rows: readonly (readonly [number, string, string])[] = [
    [0, 'file', '0 files'],
    [1, 'policy', '1 policy'],
    [2, 'policy', '2 policies'],
    [2, 'gateway', '2 gateways'],
  ];
  for (const [n, noun, want] of rows) assert.equal(count(n, noun), want);
});

test('text from outside cannot move the cursor or turn the line around', () => {
  assert.equal(printable('a\x1b[2Jb\nc\u202ed'), 'a\\u001b[2Jb\\u000ac\\u202ed');
  assert.equal(printable('naïve → 漢字'), 'naïve → 漢字');
});

test('without colours nothing is painted', () => {
  assert.equal(paintWith(false)('bad', 'x'), 'x');
  assert.equal(paintWith(true)('bad', ''), '');
});
