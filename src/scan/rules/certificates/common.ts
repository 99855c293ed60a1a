// What rules over certificates share.
import type { FindingSeverity } from '#model/finding.ts';
import type { FoundCertificate } from '../../certificates/read.ts';
import type { RawKey } from '../../certificates/find.ts';
import type { Hit } from '../../rule.ts';

/** One certificate, and all there are. */
export interface CertificateSubject {
  readonly one: FoundCertificate;
  /** Those that could take its place, itself included. */
  readonly sameRole: readonly FoundCertificate[];
  /** Keys of its file, and of the file that goes with it by name. */
  readonly keys: readonly RawKey[];
}

export const DAY_MS = 86_400_000;
export const RFC5280 = 'RFC 5280';

export function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** @param severity of a certificate that is used; those of tests are lowered */
export function hitOf(one: FoundCertificate, title: string, severity: FindingSeverity, more: Partial<Hit> = {}): Hit {
  return {
    title,
    severity: one.aside ? 'info' : severity,
    at: { location: { file: one.file, line: one.line, column: one.column }, subject: one.file },
    detail: one.about.fingerprint,
    ...more,
  };
}

/** A collection of authorities, as systems and languages ship them. */
export function isBundle(one: FoundCertificate): boolean {
  return one.beside >= 20 && (one.about.ca || one.selfSigned);
}

/** Whether it is for a name that strangers use. */
export function isPublic(one: FoundCertificate): boolean {
  return one.certificate.altNames.dns.some(
    (name) =>
      name.includes('.') &&
      !/\.(?:local|internal|svc|localhost|lan|test|example|invalid|home|corp|cluster)$|\.svc\.|localdomain/.test(name),
  );
}
