import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allTests, anyString, anyTest } from './strings.ts';

test('a value is exact, a prefix, a suffix or presence; any other star is literal', () => {
  const rows: readonly (readonly [value: string, matched: readonly string[], missed: readonly string[]])[] = [
    ['abc', ['abc'], ['ABC', 'abcd', 'xabc', '']],
    ['abc*', ['abc', 'abcd', 'abc*'], ['ab', 'xabc']],
    ['*abc', ['abc', 'xabc', '*abc'], ['abcx']],
    ['*', ['x', ' ', '*'], ['']],
    ['a*c', ['a*c'], ['abc', 'ac']],
    ['*a*', ['xa*', 'a*'], ['xax', 'a']],
    ['a**', ['a*', 'a*b'], ['a', 'ab']],
    ['**', ['*', 'x*'], ['x']],
    ['/a/*/b', ['/a/*/b'], ['/a/x/b']],
    ['/a/*/b/*', ['/a/*/b/', '/a/*/b/c'], ['/a/x/b/c']],
    ['a.c', ['a.c'], ['abc']],
  ];
  for (const [value, matched, missed] of rows) {
    for (const text of matched) assert.equal(anyString([value])(text), true, `${value} ${text}`);
    for (const text of missed) assert.equal(anyString([value])(text), false, `${value} ${text}`);
  }
});

test('values are ORed, tests ANDed, and neither of nothing surprises', () => {
  const either = anyString(['a', 'b', 'c*', '*d']);
  for (const text of ['a', 'b', 'cx', 'xd']) assert.equal(either(text), true, text);
  for (const text of ['', 'x', 'ab']) assert.equal(either(text), false, text);
  for (let count = 0; count <= 5; count++) {
    const tests = Array.from({ length: count }, (_, index) => (value: number) => value !== index);
    assert.equal(allTests(tests)(9), true);
    if (count > 0) assert.equal(allTests(tests)(count - 1), false);
    assert.equal(anyTest(tests)(9), count > 0);
    assert.equal(anyTest(tests.map((one) => (value: number) => !one(value)))(9), false);
  }
});
