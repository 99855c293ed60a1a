// When a request may be sent again, compiled from a RetryPolicy. The words are Envoy's (config_http_filters_router_x-envoy-retry-on).
import type { RetryPolicy } from '#plan/plan.ts';
import type { UpstreamError } from '#wire/upstream-types.ts';

/** Methods that may be sent twice (RFC 9110 section 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);
/** gRPC's status numbers by the words that name them. */
const GRPC: Readonly<Record<string, number>> = {
  cancelled: 1,
  'deadline-exceeded': 4,
  'resource-exhausted': 8,
  internal: 13,
  unavailable: 14,
};
const BACKOFF_MS = 25;

/** Istio's default: what cannot have done anything is tried twice more. */
export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 2,
  perTryTimeoutMs: 0,
  on: ['connect-failure', 'refused-stream', 'reset-before-request', 'unavailable', 'cancelled'],
  statuses: [],
  backoffMs: BACKOFF_MS,
  backoffMaxMs: 10 * BACKOFF_MS,
};

export class RetryRules {
  readonly attempts: number;
  readonly perTryMs: number;
  readonly #on: ReadonlySet<string>;
  readonly #statuses: ReadonlySet<number>;
  readonly #grpc: ReadonlySet<number>;
  readonly #firstMs: number;
  readonly #mostMs: number;

  /** @param written false for the default, whose gRPC words do not make a call that may have been carried out be sent again */
  constructor(policy: RetryPolicy, written = true) {
    this.attempts = policy.attempts;
    this.perTryMs = policy.perTryTimeoutMs;
    this.#on = new Set(policy.on);
    this.#statuses = new Set(policy.statuses);
    this.#grpc = new Set(written ? policy.on.flatMap((word) => GRPC[word] ?? []) : []);
    this.#firstMs = policy.backoffMs;
    this.#mostMs = policy.backoffMaxMs;
  }

  /** Whether it may happen that a body has to be sent a second time. */
  get resendsBodies(): boolean {
    return this.attempts > 0 && (this.#statuses.size > 0 || RESENDING.some((word) => this.#on.has(word)) || this.#grpc.size > 0);
  }

  /** Exponential with full jitter. @param tries made so far, from 1 @param unit in [0, 1) */
  waitMs(tries: number, unit: number): number {
    return unit * Math.min(this.#mostMs, this.#firstMs * 2 ** (tries - 1));
  }

  /** @param grpcStatus of a trailers-only answer, undefined when it has none */
  onStatus(status: number, grpcStatus: string | undefined): boolean {
    if (status < 400) return grpcStatus !== undefined && this.#grpc.has(Number(grpcStatus));
    const on = this.#on;
    if (status >= 500 && on.has('5xx')) return true;
    if (status >= 502 && status <= 504 && on.has('gateway-error')) return true;
    if (status === 409 && on.has('retriable-4xx')) return true;
    return on.has('retriable-status-codes') && this.#statuses.has(status);
  }

  /** No bound of the destination is ever a reason: that would make an overload worse. */
  onError({ kind, bytesSent }: UpstreamError): boolean {
    const on = this.#on;
    if (kind === 'overload') return false;
    if (on.has('5xx') || on.has('gateway-error')) return true;
    if (kind === 'connect') return on.has('connect-failure') || on.has('reset');
    if (kind === 'timeout') return false;
    if (on.has('reset')) return true;
    return !bytesSent && (on.has('refused-stream') || on.has('reset-before-request'));
  }

  /** The endpoint's sidecar could not reach its application. */
  get onUnreached(): boolean {
    return this.#on.has('connect-failure') || this.#on.has('5xx') || this.#on.has('gateway-error');
  }

  /** The time of one try ended without an answer. */
  get onTryTimeout(): boolean {
    return this.#on.has('5xx') || this.#on.has('gateway-error');
  }
}

const RESENDING = ['5xx', 'gateway-error', 'reset', 'retriable-4xx'];

export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

export const DEFAULT_RULES = new RetryRules(DEFAULT_RETRY, false);
