import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificate, EXT, HOUR, IDENTITY, leafExtensions, NOW, RANDOM, rootCertificate } from '../../test/fakes/certificates.ts';
import { createIssuing, createRoot, issueSvid } from './ca.ts';
import type { CertificateAuthority } from './ca.ts';
import { createCsr } from './csr.ts';
import { generateKey } from './keys.ts';
import { certificatesOf } from './pem.ts';
import { addRoot, createTrustBundle, mergeTrustBundles, removeRoot, trustGeneration } from './trust-bundle.ts';
import { verifySvidChain } from './verify.ts';

function newRoot(): CertificateAuthority {
  return createRoot({ trustDomain: 'cluster.local', nowMs: NOW, ttlMs: 1_000 * HOUR, random: RANDOM });
}

function svidOf(root: CertificateAuthority): readonly Uint8Array[] {
  const issuing = createIssuing(root, { nowMs: NOW, ttlMs: 100 * HOUR, random: RANDOM });
  return certificatesOf(
    issueSvid(issuing, createCsr(IDENTITY, generateKey()), IDENTITY, { nowMs: NOW, ttlMs: HOUR, random: RANDOM }).chainPem,
  );
}

test('proxy-hardening 48: a root is rotated in phases, and at no step does a link break', () => {
  const [oldRoot, newOne] = [newRoot(), newRoot()];
  const [oldSvid, newSvid] = [svidOf(oldRoot), svidOf(newOne)];
  const trusts = (bundle: ReturnType<typeof createTrustBundle>) =>
    [oldSvid, newSvid].map((chain) => verifySvidChain(chain, bundle, { nowMs: NOW, usage: 'client' }).ok);

  const before = createTrustBundle({ 'cluster.local': oldRoot.certificatePem });
  assert.deepEqual(trusts(before), [true, false], 'before: a new certificate would be refused');
  const both = addRoot(before, 'cluster.local', newOne.certificatePem);
  assert.deepEqual(trusts(both), [true, true], 'phase one: both are trusted, so that phase two may issue from the new root');
  const after = removeRoot(both, 'cluster.local', oldRoot.certificatePem);
  assert.deepEqual(
    trusts(after),
    [false, true],
    'last phase: the old root is distrusted, also for leaves that were verified before',
  );
  assert.deepEqual(trusts(before), [true, false], 'bundles are values: the first one has not changed');

  assert.equal(new Set([before, both, after].map(trustGeneration)).size, 3);
  assert.equal(
    trustGeneration(both),
    trustGeneration(addRoot(after, 'cluster.local', oldRoot.certificatePem)),
    'order does not matter',
  );
  assert.equal(addRoot(both, 'cluster.local', newOne.certificatePem).roots['cluster.local']!.length, 2, 'a root is kept once');
});

test('the last root of a trust domain is not removed', () => {
  const root = newRoot();
  assert.throws(
    () => removeRoot(createTrustBundle({ 'cluster.local': root.certificatePem }), 'cluster.local', root.certificatePem),
    { code: 'trust.rejected' },
  );
});

test('bundles merge by trust domain', () => {
  const [a, b, c] = [rootCertificate(), rootCertificate(), rootCertificate()];
  const merged = mergeTrustBundles(
    createTrustBundle({ 'a.test': a.pem }),
    createTrustBundle({ 'a.test': [a.pem, b.pem], 'c.test': c.pem }),
  );
  assert.deepEqual({ ...merged.roots }, { 'a.test': [a.pem, b.pem], 'c.test': [c.pem] });
});

const REFUSED: readonly (readonly [title: string, roots: () => Record<string, string | string[]>])[] = [
  ['a bad trust domain', () => ({ 'A.test': rootCertificate().pem })],
  ['a SPIFFE ID for a trust domain', () => ({ 'spiffe://a.test': rootCertificate().pem })],
  ['a text without a certificate', () => ({ 'a.test': 'nothing' })],
  ['a leaf', () => ({ 'a.test': certificate({ extensions: leafExtensions() }).pem })],
  ['a CA without keyCertSign', () => ({ 'a.test': certificate({ extensions: [EXT.ca(), EXT.keyUsage(0x80)] }).pem })],
  ['a broken certificate', () => ({ 'a.test': '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n' })],
  ['seventeen roots', () => ({ 'a.test': Array.from({ length: 17 }, () => rootCertificate().pem) })],
];
for (const [title, roots] of REFUSED)
  test(`a bundle with ${title} is refused`, () => assert.throws(() => createTrustBundle(roots()), { code: 'trust.rejected' }));

test('a trust domain called like a member of every object is just a trust domain', () => {
  const root = rootCertificate();
  const bundle = createTrustBundle({ ['__proto__']: root.pem, constructor: root.pem });
  assert.deepEqual(Object.keys(bundle.roots).sort(), ['__proto__', 'constructor']);
  const none = certificate({ issuer: root, extensions: leafExtensions({ names: EXT.uris('spiffe://tostring/x') }) });
  assert.equal(verifySvidChain([none.der], bundle, { nowMs: NOW, usage: 'client' }).ok, false);
});
