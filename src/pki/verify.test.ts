// Peers' certificates: every way of being wrong, and the ways of being right that are easily broken.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import {
  CA_USAGE,
  certificate,
  ecKey,
  EXT,
  HOUR,
  IDENTITY,
  LEAF_USAGE,
  leafExtensions,
  NOW,
  RANDOM,
  rootCertificate,
} from '../../test/fakes/certificates.ts';
import type { CertificateOptions, Signer } from '../../test/fakes/certificates.ts';
import { createIssuing, createRoot, issueSvid } from './ca.ts';
import { extensionDer, nameDer, uriNames } from './certificate-write.ts';
import { createCsr } from './csr.ts';
import { bitString, context, octetString, oid, sequence, TAG, textBytes, tlv } from './der.ts';
import { generateKey } from './keys.ts';
import { OID } from './oids.ts';
import { certificatesOf } from './pem.ts';
import { createTrustBundle } from './trust-bundle.ts';
import { verifySvidChain } from './verify.ts';
import type { VerifyOptions } from './verify.ts';

const root = rootCertificate();
const bundle = createTrustBundle({ 'cluster.local': root.pem });

function leaf(options: Partial<CertificateOptions> = {}): Signer {
  return certificate({ issuer: root, extensions: leafExtensions(), ...options });
}

function verify(chain: readonly Signer[], options: Partial<VerifyOptions> = {}, trust = bundle): string {
  const result = verifySvidChain(
    chain.map((one) => one.der),
    trust,
    { nowMs: NOW, usage: 'client', ...options },
  );
  return result.ok ? result.identity : result.reason;
}

const DNS = (name: string) => textBytes(context(2, false), name);
const URI = (name: string) => textBytes(context(6, false), name);

