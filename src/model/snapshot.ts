// What control and the proxy workers say to each other over a unix socket, one JSON document a line. NodePlan is opaque here (plan/ stands below model/).
import type { LatencyCounts } from './latency.ts';

export interface TrustBundle {
  /** Trust domain -> PEM certificates of its roots. */
  readonly roots: Readonly<Record<string, readonly string[]>>;
}

/** Who is believed no more although a certificate says otherwise. */
export interface Revocation {
  /** `identity`: every certificate of a SPIFFE id; `serial`: one certificate. */
  readonly kind: 'identity' | 'serial';
  /** SPIFFE id, or the serial number in lower-case hex. */
  readonly subject: string;
  /** As the operator gave it; '' for none. */
  readonly reason: string;
  /** Operator. */
  readonly by: string;
  readonly revokedMs: number;
}

/** Whom a worker believes. Travels with every snapshot, and by itself when only this changed. */
export interface TrustState {
  /** Rises with every change, also over restarts of control: an older one that comes later is ignored. */
  readonly trustVersion: number;
  readonly bundle: TrustBundle;
  readonly revoked: readonly Revocation[];
}

export type FromControl =
  | (TrustState & {
      readonly type: 'snapshot';
      readonly version: string;
      /** A NodePlan as JSON value. */
      readonly plan: unknown;
      /** Key for session ids, base64; worker-lifetime secret, never logged. */
      readonly sessionKey: string;
      /** Private keys of the plan's serving certificates, PKCS#8 PEM by key id: secrets, in memory only. A worker keeps those that a later message leaves out. */
      readonly tlsKeys?: Readonly<Record<string, string>>;
      /** After this, without a newer snapshot or a lease renewal, the worker closes its listeners. */
      readonly expiresAtMs: number;
    })
  /** Endpoints that came or went; everything else stays as it is in the snapshot `from`. Answered as a snapshot is. */
  | {
      readonly type: 'endpoints';
      readonly from: string;
      readonly version: string;
      /** Cluster id -> all of its endpoints now, as in the plan. */
      readonly changes: Readonly<Record<string, readonly unknown[]>>;
      readonly expiresAtMs: number;
    }
  /** Roots or revocations changed. Answered by `trust-ack` when nothing is judged by the former ones any more. */
  | (TrustState & { readonly type: 'trust' })
  /** Have new certificates signed now, with new keys, for these identities; an empty list means all. Reported when they are in use. */
  | { readonly type: 'renew'; readonly identities: readonly string[] }
  | { readonly type: 'lease'; readonly expiresAtMs: number }
  /** Answer to a csr: leaf first, then the issuing CA, PEM. */
  | { readonly type: 'svid'; readonly identity: string; readonly chainPem: string }
  | { readonly type: 'svid-refused'; readonly identity: string; readonly reason: string }
  /** Ask for metrics and observations now. */
  | { readonly type: 'report-now' };

export type FromWorker =
  /** First line. The token was given to the worker on its standard input by the supervisor. */
  | { readonly type: 'hello'; readonly token: string; readonly name: string; readonly pid: number }
  /** `trustVersion`: what peers are judged by at this moment. */
  | { readonly type: 'ack'; readonly version: string; readonly trustVersion: number }
  | { readonly type: 'trust-ack'; readonly trustVersion: number }
  /** The new trust could not be taken whole: revocations hold, the roots are still the former ones. */
  | { readonly type: 'trust-nack'; readonly trustVersion: number; readonly reason: string }
  | { readonly type: 'nack'; readonly version: string; readonly reason: string }
  /** Key stays in the worker; the identity must be one of the snapshot's. */
  | { readonly type: 'csr'; readonly identity: string; readonly csrPem: string }
  | { readonly type: 'report'; readonly report: WorkerReport };

/** What a worker tells about itself every second. */
export interface WorkerReport {
  readonly name: string;
  readonly pid: number;
  readonly rssBytes: number;
  readonly snapshotVersion: string;
  readonly certificates: readonly { readonly identity: string; readonly serial: string; readonly notAfterMs: number }[];
  readonly links: readonly LinkStats[];
  /** Prometheus text lines of this worker's own registry. */
  readonly metrics: string;
}

/** Traffic between two ends since the worker started. */
export interface LinkStats {
  /** Identity, or 'client' for the world outside. */
  readonly source: string;
  /** Workload id that received. */
  readonly destination: string;
  readonly port: number;
  readonly protocol: 'http' | 'tcp';
  readonly requests: number;
  readonly denied: number;
  readonly failed: number;
  readonly mtls: boolean;
  /** Of the connection that was opened last: '' over plaintext. */
  readonly tlsProtocol: string;
  /** IANA name of the cipher suite, '' over plaintext. */
  readonly cipher: string;
  /** Serial number of the peer's certificate, '' when it showed none. */
  readonly peerSerial: string;
  /** When the peer's certificate begins and ends, ms since 1970; 0 when it showed none. */
  readonly peerNotBeforeMs: number;
  readonly peerNotAfterMs: number;
  /** Connections open now. */
  readonly connections: number;
  /** When the oldest of them was opened, ms since 1970; 0 when none is open. */
  readonly oldestConnectionMs: number;
  /** Mode of the port: what lets plaintext in is PERMISSIVE or DISABLE; `edge` is TLS towards the world. */
  readonly mode: 'STRICT' | 'PERMISSIVE' | 'DISABLE' | 'edge';
  /** `file:line:column` of the PeerAuthentication that decided; '' for the default. */
  readonly modeAt: string;
  /** Of `denied`: for want of mutual TLS or of a certificate that is believed. */
  readonly mtlsDenied: number;
  /** Of `denied`: by an authorization policy, a token's rules or an external authorizer. */
  readonly policyDenied: number;
  /** Durations of requests; of TCP connections, how long they took to open. */
  readonly latency: LatencyCounts;
  /** Sum of these durations, ms. */
  readonly latencySumMs: number;
  /** Quantiles of `latency`. */
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly lastMs: number;
}
