import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PrefixTree } from './prefix-tree.ts';

const text = fc.array(fc.constantFrom('/', 'a', 'b', 'ab', '/a'), { maxLength: 6 }).map((parts) => parts.join(''));

test('a path finds the rules that name it, a prefix of it, or no path at all', () => {
  const keys = fc.array(fc.record({ text, exact: fc.boolean() }), { maxLength: 40 });
  fc.assert(
    fc.property(keys, text, (drafts, path) => {
      const all = drafts.map((draft, rule) => ({ ...draft, rule }));
      const always = drafts.length;
      const words = Math.ceil((always + 1) / 32);
      const bits = new Int32Array(words);
      bits[always >>> 5] = 1 << (always & 31);
      const found = new PrefixTree(all, bits, words).find(path);
      const rules = Array.from({ length: always + 1 }, (_, rule) => rule).filter(
        (rule) => ((found[rule >>> 5] as number) >>> (rule & 31)) & 1,
      );
      const want = all.filter((key) => (key.exact ? path === key.text : path.startsWith(key.text))).map(({ rule }) => rule);
      assert.deepEqual(rules, [...want, always]);
    }),
    { numRuns: 1000 },
  );
});