/** proxy-hardening line 45: [refuse], each with what the reason must say. */
const REFUSED: readonly (readonly [title: string, chain: () => readonly Signer[], reason: RegExp])[] = [
  [
    'wrong trust domain, without a root here',
    () => [leaf({ extensions: leafExtensions({ names: EXT.uris('spiffe://evil.test/ns/shop/sa/cart') }) })],
    /no root here/,
  ],
  ['expired', () => [leaf({ notAfterMs: NOW - HOUR / 2 })], /expired/],
  ['not yet valid', () => [leaf({ notBeforeMs: NOW + 60_000 })], /not valid before/],
  ['self-signed', () => [certificate({ extensions: leafExtensions() })], /self-signed/],
  ['signed by an unknown root', () => [leaf({ issuer: rootCertificate() })], /not signed by a root/],
  [
    'signed by an unknown root of the same name',
    () => [leaf({ issuer: rootCertificate({ subject: root.name }) })],
    /not signed by a root/,
  ],
  ['CA:true leaf', () => [leaf({ extensions: leafExtensions({ basic: EXT.ca() }) })], /is a CA/],
  [
    'CA:true leaf without keyCertSign, which Node calls no CA',
    () => [leaf({ extensions: leafExtensions({ basic: EXT.ca(), usage: EXT.keyUsage(LEAF_USAGE) }) })],
    /is a CA/,
  ],
  ['leaf with keyCertSign', () => [leaf({ extensions: leafExtensions({ usage: EXT.keyUsage(0x84) }) })], /may sign certificates/],
  ['leaf with cRLSign', () => [leaf({ extensions: leafExtensions({ usage: EXT.keyUsage(0x82) }) })], /revocation lists/],
  [
    'leaf without digitalSignature',
    () => [leaf({ extensions: leafExtensions({ usage: EXT.keyUsage(0x08) }) })],
    /digital signatures/,
  ],
  ['leaf without key usage', () => [leaf({ extensions: leafExtensions({ usage: undefined }) })], /digital signatures/],
  ['no extended key usage', () => [leaf({ extensions: leafExtensions({ eku: undefined }) })], /no extended key usage/],
  ['no clientAuth', () => [leaf({ extensions: leafExtensions({ eku: EXT.eku(OID.serverAuth) }) })], /not for TLS clients/],
  [
    'any extended key usage is not clientAuth',
    () => [leaf({ extensions: leafExtensions({ eku: EXT.eku('2.5.29.37.0') }) })],
    /not for TLS clients/,
  ],
  [
    'no URI SAN, common name only',
    () => [leaf({ subject: nameDer('test', IDENTITY), extensions: leafExtensions({ names: undefined }) })],
    /common name is not/,
  ],
  [
    'no URI SAN, DNS name only',
    () => [leaf({ extensions: leafExtensions({ names: EXT.names(DNS('cart.shop')) }) })],
    /no URI name/,
  ],
  [
    'the identity as a DNS name (type confusion)',
    () => [leaf({ extensions: leafExtensions({ names: EXT.names(DNS(IDENTITY)) }) })],
    /no URI name/,
  ],
  [
    'two URI SANs',
    () => [leaf({ extensions: leafExtensions({ names: EXT.uris(IDENTITY, 'spiffe://cluster.local/ns/x/sa/y') }) })],
    /more than one/,
  ],
  ['two equal URI SANs', () => [leaf({ extensions: leafExtensions({ names: EXT.uris(IDENTITY, IDENTITY) }) })], /more than one/],
  [
    'two URI SANs, one of them https',
    () => [leaf({ extensions: leafExtensions({ names: EXT.uris(IDENTITY, 'https://x.test/') }) })],
    /more than one/,
  ],
  [
    'NUL in the SAN',
    () => [leaf({ extensions: leafExtensions({ names: EXT.uris(`${IDENTITY}\0.evil.test`) }) })],
    /not a SPIFFE ID/,
  ],
  [
    'NUL in the trust domain',
    () => [leaf({ extensions: leafExtensions({ names: EXT.uris('spiffe://cluster.local\0.evil.test/ns/shop/sa/cart') }) })],
    /not a SPIFFE ID/,
  ],
  [
    'upper-case trust domain',
    () => [leaf({ extensions: leafExtensions({ names: EXT.uris('spiffe://Cluster.Local/ns/shop/sa/cart') }) })],
    /not a SPIFFE ID/,
  ],
  [
    'upper-case scheme',
    () => [leaf({ extensions: leafExtensions({ names: EXT.uris('SPIFFE://cluster.local/ns/shop/sa/cart') }) })],
    /not a SPIFFE ID/,
  ],
  [
    'path with an escape',
    () => [leaf({ extensions: leafExtensions({ names: EXT.uris('spiffe://cluster.local/ns/shop/sa/%63art') }) })],
    /not a SPIFFE ID/,
  ],
  [
    'path with dot segments',
    () => [leaf({ extensions: leafExtensions({ names: EXT.uris('spiffe://cluster.local/ns/x/../shop/sa/cart') }) })],
    /not a SPIFFE ID/,
  ],
  ['path with a query', () => [leaf({ extensions: leafExtensions({ names: EXT.uris(`${IDENTITY}?x`) }) })], /not a SPIFFE ID/],
  [
    'path with a byte above 127',
    () => [leaf({ extensions: leafExtensions({ names: EXT.uris(`${IDENTITY}é`) }) })],
    /not a SPIFFE ID/,
  ],
  [
    'no path',
    () => [leaf({ extensions: leafExtensions({ names: EXT.uris('spiffe://cluster.local') }) })],
    /names a trust domain/,
  ],
  [
    'more than 2048 bytes',
    () => [leaf({ extensions: leafExtensions({ names: EXT.uris(`spiffe://cluster.local/${'a'.repeat(2048)}`) }) })],
    /at most 2048/,
  ],
  [
    'an https URI',
    () => [leaf({ extensions: leafExtensions({ names: EXT.uris('https://cluster.local/ns/shop/sa/cart') }) })],
    /not a SPIFFE ID/,
  ],
  ['unknown critical extension', () => [leaf({ extensions: [...leafExtensions(), EXT.unknown(true)] })], /unknown critical/],
  [
    'an extension twice',
    () => [leaf({ extensions: [...leafExtensions(), EXT.uris('spiffe://cluster.local/ns/x/sa/y')] })],
    /occurs twice/,
  ],
  ['a weak curve', () => [leaf({ key: ecKey('secp224r1') })], /curve secp224r1/],
  ['no certificate', () => [], /missing/],
  ['a chain of nine', () => Array.from({ length: 9 }, () => leaf()), /more than/],
  ['an intermediate that is not a CA', () => below({ extensions: [EXT.notCa(), EXT.keyUsage(CA_USAGE)] }), /not a CA/],
  ['an intermediate without keyCertSign', () => below({ extensions: [EXT.ca(), EXT.keyUsage(LEAF_USAGE)] }), /may not sign/],
  ['an intermediate without key usage', () => below({ extensions: [EXT.ca()] }), /may not sign/],
  [
    'an intermediate that has expired',
    () => below({ extensions: [EXT.ca(), EXT.keyUsage(CA_USAGE)], notAfterMs: NOW - HOUR / 2 }),
    /signing certificate expired/,
  ],
  [
    'an intermediate of a foreign trust domain',
    () => below({ extensions: [EXT.ca(), EXT.keyUsage(CA_USAGE), EXT.uris('spiffe://evil.test')] }),
    /identity of its own/,
  ],
  [
    'an intermediate with a workload identity',
    () => below({ extensions: [EXT.ca(), EXT.keyUsage(CA_USAGE), EXT.uris(IDENTITY)] }),
    /identity of its own/,
  ],
  [
    'an intermediate with an unknown critical extension',
    () => below({ extensions: [EXT.ca(), EXT.keyUsage(CA_USAGE), EXT.unknown(true)] }),
    /unknown critical/,
  ],
  [
    'an intermediate constrained to other names',
    () => below({ extensions: [EXT.ca(), EXT.keyUsage(CA_USAGE), constraints('other.test')] }),
    /may not sign for this name/,
  ],
  [
    'an intermediate constrained to names below',
    () => below({ extensions: [EXT.ca(), EXT.keyUsage(CA_USAGE), constraints('.cluster.local')] }),
    /may not sign for this name/,
  ],
  [
    'a leaf that names a real intermediate which did not sign it',
    () => {
      const [, middle] = below({ extensions: [EXT.ca(), EXT.keyUsage(CA_USAGE)] }) as [Signer, Signer];
      return [
        certificate({ issuer: { ...ecKey(), name: middle.name, der: middle.der, pem: '' }, extensions: leafExtensions() }),
        middle,
      ];
    },
    /not signed by the certificate it names/,
  ],
  [
    'a leaf that signed another leaf',
    () => {
      const middle = leaf();
      return [certificate({ issuer: middle, extensions: leafExtensions() }), middle];
    },
    /not a CA/,
  ],
  [
    'a path length that is used up',
    () => {
      const first = certificate({ issuer: root, extensions: [EXT.ca(0), EXT.keyUsage(CA_USAGE)] });
      const second = certificate({ issuer: first, extensions: [EXT.ca(), EXT.keyUsage(CA_USAGE)] });
      return [certificate({ issuer: second, extensions: leafExtensions() }), second, first];
    },
    /no CA below/,
  ],
  [
    'a loop of intermediates',
    () => {
      const [a, b] = [ecKey(), ecKey()];
      const [nameA, nameB] = [nameDer('a'), nameDer('b')];
      const asSigner = (key: typeof a, name: Uint8Array): Signer => ({ ...key, name, der: Uint8Array.of(), pem: '' });
      const ca = [EXT.ca(), EXT.keyUsage(CA_USAGE)];
      const one = certificate({ key: a, subject: nameA, issuer: asSigner(b, nameB), extensions: ca });
      const two = certificate({ key: b, subject: nameB, issuer: asSigner(a, nameA), extensions: ca });
      return [certificate({ issuer: one, extensions: leafExtensions() }), one, two];
    },
    /not signed by/,
  ],
];

