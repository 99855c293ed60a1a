// Who the client is behind trusted proxies: X-Forwarded-For as Envoy and Istio count it.
import { isIP } from 'node:net';

const ENTRIES_MAX = 32;

export interface Forwarded {
  /** Text form without brackets or port. */
  readonly remoteIp: string;
  /** X-Forwarded-For for the next hop. */
  readonly header: string;
}

/**
 * At the edge: the entry that the outermost trusted proxy wrote is the client, that is the `trustedProxies`th from the right; with fewer
 * entries it is the direct peer. What stands left of it anybody may have written, so it is not passed on. The peer is appended.
 */
export function fromEdge(received: string | undefined, peerIp: string, trustedProxies: number): Forwarded {
  if (trustedProxies === 0 || received === undefined) return { remoteIp: peerIp, header: peerIp };
  const entries = readEntries(received);
  const trusted = entries.slice(-trustedProxies);
  const client = trusted.length === trustedProxies ? addressOf(trusted[0]!) : undefined;
  if (client === undefined) return { remoteIp: peerIp, header: peerIp };
  return { remoteIp: client, header: [...trusted, peerIp].join(', ') };
}

/**
 * Inside the mesh: a verified peer's list is kept as it is; the gateway appended its own peer, so the client is behind `trustedProxies`
 * entries more. A list that does not reach that far, or no list, leaves the direct peer.
 */
export function fromMesh(received: string | undefined, peerIp: string, trustedProxies: number): Forwarded {
  if (received === undefined) return { remoteIp: peerIp, header: peerIp };
  const entries = readEntries(received);
  const client = entries.length > trustedProxies ? addressOf(entries[entries.length - 1 - trustedProxies]!) : undefined;
  return { remoteIp: client ?? peerIp, header: received };
}

function readEntries(received: string): string[] {
  // Only the end counts: a list of a million entries costs no more than the last ones.
  const list = received.length > 2048 ? received.slice(-2048) : received;
  return list
    .split(',')
    .map((entry) => entry.trim())
    .slice(-ENTRIES_MAX);
}

/** The address of an entry: `1.2.3.4`, `1.2.3.4:80`, `[::1]:80` or `::1`; undefined when it is none. */
function addressOf(entry: string): string | undefined {
  if (isIP(entry) !== 0) return entry;
  const text = entry.startsWith('[')
    ? entry.slice(1, Math.max(1, entry.indexOf(']')))
    : entry.slice(0, Math.max(0, entry.lastIndexOf(':')));
  return isIP(text) === 0 ? undefined : text;
}
