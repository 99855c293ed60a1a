// Certification path validation (RFC 5280 section 6.1) for X.509-SVIDs: from a leaf, over certificates the peer sent, to a root of the leaf's own trust domain.
import { keyFault, publicKeyOf, signedBy } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { namesPermitted } from './general-names.ts';
import { KEY_USAGE } from './oids.ts';
import { parseSpiffeId } from './spiffe-id.ts';
import type { TrustAnchor } from './trust-bundle.ts';

/** Certificates between leaf and root. */
const DEPTH_MAX = 4;
/** Signatures that are checked for one chain before giving up: hostile chains make many names equal. */
const SIGNATURES_MAX = 16;

export interface Path {
  /** Until when every certificate of the path is valid, and from when. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Leaf first, root last. */
  readonly certificates: readonly Certificate[];
  /** Hex SHA-256 of the root. */
  readonly root: string;
}

export type PathResult = { readonly ok: true; readonly path: Path } | { readonly ok: false; readonly reason: string };

function uriHost(uri: string): string | undefined {
  const parsed = parseSpiffeId(uri);
  return parsed.ok ? parsed.id.trustDomain : undefined;
}

/** @returns why `nowMs` lies outside a certificate's life, or undefined. Both ends belong to it (RFC 5280 section 4.1.2.5). */
export function validityFault(
  certificate: { readonly notBeforeMs: number; readonly notAfterMs: number },
  nowMs: number,
): string | undefined {
  if (nowMs < certificate.notBeforeMs) return `is not valid before ${new Date(certificate.notBeforeMs).toISOString()}`;
  // The last second counts whole: notAfter 10:00:00 holds through 10:00:00.999.
  if (nowMs >= certificate.notAfterMs + 1000) return `expired at ${new Date(certificate.notAfterMs).toISOString()}`;
  return undefined;
}

/** @returns why a certificate from the peer's chain may not sign others, or undefined. `below`: CA certificates between it and the leaf. */
function signingFault(certificate: Certificate, trustDomain: string, below: number): string | undefined {
  const { basicConstraints, keyUsage, altNames } = certificate;
  if (!basicConstraints?.ca) return 'is not a CA';
  if (keyUsage === undefined || !(keyUsage & KEY_USAGE.keyCertSign)) return 'may not sign certificates';
  if (basicConstraints.pathLength !== undefined && below > basicConstraints.pathLength) return 'allows no CA below it';
  if (certificate.unknownCritical.length > 0) return `has the unknown critical extension ${certificate.unknownCritical[0]}`;
  // X509-SVID section 4.1: a signing certificate's SPIFFE ID, when it has one, has no path and is of the trust domain it signs for.
  for (const uri of altNames.uris) {
    if (!uri.startsWith('spiffe:')) continue;
    const parsed = parseSpiffeId(uri);
    if (!parsed.ok || parsed.id.path !== '' || parsed.id.trustDomain !== trustDomain)
      return 'carries an identity of its own that it may not have';
  }
  return undefined;
}

function constraintsHold(path: readonly Certificate[], issuer: Certificate): boolean {
  const constraints = issuer.nameConstraints;
  if (!constraints) return true;
  return path.every((one) => namesPermitted(one.altNames, !one.subjectEmpty, constraints, uriHost));
}

function keyIdsAgree(child: Certificate, issuer: Certificate): boolean {
  return child.authorityKeyId === '' || issuer.subjectKeyId === '' || child.authorityKeyId === issuer.subjectKeyId;
}

/**
 * Finds a valid path.
 * @param leaf already checked as a leaf @param sent other certificates of the peer, in any order @param anchors roots of `trustDomain` by subject
 */
export function findPath(
  leaf: Certificate,
  sent: readonly Certificate[],
  anchors: ReadonlyMap<string, readonly TrustAnchor[]>,
  trustDomain: string,
  nowMs: number,
): PathResult {
  let signatures = 0;
  // The deepest reason is the useful one: "signed by nobody we trust" says less than "the root expired".
  let reason = '';
  let reasonDepth = -1;
  const note = (depth: number, text: string): undefined => {
    if (depth > reasonDepth) [reason, reasonDepth] = [text, depth];
    return undefined;
  };

  const extend = (path: readonly Certificate[]): Path | undefined => {
    const child = path[path.length - 1]!;
    const below = path.length - 1;
    for (const { certificate: root, key, fingerprint } of anchors.get(child.issuer) ?? []) {
      if (!keyIdsAgree(child, root)) continue;
      if (++signatures > SIGNATURES_MAX) return note(99, 'the chain is too costly to verify');
      if (!signedBy(child, key)) {
        note(below * 2, 'is not signed by a root of its trust domain');
        continue;
      }
      const fault = validityFault(root, nowMs);
      if (fault) note(below * 2 + 1, `the root ${fault}`);
      else if (root.basicConstraints?.pathLength !== undefined && below > root.basicConstraints.pathLength) {
        note(below * 2 + 1, 'the root allows no CA below it');
      } else if (!constraintsHold(path, root)) note(below * 2 + 1, 'the root may not sign for this name');
      else return finish([...path, root], fingerprint);
    }
    if (below >= DEPTH_MAX) return note(99, 'the chain is too long');
    for (const issuer of sent) {
      if (issuer.subject !== child.issuer || path.includes(issuer) || !keyIdsAgree(child, issuer)) continue;
      const fault = signingFault(issuer, trustDomain, below) ?? validityFault(issuer, nowMs);
      if (fault) {
        note(below * 2 + 1, `a signing certificate ${fault}`);
        continue;
      }
      if (!constraintsHold(path, issuer)) {
        note(below * 2 + 1, 'a signing certificate may not sign for this name');
        continue;
      }
      if (++signatures > SIGNATURES_MAX) return note(99, 'the chain is too costly to verify');
      const key = publicKeyOf(issuer);
      const weak = keyFault(key);
      if (weak) note(below * 2 + 1, `a signing certificate has ${weak}`);
      else if (signedBy(child, key)) {
        const found = extend([...path, issuer]);
        if (found) return found;
      } else note(below * 2, 'is not signed by the certificate it names');
    }
    return undefined;
  };

  const finish = (certificates: readonly Certificate[], root: string): Path => ({
    notBeforeMs: Math.max(...certificates.map((one) => one.notBeforeMs)),
    notAfterMs: Math.min(...certificates.map((one) => one.notAfterMs)),
    certificates,
    root,
  });

  let path: Path | undefined;
  try {
    path = extend([leaf]);
  } catch {
    // OpenSSL could not read a key.
    return { ok: false, reason: 'a certificate of the chain has a key that cannot be read' };
  }
  if (path) return { ok: true, path };
  return {
    ok: false,
    reason:
      reason ||
      (leaf.issuer === leaf.subject && !leaf.subjectEmpty ? 'is self-signed' : 'is not signed by a root of its trust domain'),
  };
}
