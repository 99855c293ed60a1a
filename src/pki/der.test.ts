import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { certificate, leafExtensions } from '../../test/fakes/certificates.ts';
import { readCertificate } from './certificate.ts';
import {
  DerError,
  DerReader,
  namedBits,
  oid,
  oidText,
  sequence,
  smallInteger,
  TAG,
  timeDer,
  timeMs,
  tlv,
  unsigned,
} from './der.ts';
import { readJws } from './jws.ts';
import { certificatesOf, pemBlocks, toPem } from './pem.ts';

function hex(text: string): Uint8Array {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

const REFUSED: readonly (readonly [title: string, work: () => unknown])[] = [
  ['indefinite length', () => new DerReader(hex('30 80 00 00')).next()],
  ['length longer than needed', () => new DerReader(hex('30 81 01 00')).next()],
  ['length with a leading zero', () => new DerReader(hex('30 82 00 81')).next()],
  ['length of five bytes', () => new DerReader(hex('30 85 01 00 00 00 00')).next()],
  ['element longer than its parent', () => new DerReader(hex('30 02 05')).next()],
  ['multi-byte tag', () => new DerReader(hex('1f 20 00')).next()],
  ['end of bytes', () => new DerReader(hex('')).next()],
  ['another tag', () => new DerReader(hex('02 01 00')).next(TAG.sequence)],
  ['bytes left over', () => new DerReader(hex('05 00')).end()],
  ['integer with a leading zero', () => smallInteger(hex('00 01'))],
  ['negative integer', () => smallInteger(hex('ff'))],
  ['empty integer', () => smallInteger(hex(''))],
  ['empty object identifier', () => oidText(hex(''))],
  ['object identifier with padding', () => oidText(hex('2a 80 01'))],
  ['object identifier cut off', () => oidText(hex('2a 86'))],
  ['bit string with eight unused bits', () => namedBits(hex('08 80'))],
  ['time without seconds', () => timeMs({ tag: TAG.utcTime, content: Buffer.from('2601010000Z'), whole: hex('') })],
  ['time with an offset', () => timeMs({ tag: TAG.utcTime, content: Buffer.from('260101000000+0100'), whole: hex('') })],
  ['31 February', () => timeMs({ tag: TAG.utcTime, content: Buffer.from('260231000000Z'), whole: hex('') })],
  [
    'short year in a GeneralizedTime',
    () => timeMs({ tag: TAG.generalizedTime, content: Buffer.from('260101000000Z'), whole: hex('') }),
  ],
  ['element too long to write', () => tlv(TAG.octetString, new Uint8Array(70_000))],
];
for (const [title, work] of REFUSED) test(`DER: ${title} is refused`, () => assert.throws(work, DerError));

test('what is written reads back', () => {
  for (const id of ['1.2.840.10045.4.3.2', '2.5.29.17', '0.9.2342', '2.999.3'])
    assert.equal(oidText(new DerReader(oid(id)).next(TAG.oid).content), id);
  for (const date of ['1970-01-01T00:00:00Z', '2049-12-31T23:59:59Z', '2050-01-01T00:00:00Z', '2124-02-29T12:00:00Z']) {
    assert.equal(timeMs(new DerReader(timeDer(Date.parse(date))).next()), Date.parse(date));
  }
  assert.deepEqual(Buffer.from(unsigned(hex('00 80'))), Buffer.from('02020080', 'hex'));
  assert.deepEqual(Buffer.from(unsigned(hex('00'))), Buffer.from('020100', 'hex'));
  for (const size of [0, 127, 128, 255, 256, 60_000])
    assert.equal(new DerReader(sequence(new Uint8Array(size))).next().content.length, size);
});

test('PEM: only whole, well-formed blocks count', () => {
  const pem = toPem('CERTIFICATE', Uint8Array.of(1, 2, 3));
  assert.equal(certificatesOf(`noise\n${pem}noise\n${pem.replaceAll('\n', '\r\n')}`).length, 2);
  for (const bad of [
    pem.replace('END C', 'END X'),
    pem.replace('AQID', 'AQI'),
    pem.replace('AQID', 'A?ID'),
    pem.replace('AQID', 'AQ==ID=='),
    pem.slice(0, -20),
  ]) {
    assert.equal(pemBlocks(bad).length, 0, bad);
  }
});

test('PEM: hostile text costs time in proportion to its length', () => {
  const start = performance.now();
  pemBlocks('-----BEGIN CERTIFICATE-----\n'.repeat(20_000));
  pemBlocks(`-----BEGIN CERTIFICATE-----\n${'A'.repeat(1_000_000)}`);
  assert.ok(performance.now() - start < 2_000);
});

test('any bytes are read as a certificate, a token or a PEM text, or refused', () => {
  const good = certificate({ extensions: leafExtensions() }).der;
  const mutated = fc.tuple(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length)).map(([at, byte, cut]) => {
    const copy = Buffer.from(good);
    copy[at] = byte;
    return copy.subarray(0, cut);
  });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated), (bytes) => {
      try {
        readCertificate(bytes);
      } catch (error) {
        assert.ok(error instanceof DerError, String(error));
      }
      readJws(Buffer.from(bytes).toString('latin1'));
      pemBlocks(Buffer.from(bytes).toString('latin1'));
    }),
    { numRuns: 500 },
  );
});