/** A leaf below one intermediate. */
function below(intermediate: CertificateOptions): readonly Signer[] {
  const middle = certificate({ issuer: root, ...intermediate });
  return [certificate({ issuer: middle, extensions: leafExtensions() }), middle];
}

function constraints(permitted: string): Uint8Array {
  return extensionDer(OID.nameConstraints, true, sequence(tlv(context(0), sequence(URI(permitted)))));
}

for (const [title, chain, reason] of REFUSED) {
  test(`proxy-hardening 45: ${title} is refused`, () => {
    assert.match(verify(chain()), reason);
  });
}

const ACCEPTED: readonly (readonly [title: string, chain: () => readonly Signer[]])[] = [
  ['a leaf of the root', () => [leaf()]],
  ['a leaf with an empty subject', () => [leaf({ subject: nameDer() })]],
  [
    'a leaf with DNS names beside its identity',
    () => [leaf({ extensions: leafExtensions({ names: EXT.names(DNS('cart.shop'), URI(IDENTITY)) }) })],
  ],
  ['a leaf without basic constraints', () => [leaf({ extensions: leafExtensions({ basic: undefined }) })]],
  [
    'a leaf with an unknown extension that is not critical',
    () => [leaf({ extensions: [...leafExtensions(), EXT.unknown(false)] })],
  ],
  ['a leaf on P-384', () => [leaf({ key: ecKey('P-384') })]],
  [
    'a leaf below an intermediate',
    () => below({ extensions: [EXT.ca(0), EXT.keyUsage(CA_USAGE), EXT.uris('spiffe://cluster.local')] }),
  ],
  [
    'a leaf below a constrained intermediate',
    () => below({ extensions: [EXT.ca(0), EXT.keyUsage(CA_USAGE), constraints('cluster.local')] }),
  ],
  [
    'a chain in any order, with strangers and the root in it',
    () => {
      const [end, middle] = below({ extensions: [EXT.ca(), EXT.keyUsage(CA_USAGE)] }) as [Signer, Signer];
      return [end, rootCertificate(), root, leaf(), middle];
    },
  ],
  [
    'four intermediates',
    () => {
      const chain: Signer[] = [];
      let issuer = root;
      for (let i = 0; i < 4; i++) {
        issuer = certificate({ issuer, extensions: [EXT.ca(), EXT.keyUsage(CA_USAGE)] });
        chain.unshift(issuer);
      }
      return [certificate({ issuer, extensions: leafExtensions() }), ...chain];
    },
  ],
];

