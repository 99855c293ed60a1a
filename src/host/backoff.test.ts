import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffMs } from './backoff.ts';

const LIMITS = { firstMs: 100, maxMs: 1000, stableMs: 0 };

test('waits double up to the longest, spread over their upper half', () => {
  const rows: readonly (readonly [failures: number, least: number, most: number])[] = [
    [1, 50, 100],
    [2, 100, 200],
    [3, 200, 400],
    [4, 400, 800],
    [5, 500, 1000],
    [5000, 500, 1000],
  ];
  for (const [failures, least, most] of rows) {
    assert.equal(backoffMs(failures, 0, LIMITS), least);
    assert.equal(backoffMs(failures, 1, LIMITS), most);
  }
});
