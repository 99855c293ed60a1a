// Traffic between two ends since the worker started: what the service graph draws.
import type { DenyCode } from '#model/decision.ts';
import { LATENCY_BUCKETS, latencyBucket, latencyCounts, latencyQuantileMs } from '#model/latency.ts';
import type { LinkStats } from '#model/snapshot.ts';
import type { ConnectionInfo } from '#wire/types.ts';
import type { EffectiveMtlsMode } from '#model/istio.ts';

const LINKS_MAX = 4096;

/** One link's counters. The hot path holds on to it, so that counting needs no look-up. */
export class Link {
  readonly source: string;
  readonly destination: string;
  readonly port: number;
  readonly protocol: 'http' | 'tcp';
  requests = 0;
  denied = 0;
  mtlsDenied = 0;
  policyDenied = 0;
  failed = 0;
  mtls = false;
  tlsProtocol = '';
  lastMs = 0;
  cipher = '';
  peerSerial = '';
  peerNotBeforeMs = 0;
  peerNotAfterMs = 0;
  mode: LinkStats['mode'] = 'DISABLE';
  modeAt = '';
  /** What was last said of its protection. */
  said = '';
  /** A connection was opened since somebody looked. */
  fresh = false;
  /** When each open connection was opened; a set keeps their order, so the first is the oldest. */
  readonly #open = new Set<{ readonly sinceMs: number }>();
  readonly #buckets = new Uint32Array(LATENCY_BUCKETS);
  #sumMs = 0;

  constructor(source: string, destination: string, port: number, protocol: 'http' | 'tcp') {
    this.source = source;
    this.destination = destination;
    this.port = port;
    this.protocol = protocol;
  }

  /** A connection was opened. @returns what to call when it is closed */
  opened(
    tls: ConnectionInfo['tls'],
    { mtls, mtlsAt }: { readonly mtls: EffectiveMtlsMode | 'edge'; readonly mtlsAt: string },
    nowMs: number,
  ): () => void {
    this.mtls = tls !== undefined && tls.peerIdentity !== '';
    this.tlsProtocol = tls?.protocol ?? '';
    this.cipher = tls?.cipher ?? '';
    this.peerSerial = tls?.peerSerial ?? '';
    this.peerNotBeforeMs = tls?.peerNotBeforeMs ?? 0;
    this.peerNotAfterMs = tls?.peerNotAfterMs ?? 0;
    this.mode = mtls;
    this.modeAt = mtlsAt;
    this.lastMs = nowMs;
    this.fresh = true;
    const connection = { sinceMs: nowMs };
    this.#open.add(connection);
    return () => this.#open.delete(connection);
  }

  get connections(): number {
    return this.#open.size;
  }

  /** ms since 1970, 0 when none is open. */
  get oldestConnectionMs(): number {
    for (const { sinceMs } of this.#open) return sinceMs;
    return 0;
  }

  /** A refusal on its way in. */
  deny(code: DenyCode): void {
    this.denied++;
    if (code.startsWith('mtls.')) this.mtlsDenied++;
    else if (code.startsWith('rbac.') || code.startsWith('jwt.')) this.policyDenied++;
  }

  time(durationMs: number): void {
    this.#buckets[latencyBucket(durationMs)]!++;
    this.#sumMs += durationMs;
  }

  stats(): LinkStats {
    const { source, destination, port, protocol, requests, denied, mtlsDenied, policyDenied, failed, mtls, tlsProtocol, lastMs } =
      this;
    const { cipher, peerSerial, peerNotBeforeMs, peerNotAfterMs, connections, oldestConnectionMs, mode, modeAt } = this;
    const latency = latencyCounts(this.#buckets);
    return {
      source,
      destination,
      port,
      protocol,
      requests,
      denied,
      failed,
      mtls,
      tlsProtocol,
      cipher,
      peerSerial,
      peerNotBeforeMs,
      peerNotAfterMs,
      connections,
      oldestConnectionMs,
      mode,
      modeAt,
      lastMs,
      mtlsDenied,
      policyDenied,
      latency,
      latencySumMs: this.#sumMs,
      p50Ms: latencyQuantileMs(latency, 0.5),
      p90Ms: latencyQuantileMs(latency, 0.9),
      p99Ms: latencyQuantileMs(latency, 0.99),
    };
  }
}

/** The bounded table of links; the one least recently used makes room. */
export class Links {
  readonly #links = new Map<string, Link>();

  /** @param source verified identity, or 'client' @param destination workload id */
  of(source: string, destination: string, port: number, protocol: 'http' | 'tcp'): Link {
    const key = `${source} ${destination} ${port} ${protocol}`;
    let link = this.#links.get(key);
    if (link) return link;
    if (this.#links.size >= LINKS_MAX) this.#evict();
    link = new Link(source, destination, port, protocol);
    this.#links.set(key, link);
    return link;
  }

  [Symbol.iterator](): Iterator<Link> {
    return this.#links.values();
  }

  stats(): LinkStats[] {
    return [...this.#links.values()].map((link) => link.stats());
  }

  #evict(): void {
    let oldest = '';
    let oldestMs = Infinity;
    for (const [key, link] of this.#links) {
      if (link.lastMs >= oldestMs) continue;
      oldest = key;
      oldestMs = link.lastMs;
    }
    this.#links.delete(oldest);
  }
}
