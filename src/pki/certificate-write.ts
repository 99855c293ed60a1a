// Writing what gets signed: names, extensions, certificates, requests. ECDSA with SHA-256 throughout.
import { createHash, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { bitString, context, DER_TRUE, octetString, oid, sequence, TAG, textBytes, timeDer, tlv, unsigned } from './der.ts';
import { readWhole, wholeBits } from './der.ts';
import { OID } from './oids.ts';

const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));

/** A Name of one organization and, when given, one common name; no argument gives the empty Name. */
export function nameDer(organization?: string, commonName?: string): Uint8Array {
  const attribute = (type: string, value: string): Uint8Array => tlv(TAG.set, sequence(oid(type), textBytes(TAG.utf8, value)));
  const parts: Uint8Array[] = [];
  if (organization !== undefined) parts.push(attribute(OID.organization, organization));
  if (commonName !== undefined) parts.push(attribute(OID.commonName, commonName));
  return sequence(...parts);
}

/** @param value DER inside the extension's OCTET STRING */
export function extensionDer(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  return critical ? sequence(oid(id), DER_TRUE, octetString(value)) : sequence(oid(id), octetString(value));
}

/** A SubjectAltName value of URIs. */
export function uriNames(...uris: readonly string[]): Uint8Array {
  return sequence(...uris.map((uri) => textBytes(context(6, false), uri)));
}

/** Key identifier: the leftmost 160 bits of the SHA-256 of the public key's bits (RFC 7093 section 2, method 1). */
export function keyIdOf(publicKeyDer: Uint8Array): Uint8Array {
  const info = readWhole(publicKeyDer, TAG.sequence);
  info.next(TAG.sequence);
  return createHash('sha256')
    .update(wholeBits(info.next(TAG.bitString).content))
    .digest()
    .subarray(0, 20);
}

/** `to-be-signed, algorithm, signature` around `tbs`. */
export function signDer(tbs: Uint8Array, key: KeyObject): Uint8Array {
  return sequence(tbs, ECDSA_SHA256, bitString(sign('sha256', tbs, key)));
}

export interface CertificateFields {
  /** Big-endian, positive. */
  readonly serial: Uint8Array;
  /** DER Names. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** DER SubjectPublicKeyInfo. */
  readonly publicKeyDer: Uint8Array;
  readonly extensions: readonly Uint8Array[];
}

/** Signs a version 3 certificate. @param signer an EC P-256 private key @returns DER */
export function writeCertificate(fields: CertificateFields, signer: KeyObject): Uint8Array {
  const tbs = sequence(
    tlv(context(0), unsigned(Uint8Array.of(2))),
    unsigned(fields.serial),
    ECDSA_SHA256,
    fields.issuer,
    sequence(timeDer(fields.notBeforeMs), timeDer(fields.notAfterMs)),
    fields.subject,
    fields.publicKeyDer,
    tlv(context(3), sequence(...fields.extensions)),
  );
  return signDer(tbs, signer);
}

/** The subject Name of a certificate, as DER: what it writes as issuer into those it signs. */
export function subjectOf(certificateDer: Uint8Array): Uint8Array {
  const tbs = readWhole(certificateDer, TAG.sequence).enter(TAG.sequence);
  for (const tag of [context(0), TAG.integer, TAG.sequence, TAG.sequence, TAG.sequence]) tbs.next(tag);
  return tbs.next(TAG.sequence).whole;
}