for (const [title, chain] of ACCEPTED) test(`${title} is accepted`, () => assert.equal(verify(chain()), IDENTITY));

test('a root of one trust domain does not speak for another', () => {
  const other = rootCertificate();
  const both = createTrustBundle({ 'cluster.local': root.pem, 'other.test': other.pem });
  const theirs = certificate({ issuer: other, extensions: leafExtensions({ names: EXT.uris('spiffe://other.test/ns/a/sa/b') }) });
  const forged = certificate({ issuer: other, extensions: leafExtensions() });
  assert.equal(verify([theirs], {}, both), 'spiffe://other.test/ns/a/sa/b');
  assert.match(verify([forged], {}, both), /not signed by a root/);
  assert.match(verify([theirs], { trustDomains: ['cluster.local'] }, both), /not accepted here/);
  assert.equal(verify([theirs], { trustDomains: ['cluster.local', 'other.test'] }, both), 'spiffe://other.test/ns/a/sa/b');
});

test('the usage is judged for each handshake, also when the leaf is known', () => {
  const server = leaf({ extensions: leafExtensions({ eku: EXT.eku(OID.serverAuth) }) });
  assert.equal(verify([server], { usage: 'server' }), IDENTITY);
  assert.match(verify([server], { usage: 'client' }), /not for TLS clients/);
  assert.equal(verify([server], { usage: 'server' }), IDENTITY);
});

