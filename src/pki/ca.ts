// The certificate authority of one trust domain: a root that stays sealed, an issuing CA below it that signs X.509-SVIDs (SPIFFE X509-SVID sections 2-4).
import type { KeyObject } from 'node:crypto';
import { CullisError } from '#base/errors.ts';
import type { Random } from '#base/ports.ts';
import type { KeyWrap } from '#model/ports.ts';
import { extensionDer, keyIdOf, nameDer, subjectOf, uriNames, writeCertificate } from './certificate-write.ts';
import { isKeyPair, publicKeyOf, readCertificate } from './certificate.ts';
import { readCsr } from './csr.ts';
import { bitString, context, DER_TRUE, octetString, oid, sequence, textBytes, tlv, unsigned } from './der.ts';
import { open, seal } from './envelope.ts';
import { generateKey, readKey } from './keys.ts';
import type { Key } from './keys.ts';
import { OID } from './oids.ts';
import { certificatesOf, toPem } from './pem.ts';
import { formatSpiffeId, parseSpiffeId, parseTrustDomain } from './spiffe-id.ts';

/** Certificates begin this long before they are made, so that a verifier whose clock is behind accepts them. */
export const BACKDATE_MS = 60_000;

export interface CertificateAuthority {
  readonly role: 'root' | 'issuing';
  readonly trustDomain: string;
  readonly certificatePem: string;
  /** The root above, or this one itself. */
  readonly rootPem: string;
  /** Lower-case hex. */
  readonly serial: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Prints as nothing; leaves the process only through `sealCa`. */
  readonly privateKey: KeyObject;
}

export interface IssueOptions {
  readonly nowMs: number;
  readonly ttlMs: number;
  readonly random: Random;
}

export interface IssuedSvid {
  /** Leaf, then the issuing CA; the root is not sent. */
  readonly chainPem: string;
  readonly serial: string;
  readonly notAfterMs: number;
}

function refuse(message: string): never {
  throw new CullisError('ca.refused', message);
}

/** 128 bits of which 126 are random: positive, and of one length, so that serials sort and read alike. */
function newSerial(random: Random): Uint8Array {
  const bytes = random.bytes(16);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes;
}

function lifetime({ nowMs, ttlMs }: IssueOptions, capMs: number): { notBeforeMs: number; notAfterMs: number } {
  if (!(ttlMs >= 1000)) refuse('a certificate must live for at least a second');
  const notAfterMs = Math.floor(Math.min(nowMs + ttlMs, capMs) / 1000) * 1000;
  if (notAfterMs <= nowMs) refuse('the issuing CA has expired');
  return { notBeforeMs: Math.floor((nowMs - BACKDATE_MS) / 1000) * 1000, notAfterMs };
}

const KEY_CERT_SIGN_CRL_SIGN = bitString(Uint8Array.of(0x06), 1);
const DIGITAL_SIGNATURE = bitString(Uint8Array.of(0x80), 7);

function keyIds(publicKeyDer: Uint8Array, issuerPublicKeyDer: Uint8Array): Uint8Array[] {
  return [
    extensionDer(OID.subjectKeyIdentifier, false, octetString(keyIdOf(publicKeyDer))),
    extensionDer(OID.authorityKeyIdentifier, false, sequence(tlv(context(0, false), keyIdOf(issuerPublicKeyDer)))),
  ];
}

function caExtensions(trustDomain: string, pathLength: number, key: Key, issuerPublicKeyDer: Uint8Array): Uint8Array[] {
  return [
    extensionDer(OID.basicConstraints, true, sequence(DER_TRUE, unsigned(Uint8Array.of(pathLength)))),
    extensionDer(OID.keyUsage, true, KEY_CERT_SIGN_CRL_SIGN),
    extensionDer(OID.subjectAltName, false, uriNames(formatSpiffeId({ trustDomain, path: '' }))),
    ...keyIds(key.publicKeyDer, issuerPublicKeyDer),
  ];
}

