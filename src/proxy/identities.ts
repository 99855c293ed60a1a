// Keys and certificates of the workloads behind this proxy. Keys are made here, never leave, and are never written down.
import type { Socket } from 'node:net';
import { CullisError, messageOf } from '#base/errors.ts';
import type { CertificateEvent } from '#model/event.ts';
import type { Reason } from '#model/decision.ts';
import type { TrustBundle, TrustState, WorkerReport } from '#model/snapshot.ts';
import { createCsr } from '#pki/csr.ts';
import { generateKey } from '#pki/keys.ts';
import { certificatesOf } from '#pki/pem.ts';
import { verifySvidChain } from '#pki/verify.ts';
import { type TlsClient, type TlsTarget, tlsClient } from '#wire/tls/connect.ts';
import type { PeerVerdict, TlsIdentity } from '#wire/tls/types.ts';
import { MESH_ALPN } from './alpn.ts';
import { OutgoingConnections } from './outgoing.ts';
import type { ProxyPorts } from './ports.ts';
import { reason } from './reasons.ts';
import { Trust, revocationReason } from './trust.ts';

const RETRY_MIN_MS = 1000;
const RETRY_MAX_MS = 60_000;
const ISSUE_TIMEOUT_MS = 20_000;
const JITTER = 0.1;
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Certificate requests under way at once. */
const REQUESTS_MAX = 32;

interface Held {
  readonly identity: string;
  tls: TlsIdentity;
  client: TlsClient;
  serial: string;
  notAfterMs: number;
  /** Its end was said. */
  expired: boolean;
  renewAtMs: number;
  failures: number;
  renewing: boolean;
}

/** Gives up on a control plane that does not answer: a snapshot that waits for ever would block the next one. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new CullisError('control.unreachable', `the CA did not answer within ${ISSUE_TIMEOUT_MS} ms`)),
      ISSUE_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The part of the ports that identities need. */
export type IdentityPorts = Pick<ProxyPorts, 'clock' | 'random' | 'emit' | 'metrics' | 'node' | 'requestSvid' | 'log'>;

export class Identities {
  readonly #ports: IdentityPorts;
  readonly #nextEventId: () => string;
  readonly #held = new Map<string, Held>();
  /** Roots by which each certificate was found good. */
  readonly #verifiedBy = new WeakMap<Held, string>();
  /** Had a key that was given up because of a revocation. */
  readonly #forgotten = new Set<string>();
  readonly #outgoing = new OutgoingConnections();
  readonly trust = new Trust();
  /** Called when new handshakes use another certificate. */
  onRenewed: ((identity: string, tls: TlsIdentity) => void) | undefined;

  constructor(ports: IdentityPorts, nextEventId: () => string) {
    this.#ports = ports;
    this.#nextEventId = nextEventId;
  }

  /** Takes revocations at once: keys of revoked identities are given up, and a revoked certificate of this side is replaced. @returns whether there is news */
  revoke(state: Pick<TrustState, 'trustVersion' | 'revoked'>): boolean {
    const news = this.trust.revoke(state);
    for (const held of this.#held.values()) {
      if (this.trust.revocationOf(held.identity) !== undefined) {
        this.#forget(held.identity);
        this.#forgotten.add(held.identity);
      } else if (this.trust.serialRevoked(held.serial)) held.renewAtMs = 0;
    }
    return news;
  }

