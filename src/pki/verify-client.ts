// Client certificates of the world outside: RFC 5280 path validation against authorities that an operator names; no SPIFFE ID is demanded.
import { CERTIFICATE_BYTES_MAX, keyFault, publicKeyOf, readCertificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { DerError } from './der.ts';
import { OID } from './oids.ts';
import { findPath, validityFault } from './path.ts';
import { formatSpiffeId } from './spiffe-id.ts';
import { compileTrustBundle } from './trust-bundle.ts';
import type { CompiledBundle } from './trust-bundle.ts';
import { CHAIN_MAX, leafFault, leafIdentity } from './verify.ts';

/** The name under which the authorities stand in a bundle; no trust domain can be called so. */
const OUTSIDE = '*';
const ANY_USAGE = '2.5.29.37.0';

export interface ClientCertificate {
  /** The one SPIFFE ID among the URIs; '' when there is none. */
  readonly identity: string;
  readonly serial: string;
  readonly notAfterMs: number;
}

/** Authorities of clients, read once. @param roots PEM; those that cannot be read are left out */
export function clientTrust(roots: readonly string[]): CompiledBundle {
  return compileTrustBundle({ roots: { [OUTSIDE]: roots } });
}

/**
 * Verifies what a client showed.
 * @param chainDer leaf first
 * @returns the certificate's facts, or the reason it is refused: lower-case, to be put after "the certificate"
 */
export function verifyClientChain(
  chainDer: readonly Uint8Array[],
  trust: CompiledBundle,
  nowMs: number,
): { readonly ok: true; readonly certificate: ClientCertificate } | { readonly ok: false; readonly reason: string } {
  const [first] = chainDer;
  if (!first) return { ok: false, reason: 'is missing' };
  if (chainDer.length > CHAIN_MAX) return { ok: false, reason: `comes with more than ${CHAIN_MAX - 1} others` };
  if (first.length > CERTIFICATE_BYTES_MAX) return { ok: false, reason: `has more than ${CERTIFICATE_BYTES_MAX} bytes` };
  let chain: readonly Certificate[];
  let weak: string | undefined;
  try {
    chain = chainDer.map((der) => readCertificate(der));
    weak = keyFault(publicKeyOf(chain[0]!));
  } catch (error) {
    return {
      ok: false,
      reason: error instanceof DerError ? `cannot be read: ${error.message}` : 'has a key that cannot be read',
    };
  }
  const [leaf, ...others] = chain as [Certificate, ...Certificate[]];
  const fault = leafFault(leaf, false) ?? (weak && `has ${weak}`) ?? validityFault(leaf, nowMs) ?? usageFault(leaf);
  if (fault) return { ok: false, reason: fault };
  const anchors = trust.anchorsFor(OUTSIDE);
  if (!anchors) return { ok: false, reason: 'is of no authority: none could be read' };
  const found = findPath(leaf, others, anchors, OUTSIDE, nowMs);
  if (!found.ok) return found;
  const named = leafIdentity(leaf);
  return {
    ok: true,
    certificate: {
      identity: named.ok ? formatSpiffeId(named.id) : '',
      serial: leaf.serial,
      notAfterMs: leaf.notAfterMs,
    },
  };
}

function usageFault({ extendedKeyUsage: usages }: Certificate): string | undefined {
  return usages === undefined || usages.includes(OID.clientAuth) || usages.includes(ANY_USAGE)
    ? undefined
    : 'is not for TLS clients';
}
