import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dhBits, weakAwsPolicy, weakCiphers, weakMinimum, weakVersions } from './weak.ts';

test('versions, suites and parameters', () => {
  for (const [weak, want] of [
    [weakVersions('TLSv1.2 TLSv1.3'), undefined],
    [weakVersions('TLSv1 TLSv1.1'), 'medium'],
    [weakVersions('SSLv3'), 'high'],
    [weakMinimum('TLSV1_1'), 'medium'],
    [weakMinimum('TLSV1_2'), undefined],
    [weakMinimum('1.3'), undefined],
    [weakMinimum('TLS_AUTO'), undefined],
    [weakMinimum(''), undefined],
    [weakCiphers('ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305'), undefined],
    [weakCiphers('HIGH:!aNULL:!MD5:!3DES:!RC4'), undefined],
    [weakCiphers('ALL'), 'medium'],
    [weakCiphers('DES-CBC3-SHA'), 'medium'],
    [weakCiphers('ADH-AES128-SHA'), 'medium'],
    [weakCiphers('ECDHE-RSA-AES128-SHA'), 'low'],
    [weakCiphers('TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_RSA_WITH_AES_128_GCM_SHA256'), 'low'],
    [weakCiphers('TLS_AES_128_GCM_SHA256'), undefined],
    [weakAwsPolicy('ELBSecurityPolicy-TLS13-1-2-2021-06'), undefined],
    [weakAwsPolicy('ELBSecurityPolicy-2016-08'), 'medium'],
  ] as const) {
    assert.equal(weak?.severity, want, JSON.stringify(weak));
  }
  const der = (bits: number): Buffer => {
    const prime = Buffer.concat([Buffer.from([0]), Buffer.alloc(bits / 8, 0xff)]);
    const number = Buffer.concat([
      Buffer.from([0x02, 0x82, prime.length >> 8, prime.length & 255]),
      prime,
      Buffer.from([2, 1, 2]),
    ]);
    return Buffer.concat([Buffer.from([0x30, 0x82, number.length >> 8, number.length & 255]), number]);
  };
  const pem = (bytes: Buffer): string =>
    `-----BEGIN DH PARAMETERS-----\n${bytes.toString('base64')}\n-----END DH PARAMETERS-----\n`;
  assert.equal(dhBits(pem(der(1024))), 1024);
  assert.equal(dhBits(pem(der(2048))), 2048);
  assert.equal(dhBits(pem(der(2048).subarray(0, 20))), undefined);
  assert.equal(dhBits('-----BEGIN DH PARAMETERS-----'), undefined);
});
