import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RegexError } from './regex-parse.ts';
import { compileRegex } from './regex.ts';

for (const [pattern, text, want] of [
  ['', '', true],
  ['', 'a', false],
  ['abc', 'abc', true],
  ['abc', 'abcd', false],
  ['a|bc', 'bc', true],
  ['a.c', 'abc', true],
  ['a.c', 'a\nc', false],
  ['(?s)a.c', 'a\nc', true],
  ['(?i)AbC', 'aBc', true],
  ['a*', 'aaaa', true],
  ['a+', '', false],
  ['a?b', 'b', true],
  ['a{2,3}', 'aa', true],
  ['a{2,3}', 'aaaa', false],
  ['a{2}', 'aaa', false],
  ['[a-c]+', 'abcabc', true],
  ['[^a-c]+', 'abc', false],
  ['[]a]+', ']a', true],
  ['\\d+', '0123', true],
  ['\\w+\\s\\w+', 'ab cd', true],
  ['/item/[0-9]+(/reviews)?', '/item/7/reviews', true],
  ['/item/[0-9]+(/reviews)?', '/item/7/review', false],
  ['(a|ab)(c|bcd)', 'abcd', true],
  ['^/api$', '/api', true],
  ['\\bfoo\\b', 'foo', true],
  ['a\\.b', 'axb', false],
  ['(?:ab)*', 'abab', true],
  ['a*?b', 'aab', true],
] as const)
  test(`regex ${pattern} ${want ? 'matches' : 'refuses'} ${JSON.stringify(text)}`, () =>
    assert.equal(compileRegex(pattern).test(text), want));

for (const pattern of [
  '(',
  ')',
  '(a)\\1',
  '(?=a)',
  '(?<=a)b',
  '(?!a)',
  '[a',
  'a{1001}',
  '*a',
  'a**',
  '\\',
  '[z-a]',
  `${'('.repeat(200)}a${')'.repeat(200)}`,
])
  test(`regex ${pattern.slice(0, 12)} is refused`, () => assert.throws(() => compileRegex(pattern), RegexError));

test('patterns that make a backtracking engine explode take linear steps', () => {
  const text = `${'a'.repeat(2000)}!`;
  for (const pattern of ['(a+)+b', '(a|a)*b', '(a*)*b', '(.*)(.*)(.*)(.*)(.*)[^a!]'])
    assert.equal(compileRegex(pattern).test(text), false);
});

test('agrees with the language of V8 where both know the syntax', () => {
  const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '(a|b)', '(?:ab)', 'a|b');
  const piece = fc
    .tuple(atom, fc.constantFrom('', '*', '+', '?', '{1,2}', '*?'))
    .map(([what, many]) => (many !== '' && what.includes('|') && !what.startsWith('(') ? `(${what})${many}` : what + many));
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 5 }),
      fc.array(fc.constantFrom('a', 'b', '1', 'c'), { maxLength: 8 }),
      (pieces, letters) => {
        const pattern = pieces.join('');
        const text = letters.join('');
        assert.equal(compileRegex(pattern).test(text), new RegExp(`^(?:${pattern})$`).test(text), `${pattern} on ${text}`);
      },
    ),
    { numRuns: 300 },
  );
});
