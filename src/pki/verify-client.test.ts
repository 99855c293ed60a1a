// Client certificates from outside the mesh: who is let in, and what is read of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CA_USAGE,
  certificate,
  EXT,
  HOUR,
  LEAF_USAGE,
  leafExtensions,
  NOW,
  rootCertificate,
} from '../../test/fakes/certificates.ts';
import { nameDer } from './certificate-write.ts';
import { OID } from './oids.ts';
import { clientTrust, verifyClientChain } from './verify-client.ts';

const root = rootCertificate();
const between = certificate({ issuer: root, extensions: [EXT.ca(0), EXT.keyUsage(CA_USAGE)] });
const stranger = rootCertificate();
const trust = clientTrust([root.pem]);
const leaf = (over: Partial<Parameters<typeof certificate>[0]> = {}) =>
  certificate({ issuer: root, subject: nameDer('Example', 'alice'), extensions: leafExtensions(), ...over });
const plain = leaf({ extensions: [EXT.notCa()] });

for (const [name, chain, want] of [
  ['signed by the authority', [leaf()], 'ok'],
  ['over a signing certificate', [leaf({ issuer: between }), between], 'ok'],
  ['without names, usages or extended usages', [plain], 'ok'],
  ['nothing', [], 'is missing'],
  ['the signing certificate left out', [leaf({ issuer: between })], 'is not signed by'],
  ['another authority', [leaf({ issuer: stranger })], 'is not signed by'],
  ["another authority's root beside it", [leaf({ issuer: stranger }), stranger], 'is not signed by'],
  ['ended', [leaf({ notAfterMs: NOW - HOUR })], 'expired'],
  ['not begun', [leaf({ notBeforeMs: NOW + HOUR / 2 })], 'is not valid before'],
  ['a CA', [leaf({ extensions: [EXT.ca(), EXT.keyUsage(CA_USAGE)] })], 'is a CA certificate'],
  ['for servers only', [leaf({ extensions: leafExtensions({ eku: EXT.eku(OID.serverAuth) }) })], 'is not for TLS clients'],
  [
    'an unknown critical extension',
    [leaf({ extensions: [...leafExtensions(), EXT.unknown(true)] })],
    'unknown critical extension',
  ],
  ['a leaf that signs another', [leaf({ issuer: leaf() }), leaf()], 'is not a CA'],
] as const)
  test(`client certificate: ${name}`, () => {
    const verdict = verifyClientChain(
      chain.map(({ der }) => der),
      trust,
      NOW,
    );
    if (want === 'ok') assert.ok(verdict.ok, JSON.stringify(verdict));
    else assert.ok(!verdict.ok && verdict.reason.includes(want), JSON.stringify(verdict));
  });

test('a SPIFFE id among its names is its identity', () => {
  const named = (uri: string) => leaf({ extensions: [EXT.notCa(), EXT.keyUsage(LEAF_USAGE), EXT.uris(uri)] });
  const identity = (uri: string): string => {
    const verdict = verifyClientChain([named(uri).der], trust, NOW);
    return verdict.ok ? verdict.certificate.identity : 'refused';
  };
  assert.equal(identity('spiffe://partner.example/alice'), 'spiffe://partner.example/alice');
  assert.equal(identity('https://partner.example/alice'), '');
});

test('garbage, and no authority at all, let nobody in', () => {
  assert.equal(verifyClientChain([Uint8Array.of(1, 2, 3)], trust, NOW).ok, false);
  assert.equal(verifyClientChain([leaf().der], clientTrust([]), NOW).ok, false);
});
