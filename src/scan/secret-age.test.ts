import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemOf, TEST_NOW } from '../../test/fakes/scan.ts';
import { DATA, secret } from '../../test/fakes/secrets-config.ts';
import { secretAges, timeOf } from './secret-age.ts';

test('times', () => {
  const day = Date.UTC(2026, 9, 1);
  for (const text of [
    '2026-10-01',
    '2026-10-01T00:00:00Z',
    '2026-10-01T02:00:00+02:00',
    '2026-10-01 00:00',
    String(day / 1000),
    String(day),
  ]) {
    assert.equal(timeOf(text), day, text);
  }
  for (const text of ['', 'yesterday', '2026-13-01', '12', '2026-10-01T']) assert.equal(timeOf(text), undefined, text);
});

test('the history of a file counts where nothing else says', () => {
  const system = systemOf(secret(DATA));
  assert.deepEqual(secretAges(system, TEST_NOW), []);
  const [age] = secretAges(system, TEST_NOW, new Map([['Secret shop/s', TEST_NOW - 45 * 86_400_000]]));
  assert.deepEqual([age?.days, age?.by], [45, 'history']);
});
