import assert from 'node:assert/strict';
import { test } from 'node:test';
import { didYouMean, editDistance, nearest } from './nearest.ts';

test('the nearest word is found by edits, not by length', () => {
  const fields = ['principals', 'requestPrincipals', 'namespaces', 'ipBlocks', 'from', 'to', 'when'];
  for (const [word, want] of [
    ['pricipals', 'principals'],
    ['Principals', 'principals'],
    ['namespace', 'namespaces'],
    ['form', 'from'],
    ['ot', 'to'],
    ['ipblocks', 'ipBlocks'],
    ['banana', undefined],
    ['', undefined],
    ['x'.repeat(10_000), undefined],
  ] as const) {
    assert.equal(nearest(word, fields), want, word);
  }
});

test('distance counts a swap of neighbours as one edit', () => {
  assert.equal(editDistance('AuthorisationPolicy', 'AuthorizationPolicy'), 1);
  assert.equal(editDistance('form', 'from'), 1);
  assert.equal(editDistance('', 'abc'), 3);
  assert.equal(editDistance('abc', 'abc'), 0);
});

test('no suggestion repeats the word itself', () => {
  assert.equal(didYouMean('from', ['from']), undefined);
  assert.equal(didYouMean('fron', ['from']), 'did you mean `from`?');
});
