// Certificates that were found, as facts.
import { readCertificate } from '#pki/certificate.ts';
import type { Certificate } from '#pki/certificate.ts';
import { describeCertificate } from '#pki/describe.ts';
import type { CertificateDescription } from '#pki/describe.ts';
import { toPem } from '#pki/pem.ts';
import { CullisError } from '#base/errors.ts';
import { DerError } from '#pki/der.ts';
import type { Found, RawCertificate } from './find.ts';

export interface FoundCertificate extends RawCertificate {
  readonly certificate: Certificate;
  readonly about: CertificateDescription;
  /** Subject, issuer, alternative names and whether it is an authority: equal for one that takes another's place. */
  readonly role: string;
  /** SubjectPublicKeyInfo, base64. */
  readonly publicKey: string;
  readonly selfSigned: boolean;
  /** How people call it: the first name, else the subject. */
  readonly name: string;
  /** How many certificates its file holds. */
  readonly beside: number;
  /** Tests, examples, fixtures. */
  readonly aside: boolean;
}

/** Reads all; what is no certificate is left out. Equal bytes are read once. */
export function readAll(found: readonly Found[]): readonly FoundCertificate[] {
  const known = new Map<
    string,
    Pick<FoundCertificate, 'certificate' | 'about' | 'role' | 'publicKey' | 'selfSigned' | 'name'> | undefined
  >();
  return found.flatMap(({ certificates }) =>
    certificates.flatMap((raw): FoundCertificate[] => {
      const key = Buffer.from(raw.der).toString('base64');
      if (!known.has(key)) known.set(key, read(raw.der));
      const facts = known.get(key);
      return facts ? [{ ...raw, ...facts, beside: certificates.length, aside: isAside(raw.file) }] : [];
    }),
  );
}

function read(
  der: Uint8Array,
): Pick<FoundCertificate, 'certificate' | 'about' | 'role' | 'publicKey' | 'selfSigned' | 'name'> | undefined {
  try {
    const certificate = readCertificate(der);
    const about = describeCertificate(toPem('CERTIFICATE', der));
    const { altNames, subject, issuer } = certificate;
    const names = [...altNames.dns, ...altNames.uris, ...altNames.emails].toSorted();
    const usage = [certificate.basicConstraints?.ca ?? false, certificate.extendedKeyUsage?.toSorted() ?? []];
    return {
      certificate,
      about,
      role: JSON.stringify([subject, issuer, names, altNames.ips, usage]),
      publicKey: Buffer.from(certificate.publicKeyDer).toString('base64'),
      selfSigned: subject === issuer,
      name: printable(altNames.dns[0] ?? altNames.uris[0] ?? (about.subject === '' ? `serial ${about.serial}` : about.subject)),
    };
  } catch (error) {
    // Not DER, or a key that OpenSSL does not know.
    if (error instanceof DerError || error instanceof CullisError || error instanceof Error) return undefined;
    throw error;
  }
}

function printable(text: string): string {
  return text.replaceAll(/[^\u0020-\u007e]/g, '?').slice(0, 100);
}

function isAside(file: string): boolean {
  return /(?:^|\/)(?:tests?|__tests__|testdata|test-?data|fixtures?|examples?|samples?|mocks?|e2e|spec|specs|node_modules|vendor|third_party)\/|[._-]test\.[a-z]+$|_test\.go$/i.test(
    file,
  );
}
