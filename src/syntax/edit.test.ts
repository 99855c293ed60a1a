import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parse } from 'yaml';
import { unifiedDiff } from './diff.ts';
import { applyToData } from './edit-model.ts';
import type { EditPath } from './edit-model.ts';
import { applyEdits, editText } from './edit.ts';
import type { TextEdit } from './edit.ts';

const AT = { line: 1, column: 1 } as const;
const set = (path: EditPath, value: unknown, document: { line: number; column: number } = AT): TextEdit => ({
  op: 'set',
  document,
  path,
  value,
});
const remove = (path: EditPath, document: { line: number; column: number } = AT): TextEdit => ({ op: 'remove', document, path });
const append = (path: EditPath, value: unknown, document: { line: number; column: number } = AT): TextEdit => ({
  op: 'append',
  document,
  path,
  value,
});

const CASES: readonly (readonly [name: string, before: string, edit: TextEdit, after: string])[] = [
  ['a scalar, its comment stays', 'a: 1 # one\nb: 2\n', set(['a'], 3), 'a: 3 # one\nb: 2\n'],
  ['a scalar keeps its quotes', 'a: \'x\'\nb: "y"\n', set(['b'], 'z'), 'a: \'x\'\nb: "z"\n'],
  ['words of YAML 1.1 are quoted', 'a: x\n', set(['a'], 'yes'), 'a: "yes"\n'],
  ['numbers as text are quoted', 'a: x\n', set(['b'], '8080'), 'a: x\nb: "8080"\n'],
  ['an empty value', 'a:\nb: 2\n', set(['a'], true), 'a: true\nb: 2\n'],
  ['an empty value with a comment', 'a: # here\nb: 2\n', set(['a'], true), 'a: true # here\nb: 2\n'],
  ['below an empty value', 'a:\nb: 2\n', set(['a', 'c', 'd'], 1), 'a:\n  c:\n    d: 1\nb: 2\n'],
  ['below an empty mapping', 'a: {} # none\nb: 2\n', set(['a', 'c'], 1), 'a: # none\n  c: 1\nb: 2\n'],
  [
    'a new member after the last one',
    'a:\n  b: 1 # x\n\n# next\nc: 2\n',
    set(['a', 'd'], 2),
    'a:\n  b: 1 # x\n  d: 2\n\n# next\nc: 2\n',
  ],
  ['a new member at the end without a line break', 'a: 1', set(['b'], { c: [1] }), 'a: 1\nb:\n  c:\n    - 1'],
  [
    'a member of an item',
    'l:\n- n: x\n  # c\n  m: 1\n- n: y\n',
    set(['l', 0, 'o'], false),
    'l:\n- n: x\n  # c\n  m: 1\n  o: false\n- n: y\n',
  ],
  [
    'a deep member of a wide layout',
    'a:\n    b:\n        c: 1\n',
    set(['a', 'd', 'e'], 1),
    'a:\n    b:\n        c: 1\n    d:\n        e: 1\n',
  ],
  ['a mapping over a scalar', 'a: x # c\nb: 1\n', set(['a'], { k: 1 }), 'a: # c\n  k: 1\nb: 1\n'],
  ['a scalar over a mapping', 'a:\n  k: 1\n  l: 2\nb: 1\n', set(['a'], 'x'), 'a: x\nb: 1\n'],
  ['a block text', 'a: |\n  one\n  two\nb: 1\n', set(['a'], 'x'), 'a: x\nb: 1\n'],
  ['after a block text', 'a:\n  t: |\n    one\n\nb: 1\n', set(['a', 'u'], 1), 'a:\n  t: |\n    one\n  u: 1\n\nb: 1\n'],
  ['a text with line breaks', 'a: 1\n', set(['a'], 'x\ny'), 'a: "x\\ny"\n'],
  ['an item', 'l: # c\n  - a # 1\n  - b\nm: 1\n', append(['l'], 'c'), 'l: # c\n  - a # 1\n  - b\n  - c\nm: 1\n'],
  ['an item in line with its key', 'l:\n- a\nm: 1\n', append(['l'], { x: 1, v: [2] }), 'l:\n- a\n- x: 1\n  v:\n  - 2\nm: 1\n'],
  ['an item of a list that is not there', 'a: 1\n', append(['b', 'c'], 'x'), 'a: 1\nb:\n  c:\n    - x\n'],
  ['an item of an empty list', 'a: []\n', append(['a'], 'x'), 'a:\n  - x\n'],
  ['an item in flow style', 'a: [x, y] # c\n', append(['a'], 'z'), 'a: [x, y, z] # c\n'],
  ['an item after a comma', 'a: [x, ]\n', append(['a'], 'z'), 'a: [x, z ]\n'],
  ['a member in flow style', 'a: { x: 1 }\n', set(['a', 'v'], [1, 'b, c']), 'a: { x: 1, v: [1, "b, c"] }\n'],
  ['a list over a list', 'c:\n  drop: ["NET_RAW"]\n', set(['c', 'drop'], ['ALL']), 'c:\n  drop:\n    - ALL\n'],
  ['an item by its index', 'l:\n  - a\n  - b # c\n', set(['l', 1], 'x'), 'l:\n  - a\n  - x # c\n'],
  ['one item too many is appended', 'l:\n  - a\n', set(['l', 1, 'k'], 1), 'l:\n  - a\n  - k: 1\n'],
  ['removes a line', 'a: 1\nb: 2 # two\nc: 3\n', remove(['b']), 'a: 1\nc: 3\n'],
  ['removes a block', 'a:\n  b:\n    c: 1\n  d: 2\n', remove(['a', 'b']), 'a:\n  d: 2\n'],
  ['removes the last line without a line break', 'a: 1\nb: 2', remove(['b']), 'a: 1'],
  ['removes the first member of an item', 'l:\n  - a: 1\n    b: 2\n', remove(['l', 0, 'a']), 'l:\n  - b: 2\n'],
  ['removes an item', 'l:\n  - a\n  - b # x\n  - c\n', remove(['l', 1]), 'l:\n  - a\n  - c\n'],
  ['removes the only item', 'l:\n  - a\nm: 1\n', remove(['l', 0]), 'l: []\nm: 1\n'],
  ['removes in flow style', 'a: {x: 1, y: 2, z: 3}\n', remove(['a', 'y']), 'a: {x: 1, z: 3}\n'],
  ['removes the last in flow style', 'a: [1, 2]\n', remove(['a', 1]), 'a: [1]\n'],
  ['CRLF stays', 'a: 1\r\nb:\r\n  c: 2\r\n', set(['b', 'd'], { e: 1 }), 'a: 1\r\nb:\r\n  c: 2\r\n  d:\r\n    e: 1\r\n'],
  ['a byte order mark stays', '\uFEFFa: 1\n', set(['a'], 2), '\uFEFFa: 2\n'],
  ['JSON on one line', '{"a":{"b":1}}', set(['a', 'c'], ['x']), '{"a":{"b":1, "c": ["x"]}}'],
  [
    'JSON over lines',
    '{\n  "a": {\n    "b": 1\n  }\n}\n',
    set(['a', 'c'], { d: true }),
    '{\n  "a": {\n    "b": 1,\n    "c": {\n      "d": true\n    }\n  }\n}\n',
  ],
  ['JSON scalar', '{\n  "a": "x",\n  "b": 1\n}\n', set(['a'], 'y'), '{\n  "a": "y",\n  "b": 1\n}\n'],
  ['JSON removal', '{\n  "a": 1,\n  "b": 2\n}\n', remove(['b']), '{\n  "a": 1\n}\n'],
  ['an anchor stays', 'a: &x 1\nb: *x\n', set(['b'], 2), 'a: &x 1\nb: 2\n'],
  [
    'what an alias brings is written out',
    'a: &x\n  k: 1\nb: *x\nc: 1\n',
    set(['b', 'k'], 2),
    'a: &x\n  k: 1\nb:\n  k: 2\nc: 1\n',
  ],
  [
    'what a merge brings is written over',
    'a: &x\n  k: {m: 1, q: 2}\nb:\n  <<: *x\n  o: 1\n',
    set(['b', 'k', 'm'], 3),
    'a: &x\n  k: {m: 1, q: 2}\nb:\n  <<: *x\n  o: 1\n  k:\n    m: 3\n    q: 2\n',
  ],
  [
    'the second document',
    'a: 1\n---\n# two\na: 1\n---\na: 1\n',
    set(['a'], 2, { line: 4, column: 1 }),
    'a: 1\n---\n# two\na: 2\n---\na: 1\n',
  ],
  [
    'an item of a List',
    'kind: List\nitems:\n- a: 1\n- a: 1\n',
    set(['a'], 2, { line: 4, column: 3 }),
    'kind: List\nitems:\n- a: 1\n- a: 2\n',
  ],
  [
    'the value of a key',
    'services:\n  web:\n    image: a\n  db:\n    image: b\n',
    set(['read_only'], true, { line: 4, column: 3 }),
    'services:\n  web:\n    image: a\n  db:\n    image: b\n    read_only: true\n',
  ],
  [
    'a Compose service without its spec',
    'services:\n  web: {image: a}\n',
    set(['spec', 'read_only'], true, { line: 2, column: 3 }),
    'services:\n  web: {image: a, read_only: true}\n',
  ],
  ['a new document', 'a: 1\n', { op: 'create', value: { b: { c: 'no' } } }, 'a: 1\n---\nb:\n  c: "no"\n'],
  ['a document in an empty file', '', { op: 'create', value: { b: 1 } }, 'b: 1\n'],
];

