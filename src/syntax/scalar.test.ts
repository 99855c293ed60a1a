import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyText, resolvePlain } from './scalar.ts';

test('plain scalars resolve as go-yaml does', () => {
  for (const [text, want] of [
    ['', null],
    ['~', null],
    ['Null', null],
    ['nULL', 'nULL'],
    ['true', true],
    ['True', true],
    ['tRUE', 'tRUE'],
    ['y', true],
    ['N', false],
    ['on', true],
    ['OFF', false],
    ['yes!', 'yes!'],
    ['0', 0],
    ['-0', 0],
    ['+12', 12],
    ['-7', -7],
    ['007', 7],
    ['0o17', 15],
    ['0b101', 5],
    ['-0x1f', -31],
    ['0x', '0x'],
    ['08', 8],
    ['1_000', 1000],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['1.', 1],
    ['1e3', 1000],
    ['1E+2', 100],
    ['1.2.3', '1.2.3'],
    ['.', '.'],
    ['-', '-'],
    ['1:30', '1:30'],
    ['2001-12-14', '2001-12-14'],
    ['1e999', '1e999'],
    ['9007199254740993', 9007199254740992],
    ['v1', 'v1'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['100m', '100m'],
    ['128Mi', '128Mi'],
  ] as const) {
    assert.equal(resolvePlain(text), want, text);
  }
  assert.ok(Number.isNaN(resolvePlain('.NaN')));
  assert.ok(Number.isNaN(resolvePlain('-.inf')));
  assert.equal(resolvePlain('1'.repeat(401)), '1'.repeat(401));
});

test('keys become the names that JSON would have', () => {
  for (const [value, want] of [
    ['a', 'a'],
    [8080, '8080'],
    [true, 'true'],
    [null, undefined],
    [Number.NaN, undefined],
  ] as const)
    assert.equal(keyText(value), want);
});
