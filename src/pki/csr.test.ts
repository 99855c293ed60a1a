import assert from 'node:assert/strict';
import { createPublicKey, createSign, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { ecKey, EXT, IDENTITY } from '../../test/fakes/certificates.ts';
import { CullisError } from '#base/errors.ts';
import { nameDer, signDer } from './certificate-write.ts';
import { createCsr, readCsr } from './csr.ts';
import { bitString, context, oid, sequence, TAG, textBytes, tlv, unsigned } from './der.ts';
import { generateKey } from './keys.ts';
import type { Key } from './keys.ts';
import { OID } from './oids.ts';
import { pemBlocks, toPem } from './pem.ts';

function request(
  key: Key,
  extensions: readonly Uint8Array[],
  attributes: (extensions: Uint8Array) => readonly Uint8Array[] = requested,
): string {
  const info = sequence(
    unsigned(Uint8Array.of(0)),
    nameDer(),
    key.publicKeyDer,
    tlv(context(0), ...attributes(sequence(...extensions))),
  );
  return toPem('CERTIFICATE REQUEST', signDer(info, key.privateKey));
}

function requested(extensions: Uint8Array): readonly Uint8Array[] {
  return [sequence(oid(OID.extensionRequest), tlv(TAG.set, extensions))];
}

function reason(pem: string): string {
  try {
    readCsr(pem);
    return 'accepted';
  } catch (error) {
    assert.ok(error instanceof CullisError);
    assert.equal(error.code, 'ca.refused');
    return error.message;
  }
}

test('a request reads back with the name and key it was made of', () => {
  const key = generateKey();
  const csr = readCsr(createCsr(IDENTITY, key));
  assert.equal(csr.identity, IDENTITY);
  assert.deepEqual(Buffer.from(csr.publicKeyDer), Buffer.from(key.publicKeyDer));
});

test('extensions beside the name are passed over: the CA decides them', () => {
  assert.equal(reason(request(generateKey(), [EXT.uris(IDENTITY), EXT.ca(), EXT.keyUsage(0x06)])), 'accepted');
});

function otherKey(publicKeyDer: Uint8Array): string {
  const signer = generateKey();
  const info = sequence(
    unsigned(Uint8Array.of(0)),
    nameDer(),
    publicKeyDer,
    tlv(context(0), ...requested(sequence(EXT.uris(IDENTITY)))),
  );
  return toPem('CERTIFICATE REQUEST', signDer(info, signer.privateKey));
}

const rsaKey = (): Uint8Array =>
  createPublicKey(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey).export({ type: 'spki', format: 'der' });

const REFUSED: readonly (readonly [title: string, pem: () => string, reason: RegExp])[] = [
  ['no URI name', () => request(generateKey(), []), /asks for 0 URI names/],
  ['no attributes', () => request(generateKey(), [], () => []), /asks for 0 URI names/],
  [
    'two URI names (Consul CVE-2022-40716)',
    () => request(generateKey(), [EXT.uris(IDENTITY, 'spiffe://cluster.local/ns/a/sa/b')]),
    /asks for 2 URI names/,
  ],
  [
    'a DNS name beside',
    () => request(generateKey(), [EXT.names(textBytes(context(6, false), IDENTITY), textBytes(context(2, false), 'x.test'))]),
    /not a URI/,
  ],
  ['a name that is not a SPIFFE ID', () => request(generateKey(), [EXT.uris(`${IDENTITY}\0`)]), /not a SPIFFE ID/],
  ['names requested twice', () => request(generateKey(), [EXT.uris(IDENTITY), EXT.uris(IDENTITY)]), /could not be read/],
  [
    'two lists of extensions',
    () => request(generateKey(), [EXT.uris(IDENTITY)], (list) => [...requested(list), ...requested(list)]),
    /could not be read/,
  ],
  ['a key it does not hold', () => otherKey(generateKey().publicKeyDer), /not signed with the key/],
  ['an RSA key', () => otherKey(rsaKey()), /not on the curve P-256/],
  ['a key on P-384', () => otherKey(ecKey('P-384').publicKeyDer), /not on the curve P-256/],
  ['garbage', () => 'garbage', /not one PEM block/],
  ['a certificate', () => toPem('CERTIFICATE', Uint8Array.of(0x30, 0)), /not one PEM block/],
  ['two requests', () => createCsr(IDENTITY, generateKey()).repeat(2), /not one PEM block/],
  ['too much', () => `${createCsr(IDENTITY, generateKey())}${' '.repeat(9000)}`, /more than 8192/],
  [
    'bytes after the request',
    () =>
      toPem('CERTIFICATE REQUEST', Buffer.concat([pemBlocks(createCsr(IDENTITY, generateKey()))[0]!.bytes, Uint8Array.of(0)])),
    /could not be read/,
  ],
  ['another signature algorithm', () => sha384(), /not signed with ECDSA and SHA-256/],
];

function sha384(): string {
  const key = generateKey();
  const info = sequence(
    unsigned(Uint8Array.of(0)),
    nameDer(),
    key.publicKeyDer,
    tlv(context(0), ...requested(sequence(EXT.uris(IDENTITY)))),
  );
  const signature = createSign('sha384').update(info).sign(key.privateKey);
  return toPem('CERTIFICATE REQUEST', sequence(info, sequence(oid('1.2.840.10045.4.3.3')), bitString(signature)));
}

for (const [title, pem, want] of REFUSED)
  test(`proxy-hardening 49: a request with ${title} is refused`, () => assert.match(reason(pem()), want));

test('any changed byte is refused, and only as a refusal', () => {
  const [block] = pemBlocks(createCsr(IDENTITY, generateKey()));
  for (let i = 0; i < block!.bytes.length; i++) {
    const changed = Buffer.from(block!.bytes);
    changed[i]! ^= 0x21;
    assert.notEqual(reason(toPem('CERTIFICATE REQUEST', changed)), 'accepted', `byte ${i}`);
  }
});
