// An X.509 version 3 certificate (RFC 5280 section 4) as facts. Node's own X509Certificate verifies signatures but hides extensions: it calls a CA:TRUE leaf
// without keyCertSign "not a CA", and prints names where bytes matter. So the extensions are read here, from the DER.
import { createPublicKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import {
  booleanValue,
  checkInteger,
  context,
  DerError,
  DerReader,
  namedBits,
  oidText,
  readWhole,
  smallInteger,
  TAG,
  timeMs,
  wholeBits,
} from './der.ts';
import type { DerNode } from './der.ts';
import { readAltNames } from './general-names.ts';
import type { AltNames, NameConstraints } from './general-names.ts';
import { readNameConstraints } from './general-names.ts';
import { OID, SIGNATURE_ALGORITHMS } from './oids.ts';

/** A certificate of a mesh is about 700 bytes; ten times that is already suspicious. */
export const CERTIFICATE_BYTES_MAX = 16 * 1024;

export interface Certificate {
  readonly der: Uint8Array;
  /** Lower-case hex of the positive serial number. */
  readonly serial: string;
  /** DER of the names, base64: equal bytes mean equal names. */
  readonly issuer: string;
  readonly subject: string;
  readonly subjectEmpty: boolean;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly publicKeyDer: Uint8Array;
  /** Object identifier of the algorithm it is signed with. */
  readonly signatureAlgorithm: string;
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | undefined } | undefined;
  /** Bits as in KEY_USAGE; undefined when the extension is absent. */
  readonly keyUsage: number | undefined;
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly altNames: AltNames;
  readonly nameConstraints: NameConstraints | undefined;
  /** Hex, '' when absent. */
  readonly subjectKeyId: string;
  readonly authorityKeyId: string;
  /** Critical extensions that nothing here understands: such a certificate must be refused. */
  readonly unknownCritical: readonly string[];
}

const NO_NAMES: AltNames = { uris: [], dns: [], ips: 0, emails: [], others: 0 };