test('edits change what they name and nothing else', () => {
  for (const [name, before, edit, after] of CASES) assert.equal(applyEdits(before, [edit]), after, name);
});

test('several edits of one document and of several, with places of the text as it was', () => {
  const text = '# top\nkind: A\nspec:\n  x: 1 # keep\n---\nkind: B\nspec: {}\n# end\n';
  const edits = [
    set(['spec', 'v'], 2, { line: 2, column: 1 }),
    set(['spec', 'z', 'q'], 'a', { line: 2, column: 1 }),
    append(['spec', 'list'], 1, { line: 6, column: 1 }),
    append(['spec', 'list'], 2, { line: 6, column: 1 }),
    { op: 'create', value: { kind: 'C' } } as const,
  ];
  assert.equal(
    applyEdits(text, edits),
    '# top\nkind: A\nspec:\n  x: 1 # keep\n  v: 2\n  z:\n    q: a\n---\nkind: B\nspec:\n  list:\n    - 1\n    - 2\n# end\n---\nkind: C\n',
  );
});

test('what cannot be edited is told and stays as it is', () => {
  for (const [text, edit] of [
    ['a: [\n', set(['a'], 1)],
    ['a: 1\n', remove(['b'])],
    ['a: 1\n', set(['a', 'b'], 1)],
    ['a: 1\n', set(['__proto__', 'b'], 1)],
    ['', set(['a'], 1)],
  ] as const) {
    assert.deepEqual(editText(text, [edit]), { text, failed: [edit] }, text);
  }
});

