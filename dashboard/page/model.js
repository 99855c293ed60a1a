// From the API's answers to what is drawn: nodes, edges with rates, one name for each. Pure.
import { shortIdentity } from './dom.js';
import { joinLatency, quantileMs } from './latency.js';

const WINDOW_MS = 8_000;

/**
 * Counts become rates: the difference over the last seconds.
 * @returns a function that takes a status and its arrival, and gives requests a second by link key
 */
export function rateMeter() {
  const samples = [];
  return (links, atMs) => {
    samples.push({ atMs, counts: new Map(links.map((link) => [linkKey(link), link.requests])) });
    while (samples.length > 2 && samples[1].atMs < atMs - WINDOW_MS) samples.shift();
    const first = samples[0];
    const seconds = (atMs - first.atMs) / 1000;
    const rates = new Map();
    for (const link of links) {
      const before = first.counts.get(linkKey(link)) ?? 0;
      rates.set(linkKey(link), seconds > 0.5 ? Math.max(0, link.requests - before) / seconds : 0);
    }
    return rates;
  };
}

export const linkKey = (link) => `${link.source} ${link.destination} ${link.port} ${link.protocol}`;

/** Identity -> node ids, from the identities answer, else from the workloads. */
export function ownersOf(status, identities) {
  const owners = new Map();
  for (const one of status.workloads) owners.set(one.identity, [...(owners.get(one.identity) ?? []), one.id]);
  for (const one of identities) owners.set(one.identity, one.workloads);
  return owners;
}

/** `ecommerce/shop/http` -> `ecommerce/shop` */
export const gatewayOf = (listener) => listener.split('/').slice(0, 2).join('/');

/** The graph: the world, gateways, workloads, and one edge for all ports between two of them. */
export function graphOf(status, owners, rates) {
  const nodes = new Map();
  const add = (id, kind, extra = {}) => nodes.has(id) || nodes.set(id, { id, kind, ...extra });
  for (const gateway of status.gateways) add(gatewayOf(gateway.id), 'gateway', { url: gateway.url });
  for (const workload of status.workloads) if (workload.state !== 'declared') add(workload.id, 'workload', { workload });
  const edges = new Map();
  for (const link of status.links) {
    const sources = link.source === 'client' ? ['client'] : (owners.get(link.source) ?? [shortIdentity(link.source)]);
    const from = sources[0];
    const to = link.destination;
    add(from, from === 'client' ? 'client' : 'other');
    add(to, 'other');
    const key = `${from} ${to}`;
    const edge = edges.get(key) ?? {
      key,
      from,
      to,
      rate: 0,
      requests: 0,
      denied: 0,
      failed: 0,
      latency: { first: 0, counts: [] },
      mtlsDenied: 0,
      policyDenied: 0,
      mtls: true,
      outside: from === 'client',
      protocols: new Set(),
    };
    edge.rate += rates.get(linkKey(link)) ?? 0;
    edge.requests += link.requests;
    edge.denied += link.denied;
    edge.failed += link.failed;
    edge.mtlsDenied += link.mtlsDenied;
    edge.policyDenied += link.policyDenied;
    edge.latency = joinLatency(edge.latency, link.latency);
    edge.mtls &&= link.mtls;
    edge.protocols.add(link.protocol);
    edges.set(key, edge);
  }
  for (const edge of edges.values()) {
    edge.p50Ms = quantileMs(edge.latency, 0.5);
    edge.p99Ms = quantileMs(edge.latency, 0.99);
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()].sort((a, b) => (a.key < b.key ? -1 : 1)) };
}

/** How an edge is drawn: most of its calls were refused, it is encrypted, or it is not. */
export function edgeKind(edge) {
  if (edge.denied > 0 && edge.denied * 2 >= edge.requests) return 'denied';
  if (edge.mtls) return 'mtls';
  return edge.outside ? 'outside' : 'plain';
}

/** Without the namespace when all share one. */
export function namer(ids) {
  const spaces = new Set(ids.filter((id) => id.includes('/')).map((id) => id.split('/')[0]));
  return (id) => (spaces.size <= 1 && id.includes('/') ? id.slice(id.indexOf('/') + 1) : id);
}