test('dates hold to the second at both ends, also when the leaf is known', () => {
  const one = leaf({ notBeforeMs: NOW, notAfterMs: NOW + 10_000 });
  const rows: readonly (readonly [number, boolean])[] = [
    [NOW + 5_000, true],
    [NOW, true],
    [NOW - 1, false],
    [NOW + 10_000, true],
    [NOW + 10_999, true],
    [NOW + 11_000, false],
    [NOW + 5_000, true],
  ];
  for (const [nowMs, ok] of rows) {
    assert.equal(verify([one], { nowMs }) === IDENTITY, ok, `${nowMs - NOW} ms`);
    // A copy of the bundle knows no leaf, so this one is verified afresh.
    assert.equal(verify([one], { nowMs }, { ...bundle }) === IDENTITY, ok, `${nowMs - NOW} ms, afresh`);
  }
});

test('a known leaf ends with the CA above it', () => {
  const chain = below({ extensions: [EXT.ca(), EXT.keyUsage(CA_USAGE)], notAfterMs: NOW + 1_000 });
  assert.equal(verify(chain), IDENTITY);
  assert.match(verify(chain, { nowMs: NOW + 5_000 }), /expired/);
});

test('an expired root is no root', () => {
  const old = rootCertificate({ notAfterMs: NOW - 1_000 });
  assert.match(verify([leaf({ issuer: old })], {}, createTrustBundle({ 'cluster.local': old.pem })), /the root expired/);
});

test('an SVID with a clock behind by a minute is accepted, further behind is not', () => {
  const authority = createRoot({ trustDomain: 'cluster.local', nowMs: NOW - HOUR, ttlMs: 100 * HOUR, random: RANDOM });
  const issuing = createIssuing(authority, { nowMs: NOW - HOUR, ttlMs: 50 * HOUR, random: RANDOM });
  const { chainPem } = issueSvid(issuing, createCsr(IDENTITY, generateKey()), IDENTITY, {
    nowMs: NOW,
    ttlMs: HOUR,
    random: RANDOM,
  });
  const trust = createTrustBundle({ 'cluster.local': authority.certificatePem });
  const at = (nowMs: number) => verifySvidChain(certificatesOf(chainPem), trust, { nowMs, usage: 'server' }).ok;
  assert.deepEqual([NOW, NOW - 60_000, NOW - 61_000, NOW + HOUR, NOW + HOUR + 1_000].map(at), [true, true, false, true, false]);
});

test('malformed certificates are refused with a reason, never thrown', () => {
  const good = leaf().der;
  const cases: readonly Uint8Array[] = [
    Uint8Array.of(),
    Uint8Array.of(0x30),
    Uint8Array.of(0x30, 0x80, 0, 0),
    good.subarray(0, good.length - 1),
    Buffer.concat([good, Uint8Array.of(0)]),
    Buffer.alloc(20_000, 0x30),
    tlv(TAG.sequence, oid('1.2.3'), octetString(), bitString(Uint8Array.of())),
  ];
  for (const der of cases) {
    const result = verifySvidChain([der], bundle, { nowMs: NOW, usage: 'client' });
    assert.equal(result.ok, false);
  }
  // Every single byte changed: refused, unless the signature's own slack (there is none in DER) let it pass.
  for (let i = 0; i < good.length; i++) {
    const changed = Buffer.from(good);
    changed[i]! ^= 0x41;
    assert.equal(verifySvidChain([changed], bundle, { nowMs: NOW, usage: 'client' }).ok, false, `byte ${i}`);
  }
});

test('a certificate with the identity twice over, in a second SAN of another spelling, is refused', () => {
  const one = leaf({
    extensions: [...leafExtensions(), extensionDer('2.5.29.17', false, uriNames('spiffe://cluster.local/ns/admin/sa/root'))],
  });
  assert.match(verify([one]), /occurs twice/);
});

test('a known leaf costs microseconds', (t: TestContext) => {
  const chain = [leaf().der];
  const options = { nowMs: NOW, usage: 'client' } as const;
  assert.equal(verifySvidChain(chain, bundle, options).ok, true);
  const rounds = 5_000;
  const start = performance.now();
  for (let i = 0; i < rounds; i++) verifySvidChain(chain, bundle, options);
  t.diagnostic(`${(((performance.now() - start) / rounds) * 1000).toFixed(2)} us a cached verification`);
});