test('whatever is edited, the text then says exactly that, and lines elsewhere are untouched', () => {
  const texts = [
    'a: 1 # c\nb:\n  - x: 1\n    y: [1, {z: 2}] # d\n  # e\n  - x: &q {k: v}\n  - *q\n\nc:\n    d: |\n      text\n    e: "f"\n    g: {}\n    h:\n',
    '{\n  "a": 1,\n  "b": [ {"x": 1, "y": [1, {"z": 2}]}, {"x": {"k": "v"}}, {} ],\n  "c": {"d": "t", "e": null, "g": {}}\n}\n',
    'a:\n- b:\n  - c: 1\n  d: e\n-   b: x\n    c:\n      d:\n      - 1\n',
  ] as const;
  const key = fc.oneof(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'g', 'h', 'x', 'y', 'z', 'k', 'new', 'yes', 'a b: c'), fc.nat(3));
  const value = fc.oneof(
    fc.constantFrom<unknown>('s', '', 'yes', '1', '- x', 'a: b', '# c', 'x\ny', true, null, 7, [], {}, ['a', { b: 'c' }], {
      k: { l: [1] },
    }),
    fc.string({ maxLength: 8 }),
  );
  const edit = fc.record({
    op: fc.constantFrom('set' as const, 'remove' as const, 'append' as const),
    path: fc.array(key, { minLength: 1, maxLength: 4 }),
    value,
  });
  fc.assert(
    fc.property(fc.constantFrom(...texts), edit, (text, { op, path, value: what }) => {
      const wanted = JSON.parse(JSON.stringify(parse(text, { merge: true }))) as unknown;
      const possible = applyToData(wanted, op, path, what);
      const { text: after, failed } = editText(text, [{ op, path, value: what, document: AT }]);
      assert.equal(failed.length, possible ? 0 : 1, `${op} ${path.join('.')}`);
      if (!possible) return;
      assert.deepEqual(parse(after, { merge: true }), wanted);
      if (text.includes('# c')) assert.ok(path[0] === 'a' || after.includes('# c'));
    }),
    { numRuns: 400 },
  );
});

test('unified diffs', () => {
  const lines = (from: number, to: number): string => Array.from({ length: to - from + 1 }, (_, i) => `l${from + i}\n`).join('');
  assert.equal(unifiedDiff('f', 'a\n', 'a\n'), '');
  assert.equal(unifiedDiff('f', 'a\n', 'b\n'), '--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n');
  assert.equal(unifiedDiff('f', '', 'b\n'), '--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+b\n');
  assert.equal(unifiedDiff('f', 'a', 'a\n'), '--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n');
  assert.equal(
    unifiedDiff('f', lines(1, 30), lines(1, 9) + 'x\n' + lines(10, 20) + lines(22, 30)),
    '--- a/f\n+++ b/f\n@@ -7,6 +7,7 @@\n l7\n l8\n l9\n+x\n l10\n l11\n l12\n@@ -18,7 +19,6 @@\n l18\n l19\n l20\n-l21\n l22\n l23\n l24\n',
  );
});

test('a diff applied gives the new text', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 40 })
    .map((lines) => lines.map((line) => `${line}\n`).join(''));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const old = before.split('\n').slice(0, -1);
      const result: string[] = [];
      let at = 0;
      for (const line of unifiedDiff('f', before, after).split('\n').slice(2, -1)) {
        const head = /^@@ -(\d+)(?:,(\d+))? /.exec(line);
        if (head) {
          const start = Number(head[1]) - (head[2] === '0' ? 0 : 1);
          result.push(...old.slice(at, start));
          at = start;
        } else if (line.startsWith('+')) result.push(line.slice(1));
        else if (line.startsWith('-')) assert.equal(old[at++], line.slice(1));
        else result.push(old[at++]!);
      }
      result.push(...old.slice(at));
      assert.equal(result.map((line) => `${line}\n`).join(''), after);
    }),
    { numRuns: 300 },
  );
});
