// Traffic of one link, as a worker reports it.
import { NO_LATENCY } from '#model/latency.ts';
import type { LinkStats } from '#model/snapshot.ts';

/** A mutual TLS link with one request. */
export function linkStats(change: Partial<LinkStats>): LinkStats {
  return {
    source: 'spiffe://cluster.local/ns/shop/sa/a',
    destination: 'shop/b',
    port: 80,
    protocol: 'http',
    requests: 1,
    denied: 0,
    failed: 0,
    mtls: true,
    tlsProtocol: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    peerSerial: '4a',
    peerNotBeforeMs: 1,
    peerNotAfterMs: 9,
    connections: 1,
    oldestConnectionMs: 1,
    mode: 'STRICT',
    modeAt: '',
    mtlsDenied: 0,
    policyDenied: 0,
    latency: NO_LATENCY,
    latencySumMs: 0,
    p50Ms: 0,
    p90Ms: 0,
    p99Ms: 0,
    lastMs: 1,
    ...change,
  };
}
