import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { HOUR, IDENTITY, NOW, RANDOM } from '../../test/fakes/certificates.ts';
import { fakeKeyWrap } from '../../test/fakes/key-wrap.ts';
import { CullisError } from '#base/errors.ts';
import { createIssuing, createRoot, issueSvid, openCa, sealCa } from './ca.ts';
import { readCertificate } from './certificate.ts';
import { createCsr } from './csr.ts';
import { generateKey } from './keys.ts';
import { KEY_USAGE, OID } from './oids.ts';
import { certificatesOf } from './pem.ts';
import { createTrustBundle } from './trust-bundle.ts';
import { verifySvidChain } from './verify.ts';

const ISSUE = { nowMs: NOW, ttlMs: 24 * HOUR, random: RANDOM };
const root = createRoot({ trustDomain: 'cluster.local', nowMs: NOW, ttlMs: 10_000 * HOUR, random: RANDOM });
const issuing = createIssuing(root, { nowMs: NOW, ttlMs: 1_000 * HOUR, random: RANDOM });
const bundle = createTrustBundle({ 'cluster.local': root.certificatePem });

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof CullisError, String(error));
    assert.equal(error.code, 'ca.refused');
    return error.message;
  }
  return 'issued';
}

test('an SVID has all that X509-SVID asks for and nothing more', () => {
  const key = generateKey();
  const svid = issueSvid(issuing, createCsr(IDENTITY, key), IDENTITY, ISSUE);
  const [leafDer, issuerDer, ...rest] = certificatesOf(svid.chainPem) as [Uint8Array, Uint8Array];
  assert.equal(rest.length, 0, 'the root is not sent');
  const leaf = readCertificate(leafDer);
  assert.deepEqual(leaf.altNames, { uris: [IDENTITY], dns: [], ips: 0, emails: [], others: 0 });
  assert.deepEqual(leaf.basicConstraints, { ca: false, pathLength: undefined });
  assert.equal(leaf.keyUsage, KEY_USAGE.digitalSignature);
  assert.deepEqual(leaf.extendedKeyUsage, [OID.serverAuth, OID.clientAuth]);
  assert.equal(leaf.notBeforeMs, NOW - 60_000);
  assert.equal(leaf.notAfterMs, NOW + 24 * HOUR);
  assert.equal(svid.notAfterMs, leaf.notAfterMs);
  assert.equal(svid.serial, leaf.serial);
  assert.match(leaf.serial, /^[4-7][0-9a-f]{31}$/, '128 bits, positive');
  assert.equal(leaf.authorityKeyId, readCertificate(issuerDer).subjectKeyId);
  assert.equal(leaf.subjectKeyId.length, 40);
  assert.equal(leaf.subjectEmpty, true);
  assert.deepEqual(Buffer.from(leaf.publicKeyDer), Buffer.from(key.publicKeyDer));
  // OpenSSL's own reading agrees.
  const x509 = new X509Certificate(leafDer);
  assert.equal(x509.checkIssued(new X509Certificate(issuerDer)), true);
  assert.equal(x509.subjectAltName, `URI:${IDENTITY}`);
});

test('an issuing CA may sign no CA, and only names of its trust domain', () => {
  const certificate = readCertificate(certificatesOf(issuing.certificatePem)[0]!);
  assert.deepEqual(certificate.basicConstraints, { ca: true, pathLength: 0 });
  assert.equal(certificate.keyUsage, KEY_USAGE.keyCertSign | KEY_USAGE.cRLSign);
  assert.deepEqual(certificate.nameConstraints?.permittedUris, ['cluster.local']);
  assert.deepEqual(certificate.nameConstraints?.excludedDns, ['']);
  assert.deepEqual(certificate.altNames.uris, ['spiffe://cluster.local']);
  assert.equal(readCertificate(certificatesOf(root.certificatePem)[0]!).basicConstraints?.pathLength, 1);
});

test('serials do not repeat', () => {
  const csr = createCsr(IDENTITY, generateKey());
  const serials = new Set(Array.from({ length: 50 }, () => issueSvid(issuing, csr, IDENTITY, ISSUE).serial));
  assert.equal(serials.size, 50);
});

