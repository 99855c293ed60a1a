// What `cullis top` shows, as values: of each link what happened within the last seconds, from two looks at what was counted since the start.
import type { StatusResponse } from '#api/control.ts';
import { NO_LATENCY, joinLatency, latencyQuantileMs } from '#model/latency.ts';
import { shortIdentity } from './status.ts';

type LinkRow = StatusResponse['links'][number];

export const SORTS = ['rate', 'errors', 'denied', 'p99', 'from', 'to'] as const;
export type Sort = (typeof SORTS)[number];

/** One link within the window. */
export interface TopLink {
  /** Short name of the caller, `client` for the world outside. */
  readonly from: string;
  readonly source: string;
  /** Workload id that received. */
  readonly to: string;
  readonly port: number;
  readonly protocol: 'http' | 'tcp';
  /** Requests, or connections of TCP, a second. */
  readonly rate: number;
  readonly requests: number;
  readonly failed: number;
  readonly denied: number;
  /** Of the denied: for want of mutual TLS, and by policy. */
  readonly mtlsDenied: number;
  readonly policyDenied: number;
  /** Share of requests that failed or were denied, 0 to 1. */
  readonly errorRate: number;
  readonly mtls: boolean;
  readonly tlsProtocol: string;
  readonly mode: LinkRow['mode'];
  readonly connections: number;
  /** 0 when there was no request. */
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
}

export interface Top {
  readonly timeMs: number;
  /** What the rates and quantiles are of. */
  readonly windowMs: number;
  readonly totals: {
    readonly rate: number;
    readonly failed: number;
    readonly denied: number;
    readonly mtlsLinks: number;
    readonly links: number;
  };
  readonly workers: { readonly connected: number; readonly all: number };
  readonly ready: boolean;
  readonly links: readonly TopLink[];
}

const keyOf = ({ source, destination, port, protocol }: LinkRow): string => `${source} ${destination} ${port} ${protocol}`;

/** What happened between two looks. @param before absent: since the start, whose moment is taken from the uptime */
export function topOf(now: StatusResponse, before: StatusResponse | undefined): Top {
  const windowMs = Math.max(1, before ? now.timeMs - before.timeMs : now.uptimeMs);
  const former = new Map(before?.links.map((link) => [keyOf(link), link]));
  const links = now.links.map((link) => linkOf(link, former.get(keyOf(link)), windowMs));
  const sum = (of: (link: TopLink) => number): number => links.reduce((total, link) => total + of(link), 0);
  return {
    timeMs: now.timeMs,
    windowMs,
    totals: {
      rate: sum(({ rate }) => rate),
      failed: sum(({ failed }) => failed),
      denied: sum(({ denied }) => denied),
      mtlsLinks: links.filter(({ mtls }) => mtls).length,
      links: links.length,
    },
    workers: { connected: now.workers.filter(({ connected }) => connected).length, all: now.workers.length },
    ready: now.ready,
    links,
  };
}

function linkOf(link: LinkRow, before: LinkRow | undefined, windowMs: number): TopLink {
  // A counter that fell is one that began anew.
  const since = (of: (row: LinkRow) => number): number => {
    const was = before ? of(before) : 0;
    return of(link) >= was ? of(link) - was : of(link);
  };
  const requests = since((row) => row.requests);
  const denied = since((row) => row.denied);
  const failed = since((row) => row.failed);
  const latency = joinLatency(link.latency, before?.latency ?? NO_LATENCY, -1);
  return {
    from: shortIdentity(link.source),
    source: link.source,
    to: link.destination,
    port: link.port,
    protocol: link.protocol,
    rate: requests / (windowMs / 1000),
    requests,
    failed,
    denied,
    mtlsDenied: since((row) => row.mtlsDenied),
    policyDenied: since((row) => row.policyDenied),
    // A connection that was refused before its first request counts as denied alone.
    errorRate: Math.min(1, (denied + failed) / Math.max(1, requests, denied + failed)),
    mtls: link.mtls,
    tlsProtocol: link.tlsProtocol,
    mode: link.mode,
    connections: link.connections,
    p50Ms: latencyQuantileMs(latency, 0.5),
    p90Ms: latencyQuantileMs(latency, 0.9),
    p99Ms: latencyQuantileMs(latency, 0.99),
  };
}

const text = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byName = (a: TopLink, b: TopLink): number => text(a.from, b.from) || text(a.to, b.to) || a.port - b.port;
/** The largest first; names rising. */
const ORDERS: Readonly<Record<Sort, (a: TopLink, b: TopLink) => number>> = {
  rate: (a, b) => b.rate - a.rate,
  errors: (a, b) => b.errorRate - a.errorRate || b.failed + b.denied - a.failed - a.denied,
  denied: (a, b) => b.denied - a.denied,
  p99: (a, b) => b.p99Ms - a.p99Ms,
  from: byName,
  to: (a, b) => text(a.to, b.to) || a.port - b.port,
};

/** Links in an order that does not jump between equals. */
export function sortLinks(links: readonly TopLink[], sort: Sort): TopLink[] {
  return [...links].sort((a, b) => ORDERS[sort](a, b) || byName(a, b));
}
