// Which roots speak for which trust domain. A bundle is plain data that travels in snapshots; here it is checked, changed and compiled. During a rotation a
// trust domain has two roots: phase one adds the new root everywhere, phase two issues from it, and the old one goes when nothing it signed lives any more.
import { createHash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { CullisError } from '#base/errors.ts';
import type { TrustBundle } from '#model/snapshot.ts';
import { keyFault, publicKeyOf, readCertificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { KEY_USAGE } from './oids.ts';
import { certificatesOf, toPem } from './pem.ts';
import { parseTrustDomain } from './spiffe-id.ts';

/** Roots a trust domain may have at once: two during a rotation, and room for a federation that is late with its own. */
const ROOTS_MAX = 16;

export interface TrustAnchor {
  readonly certificate: Certificate;
  readonly key: KeyObject;
  /** Hex SHA-256 of the DER. */
  readonly fingerprint: string;
}

/** Hex SHA-256 of a certificate's DER. */
export function fingerprintOf(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex');
}

/** @returns why a certificate cannot be a root, or undefined */
export function anchorFault(certificate: Certificate): string | undefined {
  if (!certificate.basicConstraints?.ca) return 'is not a CA';
  if (certificate.keyUsage !== undefined && !(certificate.keyUsage & KEY_USAGE.keyCertSign)) return 'may not sign certificates';
  if (certificate.unknownCritical.length > 0) return `has the unknown critical extension ${certificate.unknownCritical[0]}`;
  return keyFault(publicKeyOf(certificate));
}

function anchor(der: Uint8Array): TrustAnchor {
  const certificate = readCertificate(der);
  const fault = anchorFault(certificate);
  if (fault) throw new CullisError('trust.rejected', `the root certificate ${fault}`);
  return { certificate, key: publicKeyOf(certificate), fingerprint: fingerprintOf(der) };
}

/**
 * Makes a bundle of PEM texts (one or more certificates each) by trust domain. Equal roots are kept once, order is kept.
 * @throws CullisError trust.rejected for a bad trust domain name, an unreadable certificate, or one that is no CA
 */
export function createTrustBundle(roots: Readonly<Record<string, string | readonly string[]>>): TrustBundle {
  const byDomain: Record<string, readonly string[]> = Object.create(null);
  for (const [trustDomain, texts] of Object.entries(roots)) {
    const name = parseTrustDomain(trustDomain);
    if (!name.ok || name.trustDomain !== trustDomain)
      throw new CullisError('trust.rejected', `\`${trustDomain}\` is not a trust domain`);
    const list = new Map<string, string>();
    for (const text of typeof texts === 'string' ? [texts] : texts) {
      const certificates = certificatesOf(text);
      if (certificates.length === 0)
        throw new CullisError('trust.rejected', `a root of \`${trustDomain}\` is not a PEM certificate`);
      for (const der of certificates) {
        try {
          list.set(anchor(der).fingerprint, toPem('CERTIFICATE', der));
        } catch (cause) {
          if (cause instanceof CullisError) throw cause;
          throw new CullisError('trust.rejected', `a root of \`${trustDomain}\` could not be read`, { cause });
        }
      }
    }
    if (list.size > ROOTS_MAX) throw new CullisError('trust.rejected', `\`${trustDomain}\` has more than ${ROOTS_MAX} roots`);
    byDomain[trustDomain] = Object.freeze([...list.values()]);
  }
  return Object.freeze({ roots: Object.freeze(byDomain) });
}

/** All roots of all bundles. */
export function mergeTrustBundles(...bundles: readonly TrustBundle[]): TrustBundle {
  const all: Record<string, string[]> = Object.create(null);
  for (const bundle of bundles)
    for (const [trustDomain, pems] of Object.entries(bundle.roots)) (all[trustDomain] ??= []).push(...pems);
  return createTrustBundle(all);
}

/** Phase one of a rotation: the new root is trusted beside the old. */
export function addRoot(bundle: TrustBundle, trustDomain: string, rootPem: string): TrustBundle {
  return createTrustBundle({ ...bundle.roots, [trustDomain]: [...(bundle.roots[trustDomain] ?? []), rootPem] });
}

/**
 * Last phase of a rotation: the old root is trusted no more.
 * @throws CullisError trust.rejected when it is the trust domain's last root: that would cut every link at once
 */
export function removeRoot(bundle: TrustBundle, trustDomain: string, rootPem: string): TrustBundle {
  const gone = new Set(certificatesOf(rootPem).map(fingerprintOf));
  const left = (bundle.roots[trustDomain] ?? []).filter((pem) =>
    certificatesOf(pem).some((der) => !gone.has(fingerprintOf(der))),
  );
  if (left.length === 0) throw new CullisError('trust.rejected', `\`${trustDomain}\` would be left without a root`);
  return createTrustBundle({ ...bundle.roots, [trustDomain]: left });
}

/** Names a bundle's content: equal roots give equal text whatever their order. For keying TLS tickets and caches to the trust they were made under. */
export function trustGeneration(bundle: TrustBundle): string {
  const hash = createHash('sha256');
  for (const trustDomain of Object.keys(bundle.roots).sort()) {
    hash.update(`${trustDomain}\n`);
    for (const print of bundle.roots[trustDomain]!.flatMap(certificatesOf).map(fingerprintOf).sort()) hash.update(`${print}\n`);
  }
  return hash.digest('hex');
}

/** A bundle ready for verification. */
export interface CompiledBundle {
  /** Anchors of one trust domain by the base64 of their subject. */
  anchorsFor(trustDomain: string): ReadonlyMap<string, readonly TrustAnchor[]> | undefined;
}

/** Roots that cannot be read are left out: that is less trust, never more. */
export function compileTrustBundle(bundle: TrustBundle): CompiledBundle {
  const domains = new Map<string, Map<string, TrustAnchor[]>>();
  for (const [trustDomain, pems] of Object.entries(bundle.roots)) {
    const bySubject = new Map<string, TrustAnchor[]>();
    for (const der of pems.flatMap(certificatesOf).slice(0, ROOTS_MAX)) {
      try {
        const one = anchor(der);
        const list = bySubject.get(one.certificate.subject);
        if (list) list.push(one);
        else bySubject.set(one.certificate.subject, [one]);
      } catch {
        continue;
      }
    }
    if (bySubject.size > 0) domains.set(trustDomain, bySubject);
  }
  return { anchorsFor: (trustDomain) => domains.get(trustDomain) };
}
