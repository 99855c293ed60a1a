import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseEvents } from 'js-yaml';
import { Construction } from './construct.ts';
import { REFUSED, readFast } from './fast.ts';
import { JsonLocator } from './json-locate.ts';
import { Locator } from './locate.ts';
import { DEFAULT_YAML_LIMITS } from './mistake.ts';
import { readYaml } from './yaml.ts';

/** What the full parser makes of one document; undefined for a mistake. */
function full(source: string): { readonly value: unknown } | undefined {
  try {
    const events = parseEvents(source, { maxDepth: 100 });
    const construction = new Construction(events, source, DEFAULT_YAML_LIMITS, { left: 1e9 });
    const { value, next } = construction.document(0);
    return construction.flaws.length > 0 || next < events.length ? undefined : { value };
  } catch {
    return undefined;
  }
}

const SEEDS = [
  'apiVersion: v1\nkind: Service\nmetadata:\n  name: cart\n  labels: {app: cart, "x": \'y\'}\nspec:\n  ports:\n  - name: http\n    port: 80\n  - {port: 443, name: https}\n',
  '# top\na: # one\n  - b\n  - - c\n    - d: 1\n      e: yes\n  -\n    f: ~\ng: "q # \\" \\n"\nh: \'it\'\'s\'\n"i j": .5\n',
  'data:\n  a.conf: |\n    x {\n      y: 1\n    }\n\n    # end\n  b: |-\n    one\n  c: >\n    folded\n    text\n  d: &x [1, 2, "3"]\n  e: *x\n',
  '---\nargs: ["--a=b", --c, "d: e", http://x:80/y]\ncommand: []\nenv: {}\nhex: 0x1F\noctal: 017\ntime: 12:30:45\ndate: 2020-01-01\n-1: x\n',
  'a:\n- b: 1\n  c:\n  - d\n- e\nf: g h:i\nk:\n\n\n  l: m   # c\n',
  '{"a": [1, -2.5e3, true, null, "x\\n\\u00e9\\"", {}],\n  "b c" :{"d":[], "e": [[0], "f"]}\n}\n',
  '\n[{"a":1,"b":"c"},\n{"a":017,"b":"\\ud83d\\ude00"}, 1]\n',
] as const;
const SPICE = [
  '\n',
  ' ',
  '  ',
  ': ',
  ':',
  '- ',
  '-',
  '#',
  ' #',
  '"',
  "'",
  '[',
  ']',
  '{',
  '}',
  ',',
  '|',
  '|-',
  '>',
  '&a',
  '*a',
  '!',
  '?',
  '%',
  '@',
  '1',
  '~',
  'yes',
  '...',
  '---',
  '\n---\n',
  '\\',
  '\n\n',
  '\n    ',
  'é',
  '😀',
  '<<',
  '.inf',
  '\t',
  '\r\n',
] as const;

test('the fast reader refuses, or reads what the full parser reads', () => {
  const edit = fc.record({ at: fc.nat(300), cut: fc.nat(3), put: fc.constantFrom('', ...SPICE) });
  let read = 0;
  fc.assert(
    fc.property(fc.constantFrom(...SEEDS), fc.array(edit, { maxLength: 4 }), (seed, edits) => {
      let text: string = seed;
      for (const { at, cut, put } of edits) text = text.slice(0, at) + put + text.slice(at + cut);
      const fast = readFast(text, 48);
      if (fast === REFUSED) return;
      read++;
      const slow = full(text);
      assert.ok(slow, `accepted: ${JSON.stringify(text)}`);
      assert.deepEqual(JSON.stringify(fast), JSON.stringify(slow.value), text);
    }),
    { numRuns: 3000 },
  );
  assert.ok(read > 300, `${read} were read`);
});

test('common manifests are read fast, and the values are frozen', () => {
  for (const seed of [SEEDS[0], SEEDS[1], SEEDS[3], SEEDS[4], SEEDS[5]]) assert.notEqual(readFast(seed, 48), REFUSED, seed);
  const value = readFast(SEEDS[0], 48) as { readonly spec: { readonly ports: readonly object[] } };
  for (const each of [value, value.spec, value.spec.ports, value.spec.ports[1]!]) assert.ok(Object.isFrozen(each));
  assert.equal(Object.hasOwn(readFast('__proto__: 1\n', 48) as object, '__proto__'), true);
  assert.equal(readFast('a:\n b:\n  c: 1\n', 2), REFUSED);
});

test('lists and quoted texts that are indented too little are read as go-yaml reads them, with true places', () => {
  for (const [text, want] of [
    ['a:\n  b: [\n    x, # c\n    "y"\n  ]\nc: 1\n', { a: { b: ['x', 'y'] }, c: 1 }],
    ['a: [\n{\nb: 1\n}\n]\n', { a: [{ b: 1 }] }],
    ["a:\n  b: '[\n    x\n  ]'\n", { a: { b: '[ x ]' } }],
  ] as const) {
    const { documents, mistakes } = readYaml('t', text);
    assert.deepEqual(mistakes, [], text);
    assert.equal(JSON.stringify(documents[0]?.value), JSON.stringify(want));
  }
  const { documents } = readYaml('t', 'a: [\n  x\n]\nb: [\n  x\n]\nc:\n  d: 1\n');
  assert.deepEqual(documents[0]!.locate(['c', 'd']), { file: 't', line: 8, column: 3 });
  assert.deepEqual(documents[0]!.locate(['b', 0]), { file: 't', line: 5, column: 3 });
  const { mistakes } = readYaml('t', 'a: [\n  x\n]\nb: "\n');
  assert.equal(mistakes[0]?.code, 'syntax.yaml');
});

test('UTF-16 without a mark is read, other encodings are told', () => {
  const le = Buffer.from('a: ü\n', 'utf16le');
  assert.equal(JSON.stringify(readYaml('t', le).documents[0]?.value), '{"a":"ü"}');
  assert.equal(JSON.stringify(readYaml('t', Buffer.from(le).swap16()).documents[0]?.value), '{"a":"ü"}');
  for (const [bytes, code] of [
    [Buffer.from('a: \xfc\n', 'latin1'), 'syntax.encoding'],
    [Buffer.from('a: \0b\n'), 'syntax.binary'],
    [Buffer.from([0, 0, 0, 97, 0, 0, 0, 58]), 'syntax.binary'],
  ] as const)
    assert.deepEqual(
      readYaml('t', bytes).mistakes.map((each) => each.code),
      [code],
    );
});

test('the parts of a JSON text stand where the full parser says', () => {
  const layout = fc.constantFrom(undefined, 1, 2);
  const path = fc.array(fc.oneof(fc.nat(3), fc.constantFrom('a', 'b"', 'c')), { maxLength: 4 });
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom('', 'x, y', ']', '\\"{', 1, -0.5, true, null),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b"', 'c', '0'), tie('value'), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 3 }), layout, fc.array(path, { maxLength: 4 }), (data, indent, paths) => {
      const text = `\n${JSON.stringify(data, undefined, indent)}\n`;
      const events = parseEvents(text, { maxDepth: 100 });
      const [fast, slow] = [new JsonLocator(text), new Locator(events, text, 0)];
      assert.notEqual(readFast(text, 48), REFUSED, text);
      for (const each of paths) assert.equal(fast.offset(each), slow.offset(each), `${text} ${each.join('.')}`);
    }),
    { numRuns: 300 },
  );
});