/** The issuing CA signs identities of its trust domain and nothing that a browser would believe: no DNS name at all. */
function constraintsFor(trustDomain: string): Uint8Array {
  const permitted = tlv(context(0), sequence(textBytes(context(6, false), trustDomain)));
  const excluded = tlv(context(1), sequence(textBytes(context(2, false), '')));
  return extensionDer(OID.nameConstraints, true, sequence(permitted, excluded));
}

function authority(
  role: 'root' | 'issuing',
  trustDomain: string,
  der: Uint8Array,
  rootPem: string,
  privateKey: KeyObject,
): CertificateAuthority {
  const { serial, notBeforeMs, notAfterMs } = readCertificate(der);
  const certificatePem = toPem('CERTIFICATE', der);
  return Object.freeze({
    role,
    trustDomain,
    certificatePem,
    rootPem: rootPem || certificatePem,
    serial,
    notBeforeMs,
    notAfterMs,
    privateKey,
  });
}

function shortId(key: Key): string {
  return Buffer.from(keyIdOf(key.publicKeyDer)).toString('hex').slice(0, 8);
}

/** A self-signed root with a new key. @throws CullisError ca.refused for a bad trust domain */
export function createRoot(options: IssueOptions & { readonly trustDomain: string }): CertificateAuthority {
  const { trustDomain, random } = options;
  const name = parseTrustDomain(trustDomain);
  if (!name.ok || name.trustDomain !== trustDomain) refuse(`\`${trustDomain}\` is not a trust domain`);
  const key = generateKey();
  // The key's id makes each root's name its own: during a rotation two roots of one trust domain stay apart.
  const subject = nameDer(trustDomain, `Cullis root ${shortId(key)}`);
  const der = writeCertificate(
    {
      serial: newSerial(random),
      issuer: subject,
      subject,
      ...lifetime(options, Number.POSITIVE_INFINITY),
      publicKeyDer: key.publicKeyDer,
      extensions: caExtensions(trustDomain, 1, key, key.publicKeyDer),
    },
    key.privateKey,
  );
  return authority('root', trustDomain, der, '', key.privateKey);
}

/** An issuing CA below `root`, with a new key, ending no later than the root. */
export function createIssuing(root: CertificateAuthority, options: IssueOptions): CertificateAuthority {
  if (root.role !== 'root') refuse('an issuing CA may not sign another CA');
  const [rootDer] = certificatesOf(root.certificatePem) as [Uint8Array];
  const key = generateKey();
  const der = writeCertificate(
    {
      serial: newSerial(options.random),
      issuer: subjectOf(rootDer),
      subject: nameDer(root.trustDomain, `Cullis issuing CA ${shortId(key)}`),
      ...lifetime(options, root.notAfterMs),
      publicKeyDer: key.publicKeyDer,
      extensions: [
        ...caExtensions(root.trustDomain, 0, key, readCertificate(rootDer).publicKeyDer),
        constraintsFor(root.trustDomain),
      ],
    },
    root.privateKey,
  );
  return authority('issuing', root.trustDomain, der, root.certificatePem, key.privateKey);
}

/**
 * Signs an X.509-SVID.
 * @param csrPem proves possession of the key; its one URI name must equal `expectedIdentity`
 * @param expectedIdentity what the caller was authenticated as, by other means than the request: the only source of the name that is certified
 * @throws CullisError ca.refused, with the rule that the request broke
 */
