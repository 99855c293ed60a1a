// What control and the proxy workers say to each other over a unix socket, one JSON document a line. NodePlan is opaque here (plan/ stands below model/).

export interface TrustBundle {
  /** Trust domain -> PEM certificates of its roots. */
  readonly roots: Readonly<Record<string, readonly string[]>>;
}

export type FromControl =
  | {
      readonly type: 'snapshot';
      readonly version: string;
      /** A NodePlan as JSON value. */
      readonly plan: unknown;
      readonly bundle: TrustBundle;
      /** Key for session ids, base64; worker-lifetime secret, never logged. */
      readonly sessionKey: string;
      /** After this, without a newer snapshot or a lease renewal, the worker closes its listeners. */
      readonly expiresAtMs: number;
    }
  /** Endpoints that came or went; everything else stays as it is in the snapshot `from`. Answered as a snapshot is. */
  | {
      readonly type: 'endpoints';
      readonly from: string;
      readonly version: string;
      /** Cluster id -> all of its endpoints now, as in the plan. */
      readonly changes: Readonly<Record<string, readonly unknown[]>>;
      readonly expiresAtMs: number;
    }
  | { readonly type: 'lease'; readonly expiresAtMs: number }
  /** Answer to a csr: leaf first, then the issuing CA, PEM. */
  | { readonly type: 'svid'; readonly identity: string; readonly chainPem: string }
  | { readonly type: 'svid-refused'; readonly identity: string; readonly reason: string }
  /** Ask for metrics and observations now. */
  | { readonly type: 'report-now' };

export type FromWorker =
  /** First line. The token was given to the worker on its standard input by the supervisor. */
  | { readonly type: 'hello'; readonly token: string; readonly name: string; readonly pid: number }
  | { readonly type: 'ack'; readonly version: string }
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
  readonly tlsProtocol: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly lastMs: number;
}
