import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readJson } from './json.ts';

test('json: any value reads as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const read = readJson('x', text);
      assert.equal(read.mistake, undefined);
      assert.deepEqual(JSON.parse(JSON.stringify(read.value)), JSON.parse(text));
    }),
    { numRuns: 300 },
  );
});

test('json: what JSON.parse refuses is refused, and the other way round', () => {
  const text = fc.string({ unit: fc.constantFrom(...Array.from('{}[]",:\\/ntu01e+-. \n\taé')), maxLength: 14 });
  fc.assert(
    fc.property(text, (input) => {
      let good = true;
      try {
        JSON.parse(input);
      } catch {
        good = false;
      }
      assert.equal(readJson('x', input).mistake === undefined, good, JSON.stringify(input));
    }),
    { numRuns: 2000 },
  );
});

test('json: objects know their lines; keys are only keys', () => {
  const { value, lineOf } = readJson('x', '\ufeff{\n"a": {\n"__proto__": {"x": 1}},\n"b": [\n{}]}');
  const root = value as Record<string, Record<string, object>>;
  assert.deepEqual([lineOf(root), lineOf(root['a']!), lineOf(root['a']!['__proto__']!), lineOf(root['b']![0]!)], [1, 2, 3, 5]);
});

for (const [text, place, message] of [
  ['{"a": 1,}', '1:9', /after the comma/],
  ['{"a" 1}', '1:6', /`:`/],
  ['[1 2]', '1:4', /`,`/],
  ['[1\n,"a\n"]', '2:4', /line ends/],
  ['[', '1:2', /ends too early/],
  ['1 1', '1:3', /follows/],
  ['{a: 1}', '1:2', /double quotes/],
  ['['.repeat(600), '1:501', /nested/],
] as const)
  test(`json: ${JSON.stringify(text.slice(0, 12))} is refused at ${place}`, () => {
    const { mistake } = readJson('x', text);
    assert.equal(`${mistake!.location.line}:${mistake!.location.column}`, place);
    assert.match(mistake!.message, message);
  });

test('json: relaxed takes comments and trailing commas', () => {
  assert.deepEqual(JSON.parse(JSON.stringify(readJson('x', '{ // c\n"a": [1, /* x */ 2,],\n}', { relaxed: true }).value)), {
    a: [1, 2],
  });
  assert.notEqual(readJson('x', '{/', { relaxed: true }).mistake, undefined);
});
