import assert from 'node:assert/strict';
import { test } from 'node:test';
import { request } from '../../test/fakes/policy.ts';
import { headerTest, isSensitiveHeader, refuseHeader } from './headers.ts';

type Sent = string | readonly string[] | undefined;

/** What ALLOW (narrow) and DENY (wide) say for values and for notValues. */
const ROWS: readonly (readonly [
  values: readonly string[],
  sent: Sent,
  allow: boolean,
  deny: boolean,
  notAllow: boolean,
  notDeny: boolean,
])[] = [
  [['admin'], 'admin', true, true, false, false],
  [['admin'], 'Admin', false, false, true, true],
  [['admin'], undefined, false, false, true, true],
  [['admin'], '', false, false, true, true],
  [['*'], undefined, false, false, true, true],
  [['*'], '', true, true, false, false],
  [['*'], 'x', true, true, false, false],
  [['ad*'], 'admin', true, true, false, false],
  [['*in'], 'admin', true, true, false, false],
  // One of several: never a way in through ALLOW, never a way round DENY.
  [['admin'], ['guest', 'admin'], false, true, false, true],
  [['admin'], ['admin', 'admin'], false, true, false, true],
  [['admin'], 'guest,admin', false, true, false, true],
  [['admin'], 'guest , admin', false, true, false, true],
  [['guest,admin'], ['guest', 'admin'], true, true, false, false],
  [['guest,admin'], 'guest,admin', true, true, false, false],
  [['ad*'], ['admin', 'guest'], true, true, false, true],
  [['ad*'], ['guest', 'admin'], false, true, false, true],
  [['x'], ['a', 'b'], false, false, true, true],
];

test('a header condition holds for the joined value, and for DENY for any of its parts', () => {
  for (const [values, sent, allow, deny, notAllow, notDeny] of ROWS) {
    const a = request({ headers: sent === undefined ? {} : { 'x-role': sent } });
    const got = [
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ].map(([negated, wide]) => headerTest('x-role', values, negated === true, wide === true)(a));
    assert.deepEqual(got, [allow, deny, notAllow, notDeny], JSON.stringify([values, sent]));
  }
});

test('pseudo-headers and host read the request itself', () => {
  const a = request({
    method: 'PUT',
    host: 'cart.shop:80',
    path: '/a',
    query: '?b=c',
    headers: { host: 'forged', ':method': 'GET' },
  });
  const rows: readonly (readonly [string, string])[] = [
    [':method', 'PUT'],
    [':authority', 'cart.shop:80'],
    ['host', 'cart.shop:80'],
    [':path', '/a?b=c'],
  ];
  for (const [name, value] of rows) assert.equal(headerTest(name, [value], false, false)(a), true, name);
  assert.equal(headerTest('host', ['forged'], false, true)(a), false);
  assert.notEqual(refuseHeader(':scheme'), undefined);
  assert.notEqual(refuseHeader(''), undefined);
  assert.equal(refuseHeader(':path'), undefined);
});

test('bytes beyond ASCII never make a matcher skip', () => {
  const a = request({ headers: { 'x-role': 'admin\u00ff' } });
  assert.equal(headerTest('x-role', ['admin*'], false, true)(a), true);
  assert.equal(headerTest('x-role', ['admin'], true, false)(a), true);
});

test('headers that carry secrets are known as such', () => {
  for (const name of [
    'authorization',
    'proxy-authorization',
    'cookie',
    'x-api-key',
    'x-auth-token',
    'x-client-secret',
    'x-session-id',
  ])
    assert.equal(isSensitiveHeader(name), true, name);
  for (const name of ['x-role', 'user-agent', 'x-request-id', 'accept']) assert.equal(isSensitiveHeader(name), false, name);
});
