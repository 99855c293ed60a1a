import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { nameDer } from '#pki/certificate-write.ts';
import { bitString, context, oid, octetString, sequence, textBytes, timeDer, tlv, unsigned } from '#pki/der.ts';
import { OID } from '#pki/oids.ts';
import { certificate, EXT, ecKey, rootCertificate } from '../../../test/fakes/certificates.ts';
import type { CertificateOptions, KeyPair, Signer } from '../../../test/fakes/certificates.ts';
import { hits, systemOf } from '../../../test/fakes/scan.ts';
import { CERTIFICATE_RULES } from '../rules/certificates.ts';
import { HOST_MISMATCH } from '../rules/certificates/hosts.ts';
import { findCertificates } from './find.ts';
import { certificateFindings } from './findings.ts';

const NOW = Date.UTC(2026, 10, 24);
const DAY = 86_400_000;
const ROOT = rootCertificate({ notBeforeMs: NOW - 900 * DAY, notAfterMs: NOW + 3000 * DAY });
const SUBJECT = nameDer('Acme', 'cart');

const dns = (...names: readonly string[]): Uint8Array => EXT.names(...names.map((name) => textBytes(context(2, false), name)));
const leaf = (options: Partial<CertificateOptions> = {}, ...names: readonly string[]): Signer =>
  certificate({
    issuer: ROOT,
    subject: SUBJECT,
    notBeforeMs: NOW - 30 * DAY,
    notAfterMs: NOW + 60 * DAY,
    extensions: [EXT.notCa(), EXT.eku(OID.serverAuth), dns(...(names.length > 0 ? names : ['cart.shop.svc']))],
    ...options,
  });

function rsaKey(bits: number): KeyPair {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  return { privateKey, publicKeyDer: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }) };
}

/** A certificate that says to be signed with an algorithm; nobody checks the signature here. */
function signedWith(algorithm: string, key = ecKey()): string {
  const id = sequence(oid(algorithm));
  const tbs = sequence(
    tlv(context(0), unsigned(Uint8Array.of(2))),
    unsigned(Uint8Array.of(5)),
    id,
    nameDer('Acme', 'root'),
    sequence(timeDer(NOW - DAY), timeDer(NOW + 90 * DAY)),
    SUBJECT,
    key.publicKeyDer,
    tlv(context(3), sequence(dns('a.svc'))),
  );
  return Buffer.from(sequence(tbs, id, bitString(Uint8Array.of(1, 2, 3)))).toString('base64');
}

type Content = string | Uint8Array;
type Case = readonly [name: string, files: Readonly<Record<string, Content>>, ...found: string[]];

