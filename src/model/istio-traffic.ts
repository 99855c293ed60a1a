// Istio's DestinationRule as held after validation (istio/api networking/v1): how calls to a destination are spread, bounded and watched.
// Field names follow Istio's, durations are milliseconds, and an absent member means that nothing was written.
import type { LabelSelector, Resource } from './resource.ts';

export interface TcpPool {
  readonly maxConnections?: number;
  readonly connectTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
  readonly maxConnectionDurationMs?: number;
  readonly keepalive?: { readonly probes?: number; readonly timeMs?: number; readonly intervalMs?: number };
}

export interface HttpPool {
  readonly http1MaxPendingRequests?: number;
  readonly http2MaxRequests?: number;
  /** 0 is no bound. */
  readonly maxRequestsPerConnection?: number;
  readonly maxRetries?: number;
  readonly idleTimeoutMs?: number;
  readonly h2UpgradePolicy?: 'DEFAULT' | 'DO_NOT_UPGRADE' | 'UPGRADE';
  readonly useClientProtocol?: boolean;
  readonly maxConcurrentStreams?: number;
}

export interface ConnectionPool {
  readonly tcp?: TcpPool;
  readonly http?: HttpPool;
}

export interface OutlierDetection {
  readonly splitExternalLocalOriginErrors?: boolean;
  readonly consecutiveLocalOriginFailures?: number;
  readonly consecutiveGatewayErrors?: number;
  readonly consecutive5xxErrors?: number;
  readonly intervalMs?: number;
  readonly baseEjectionTimeMs?: number;
  readonly maxEjectionPercent?: number;
  readonly minHealthPercent?: number;
}

/** What a consistent hash is made of. */
export type HashKey =
  | { readonly kind: 'header'; readonly name: string }
  /** A client without it gets one when `ttlMs` says so: 0 makes it end with the session. */
  | { readonly kind: 'cookie'; readonly name: string; readonly path: string; readonly ttlMs?: number }
  | { readonly kind: 'source-ip' }
  | { readonly kind: 'query'; readonly name: string };

export interface ConsistentHash {
  readonly key: HashKey;
  readonly algorithm: 'ring' | 'maglev';
  /** Least number of points on the ring, or the size of maglev's table (a prime). */
  readonly size: number;
}

export interface LocalitySetting {
  readonly enabled?: boolean;
  /** `region/zone/subzone`, with `*` at the end; shares of 100. */
  readonly distribute: readonly { readonly from: string; readonly to: Readonly<Record<string, number>> }[];
  readonly failover: readonly { readonly from: string; readonly to: string }[];
  readonly failoverPriority: readonly string[];
}

/** How fast a new endpoint gets its full share (Envoy, slow start). */
export interface Warmup {
  readonly durationMs: number;
  readonly aggression: number;
  readonly minimumPercent: number;
}

export const SIMPLE_BALANCERS = ['ROUND_ROBIN', 'LEAST_REQUEST', 'RANDOM', 'PASSTHROUGH'] as const;
export type SimpleBalancer = (typeof SIMPLE_BALANCERS)[number];

export interface LoadBalancer {
  readonly simple?: SimpleBalancer;
  readonly consistentHash?: ConsistentHash;
  readonly locality?: LocalitySetting;
  readonly warmup?: Warmup;
}

export const CLIENT_TLS_MODES = ['DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL'] as const;

export interface ClientTls {
  readonly mode: (typeof CLIENT_TLS_MODES)[number];
  readonly sni?: string;
  readonly subjectAltNames: readonly string[];
  readonly insecureSkipVerify?: boolean;
  readonly credentialName?: string;
  readonly caCertificates?: string;
  readonly clientCertificate?: string;
  readonly privateKey?: string;
}

export interface RetryBudget {
  readonly percent: number;
  readonly minRetryConcurrency: number;
}

/** The parts that a subset or a port may say anew. */
export interface TrafficPolicyPart {
  readonly connectionPool?: ConnectionPool;
  readonly outlierDetection?: OutlierDetection;
  readonly loadBalancer?: LoadBalancer;
  readonly tls?: ClientTls;
}

export interface TrafficPolicy extends TrafficPolicyPart {
  readonly portLevelSettings: readonly (TrafficPolicyPart & { readonly port: number })[];
  readonly retryBudget?: RetryBudget;
  /** Members that were written and that this data plane cannot honour. */
  readonly unsupported: readonly string[];
}

export interface Subset {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly trafficPolicy?: TrafficPolicy;
}

export interface DestinationRuleSpec {
  /** As written: a short name, a full one, or `*.suffix`. */
  readonly host: string;
  readonly trafficPolicy?: TrafficPolicy;
  readonly subsets: readonly Subset[];
  /** Empty: everybody. `.` is the rule's own namespace, `~` nobody. */
  readonly exportTo: readonly string[];
  readonly workloadSelector?: LabelSelector;
}

export interface DestinationRule {
  readonly namespace: string;
  readonly name: string;
  readonly spec: DestinationRuleSpec;
  /** The document as written; places of its parts are found through it. */
  readonly resource: Resource;
}
