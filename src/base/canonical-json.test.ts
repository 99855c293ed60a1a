import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson } from './canonical-json.ts';

test('equal values give equal text whatever the order of members', () => {
  assert.equal(canonicalJson({ b: 1, a: [2, { d: null, c: 'x' }] }), '{"a":[2,{"c":"x","d":null}],"b":1}');
  assert.equal(canonicalJson({ a: 1, b: undefined }), canonicalJson({ a: 1 }));
  assert.notEqual(canonicalJson({ a: '1' }), canonicalJson({ a: 1 }));
  assert.notEqual(canonicalJson([1, 2]), canonicalJson([2, 1]));
});

test('an own `__proto__` member is data', () => {
  const value: unknown = JSON.parse('{"__proto__":{"a":1},"b":2}');
  assert.equal(canonicalJson(value), '{"__proto__":{"a":1},"b":2}');
});

test('what JSON reads back is the same value', () => {
  for (const value of ['', 'ä\u2028"\\', 0, -0.5, 1e21, true, null, [], {}, [[], {}]]) {
    assert.deepEqual(JSON.parse(canonicalJson(value)), value);
  }
});
