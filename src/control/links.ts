import { joinLatency, latencyQuantileMs } from '#model/latency.ts';
import type { LinkStats, WorkerReport } from '#model/snapshot.ts';

const LINKS_MAX = 8192;

interface Source {
  readonly pid: number;
  readonly links: readonly LinkStats[];
}

/**
 * Traffic of all workers together. A worker counts from its own start, so what a worker that ended had counted is kept and added to what its
 * successor counts. Beyond 8192 links further ones are counted in one, `other` to `other`.
 */
export class LinkLedger {
  readonly #now = new Map<string, Source>();
  readonly #ended = new Map<string, LinkStats>();

  report(report: WorkerReport): void {
    const before = this.#now.get(report.name);
    if (before && before.pid !== report.pid)
      for (const link of before.links) add(this.#ended, { ...link, connections: 0, oldestConnectionMs: 0 });
    this.#now.set(report.name, { pid: report.pid, links: report.links });
  }

  /** One row per source, destination, port and protocol, ordered by them. */
  merged(): LinkStats[] {
    const rows = new Map(this.#ended);
    for (const { links } of this.#now.values()) for (const link of links) add(rows, link);
    return [...rows.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, link]) => link);
  }
}

function add(rows: Map<string, LinkStats>, link: LinkStats): void {
  let key = `${link.destination} ${link.port} ${link.protocol} ${link.source}`;
  let row = link;
  if (!rows.has(key) && rows.size >= LINKS_MAX) {
    key = 'other';
    row = { ...link, source: 'other', destination: 'other', port: 0 };
  }
  const have = rows.get(key);
  rows.set(key, have ? join(have, row) : row);
}

function join(a: LinkStats, b: LinkStats): LinkStats {
  // Quantiles of parts do not add up to the quantile of the whole; counts do.
  const latency = joinLatency(a.latency, b.latency);
  const latest = b.lastMs >= a.lastMs ? b : a;
  return {
    ...a,
    requests: a.requests + b.requests,
    denied: a.denied + b.denied,
    failed: a.failed + b.failed,
    // A link is mutual TLS only when each worker that carried some of it says so.
    mtls: (a.mtls || a.requests === 0) && (b.mtls || b.requests === 0) && (a.mtls || b.mtls),
    tlsProtocol: latest.tlsProtocol,
    cipher: latest.cipher,
    peerSerial: latest.peerSerial,
    peerNotBeforeMs: latest.peerNotBeforeMs,
    peerNotAfterMs: latest.peerNotAfterMs,
    connections: a.connections + b.connections,
    oldestConnectionMs: older(a.oldestConnectionMs, b.oldestConnectionMs),
    mode: latest.mode,
    modeAt: latest.modeAt,
    mtlsDenied: a.mtlsDenied + b.mtlsDenied,
    policyDenied: a.policyDenied + b.policyDenied,
    latency,
    latencySumMs: a.latencySumMs + b.latencySumMs,
    p50Ms: latencyQuantileMs(latency, 0.5),
    p90Ms: latencyQuantileMs(latency, 0.9),
    p99Ms: latencyQuantileMs(latency, 0.99),
    lastMs: latest.lastMs,
  };
}

/** Of two times the earlier one; 0 stands for none. */
function older(a: number, b: number): number {
  return a === 0 || b === 0 ? a + b : Math.min(a, b);
}