interface Extensions {
  basicConstraints: Certificate['basicConstraints'];
  keyUsage: number | undefined;
  extendedKeyUsage: readonly string[] | undefined;
  altNames: AltNames;
  nameConstraints: NameConstraints | undefined;
  subjectKeyId: string;
  authorityKeyId: string;
  unknownCritical: string[];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

const EXTENSIONS: Readonly<Record<string, (into: Extensions, value: Uint8Array) => void>> = {
  [OID.basicConstraints]: (into, value) => {
    const reader = readWhole(value, TAG.sequence);
    const ca = reader.optional(TAG.boolean);
    const pathLength = reader.optional(TAG.integer);
    reader.end();
    into.basicConstraints = {
      ca: ca ? booleanValue(ca.content) : false,
      pathLength: pathLength && smallInteger(pathLength.content),
    };
  },
  [OID.keyUsage]: (into, value) => {
    const outer = new DerReader(value);
    into.keyUsage = namedBits(outer.next(TAG.bitString).content);
    outer.end();
  },
  [OID.extendedKeyUsage]: (into, value) => {
    const reader = readWhole(value, TAG.sequence);
    const usages: string[] = [];
    while (!reader.done) usages.push(oidText(reader.next(TAG.oid).content));
    into.extendedKeyUsage = usages;
  },
  [OID.subjectAltName]: (into, value) => {
    into.altNames = readAltNames(value);
  },
  [OID.nameConstraints]: (into, value) => {
    into.nameConstraints = readNameConstraints(value);
  },
  [OID.subjectKeyIdentifier]: (into, value) => {
    const outer = new DerReader(value);
    into.subjectKeyId = hex(outer.next(TAG.octetString).content);
    outer.end();
  },
  [OID.authorityKeyIdentifier]: (into, value) => {
    into.authorityKeyId = hex(readWhole(value, TAG.sequence).optional(context(0, false))?.content ?? new Uint8Array());
  },
  // A policy statement restricts nothing that is checked here, critical or not.
  [OID.certificatePolicies]: () => undefined,
};

function readExtensions(node: DerNode): Extensions {
  const into: Extensions = {
    basicConstraints: undefined,
    keyUsage: undefined,
    extendedKeyUsage: undefined,
    altNames: NO_NAMES,
    nameConstraints: undefined,
    subjectKeyId: '',
    authorityKeyId: '',
    unknownCritical: [],
  };
  const list = readWhole(node.content, TAG.sequence);
  const seen = new Set<string>();
  while (!list.done) {
    const extension = list.enter(TAG.sequence);
    const id = oidText(extension.next(TAG.oid).content);
    const flag = extension.optional(TAG.boolean);
    const critical = flag !== undefined && booleanValue(flag.content);
    const value = extension.next(TAG.octetString).content;
    extension.end();
    // RFC 5280 section 4.2: an extension occurs once; two programs could each obey a different one.
    if (seen.has(id)) throw new DerError(`extension ${id} occurs twice`);
    seen.add(id);
    const read = EXTENSIONS[id];
    if (read) read(into, value);
    else if (critical) into.unknownCritical.push(id);
  }
  return into;
}

function algorithm(reader: DerReader): { id: string; whole: Uint8Array } {
  const node = reader.next(TAG.sequence);
  return { id: oidText(new DerReader(node.content).next(TAG.oid).content), whole: node.whole };
}

/**
 * Reads one certificate.
 * @param der the bytes, at most CERTIFICATE_BYTES_MAX
 * @throws DerError for anything but a well-formed version 3 certificate
 */
export function readCertificate(der: Uint8Array): Certificate {
  if (der.length > CERTIFICATE_BYTES_MAX) throw new DerError(`certificate of more than ${CERTIFICATE_BYTES_MAX} bytes`);
  const outer = readWhole(der, TAG.sequence);
  const tbs = outer.enter(TAG.sequence);
  const outerAlgorithm = algorithm(outer);
  wholeBits(outer.next(TAG.bitString).content);
  outer.end();

  const version = tbs.enter(context(0));
  if (smallInteger(version.next(TAG.integer).content) !== 2) throw new DerError('not a version 3 certificate');
  version.end();
  const serial = tbs.next(TAG.integer).content;
  checkInteger(serial);
  if (serial[0]! & 0x80 || serial.length > 21) throw new DerError('serial number out of range');
  const innerAlgorithm = algorithm(tbs);
  if (Buffer.compare(innerAlgorithm.whole, outerAlgorithm.whole) !== 0) throw new DerError('the two signature algorithms differ');
  const issuer = tbs.next(TAG.sequence);
  const validity = tbs.enter(TAG.sequence);
  const notBeforeMs = timeMs(validity.next());
  const notAfterMs = timeMs(validity.next());
  validity.end();
  const subject = tbs.next(TAG.sequence);
  const publicKey = tbs.next(TAG.sequence);
  const extensions = tbs.next(context(3));
  tbs.end();
  return {
    der,
    serial: hex(serial[0] === 0 && serial.length > 1 ? serial.subarray(1) : serial),
    issuer: Buffer.from(issuer.whole).toString('base64'),
    subject: Buffer.from(subject.whole).toString('base64'),
    subjectEmpty: subject.content.length === 0,
    notBeforeMs,
    notAfterMs,
    publicKeyDer: publicKey.whole,
    signatureAlgorithm: outerAlgorithm.id,
    ...readExtensions(extensions),
  };
}

/** Key sizes that are accepted: RSA from 2048 bits, the NIST curves from P-256, Ed25519. */
export function keyFault(key: KeyObject): string | undefined {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'rsa' || type === 'rsa-pss')
    return (details?.modulusLength ?? 0) >= 2048 ? undefined : 'an RSA key of less than 2048 bits';
  if (type === 'ec')
    return ['prime256v1', 'secp384r1', 'secp521r1'].includes(details?.namedCurve ?? '')
      ? undefined
      : `the curve ${details?.namedCurve}`;
  return type === 'ed25519' ? undefined : `a key of type ${type}`;
}

/** The certificate's public key. @throws when it is not one that OpenSSL understands */
export function publicKeyOf(certificate: Certificate): KeyObject {
  return createPublicKey({ key: Buffer.from(certificate.publicKeyDer), format: 'der', type: 'spki' });
}

/** Whether `certificate` was signed by the holder of `issuerKey`, with an algorithm that is still sound. */
export function signedBy(certificate: Certificate, issuerKey: KeyObject): boolean {
  if (!Object.hasOwn(SIGNATURE_ALGORITHMS, certificate.signatureAlgorithm)) return false;
  try {
    return new X509Certificate(certificate.der).verify(issuerKey);
  } catch {
    return false;
  }
}

/** Whether two keys are halves of one pair. */
export function isKeyPair(publicKey: KeyObject, privateKey: KeyObject): boolean {
  // Not KeyObject.equals: comparing keys of two types leaves an error in OpenSSL's queue, and the next key that is read fails with it.
  const of = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });
  return of(publicKey).equals(of(createPublicKey(privateKey)));
}