  /**
   * Has a certificate for each identity that is not revoked, asking for those that are missing or whose root the bundle no longer trusts.
   * @throws CullisError trust.rejected when one cannot be had: a listener without its identity must not open
   */
  async ensure(identities: Iterable<string>, bundle: TrustBundle): Promise<void> {
    const roots = JSON.stringify(bundle.roots);
    const wanted = [...new Set(identities)].filter(
      (identity) => this.trust.revocationOf(identity) === undefined && !this.#holds(identity, bundle, roots),
    );
    const issued = await Promise.all(wanted.map((identity) => this.#issue(identity, bundle)));
    for (const held of issued) if (this.trust.revocationOf(held.identity) === undefined) this.#use(held);
  }

  /** Replaces certificates that are still good, each with a new key. @param identities none means all @returns when all are in use or were tried */
  async renewNow(identities: readonly string[]): Promise<void> {
    const wanted = [...this.#held.values()].filter((held) => identities.length === 0 || identities.includes(held.identity));
    const next = wanted.values();
    const work = async (): Promise<void> => {
      for (const held of next) if (!held.renewing) await this.#renew(held);
    };
    await Promise.all(Array.from({ length: Math.min(REQUESTS_MAX, wanted.length) }, work));
  }

  /** Forgets the keys of identities that are no longer served. */
  keepOnly(identities: ReadonlySet<string>): void {
    for (const identity of this.#held.keys()) {
      if (identities.has(identity)) continue;
      this.#forget(identity);
    }
    for (const identity of this.#forgotten) if (!identities.has(identity)) this.#forgotten.delete(identity);
  }

  /** Why an identity of this side must not be used: it is revoked, or its certificate has ended and could not be renewed. */
  ownFault(identity: string): Reason | undefined {
    const revocation = this.trust.revocationOf(identity);
    if (revocation !== undefined) return revocationReason(revocation, identity, '');
    const held = this.#held.get(identity);
    if (held === undefined && this.#forgotten.has(identity)) {
      const text = `\`${identity}\` was revoked and has no new certificate yet`;
      return reason('PEER_AUTHENTICATION', 'certificate', [], identity, '', text);
    }
    if (held === undefined || this.#ports.clock.nowMs() < held.notAfterMs) return undefined;
    const until = new Date(held.notAfterMs).toISOString();
    const text = `the certificate of \`${identity}\` ended at ${until} and could not be renewed`;
    return reason('PEER_AUTHENTICATION', 'certificate', [], identity, '', text);
  }

  /** Ends connections of this side that are no longer believed. @returns whether later requests should take new ones */
  judgeOutgoing(): boolean {
    const { clock } = this.#ports;
    return this.#outgoing.judge(this.trust, (identity) => this.ownFault(identity), clock.nowMs(), clock.monotonicMs());
  }

  /** @throws CullisError trust.rejected when the identity has no certificate */
  tlsIdentity(identity: string): TlsIdentity {
    return this.#of(identity).tls;
  }

  /** Whether a chain proves who sent it, and who that is. */
  verify(chainDer: readonly Uint8Array[], usage: 'client' | 'server'): PeerVerdict {
    return this.trust.verify(chainDer, usage, this.#ports.clock.nowMs());
  }

  /** Whether a SPIFFE id is of a trust domain whose members may speak here. */
  isOfMesh(identity: string): boolean {
    return this.trust.trustDomains.some((domain) => identity.startsWith(`spiffe://${domain}/`));
  }

  /** TLS towards a peer that must prove exactly the target's identity. @throws CullisError */
  async secure(ownIdentity: string, raw: Socket, target: TlsTarget): Promise<Socket> {
    const { metrics } = this.#ports;
    try {
      const revocation = this.trust.revocationOf(target.identity);
      // Nobody is asked who could not be believed.
      const fault = revocation ? revocationReason(revocation, target.identity, '') : this.ownFault(ownIdentity);
      if (fault) throw new CullisError('trust.rejected', fault.text);
      const socket = await this.#of(ownIdentity).client.secure(raw, target);
      this.#outgoing.add(socket, ownIdentity);
      metrics.counter('cullis_tls_handshakes_total', 'client', 'ok').inc();
      return socket;
    } catch (error) {
      raw.destroy();
      metrics.counter('cullis_tls_handshakes_total', 'client', 'failed').inc();
      throw error;
    }
  }

  /** Renews what is due. Called every second; a renewal that fails is tried again with growing pauses while the old certificate lives. */
  tick(): void {
    const nowMs = this.#ports.clock.nowMs();
    for (const held of this.#held.values()) {
      if (!held.renewing && nowMs >= held.renewAtMs) void this.#renew(held);
      if (held.expired || nowMs < held.notAfterMs) continue;
      held.expired = true;
      this.#publish(held, 'expired', 'it could not be renewed in time, so what needs it is refused');
    }
  }

  certificates(): WorkerReport['certificates'] {
    return [...this.#held.values()].map(({ identity, serial, notAfterMs }) => ({ identity, serial, notAfterMs }));
  }

  /** @param roots the bundle's, as text: what was verified by these need not be again with every configuration */
  #holds(identity: string, bundle: TrustBundle, roots: string): boolean {
    const held = this.#held.get(identity);
    if (!held) return false;
    const nowMs = this.#ports.clock.nowMs();
    if (nowMs < held.notAfterMs && this.#verifiedBy.get(held) === roots) return true;
    const { ok } = verifySvidChain(certificatesOf(held.tls.certChainPem), bundle, { nowMs, usage: 'client' });
    if (ok) this.#verifiedBy.set(held, roots);
    return ok;
  }

  #use(held: Held): void {
    const renewed = this.#held.has(held.identity) || this.#forgotten.delete(held.identity);
    this.#held.set(held.identity, held);
    if (renewed) this.onRenewed?.(held.identity, held.tls);
    this.#publish(held, renewed ? 'renewed' : 'issued', 'in use by the proxy');
  }

  #forget(identity: string): void {
    this.#held.delete(identity);
    this.#ports.metrics.forget('cullis_certificate_expiry_seconds', identity);
  }

  #of(identity: string): Held {
    const held = this.#held.get(identity);
    if (!held) throw new CullisError('trust.rejected', `there is no certificate for \`${identity}\``);
    return held;
  }

  async #issue(identity: string, bundle: TrustBundle): Promise<Held> {
    const key = generateKey();
    const certChainPem = await inTime(this.#ports.requestSvid(identity, createCsr(identity, key)));
    const chain = certificatesOf(certChainPem);
    const nowMs = this.#ports.clock.nowMs();
    const verdict = verifySvidChain(chain, bundle, { nowMs, usage: 'client' });
    if (!verdict.ok) throw new CullisError('trust.rejected', `the certificate issued for \`${identity}\` ${verdict.reason}`);
    if (verdict.identity !== identity)
      throw new CullisError('trust.rejected', `the certificate issued for \`${identity}\` names \`${verdict.identity}\``);
    const tls: TlsIdentity = { certChainPem, privateKeyPem: key.privateKeyPem };
    const client = tlsClient({
      identity: tls,
      minVersion: 'TLSv1.3',
      verifyPeer: (peer) => this.verify(peer, 'server'),
      alpn: [MESH_ALPN],
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
    });
    const life = verdict.notAfterMs - nowMs;
    const renewAtMs = nowMs + life * 0.5 * (1 - JITTER + 2 * JITTER * this.#ports.random.unit());
    return {
      identity,
      tls,
      client,
      serial: verdict.serial,
      notAfterMs: verdict.notAfterMs,
      expired: false,
      renewAtMs,
      failures: 0,
      renewing: false,
    };
  }

  async #renew(held: Held): Promise<void> {
    held.renewing = true;
    try {
      const fresh = await this.#issue(held.identity, this.trust.bundle);
      // It may have been given up or replaced while the control plane answered.
      if (this.#held.get(held.identity) === held) this.#use(fresh);
    } catch (error) {
      held.failures++;
      const pauseMs = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** (held.failures - 1));
      held.renewAtMs = this.#ports.clock.nowMs() + pauseMs * (0.5 + this.#ports.random.unit() / 2);
      this.#ports.metrics.counter('cullis_certificates_issued_total', 'refused').inc();
      this.#ports.log('warn', 'a certificate could not be renewed', {
        identity: held.identity,
        notAfterMs: held.notAfterMs,
        failures: held.failures,
        error: messageOf(error),
      });
    } finally {
      held.renewing = false;
    }
  }

  #publish(held: Held, action: 'issued' | 'renewed' | 'expired', detail: string): void {
    const { metrics, emit, clock, node } = this.#ports;
    if (action !== 'expired') metrics.counter('cullis_certificates_issued_total', action).inc();
    metrics.gauge('cullis_certificate_expiry_seconds', held.identity).set(held.notAfterMs / 1000);
    const event: CertificateEvent = {
      type: 'certificate',
      id: this.#nextEventId(),
      timeMs: clock.nowMs(),
      node,
      action,
      identity: held.identity,
      serial: held.serial,
      notAfterMs: held.notAfterMs,
      detail,
    };
    emit
      .emitDurably(event)
      .catch((error: unknown) => this.#ports.log('error', 'an event could not be written', { error: messageOf(error) }));
  }
}
