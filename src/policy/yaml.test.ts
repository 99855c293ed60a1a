import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readYaml } from '#syntax/yaml.ts';
import { toYaml } from './yaml.ts';

test('short lists of strings stand in brackets, everything else in block style', () => {
  const value = { a: { b: ['x', 'y'], c: [{ d: 1 }, { e: [] }] }, f: {}, g: undefined, h: 'yes', i: '/p/*', j: true };
  assert.equal(toYaml(value), 'a:\n  b: ["x", "y"]\n  c:\n    - d: 1\n    - e: []\nf: {}\nh: "yes"\ni: "/p/*"\nj: true\n');
});

test('what is written is read back', () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'yes',
      'no',
      'null',
      '1',
      '1e3',
      '~',
      'a: b',
      '- a',
      '#',
      '"',
      "'",
      '',
      ' ',
      'é\n',
      '*a',
      '&a',
      '!a',
      '0x1',
      '2020-01-01',
      '::1',
      'a:b',
      '/a:1',
    ),
  );
  const key = fc.constantFrom('a', 'b', 'y', 'on', 'a b', '1', 'x.y/z');
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', maxDepth: 4 },
      text,
      fc.integer(),
      fc.boolean(),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(key, tree, { minKeys: 1, maxKeys: 4 }), (value) => {
      const { documents, mistakes } = readYaml('t.yaml', toYaml(value));
      assert.deepEqual(mistakes, []);
      assert.deepEqual(JSON.parse(JSON.stringify(documents[0]?.value)), JSON.parse(JSON.stringify(value)));
    }),
    { numRuns: 500 },
  );
});