test('nothing outlives what signed it', () => {
  const short = createIssuing(root, { nowMs: NOW, ttlMs: 2 * HOUR, random: RANDOM });
  const svid = issueSvid(short, createCsr(IDENTITY, generateKey()), IDENTITY, ISSUE);
  assert.equal(svid.notAfterMs, NOW + 2 * HOUR);
  assert.equal(createIssuing(root, { nowMs: NOW, ttlMs: 1e6 * HOUR, random: RANDOM }).notAfterMs, root.notAfterMs);
  assert.match(
    refusal(() => issueSvid(short, createCsr(IDENTITY, generateKey()), IDENTITY, { ...ISSUE, nowMs: NOW + 2 * HOUR })),
    /expired/,
  );
});

const OTHER = 'spiffe://cluster.local/ns/shop/sa/admin';
const REFUSED: readonly (readonly [title: string, work: () => unknown, reason: RegExp])[] = [
  [
    'asks for another identity than its sender has',
    () => issueSvid(issuing, createCsr(OTHER, generateKey()), IDENTITY, ISSUE),
    /asks for .*admin.* but its sender is/,
  ],
  ['comes from another trust domain', () => issue('spiffe://evil.test/ns/shop/sa/cart'), /not of the trust domain/],
  ['comes from nobody', () => issue(''), /not a SPIFFE ID/],
  ['comes from the trust domain itself', () => issue('spiffe://cluster.local'), /names no workload/],
  ['goes to the root', () => issueSvid(root, createCsr(IDENTITY, generateKey()), IDENTITY, ISSUE), /root signs no workload/],
  ['carries the CA’s own key', () => issueSvid(issuing, createCsr(IDENTITY, keyOf()), IDENTITY, ISSUE), /key of the CA/],
  [
    'wants to live for no time',
    () => issueSvid(issuing, createCsr(IDENTITY, generateKey()), IDENTITY, { ...ISSUE, ttlMs: 0 }),
    /at least a second/,
  ],
  [
    'wants to live for NaN',
    () => issueSvid(issuing, createCsr(IDENTITY, generateKey()), IDENTITY, { ...ISSUE, ttlMs: Number.NaN }),
    /at least a second/,
  ],
];

function issue(identity: string): unknown {
  return issueSvid(issuing, createCsr(identity, generateKey()), identity, ISSUE);
}

function keyOf() {
  const privateKey = issuing.privateKey;
  const publicKeyDer = readCertificate(certificatesOf(issuing.certificatePem)[0]!).publicKeyDer;
  return { privateKey, privateKeyPem: '', publicKeyDer };
}

for (const [title, work, want] of REFUSED)
  test(`proxy-hardening 49: a request that ${title} is refused`, () => assert.match(refusal(work), want));

test('an issuing CA makes no CA, and a root only for a trust domain', () => {
  assert.match(
    refusal(() => createIssuing(issuing, ISSUE)),
    /may not sign another CA/,
  );
  for (const trustDomain of ['', 'Cluster.Local', 'a/b', 'spiffe://td'])
    assert.match(
      refusal(() => createRoot({ trustDomain, ...ISSUE })),
      /not a trust domain/,
    );
});

test('CA material is sealed, opens again, and still issues', async () => {
  const wrap = fakeKeyWrap();
  const sealed = await sealCa(issuing, wrap);
  const text = Buffer.from(sealed).toString('latin1');
  assert.ok(!text.includes('PRIVATE KEY') && !text.includes('CERTIFICATE'));
  const opened = await openCa(sealed, wrap);
  assert.deepEqual({ ...opened, privateKey: undefined }, { ...issuing, privateKey: undefined });
  const { chainPem } = issueSvid(opened, createCsr(IDENTITY, generateKey()), IDENTITY, ISSUE);
  assert.equal(verifySvidChain(certificatesOf(chainPem), bundle, { nowMs: NOW, usage: 'client' }).ok, true);
});

test('sealed CA material does not open with another key, nor changed', async () => {
  const sealed = await sealCa(root, fakeKeyWrap());
  await assert.rejects(openCa(sealed, fakeKeyWrap('other')), { code: 'key.unavailable' });
  for (let i = 0; i < sealed.length; i += 7) {
    const changed = Buffer.from(sealed);
    changed[i]! ^= 1;
    await assert.rejects(openCa(changed, fakeKeyWrap()), { code: 'key.unavailable' }, `byte ${i}`);
  }
});
