import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PatternError, compilePattern } from './pattern.ts';

const find = (pattern: string, text: string): string | undefined => {
  const span = compilePattern(pattern).find(text, 0, text.length);
  return (
    span &&
    span
      .reduce<string[]>((parts, at, i) => (i % 2 === 0 ? [...parts, at < 0 ? '-' : text.slice(at, span[i + 1])] : parts), [])
      .join('|')
  );
};

for (const [pattern, text, want] of [
  ['a|ab', 'xab', 'a'],
  ['(a+)(b*)', 'caab', 'aab|aa|b'],
  ['(a+?)(b*)', 'caab', 'a|a|'],
  ['(?i)KEY', 'my kEy', 'kEy'],
  ['(?i:k)EY', 'KEY', 'KEY'],
  ['(?i)a(?-i:b)', 'AB', undefined],
  ['(?i)a(?-i:b)', 'Ab', 'Ab'],
  ['[[:alnum:]]+', '--a9--', 'a9'],
  ['[^[:alpha:]\\d]+', 'a1-+b', '-+'],
  ['\\Aab', 'xab', undefined],
  ['ab\\z', 'xab', 'ab'],
  ['^b', 'a\nb', undefined],
  ['(?m)^b$', 'a\nb\nc', 'b'],
  ['a.b', 'a\nb', undefined],
  ['(?s)a.b', 'a\nb', 'a\nb'],
  ['\\x{41}\\x42\\Q.*\\E', 'AB.*', 'AB.*'],
  ['\\bkey\\b', 'monkey key', 'key'],
  ['(?P<n>x)(y)?', 'xz', 'x|x|-'],
  ['(?U)a+', 'aaa', 'a'],
  ['x{2,3}', 'xxxxx', 'xxx'],
  ['a{,2}', 'a{,2}', 'a{,2}'],
  ['é', Buffer.from('café').toString('latin1'), Buffer.from('é').toString('latin1')],
] as const)
  test(`pattern ${pattern} in ${JSON.stringify(text)}`, () => assert.equal(find(pattern, text), want));

for (const pattern of [
  '(',
  ')',
  'a**',
  '*a',
  '[a',
  'a{2000}',
  '(?<=a)b',
  '\\1',
  '\\',
  '(?z)',
  '[[:nope:]]',
  '[b-a]',
  '(((((a{500}){500})))',
]) {
  test(`pattern ${pattern} is refused`, () => assert.throws(() => compilePattern(pattern), PatternError));
}

test('pattern: finds what JavaScript finds', () => {
  const piece = fc.constantFrom(
    'a',
    'b',
    '.',
    '[ab]',
    '[^a]',
    '(a|b)',
    '(ab)',
    '\\b',
    'a*',
    'b+?',
    '(a|ab)*',
    'c?',
    '(?:b|c){1,2}',
    '^',
    '$',
  );
  fc.assert(
    fc.property(
      fc.array(piece, { minLength: 1, maxLength: 5 }),
      fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' '), maxLength: 12 }),
      (pieces, text) => {
        const source = pieces.join('');
        const expected = new RegExp(source).exec(text);
        const span = compilePattern(source).find(text, 0, text.length);
        assert.deepEqual(span?.slice(0, 2), expected ? [expected.index, expected.index + expected[0].length] : undefined);
      },
    ),
    { numRuns: 400 },
  );
});

test('pattern: one that backtracks for ever elsewhere ends here', () => {
  const text = 'a'.repeat(20_000);
  assert.equal(compilePattern('(a+)+b').test(text), false);
  assert.equal(compilePattern('(?:a|a)*(?:a|a)*c').test(text), false);
});
