import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EmailCount, findCard, findIban, isCardNumber, isIban } from './sensitive.ts';

test('a card number has an issuer, a length that goes with it, and its check digit', () => {
  // Numbers that the schemes publish for tests.
  const rows: readonly (readonly [digits: string, is: boolean])[] = [
    ['4111111111111111', true],
    ['4222222222222', true],
    ['5555555555554444', true],
    ['2223003122003222', true],
    ['378282246310005', true],
    ['6011111111111117', true],
    ['3530111333300000', true],
    ['30569309025904', true],
    ['6200000000000005', true],
    ['4111111111111112', false],
    ['1234567890123452', false],
    ['0000000000000000', false],
    ['411111111111111', false],
  ];
  for (const [digits, is] of rows) assert.equal(isCardNumber(digits), is, digits);
});

test('a card number is found in its usual spellings and not inside longer numbers', () => {
  for (const text of ['card: 4111 1111 1111 1111', '{"n":"4111-1111-1111-1111"}', 'x=4111111111111111&y', '4111111111111111'])
    assert.ok(findCard(text), text);
  for (const text of [
    'id 94111111111111111 1',
    '0.4111111111111111',
    'a4111111111111111',
    '4111111111111111.5',
    'v4111111111111111-2026',
  ])
    assert.equal(findCard(text), undefined, text);
});

test('an IBAN has its country’s length and its check digits', () => {
  const good = [
    'DE89370400440532013000',
    'GB82WEST12345698765432',
    'FR1420041010050500013M02606',
    'NO9386011117947',
    'MT84MALT011000012345MTLCAST001S',
  ];
  for (const iban of good) {
    assert.ok(isIban(iban), iban);
    assert.ok(findIban(`pay ${iban.replaceAll(/(.{4})(?=.)/g, '$1 ')}, thanks`), iban);
    const broken = `${iban.slice(0, 2)}${iban[2] === '9' ? '0' : '9'}${iban.slice(3)}`;
    assert.ok(!isIban(broken), broken);
  }
  for (const text of ['XX89370400440532013000', 'DE8937040044053201300', 'ADE89370400440532013000'])
    assert.equal(findIban(text), undefined, text);
});

test('addresses count once each, over all parts', () => {
  const count = new EmailCount(3);
  assert.equal(count.add('a@x.org a@x.org A@X.ORG b@x.org'), undefined);
  assert.equal(count.add('nothing here'), undefined);
  assert.deepEqual(count.add('to c@x.org'), { rule: 'email-flood', offset: 3 });
});

test('any text is searched without a failure', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      findCard(text);
      findIban(text);
      new EmailCount(2).add(text);
    }),
    { numRuns: 200 },
  );
  // Long runs of what almost matches stay linear enough.
  const started = performance.now();
  findCard('4111 '.repeat(13_000));
  findIban('DE89 3704 0044 '.repeat(4000));
  assert.ok(performance.now() - started < 1000);
});
