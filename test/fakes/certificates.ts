// Certificates of every kind of badness, made by the product's own writer with the fields a test wants.
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Random } from '#base/ports.ts';
import { extensionDer, keyIdOf, nameDer, uriNames, writeCertificate } from '#pki/certificate-write.ts';
import { bitString, DER_TRUE, oid, sequence, tlv, unsigned } from '#pki/der.ts';
import { context, octetString } from '#pki/der.ts';
import { OID } from '#pki/oids.ts';
import { toPem } from '#pki/pem.ts';

export const RANDOM: Random = { bytes: (size) => randomBytes(size), unit: () => 0.5 };

export const NOW = Date.parse('2026-06-01T12:00:00Z');
export const HOUR = 3_600_000;

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKeyDer: Uint8Array;
}

export function ecKey(curve = 'P-256'): KeyPair {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: curve });
  return { privateKey, publicKeyDer: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }) };
}

export interface Signer extends KeyPair {
  readonly name: Uint8Array;
  readonly der: Uint8Array;
  readonly pem: string;
}

/** Extension values by name, to be mixed as a test wants. */
export const EXT = {
  ca: (pathLength?: number) =>
    extensionDer(
      OID.basicConstraints,
      true,
      pathLength === undefined ? sequence(DER_TRUE) : sequence(DER_TRUE, unsigned(Uint8Array.of(pathLength))),
    ),
  notCa: () => extensionDer(OID.basicConstraints, true, sequence()),
  /** @param bits as in a DER named bit list: 0x80 digitalSignature, 0x04 keyCertSign, 0x02 cRLSign */
  keyUsage: (bits: number) => extensionDer(OID.keyUsage, true, bitString(Uint8Array.of(bits), 31 - Math.clz32(bits & -bits))),
  eku: (...usages: string[]) => extensionDer(OID.extendedKeyUsage, false, sequence(...usages.map(oid))),
  uris: (...uris: string[]) => extensionDer(OID.subjectAltName, true, uriNames(...uris)),
  names: (...names: Uint8Array[]) => extensionDer(OID.subjectAltName, true, sequence(...names)),
  ski: (key: KeyPair) => extensionDer(OID.subjectKeyIdentifier, false, octetString(keyIdOf(key.publicKeyDer))),
  aki: (key: KeyPair) =>
    extensionDer(OID.authorityKeyIdentifier, false, sequence(tlv(context(0, false), keyIdOf(key.publicKeyDer)))),
  unknown: (critical: boolean) => extensionDer('1.3.6.1.4.1.99999.1', critical, octetString(Uint8Array.of(1))),
};

export const CA_USAGE = 0x06;
export const LEAF_USAGE = 0x80;

export interface CertificateOptions {
  readonly key?: KeyPair;
  readonly subject?: Uint8Array;
  /** Absent: self-signed. */
  readonly issuer?: Signer;
  readonly notBeforeMs?: number;
  readonly notAfterMs?: number;
  readonly extensions: readonly Uint8Array[];
}

export function certificate(options: CertificateOptions): Signer {
  const key = options.key ?? ecKey();
  const name = options.subject ?? nameDer('test', randomBytes(4).toString('hex'));
  const der = writeCertificate(
    {
      serial: Uint8Array.of(0x40, ...randomBytes(7)),
      issuer: options.issuer?.name ?? name,
      subject: name,
      notBeforeMs: options.notBeforeMs ?? NOW - HOUR,
      notAfterMs: options.notAfterMs ?? NOW + HOUR,
      publicKeyDer: key.publicKeyDer,
      extensions: options.extensions,
    },
    (options.issuer ?? key).privateKey,
  );
  return { ...key, name, der, pem: toPem('CERTIFICATE', der) };
}

export function rootCertificate(options: Partial<CertificateOptions> = {}): Signer {
  return certificate({
    extensions: [EXT.ca(), EXT.keyUsage(CA_USAGE)],
    notAfterMs: NOW + 1000 * HOUR,
    notBeforeMs: NOW - 1000 * HOUR,
    ...options,
  });
}

export const IDENTITY = 'spiffe://cluster.local/ns/shop/sa/cart';

/** Extensions of a faultless leaf; a test replaces or leaves out what it is about. */
export function leafExtensions(
  replace: Partial<Record<'basic' | 'usage' | 'eku' | 'names', Uint8Array | undefined>> = {},
): Uint8Array[] {
  const all = {
    basic: EXT.notCa(),
    usage: EXT.keyUsage(LEAF_USAGE),
    eku: EXT.eku(OID.serverAuth, OID.clientAuth),
    names: EXT.uris(IDENTITY),
    ...replace,
  };
  return Object.values(all).filter((one): one is Uint8Array => one !== undefined);
}
