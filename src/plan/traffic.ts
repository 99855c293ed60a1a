// How calls to one destination are spread, bounded and watched: the plan's form of DestinationRule, with Istio's and Envoy's defaults filled in.
import type {
  ConsistentHash,
  LoadBalancer,
  LocalitySetting,
  OutlierDetection,
  SimpleBalancer,
  TrafficPolicyPart,
  RetryBudget,
  Warmup,
} from '#model/istio-traffic.ts';

/** Bounds of one destination; an absent one is the platform's limit, or none. */
export interface CircuitPlan {
  readonly connectionsMax?: number;
  readonly pendingMax?: number;
  readonly requestsMax?: number;
  readonly retriesMax?: number;
  readonly requestsPerConnectionMax?: number;
  readonly streamsMax?: number;
  readonly connectTimeoutMs?: number;
  /** 0 is no timeout. */
  readonly idleTimeoutMs?: number;
  /** Age at which a connection takes no further request. */
  readonly connectionAgeMaxMs?: number;
  /** First TCP keep-alive probe after so much silence. */
  readonly keepAliveMs?: number;
}

export interface OutlierPlan {
  /** 0 switches a count off. */
  readonly consecutive5xx: number;
  readonly consecutiveGateway: number;
  readonly consecutiveLocal: number;
  /** Failures to reach an endpoint are counted apart from its answers. */
  readonly split: boolean;
  readonly intervalMs: number;
  readonly baseEjectionMs: number;
  readonly maxEjectionPercent: number;
}

export interface BalancePlan {
  readonly kind: 'round-robin' | 'least-request' | 'random' | 'hash';
  readonly hash?: ConsistentHash;
  readonly warmup?: Warmup;
  /** Absent: the nearest endpoints first, when places are known. */
  readonly locality?: LocalitySetting;
  /** With fewer healthy endpoints than this share of all, all are used. */
  readonly panicPercent: number;
}

export interface TrafficPlan {
  /** `shop/cart`, the DestinationRule. */
  readonly rule: string;
  readonly circuit: CircuitPlan;
  readonly balance: BalancePlan;
  readonly outlier?: OutlierPlan;
  readonly retryBudget: RetryBudget;
  readonly http2?: true;
}

/** Envoy's retry budget; issue: at most 20 % of the requests under way, and never fewer than three. */
export const RETRY_BUDGET: RetryBudget = { percent: 20, minRetryConcurrency: 3 };
export const PANIC_PERCENT = 50;
export const BALANCE_DEFAULT: BalancePlan = { kind: 'least-request', panicPercent: PANIC_PERCENT };

const KINDS: Readonly<Record<SimpleBalancer, BalancePlan['kind']>> = {
  ROUND_ROBIN: 'round-robin',
  LEAST_REQUEST: 'least-request',
  RANDOM: 'random',
  // The caller's own address is a service's here, so there is no endpoint to pass through to; the plan's builder says so.
  PASSTHROUGH: 'least-request',
};

/** @param rule `namespace/name` */
export function trafficPlan(rule: string, policy: TrafficPolicyPart, retryBudget: RetryBudget = RETRY_BUDGET): TrafficPlan {
  const outlier = policy.outlierDetection && outlierPlan(policy.outlierDetection);
  return {
    rule,
    circuit: circuitPlan(policy),
    balance: balancePlan(policy.loadBalancer, policy.outlierDetection),
    ...(outlier && { outlier }),
    retryBudget,
    ...(policy.connectionPool?.http?.h2UpgradePolicy === 'UPGRADE' && { http2: true as const }),
  };
}

function circuitPlan({ connectionPool }: TrafficPolicyPart): CircuitPlan {
  const { tcp, http } = connectionPool ?? {};
  const idleTimeoutMs = http?.idleTimeoutMs ?? tcp?.idleTimeoutMs;
  const perConnection = http?.maxRequestsPerConnection;
  return {
    ...(tcp?.maxConnections !== undefined && { connectionsMax: tcp.maxConnections }),
    ...(http?.http1MaxPendingRequests !== undefined && { pendingMax: http.http1MaxPendingRequests }),
    ...(http?.http2MaxRequests !== undefined && { requestsMax: http.http2MaxRequests }),
    ...(http?.maxRetries !== undefined && { retriesMax: http.maxRetries }),
    ...(perConnection !== undefined && perConnection > 0 && { requestsPerConnectionMax: perConnection }),
    ...(http?.maxConcurrentStreams !== undefined && { streamsMax: http.maxConcurrentStreams }),
    ...(tcp?.connectTimeoutMs !== undefined && { connectTimeoutMs: tcp.connectTimeoutMs }),
    ...(idleTimeoutMs !== undefined && { idleTimeoutMs }),
    ...(tcp?.maxConnectionDurationMs !== undefined && { connectionAgeMaxMs: tcp.maxConnectionDurationMs }),
    ...(tcp?.keepalive !== undefined && { keepAliveMs: tcp.keepalive.timeMs ?? 7_200_000 }),
  };
}

/** Defaults are those of Istio's API page; a count of gateway errors is off unless it is written. */
function outlierPlan(outlier: OutlierDetection): OutlierPlan {
  return {
    consecutive5xx: outlier.consecutive5xxErrors ?? 5,
    consecutiveGateway: outlier.consecutiveGatewayErrors ?? 0,
    consecutiveLocal: outlier.consecutiveLocalOriginFailures ?? 5,
    split: outlier.splitExternalLocalOriginErrors ?? false,
    intervalMs: outlier.intervalMs ?? 10_000,
    baseEjectionMs: outlier.baseEjectionTimeMs ?? 30_000,
    maxEjectionPercent: outlier.maxEjectionPercent ?? 10,
  };
}

/** With outlier detection Istio sets the panic threshold to `minHealthPercent`, 0 unless written. */
function balancePlan(balancer: LoadBalancer | undefined, outlier: OutlierDetection | undefined): BalancePlan {
  const { simple, consistentHash, warmup, locality } = balancer ?? {};
  return {
    kind: consistentHash ? 'hash' : KINDS[simple ?? 'LEAST_REQUEST'],
    ...(consistentHash && { hash: consistentHash }),
    ...(warmup && { warmup }),
    ...(locality && { locality }),
    panicPercent: outlier ? (outlier.minHealthPercent ?? 0) : PANIC_PERCENT,
  };
}
