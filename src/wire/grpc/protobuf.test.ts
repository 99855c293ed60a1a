import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageError, MessageWriter, readMessage, textOf } from './protobuf.ts';

// The first three are the examples of protobuf.dev/programming-guides/encoding.
for (const [name, writer, hex] of [
  ['a number', new MessageWriter().uint(1, 150), '089601'],
  ['a text', new MessageWriter().text(2, 'testing'), '120774657374696e67'],
  ['a message inside', new MessageWriter().message(3, new MessageWriter().uint(1, 150)), '1a03089601'],
  ['default values, which are left out', new MessageWriter().uint(1, 0).text(2, ''), ''],
  ['an empty message, which is not', new MessageWriter().message(1, new MessageWriter()), '0a00'],
  ['a large number', new MessageWriter().uint(1, 2 ** 40), '08808080808020'],
  ['a large field number', new MessageWriter().uint(1000, 1), 'c03e01'],
  ['an entry of a map', new MessageWriter().entry(3, 'k', 'v'), '1a060a016b120176'],
] as const)
  test(`${name} as bytes`, () => assert.equal(writer.finish().toString('hex'), hex));

test('every kind of field is read, also those that nobody asks for', () => {
  const bytes = Buffer.from(
    '089601 120774657374696e67 1d01020304 210102030405060708 08ffffffffffffffffff01'.replaceAll(' ', ''),
    'hex',
  );
  assert.deepEqual(
    [...readMessage(bytes)].map(({ field, number, bytes: value }) => [field, number, value.toString('hex')]),
    [
      [1, 150, ''],
      [2, 0, '74657374696e67'],
      [3, 0, '01020304'],
      [4, 0, '0102030405060708'],
      [1, 2 ** 64, ''],
    ],
  );
});

for (const [name, hex] of [
  ['a cut number', '0896'],
  ['a number without end', '08' + 'ff'.repeat(11)],
  ['a cut text', '120774657374'],
  ['a text longer than all memory', '12ffffffffffffffffff01'],
  ['a field of number 0', '0001'],
  ['a group', '0b0c'],
] as const)
  test(`${name} is refused`, () => assert.throws(() => [...readMessage(Buffer.from(hex, 'hex'))], MessageError));

test('a text that is not UTF-8 is refused', () => assert.throws(() => textOf(Buffer.from('ff', 'hex')), MessageError));
