import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queryOf } from './request.ts';
import type { RequestFlags } from './request.ts';

const FLAGS: RequestFlags = { json: false, from: 'a', to: 'b', method: 'GET', path: '/', plaintext: false };

test('headers come as `name: value` or `name=value`, and add up', () => {
  const { headers } = queryOf({ ...FLAGS, header: ['X-A: 1', 'x-a:2', 'x-b=c: d', 'x-empty:'] });
  assert.deepEqual({ ...headers }, { 'x-a': ['1', '2'], 'x-b': ['c: d'], 'x-empty': [''] });
});

test('claims make a verified token', () => {
  const { auth } = queryOf({
    ...FLAGS,
    claim: ['iss=https://i.example', 'sub=ann', 'aud=["a","b",3]', 'azp=web', 'scope=read write', 'groups=["x"]'],
  });
  assert.equal(auth?.principal, 'https://i.example/ann');
  assert.deepEqual(auth?.audiences, ['a', 'b']);
  assert.equal(auth?.presenter, 'web');
  assert.deepEqual(auth?.claims['groups'], ['x']);
  assert.equal(queryOf(FLAGS).auth, undefined, 'no claims, no token');
});

test('names of the prototype are ordinary names', () => {
  const { headers, auth } = queryOf({ ...FLAGS, header: ['__proto__: x', 'constructor: y'], claim: ['__proto__=1', 'sub=s'] });
  assert.deepEqual(Object.keys(headers ?? {}), ['__proto__', 'constructor']);
  assert.equal(auth?.claims['__proto__'], '1');
  assert.equal(({} as Record<string, unknown>)['0'], undefined);
});

for (const flags of [{ header: ['nothing'] }, { header: ['a b: c'] }, { claim: ['nothing'] }, { claim: ['x={'] }]) {
  test(`refused: ${JSON.stringify(flags)}`, () => {
    assert.throws(() => queryOf({ ...FLAGS, ...flags }), { code: 'usage.invalid' });
  });
}
