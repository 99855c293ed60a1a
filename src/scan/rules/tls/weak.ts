// What of TLS is broken or aged: versions and ciphers, in the spellings of the programs that are set up with them.
import type { FindingSeverity } from '#model/finding.ts';

export interface Weakness {
  readonly what: string;
  readonly severity: FindingSeverity;
}

const TEXT_MAX = 10_000;

/** Versions that a list of them lets in: `TLSv1 TLSv1.1 TLSv1.2` (nginx), `all -SSLv3` (Apache), `TLSV1_0` (Envoy). */
export function weakVersions(text: string): Weakness | undefined {
  const tokens = text.slice(0, TEXT_MAX).split(/[\s,;"'[\]]+/);
  const found = tokens.filter(
    (token) => /^\+?(?:SSLv?[23]|TLS_?v?1(?:[._][01])?|TLS1[01])$/i.test(token) && !/1[._][23]$/.test(token),
  );
  if (found.length === 0) return undefined;
  const broken = found.some((token) => /SSL/i.test(token));
  return { what: `lets in ${found.map((token) => `\`${token}\``).join(', ')}`, severity: broken ? 'high' : 'medium' };
}

/** A lowest version: `1.0`, `VersionTLS10`, `TLSV1_1`, `v1.1`, `TLSv1.0`. */
export function weakMinimum(text: string): Weakness | undefined {
  const version = text.trim().slice(0, 40);
  if (/^SSL/i.test(version)) return { what: `lets in \`${version}\``, severity: 'high' };
  return /^(?:(?:Version)?TLS_?v?|v)?1(?:[._]?[01])?$/i.test(version)
    ? { what: `lets in TLS from \`${version}\` on`, severity: 'medium' }
    : undefined;
}

const BROKEN = /RC4|RC2|DES|NULL|EXP|(?:^|[-_])(?:ADH|AECDH|anon)|MD5|IDEA|SEED|^LOW$|^SSLv2$|@SECLEVEL=0/i;
/** Without forward secrecy, or with CBC and an old digest (RFC 7525 section 4.2, RFC 9325 section 4.2). */
const AGED = /^(?:AES|CAMELLIA|ARIA)\d+-|^TLS_RSA_WITH_|_CBC_|-SHA$/i;
/** Classes of OpenSSL that hold anonymous suites unless these are taken out. */
const WITH_ANONYMOUS = /^(?:ALL|COMPLEMENTOFDEFAULT|HIGH)$/;

/** A list of suites as OpenSSL, Go or Envoy write it; what is struck out (`!RC4`, `-3DES`) is no weakness. */
export function weakCiphers(text: string): Weakness | undefined {
  const tokens = text
    .slice(0, TEXT_MAX)
    .split(/[\s:,;"'[\]|]+/)
    .filter((token) => token !== '');
  const struck = tokens.filter((token) => /^[!-]/.test(token)).map((token) => token.slice(1));
  const offered = tokens.filter((token) => !/^[!-]/.test(token)).map((token) => token.replace(/^\+/, ''));
  const broken = offered.filter((token) => BROKEN.test(token) || (WITH_ANONYMOUS.test(token) && !struck.includes('aNULL')));
  if (broken.length > 0) return { what: `offers ${names(broken)}`, severity: 'medium' };
  const aged = offered.filter((token) => AGED.test(token));
  return aged.length > 0
    ? { what: `offers suites without forward secrecy or with CBC, ${names(aged)}`, severity: 'low' }
    : undefined;
}

function names(suites: readonly string[]): string {
  const shown = suites.slice(0, 3).map((suite) => `\`${suite.slice(0, 60)}\``);
  return suites.length > 3 ? `${shown.join(', ')} and ${suites.length - 3} more` : shown.join(', ');
}

/** Policies of AWS load balancers that let in TLS 1.0 or 1.1. */
export function weakAwsPolicy(name: string): Weakness | undefined {
  const aged =
    /^ELBSecurityPolicy-(?:2011-08|2014-|2015-|2016-08|FS-2018-06|FS-1-1-|TLS-1-0-|TLS-1-1-|TLS13-1-0-|TLS13-1-1-)/.test(name);
  return aged ? { what: `lets in TLS 1.0 or 1.1 (\`${name.slice(0, 60)}\`)`, severity: 'medium' } : undefined;
}

/** Bits of the prime in `-----BEGIN DH PARAMETERS-----`; undefined when there is none, or it cannot be read. */
export function dhBits(pem: string): number | undefined {
  const body = /-----BEGIN DH PARAMETERS-----([A-Za-z0-9+/=\s]{1,4000})-----END/.exec(pem.slice(0, TEXT_MAX))?.[1];
  if (body === undefined) return undefined;
  const der = Buffer.from(body, 'base64');
  // SEQUENCE { INTEGER prime, INTEGER generator }
  const outer = lengthAt(der, 1);
  if (der[0] !== 0x30 || !outer || der[outer.next] !== 0x02) return undefined;
  const prime = lengthAt(der, outer.next + 1);
  if (!prime || prime.next + prime.length > der.length) return undefined;
  let at = prime.next;
  while (der[at] === 0 && at < prime.next + prime.length) at += 1;
  const first = der[at];
  return first === undefined ? undefined : (prime.next + prime.length - at - 1) * 8 + (32 - Math.clz32(first));
}

function lengthAt(der: Uint8Array, at: number): { readonly length: number; readonly next: number } | undefined {
  const first = der[at];
  if (first === undefined) return undefined;
  if (first < 0x80) return { length: first, next: at + 1 };
  const count = first & 0x7f;
  if (count < 1 || count > 3) return undefined;
  let length = 0;
  for (let i = 1; i <= count; i += 1) length = length * 256 + (der[at + i] ?? 0);
  return { length, next: at + 1 + count };
}