export function issueSvid(
  issuing: CertificateAuthority,
  csrPem: string,
  expectedIdentity: string,
  options: IssueOptions,
): IssuedSvid {
  if (issuing.role !== 'issuing') refuse('the root signs no workload certificates');
  const expected = parseSpiffeId(expectedIdentity);
  if (!expected.ok) refuse(`\`${expectedIdentity}\` is not a SPIFFE ID: ${expected.error}`);
  if (expected.id.trustDomain !== issuing.trustDomain)
    refuse(`\`${expectedIdentity}\` is not of the trust domain \`${issuing.trustDomain}\``);
  if (expected.id.path === '') refuse(`\`${expectedIdentity}\` names no workload`);
  const csr = readCsr(csrPem);
  if (csr.identity !== expectedIdentity)
    refuse(`the certificate request asks for \`${csr.identity}\`, but its sender is \`${expectedIdentity}\``);
  const [issuerDer] = certificatesOf(issuing.certificatePem) as [Uint8Array];
  const issuerKey = readCertificate(issuerDer).publicKeyDer;
  if (Buffer.compare(csr.publicKeyDer, issuerKey) === 0) refuse('the certificate request carries the key of the CA');
  const life = lifetime(options, issuing.notAfterMs);
  const serial = newSerial(options.random);
  const leaf = writeCertificate(
    {
      serial,
      issuer: subjectOf(issuerDer),
      // RFC 5280 section 4.2.1.6: with an empty subject the alternative name is critical.
      subject: nameDer(),
      ...life,
      publicKeyDer: csr.publicKeyDer,
      extensions: [
        extensionDer(OID.basicConstraints, true, sequence()),
        extensionDer(OID.keyUsage, true, DIGITAL_SIGNATURE),
        extensionDer(OID.extendedKeyUsage, false, sequence(oid(OID.serverAuth), oid(OID.clientAuth))),
        extensionDer(OID.subjectAltName, true, uriNames(expectedIdentity)),
        ...keyIds(csr.publicKeyDer, issuerKey),
      ],
    },
    issuing.privateKey,
  );
  return {
    chainPem: toPem('CERTIFICATE', leaf) + issuing.certificatePem,
    serial: Buffer.from(serial).toString('hex'),
    notAfterMs: life.notAfterMs,
  };
}

const SEAL_CONTEXT = 'cullis/ca/1';

interface SealedCa {
  readonly role: 'root' | 'issuing';
  readonly trustDomain: string;
  readonly certificatePem: string;
  readonly rootPem: string;
  readonly privateKeyPem: string;
}

/** CA material as bytes that may lie on disk: envelope encryption, key and certificate together. @param random as in `seal` */
export async function sealCa(ca: CertificateAuthority, keyWrap: KeyWrap, random?: Random): Promise<Uint8Array> {
  const { role, trustDomain, certificatePem, rootPem } = ca;
  const privateKeyPem = ca.privateKey.export({ type: 'pkcs8', format: 'pem' });
  const plain = Buffer.from(
    JSON.stringify({ role, trustDomain, certificatePem, rootPem, privateKeyPem } satisfies SealedCa),
    'utf8',
  );
  try {
    return await seal(plain, SEAL_CONTEXT, keyWrap, random);
  } finally {
    plain.fill(0);
  }
}

/**
 * Opens what `sealCa` made and checks that key and certificate still belong together.
 * @throws CullisError key.unavailable (wrong key or changed bytes), state.unreadable (the content is not a CA)
 */
export async function openCa(sealed: Uint8Array, keyWrap: KeyWrap): Promise<CertificateAuthority> {
  const plain = await open(sealed, SEAL_CONTEXT, keyWrap);
  try {
    const content = JSON.parse(Buffer.from(plain).toString('utf8')) as SealedCa;
    const key = readKey(content.privateKeyPem);
    const [der] = certificatesOf(content.certificatePem);
    if (!der || !['root', 'issuing'].includes(content.role) || !isKeyPair(publicKeyOf(readCertificate(der)), key.privateKey))
      throw new Error('mismatch');
    return authority(content.role, content.trustDomain, der, content.rootPem, key.privateKey);
  } catch (cause) {
    if (cause instanceof CullisError && cause.code !== 'trust.rejected') throw cause;
    throw new CullisError('state.unreadable', 'the sealed CA does not hold a matching key and certificate');
  } finally {
    plain.fill(0);
  }
}
