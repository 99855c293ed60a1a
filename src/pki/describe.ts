// What a certificate says, for people: `cullis identity show`.
import { CullisError } from '#base/errors.ts';
import { publicKeyOf, readCertificate } from './certificate.ts';
import { oidText, readWhole, TAG } from './der.ts';
import { KEY_USAGE, OID, SIGNATURE_ALGORITHMS } from './oids.ts';
import { certificatesOf } from './pem.ts';
import { fingerprintOf } from './trust-bundle.ts';

export interface CertificateDescription {
  /** The SPIFFE ID (or other URI name); '' when it has none. */
  readonly identity: string;
  /** `O=cluster.local, CN=Cullis root 0a1b2c3d`; '' when the subject is empty. */
  readonly subject: string;
  readonly issuer: string;
  /** Lower-case hex. */
  readonly serial: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** `ECDSA P-256`, `RSA 2048`, `Ed25519`. */
  readonly key: string;
  readonly signature: string;
  readonly ca: boolean;
  /** `digital signature`, `TLS server`, … */
  readonly usages: readonly string[];
  /** SHA-256 in hex. */
  readonly fingerprint: string;
}

const ATTRIBUTES: Readonly<Record<string, string>> = {
  [OID.commonName]: 'CN',
  [OID.organization]: 'O',
  '2.5.4.6': 'C',
  '2.5.4.11': 'OU',
};
const CURVES: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };
const USAGES: readonly (readonly [number, string])[] = [
  [KEY_USAGE.digitalSignature, 'digital signature'],
  [KEY_USAGE.keyCertSign, 'certificate signing'],
  [KEY_USAGE.cRLSign, 'revocation list signing'],
];
const EXTENDED: Readonly<Record<string, string>> = { [OID.serverAuth]: 'TLS server', [OID.clientAuth]: 'TLS client' };

function printable(bytes: Uint8Array): string {
  // Certificates come from outside: control characters must not reach a terminal.
  return Buffer.from(bytes)
    .toString('utf8')
    .replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?')
    .slice(0, 128);
}

function nameText(nameDer: Uint8Array): string {
  const parts: string[] = [];
  const name = readWhole(nameDer, TAG.sequence);
  while (!name.done) {
    const set = name.enter(TAG.set);
    while (!set.done) {
      const attribute = set.enter(TAG.sequence);
      const type = oidText(attribute.next(TAG.oid).content);
      parts.push(`${ATTRIBUTES[type] ?? type}=${printable(attribute.next().content)}`);
    }
  }
  return parts.join(', ');
}

function describe(der: Uint8Array): CertificateDescription {
  const certificate = readCertificate(der);
  const key = publicKeyOf(certificate);
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  const keyText =
    key.asymmetricKeyType === 'ec'
      ? `ECDSA ${CURVES[namedCurve ?? ''] ?? namedCurve}`
      : key.asymmetricKeyType === 'rsa'
        ? `RSA ${modulusLength}`
        : key.asymmetricKeyType === 'ed25519'
          ? 'Ed25519'
          : String(key.asymmetricKeyType);
  return {
    identity: printable(Buffer.from(certificate.altNames.uris[0] ?? '', 'latin1')),
    subject: nameText(Buffer.from(certificate.subject, 'base64')),
    issuer: nameText(Buffer.from(certificate.issuer, 'base64')),
    serial: certificate.serial,
    notBeforeMs: certificate.notBeforeMs,
    notAfterMs: certificate.notAfterMs,
    key: keyText,
    signature: SIGNATURE_ALGORITHMS[certificate.signatureAlgorithm] ?? certificate.signatureAlgorithm,
    ca: certificate.basicConstraints?.ca ?? false,
    usages: [
      ...USAGES.filter(([bit]) => (certificate.keyUsage ?? 0) & bit).map(([, text]) => text),
      ...(certificate.extendedKeyUsage ?? []).map((id) => EXTENDED[id] ?? id),
    ],
    fingerprint: fingerprintOf(der),
  };
}

/**
 * Describes each certificate of a PEM text, in order.
 * @throws CullisError trust.rejected when there is none, or one cannot be read
 */
export function describeCertificates(pem: string): CertificateDescription[] {
  const certificates = certificatesOf(pem);
  if (certificates.length === 0) throw new CullisError('trust.rejected', 'the text holds no PEM certificate');
  try {
    return certificates.map(describe);
  } catch (cause) {
    throw new CullisError('trust.rejected', 'a certificate could not be read', { cause });
  }
}

/** The first certificate of a PEM text (of a chain: the leaf). @throws as `describeCertificates` */
export function describeCertificate(pem: string): CertificateDescription {
  return describeCertificates(pem)[0]!;
}
