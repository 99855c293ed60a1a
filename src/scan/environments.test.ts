import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environmentIn, withoutEnvironment } from './environments.ts';

test('environments at the beginning or end of a name', () => {
  for (const [name, kind, rest] of [
    ['shop-prod', 'production', 'shop'],
    ['staging-shop', 'staging', 'shop'],
    ['prod', 'production', ''],
    ['shop-pre-prod', 'staging', 'shop'],
    ['values.production', 'production', 'values'],
    ['shop_qa2', 'test', 'shop'],
    ['shop', undefined, 'shop'],
    ['product-service', undefined, 'product-service'],
    ['live-chat', 'production', 'chat'],
    ['cart-test-runner', undefined, 'cart-test-runner'],
    ['', undefined, ''],
  ] as const) {
    assert.equal(environmentIn(name)?.kind, kind, name);
    assert.equal(withoutEnvironment(name), rest, name);
  }
});