const good = leaf();
const other = ecKey();
const old = leaf({ notBeforeMs: NOW - 90 * DAY, notAfterMs: NOW + 40 * DAY });
const expired = leaf({ notBeforeMs: NOW - 90 * DAY, notAfterMs: NOW - DAY });
const oldRoot = rootCertificate({ subject: nameDer('Acme', 'root'), notBeforeMs: NOW - 400 * DAY, notAfterMs: NOW + 100 * DAY });
const newRoot = rootCertificate({ subject: nameDer('Acme', 'root'), notBeforeMs: NOW - 5 * DAY, notAfterMs: NOW + 900 * DAY });
const keyPem = (key: KeyPair): string => key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const secret = (certificates: string, key?: KeyPair): string =>
  `apiVersion: v1\nkind: Secret\nmetadata: {name: tls}\ntype: kubernetes.io/tls\ndata:\n  tls.crt: ${base64(certificates)}\n${key ? `  tls.key: ${base64(keyPem(key))}\n` : ''}`;
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

  ['ends soon', { 'a.pem': leaf({ notBeforeMs: NOW - 80 * DAY, notAfterMs: NOW + 10 * DAY }).pem }, 'medium expiring'],
  ['ends this week', { 'a.pem': leaf({ notBeforeMs: NOW - 80 * DAY, notAfterMs: NOW + 2 * DAY }).pem }, 'high expiring'],
  ['of a day, which programs rotate', { 'a.pem': leaf({ notBeforeMs: NOW - DAY / 2, notAfterMs: NOW + DAY / 2 }).pem }],

  [
    'replaced, and still shipped',
    { 'k8s/tls.yaml': secret(good.pem), 'client/ca.go': `var c = \`${old.pem}\`` },
    'medium superseded',
  ],
  ['old and new authority in one bundle', { 'ca.pem': oldRoot.pem + newRoot.pem }],
  ['old authority alone', { 'ca.pem': newRoot.pem, 'gen/ca.py': `CA = """${oldRoot.pem}"""` }, 'medium superseded'],
  [
    'other names',
    { 'a.pem': good.pem, 'b.pem': leaf({ notBeforeMs: NOW - 90 * DAY, notAfterMs: NOW + 40 * DAY }, 'pay.shop.svc').pem },
  ],
  [
    'issued together',
    { 'a.pem': good.pem, 'b.pem': leaf({ notBeforeMs: NOW - 30 * DAY - 1000, notAfterMs: NOW + 59 * DAY }).pem },
  ],

  ['key of another one', { 's.yaml': secret(good.pem, other) }, 'high key-mismatch'],
  ['key in the file beside', { 'a/tls.crt': good.pem, 'a/tls.key': keyPem(other) }, 'high key-mismatch'],
  ['the right key', { 's.yaml': secret(good.pem + ROOT.pem, good), 'a/server.pem': good.pem, 'a/server-key.pem': keyPem(good) }],
  ['a key of another document', { 's.yaml': `${secret(good.pem)}---\n${secret(ROOT.pem, other)}` }],

  ['RSA of 1024 bits', { 'a.pem': leaf({ key: rsaKey(1024) }).pem }, 'high weak-key'],
  ['RSA of 2048 bits', { 'a.pem': leaf({ key: rsaKey(2048) }).pem }],
  ['signed with SHA-1', { 'a.der': Buffer.from(signedWith('1.2.840.113549.1.1.5'), 'base64') }, 'medium weak-signature'],
  ['signed with SHA-256', { 'a.der': Buffer.from(signedWith('1.2.840.113549.1.1.11'), 'base64') }],
  [
    'an authority that serves',
    { 'a.pem': leaf({ extensions: [EXT.ca(), EXT.eku(OID.serverAuth), dns('cart.shop.svc')] }).pem },
    'medium authority-as-server',
  ],
  ['an authority', { 'a.pem': ROOT.pem }],
  ['signed by itself', { 'a.pem': leaf({ issuer: undefined! }).pem }, 'low self-signed'],
  ['signed by itself in production', { 'prod/a.pem': leaf({ issuer: undefined! }).pem }, 'medium self-signed'],
  ['valid for years', { 'a.pem': leaf({ notAfterMs: NOW + 500 * DAY }, 'www.acme.com').pem }, 'info long-validity'],
  ['valid for years inside', { 'a.pem': leaf({ notAfterMs: NOW + 500 * DAY }).pem }],
  ['wildcard', { 'a.pem': leaf({}, '*.acme.com').pem }, 'info wildcard'],
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

test('every rule has a case that fails', () => {
  for (const { id } of CERTIFICATE_RULES)
    assert.ok(
      CASES.some(([, , ...found]) => found.some((one) => id.endsWith(` ${one}`.split(' ').at(-1)!))),
      id,
    );
});

test('a finding stands at its line, also far down, and never shows a key', () => {
  const text = `a: 1\n---\nb: |\n${expired.pem.replaceAll(/^/gm, '  ')}\n${keyPem(other)}`;
  const [found] = certificateFindings(filesOf({ 'a.yaml': text }), NOW);
  assert.deepEqual(found!.location, { file: 'a.yaml', line: 4, column: 3 });
  assert.doesNotMatch(JSON.stringify(found), new RegExp(keyPem(other).split('\n')[1]!.slice(0, 20)));
});

test('an Ingress is told when the Secret holds the certificate of another host', () => {
  const ingress = (host: string): string =>
    `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec:\n  tls: [{hosts: [${host}], secretName: tls}]\n  defaultBackend: {service: {name: a, port: {number: 80}}}\n`;
  const wild = secret(leaf({}, '*.acme.com').pem, other);
  assert.equal(hits(HOST_MISMATCH, ingress('shop.acme.com'), wild).length, 0);
  const [resource] = systemOf(secret(good.pem, other)).resources;
  assert.deepEqual(resource!.body['certificates'], { 'tls.crt': good.pem });
  assert.deepEqual(resource!.body['data'], { 'tls.crt': null, 'tls.key': null });
  assert.equal(
    hits(HOST_MISMATCH, ingress('a.shop.acme.com'), wild)[0]?.title,
    'the certificate in `tls` is not for `a.shop.acme.com`',
  );
  assert.equal(hits(HOST_MISMATCH, ingress('shop.acme.com')).length, 0);
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
