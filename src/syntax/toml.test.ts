import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readToml } from './toml.ts';

const plain = (text: string): unknown => {
  const { value, mistakes } = readToml('a.toml', text);
  assert.deepEqual(mistakes, []);
  return JSON.parse(JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each)));
};

for (const [text, want] of [
  ['', {}],
  ['a = 1 # one\r\nb = "x"\n', { a: 1, b: 'x' }],
  ['a.b.c = true\na.b.d = false', { a: { b: { c: true, d: false } } }],
  ['"a b" = 1\n\'c.d\'.e = 2', { 'a b': 1, 'c.d': { e: 2 } }],
  ['[a.b]\nc = 1\n[a]\nd = 2', { a: { b: { c: 1 }, d: 2 } }],
  [
    '[[r]]\nid = 1\n[r.x]\ny = 2\n[[r]]\nid = 3\n[[r.list]]\n[[r.list]]\nz = 1',
    {
      r: [
        { id: 1, x: { y: 2 } },
        { id: 3, list: [{}, { z: 1 }] },
      ],
    },
  ],
  ['a = [1, 2, # two\n 3,\n]\nb = [[], ["x"]]', { a: [1, 2, 3], b: [[], ['x']] }],
  ['a = { b = 1, c.d = "x" }\nb = {}', { a: { b: 1, c: { d: 'x' } }, b: {} }],
  ['a = "tab\\tq\\"\\\\ \\u00e9 \\U0001F600"', { a: 'tab\tq"\\ é 😀' }],
  ["a = 'C:\\x'\nb = '''\nit's\n\\d'''", { a: 'C:\\x', b: "it's\n\\d" }],
  ['a = """\none \\\n   two\n"quoted" """', { a: 'one two\n"quoted" ' }],
  ['a = """"x""""" ', { a: '"x""' }],
  [
    'a = 1_000\nb = 0xff\nc = 0o17\nd = 0b11\ne = -5\nf = 9223372036854775807',
    { a: 1000, b: 255, c: 15, d: 3, e: -5, f: '9223372036854775807n' },
  ],
  ['a = 1.5\nb = -2e3\nc = 6.626e-34', { a: 1.5, b: -2000, c: 6.626e-34 }],
  [
    'a = 1979-05-27T07:32:00Z\nb = 1979-05-27 07:32:00\nc = 07:32:00',
    { a: { date: '1979-05-27T07:32:00Z' }, b: { date: '1979-05-27 07:32:00' }, c: { date: '07:32:00' } },
  ],
  ['__proto__ = 1\n[constructor]\na = 2', { ['__proto__']: 1, constructor: { a: 2 } }],
] as const)
  test(`toml: reads ${JSON.stringify(text).slice(0, 50)}`, () => assert.deepEqual(plain(text), JSON.parse(JSON.stringify(want))));

for (const [text, want] of [
  ['a = 1\na = 2', '2:1 `a` is defined twice'],
  ['[a]\n[a]', '2:2 `a` is defined twice'],
  ['a = {b = 1}\na.c = 2', '2:1 `a` is closed: it was defined before'],
  ['a = {b = 1}\n[a.c]', '2:2 `a` is no table that can be added to'],
  ['a = [1]\n[[a]]', '2:3 `a` is defined before as something other than an array of tables'],
  ['a.b = 1\n[a]', '2:2 `a` is defined twice'],
  ['a = "x', '1:5 missing `"` for this string'],
  ['a = """x', '1:5 missing `"""` for this string'],
  ['a = [1', '1:5 missing `]` for this array'],
  ['a = 1 b = 2', '1:7 expected the end of the line'],
  ['a 1', '1:3 expected `=` after the key'],
  ['= 1', '1:1 expected a key'],
  ['a = yes', '1:5 this is no value: strings stand in quotes'],
  ['a = 01', '1:5 this is no value: strings stand in quotes'],
  ['a =', '1:4 expected a value'],
  ['a = "\\d"', '1:6 no such escape in a string with double quotes; one in single quotes takes backslashes as they are'],
  ['[a', "1:1 missing `]` after this table's name"],
  ['a = "\u0001"', '1:6 control characters are not allowed in a string'],
] as const)
  test(`toml: refuses ${JSON.stringify(text)}`, () => {
    const { mistakes } = readToml('a.toml', text);
    const { location, message } = mistakes[0]!;
    assert.equal(`${location.line}:${location.column} ${message}`, want);
  });

test('toml: a mistake costs its line only, and paths have places', () => {
  const document = readToml('a.toml', 'x = 1\ny = ?\n[[r]]\nid = "a"\nlist = [\n  "p",\n  "q"]\n');
  assert.deepEqual(JSON.parse(JSON.stringify(document.value)), { x: 1, r: [{ id: 'a', list: ['p', 'q'] }] });
  assert.equal(document.mistakes.length, 1);
  assert.deepEqual(document.locate(['r', 0, 'list', 1]), { file: 'a.toml', line: 7, column: 3 });
  assert.deepEqual(document.locate(['r', 0, 'nothing']), { file: 'a.toml', line: 3, column: 3 });
});

test('toml: any text gives a value or mistakes', () => {
  const words = fc.constantFrom(
    'a',
    '=',
    '"',
    "'''",
    '[',
    ']',
    '[[',
    '{',
    '}',
    ',',
    '\n',
    '.',
    '#',
    '1',
    'true',
    '\\',
    '1979-05-27',
    ' ',
    '\r',
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 40 }), (parts) => {
      const { value, mistakes } = readToml('a.toml', parts.join(''));
      assert.ok(typeof value === 'object' && mistakes.length <= 50);
    }),
    { numRuns: 300 },
  );
});
