// Whom this proxy believes: roots, trust domains, and who was revoked. What vouched for an open connection is asked again here.
import type { Reason } from '#model/decision.ts';
import type { Revocation, TrustBundle, TrustState } from '#model/snapshot.ts';
import { fingerprintOf } from '#pki/trust-bundle.ts';
import { certificatesOf } from '#pki/pem.ts';
import { verifySvidChain } from '#pki/verify.ts';
import type { PeerVerdict } from '#wire/tls/types.ts';
import type { ConnectionInfo } from '#wire/types.ts';
import { reason } from './reasons.ts';

/** What a connection keeps of its peer's proof. */
export type PeerProof = Pick<NonNullable<ConnectionInfo['tls']>, 'peerIdentity' | 'peerSerial' | 'peerNotAfterMs' | 'peerRoot'>;

/** Why the proof of an open connection does not hold any more. */
export interface TrustFault {
  /** `revoked` ends it at once; the others leave what is under way a moment to finish. */
  readonly kind: 'revoked' | 'expired' | 'root';
  readonly reason: Reason;
}

/** How long a connection may finish what it is at after a certificate of it ended. */
export const EXPIRED_GRACE_MS = 5_000;
/** The same after its root was given up in an orderly rotation. */
export const ROOT_GRACE_MS = 30_000;

export class Trust {
  #version = -1;
  #bundle: TrustBundle = { roots: {} };
  #bundleVersion = -1;
  #trustDomains: readonly string[] = [];
  #roots: ReadonlySet<string> = new Set();
  #identities: ReadonlyMap<string, Revocation> = new Map();
  #serials: ReadonlyMap<string, Revocation> = new Map();

  /** Of the newest revocations. */
  get version(): number {
    return Math.max(0, this.#version);
  }

  /** Of the roots that are in use; never newer than `version`. */
  get bundleVersion(): number {
    return Math.max(0, this.#bundleVersion);
  }

  get bundle(): TrustBundle {
    return this.#bundle;
  }

  /** Revocations hold at once. @returns whether they are news: not older than those in force, and different */
  revoke(state: Pick<TrustState, 'trustVersion' | 'revoked'>): boolean {
    if (state.trustVersion < this.#version) return false;
    this.#version = state.trustVersion;
    const before = [...this.#identities.keys(), ...this.#serials.keys()].join(' ');
    const of = (kind: Revocation['kind']): Map<string, Revocation> =>
      new Map(state.revoked.filter((one) => one.kind === kind).map((one) => [one.subject, one]));
    this.#identities = of('identity');
    this.#serials = of('serial');
    return before !== [...this.#identities.keys(), ...this.#serials.keys()].join(' ');
  }

  /** The bundle to go by when one of this version is offered: a snapshot may have waited while newer roots came. */
  newer(bundle: TrustBundle, version: number | undefined): TrustBundle {
    return version !== undefined && version < this.#bundleVersion ? this.#bundle : bundle;
  }

  /** What peers are verified against from now on. */
  use(bundle: TrustBundle, trustDomains: readonly string[], version: number | undefined): void {
    this.#trustDomains = trustDomains;
    if (this.newer(bundle, version) !== bundle) return;
    if (version !== undefined) this.#bundleVersion = version;
    this.#bundle = bundle;
    this.#roots = new Set(Object.values(bundle.roots).flatMap((pems) => pems.flatMap(certificatesOf).map(fingerprintOf)));
  }

  get trustDomains(): readonly string[] {
    return this.#trustDomains;
  }

  /** Whether a chain proves who sent it, and who that is. */
  verify(chainDer: readonly Uint8Array[], usage: 'client' | 'server', nowMs: number): PeerVerdict {
    const verdict = verifySvidChain(chainDer, this.#bundle, { nowMs, usage, trustDomains: this.#trustDomains });
    if (!verdict.ok) return verdict;
    const revocation = this.#identities.get(verdict.identity) ?? this.#serials.get(verdict.serial);
    return revocation === undefined ? verdict : { ok: false, reason: revokedText(revocation) };
  }

  /** The revocation of an identity as a whole. */
  revocationOf(identity: string): Revocation | undefined {
    return this.#identities.get(identity);
  }

  /** The revocation of one certificate. */
  serialRevoked(serial: string): boolean {
    return this.#serials.has(serial);
  }

  /** What is wrong by now with the proof that a peer gave when it connected; undefined when it still holds, or when it gave none. */
  faultOf(proof: PeerProof | undefined, nowMs: number): TrustFault | undefined {
    if (proof === undefined || proof.peerIdentity === '') return undefined;
    const { peerIdentity, peerSerial, peerNotAfterMs, peerRoot } = proof;
    const revocation = this.#identities.get(peerIdentity) ?? this.#serials.get(peerSerial);
    if (revocation !== undefined) return { kind: 'revoked', reason: revocationReason(revocation, peerIdentity, peerSerial) };
    if (peerNotAfterMs !== undefined && nowMs >= peerNotAfterMs) return { kind: 'expired', reason: EXPIRED };
    if (peerRoot !== undefined && !this.#roots.has(peerRoot)) return { kind: 'root', reason: DISTRUSTED };
    return undefined;
  }
}

/** The peer's certificate ended while its connection lived. */
export const EXPIRED = reason(
  'PEER_AUTHENTICATION',
  'certificate',
  [],
  '',
  '',
  'the certificate that the peer showed when it connected has ended since',
);

const DISTRUSTED = reason(
  'PEER_AUTHENTICATION',
  'certificate',
  [],
  '',
  '',
  'the root that vouched for the peer when it connected is not trusted any more',
);

/** Why an identity or certificate is refused, for the journal. */
export function revocationReason(revocation: Revocation, identity: string, serial: string): Reason {
  const actual = revocation.kind === 'identity' ? identity : `${identity} with serial ${serial}`;
  return reason('PEER_AUTHENTICATION', 'revocation', [], actual, '', revokedText(revocation));
}

function revokedText({ kind, subject, reason: why, by, revokedMs }: Revocation): string {
  const what = kind === 'identity' ? `the identity \`${subject}\`` : `the certificate with serial \`${subject}\``;
  return `${what} was revoked by \`${by}\` at ${new Date(revokedMs).toISOString()}${why === '' ? '' : `: ${why}`}`;
}
