// Files to findings about the certificates in them.
import type { Finding } from '#model/finding.ts';
import { findingOf } from '../rule.ts';
import { CERTIFICATE_RULES } from '../rules/certificates.ts';
import { findCertificates } from './find.ts';
import type { Found, NamedBytes, RawKey } from './find.ts';
import { readAll } from './read.ts';
import type { FoundCertificate } from './read.ts';

/**
 * Findings over all certificates of some files, since whether one was replaced is only seen beside the other.
 * @param now milliseconds since 1970
 * @example certificateFindings([{ path: 'tls.crt', bytes }], Date.now())
 */
export function certificateFindings(files: Iterable<NamedBytes>, now: number): readonly Finding[] {
  const found: Found[] = [];
  for (const file of files) {
    const one = findCertificates(file);
    if (one.certificates.length > 0 || one.keys.length > 0) found.push(one);
  }
  return foundCertificateFindings(found, now);
}

/** The same for what was found before (`findCertificates`), so that unchanged files are not searched again. */
export function foundCertificateFindings(found: readonly Found[], now: number): readonly Finding[] {
  const all = readAll(found);
  if (all.length === 0) return [];
  const roles = new Map<string, FoundCertificate[]>();
  for (const one of all) {
    const list = roles.get(one.role);
    if (list) list.push(one);
    else roles.set(one.role, [one]);
  }
  const keys = keysByFile(found);
  const findings = new Map<string, Finding>();
  const leaves = leafPerDocument(all);
  for (const one of all) {
    const beside = leaves.get(`${one.file}\n${one.document}`) === one ? keysOf(one, keys) : [];
    const sameRole = roles.get(one.role)!;
    for (const rule of CERTIFICATE_RULES)
      for (const hit of rule.check({ one, sameRole: sameRole.slice(0, SAME_MAX), keys: beside }, { now })) {
        const finding = findingOf(rule, hit);
        findings.set(finding.id, finding);
      }
  }
  return [...findings.values()];
}

const SAME_MAX = 1000;

function keysByFile(found: readonly Found[]): ReadonlyMap<string, readonly RawKey[]> {
  const map = new Map<string, RawKey[]>();
  for (const { keys } of found)
    for (const key of keys) {
      const list = map.get(key.file);
      if (list) list.push(key);
      else map.set(key.file, [key]);
    }
  return map;
}

/** The first certificate of each document of each file: of a chain the one that the key belongs to. Several leaves belong to several keys. */
function leafPerDocument(all: readonly FoundCertificate[]): ReadonlyMap<string, FoundCertificate> {
  const first = new Map<string, FoundCertificate>();
  const many = new Set<string>();
  for (const one of all) {
    if (one.about.ca) continue;
    const key = `${one.file}\n${one.document}`;
    if (first.has(key)) many.add(key);
    else first.set(key, one);
  }
  for (const key of many) first.delete(key);
  return first;
}

/** Keys of the same document, else of the file that goes with it by name: `tls.crt` and `tls.key`, `server.pem` and `server-key.pem`. */
function keysOf(one: FoundCertificate, keys: ReadonlyMap<string, readonly RawKey[]>): readonly RawKey[] {
  const own = keys.get(one.file)?.filter(({ document }) => document === one.document) ?? [];
  if (own.length > 0 || one.form !== 'pem') return own;
  const stem = one.file.replace(/[-_.]?(?:cert|crt|chain|fullchain|certificate)?\.(?:pem|crt|cer|cert)$/i, '');
  const names = [`${stem}.key`, `${stem}-key.pem`, `${stem}_key.pem`, `${stem}.key.pem`, `${stem}key.pem`];
  return names.flatMap((name) => keys.get(name) ?? []);
}
