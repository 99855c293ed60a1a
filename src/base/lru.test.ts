import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lru } from './lru.ts';

test('forgets what was used longest ago', () => {
  const lru = new Lru<string, number>(2);
  lru.set('a', 1);
  lru.set('b', 2);
  assert.equal(lru.get('a'), 1);
  lru.set('c', 3);
  assert.equal(lru.get('b'), undefined);
  assert.equal(lru.get('a'), 1);
  assert.equal(lru.get('c'), 3);
  assert.equal(lru.size, 2);
});

test('setting a known key makes it recent and does not push another out', () => {
  const lru = new Lru<string, number>(2);
  lru.set('a', 1);
  lru.set('b', 2);
  lru.set('a', 3);
  assert.equal(lru.size, 2);
  lru.set('c', 4);
  assert.equal(lru.get('b'), undefined);
  assert.equal(lru.get('a'), 3);
});

test('holds at least one entry, and delete and clear take away', () => {
  const lru = new Lru<number, string>(0);
  lru.set(1, 'x');
  assert.equal(lru.get(1), 'x');
  assert.equal(lru.delete(1), true);
  assert.equal(lru.delete(1), false);
  lru.set(2, 'y');
  lru.clear();
  assert.equal(lru.size, 0);
});
