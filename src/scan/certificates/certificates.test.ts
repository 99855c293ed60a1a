import assert from 'node:assert/strict';
import { test } from 'node:test';
import { context, oid, octetString, sequence, tlv, unsigned } from '#pki/der.ts';
import { NOW, good, secret, base64, keyPem, other, expired } from '../../../test/fakes/certificate-files.ts';
import { findCertificates } from './find.ts';
import { certificateFindings } from './findings.ts';

type Content = string | Uint8Array;
type Case = readonly [name: string, files: Readonly<Record<string, Content>>, ...found: string[]];

const lines = good.pem.trim().split('\n');
const jks = (entries: readonly Uint8Array[]): Uint8Array => {
  const number = (value: number, size: number): Buffer => Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex');
  const parts = entries.flatMap((der) => [
    number(2, 4),
    number(1, 2),
    Buffer.from('a'),
    Buffer.alloc(8),
    number(5, 2),
    Buffer.from('X.509'),
    number(der.length, 4),
    Buffer.from(der),
  ]);
  return Buffer.concat([Buffer.from('feedfeed', 'hex'), number(2, 4), number(entries.length, 4), ...parts, Buffer.alloc(20)]);
};
const p12 = (der: Uint8Array): Uint8Array => {
  const data = oid('1.2.840.113549.1.7.1');
  const info = (bytes: Uint8Array): Uint8Array => sequence(data, tlv(context(0), octetString(bytes)));
  const bag = sequence(
    oid('1.2.840.113549.1.12.10.1.3'),
    tlv(context(0), sequence(oid('1.2.840.113549.1.9.22.1'), tlv(context(0), octetString(der)))),
  );
  return sequence(unsigned(Uint8Array.of(3)), info(sequence(info(sequence(bag)))));
};

const CASES: readonly Case[] = [
  ['faultless', { 'tls.crt': good.pem }],
  ['expired in PEM', { 'certs/a.pem': expired.pem }, 'high expired'],
  ['expired in DER', { 'a.cer': expired.der }, 'high expired'],
  ['expired in a Secret', { 's.yaml': secret(expired.pem) }, 'high expired'],
  [
    'expired in a kubeconfig',
    { kubeconfig: `users:\n- user: {client-certificate-data: ${base64(expired.pem)}}\n` },
    'high expired',
  ],
  [
    'expired in a generated client, one string',
    { 'gen/client.ts': `const ca = "${expired.pem.trim().replaceAll('\n', String.raw`\n`)}";` },
    'high expired',
  ],
  [
    'expired in pieces',
    {
      'Client.java': expired.pem
        .trim()
        .split('\n')
        .map((line) => `    "${line}\\n"`)
        .join(' +\n'),
    },
    'high expired',
  ],
  ['expired in a Go string', { 'c.go': `var ca = \`${expired.pem}\`` }, 'high expired'],
  [
    'expired in SAML metadata',
    { 'idp.xml': `<ds:X509Certificate>\n${Buffer.from(expired.der).toString('base64')}\n</ds:X509Certificate>` },
    'high expired',
  ],
  [
    'expired in a set of keys, behind a good one',
    { 'jwks.json': JSON.stringify({ keys: [{ x5c: [good, expired].map(({ der }) => Buffer.from(der).toString('base64')) }] }) },
    'high expired',
  ],
  ['expired in a Java key store', { 'trust.jks': jks([good.der, expired.der]) }, 'high expired'],
  ['expired in PKCS#12', { 'a.p12': p12(expired.der) }, 'high expired'],
  ['expired in a test', { 'test/a.pem': expired.pem }, 'info expired'],
  [
    'text that only looks like one',
    { 'a.md': '-----BEGIN CERTIFICATE-----\nMIIC...\n-----END CERTIFICATE-----', 'b.pem': lines.slice(0, -1).join('\n') },
  ],
];

const filesOf = (files: Readonly<Record<string, Content>>): readonly { path: string; bytes: Uint8Array }[] =>
  Object.entries(files).map(([path, content]) => ({ path, bytes: typeof content === 'string' ? Buffer.from(content) : content }));

for (const [name, files, ...wanted] of CASES)
  test(`certificates: ${name}`, () => {
    const found = certificateFindings(filesOf(files), NOW);
    assert.deepEqual(
      found.map(({ code, severity }) => `${severity} ${code.replace('certificates.', '')}`).toSorted(),
      wanted.toSorted(),
    );
    for (const { location } of found) assert.ok(location);
  });

test('a finding stands at its line, also far down, and never shows a key', () => {
  const text = `a: 1\n---\nb: |\n${expired.pem.replaceAll(/^/gm, '  ')}\n${keyPem(other)}`;
  const [found] = certificateFindings(filesOf({ 'a.yaml': text }), NOW);
  assert.deepEqual(found!.location, { file: 'a.yaml', line: 4, column: 3 });
  assert.doesNotMatch(JSON.stringify(found), new RegExp(keyPem(other).split('\n')[1]!.slice(0, 20)));
});

test('hostile bytes cost little and give nothing', () => {
  const size = 500_000;
  for (const shape of [
    '-----BEGIN CERTIFICATE-----',
    '-----BEGIN ',
    'LS0tLS1CRUdJTi',
    '-----BEGIN CERTIFICATE-----"  "',
    good.pem.slice(0, 60),
    '-----BEGIN RSA PRIVATE KEY-----AA-----END RSA PRIVATE KEY-----',
  ]) {
    const bytes = Buffer.from(shape.repeat(Math.ceil(size / shape.length)));
    const start = performance.now();
    findCertificates({ path: 'a.pem', bytes });
    assert.ok(performance.now() - start < 500, shape);
  }
  assert.deepEqual(
    findCertificates({ path: 'a.jks', bytes: Buffer.from('feedfeed00000002ffffffff00000002', 'hex') }).certificates,
    [],
  );
  assert.deepEqual(findCertificates({ path: 'a.p12', bytes: Buffer.from('3003020103', 'hex') }).certificates, []);
});
