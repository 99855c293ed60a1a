// Is this peer who its certificate says? Checks of SPIFFE's X509-SVID standard (sections 2-5) over RFC 5280 path validation, made for every TLS handshake.
import { hash } from 'node:crypto';
import { Lru } from '#base/lru.ts';
import type { TrustBundle } from '#model/snapshot.ts';
import { CERTIFICATE_BYTES_MAX, keyFault, publicKeyOf, readCertificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { DerError } from './der.ts';
import { KEY_USAGE, OID } from './oids.ts';
import { findPath, validityFault } from './path.ts';
import type { Path } from './path.ts';
import { formatSpiffeId, parseSpiffeId } from './spiffe-id.ts';
import type { SpiffeId } from './spiffe-id.ts';
import { compileTrustBundle } from './trust-bundle.ts';
import type { CompiledBundle } from './trust-bundle.ts';

/** Certificates a peer may send. */
export const CHAIN_MAX = 8;
/** Verified leaves remembered per bundle: more than the workloads that one node talks to. */
const REMEMBERED_MAX = 4096;

export interface VerifyOptions {
  readonly nowMs: number;
  /** What the peer is in this handshake: its certificate must allow it. */
  readonly usage: 'client' | 'server';
  /** Trust domains that may speak at all; absent: every one the bundle has roots for. */
  readonly trustDomains?: readonly string[];
}

export type VerifyResult = Verified | { readonly ok: false; readonly reason: string };

export interface Verified {
  readonly ok: true;
  readonly identity: string;
  readonly serial: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Hex SHA-256 of the root that vouches for it. */
  readonly root: string;
}

interface Remembered {
  readonly trustDomain: string;
  readonly answer: Verified;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly extendedKeyUsage: readonly string[] | undefined;
}

interface Prepared {
  readonly compiled: CompiledBundle;
  readonly verified: Lru<string, Remembered>;
}

/** What was worked out once for a bundle. Bundles are immutable values: a changed one is another object, and nothing verified under the old one is kept. */
const prepared = new WeakMap<TrustBundle, Prepared>();

function prepare(bundle: TrustBundle): Prepared {
  let known = prepared.get(bundle);
  if (!known) {
    known = { compiled: compileTrustBundle(bundle), verified: new Lru(REMEMBERED_MAX) };
    prepared.set(bundle, known);
  }
  return known;
}

/** The one SPIFFE ID of a leaf, or why there is none. */
export function leafIdentity(
  leaf: Certificate,
): { readonly ok: true; readonly id: SpiffeId } | { readonly ok: false; readonly reason: string } {
  const { uris } = leaf.altNames;
  if (uris.length === 0) return { ok: false, reason: 'has no URI name; a common name is not an identity' };
  if (uris.length > 1) return { ok: false, reason: 'has more than one URI name' };
  const parsed = parseSpiffeId(uris[0]!);
  if (!parsed.ok) return { ok: false, reason: `carries a name that is not a SPIFFE ID: ${parsed.error}` };
  if (parsed.id.path === '') return { ok: false, reason: 'names a trust domain, not a workload' };
  return { ok: true, id: parsed.id };
}

/** X509-SVID sections 4.1-4.3: what a leaf must not be. `strict` adds what this mesh demands: digitalSignature and an extended key usage. */
export function leafFault(leaf: Certificate, strict: boolean): string | undefined {
  if (leaf.basicConstraints?.ca) return 'is a CA certificate';
  const usage = leaf.keyUsage;
  if (usage !== undefined && usage & KEY_USAGE.keyCertSign) return 'may sign certificates';
  if (usage !== undefined && usage & KEY_USAGE.cRLSign) return 'may sign revocation lists';
  if (leaf.unknownCritical.length > 0) return `has the unknown critical extension ${leaf.unknownCritical[0]}`;
  if (!strict) return undefined;
  if (usage === undefined || !(usage & KEY_USAGE.digitalSignature)) return 'may not make digital signatures';
  return leaf.extendedKeyUsage === undefined ? 'has no extended key usage' : undefined;
}

/** What both the handshake check and `verifyX509Svid` share. @throws nothing */
export function verifyPath(
  leaf: Certificate,
  others: readonly Certificate[],
  compiled: CompiledBundle,
  nowMs: number,
): { readonly ok: true; readonly id: SpiffeId; readonly path: Path } | { readonly ok: false; readonly reason: string } {
  const named = leafIdentity(leaf);
  if (!named.ok) return named;
  const anchors = compiled.anchorsFor(named.id.trustDomain);
  if (!anchors) return { ok: false, reason: `is of the trust domain \`${named.id.trustDomain}\`, which has no root here` };
  const life = validityFault(leaf, nowMs);
  if (life) return { ok: false, reason: life };
  const found = findPath(leaf, others, anchors, named.id.trustDomain, nowMs);
  return found.ok ? { ok: true, id: named.id, path: found.path } : found;
}

function usageFault(extendedKeyUsage: readonly string[] | undefined, usage: 'client' | 'server'): string | undefined {
  const wanted = usage === 'client' ? OID.clientAuth : OID.serverAuth;
  return extendedKeyUsage?.includes(wanted) ? undefined : `is not for TLS ${usage}s`;
}

function verifyAfresh(
  chainDer: readonly Uint8Array[],
  known: Prepared,
  key: string,
  options: VerifyOptions,
): Remembered | string {
  let certificates: Certificate[];
  try {
    certificates = chainDer.map((der) => readCertificate(der));
  } catch (error) {
    if (error instanceof DerError) return `cannot be read: ${error.message}`;
    throw error;
  }
  const [leaf, ...others] = certificates as [Certificate, ...Certificate[]];
  const fault = leafFault(leaf, true);
  if (fault) return fault;
  let weak: string | undefined;
  try {
    weak = keyFault(publicKeyOf(leaf));
  } catch {
    return 'has a key that cannot be read';
  }
  if (weak) return `has ${weak}`;
  const verified = verifyPath(leaf, others, known.compiled, options.nowMs);
  if (!verified.ok) return verified.reason;
  const remembered: Remembered = {
    trustDomain: verified.id.trustDomain,
    answer: {
      ok: true,
      identity: formatSpiffeId(verified.id),
      serial: leaf.serial,
      notBeforeMs: leaf.notBeforeMs,
      notAfterMs: leaf.notAfterMs,
      root: verified.path.root,
    },
    notBeforeMs: verified.path.notBeforeMs,
    notAfterMs: verified.path.notAfterMs,
    extendedKeyUsage: leaf.extendedKeyUsage,
  };
  known.verified.set(key, remembered);
  return remembered;
}

/**
 * Verifies the certificates a TLS peer showed. Synchronous; a leaf that was verified before under the same bundle costs one SHA-256 and a few comparisons,
 * its dates are compared every time.
 * @param chainDer leaf first, at most CHAIN_MAX certificates; a root among them is ignored @param bundle an immutable value: hand over another one to change trust
 * @returns the peer's identity, or the reason it is refused: lower-case, to be put after "the certificate"
 */
export function verifySvidChain(chainDer: readonly Uint8Array[], bundle: TrustBundle, options: VerifyOptions): VerifyResult {
  const leaf = chainDer[0];
  if (!leaf) return { ok: false, reason: 'is missing' };
  if (chainDer.length > CHAIN_MAX) return { ok: false, reason: `comes with more than ${CHAIN_MAX - 1} others` };
  if (leaf.length > CERTIFICATE_BYTES_MAX) return { ok: false, reason: `has more than ${CERTIFICATE_BYTES_MAX} bytes` };
  const known = prepare(bundle);
  const key = hash('sha256', leaf, 'base64');
  const remembered = known.verified.get(key) ?? verifyAfresh(chainDer, known, key, options);
  if (typeof remembered === 'string') return { ok: false, reason: remembered };
  const { trustDomain } = remembered;
  const reason =
    (options.trustDomains && !options.trustDomains.includes(trustDomain)
      ? `is of the trust domain \`${trustDomain}\`, which is not accepted here`
      : undefined) ??
    validityFault(remembered, options.nowMs) ??
    usageFault(remembered.extendedKeyUsage, options.usage);
  return reason === undefined ? remembered.answer : { ok: false, reason };
}
