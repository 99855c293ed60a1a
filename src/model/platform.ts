// cullis.dev/v1 kinds: what has no standard.
import type { Resource } from './resource.ts';
import { DEFAULT_TELEMETRY, type PlatformTelemetry } from './telemetry.ts';

export interface PlatformSpec {
  /** Address the gateway listens on here; 127.0.0.1 unless said otherwise. */
  readonly gatewayAddress: string;
  /** Certificates' life, milliseconds; 24 h. */
  readonly certificateTtlMs: number;
  readonly sessionCookie: string;
  /** Gateways add security headers for browsers to answers over HTTPS that have none. */
  readonly securityHeaders: boolean;
  /** Private ranges that host names outside the mesh may resolve to; loopback, link-local and metadata addresses are no part of any. */
  readonly egressPrivateAddresses: readonly string[];
  readonly limits: Limits;
  readonly telemetry: PlatformTelemetry;
}

/** Every bound of the data plane; a reader of this table sees what a client can cost. */
export interface Limits {
  readonly headerBytesMax: number;
  readonly headersMax: number;
  readonly targetBytesMax: number;
  readonly bodyBytesMax: number;
  readonly connectionsMax: number;
  readonly requestsPerConnectionMax: number;
  /** Requests at once on one HTTP/2 connection. */
  readonly streamsPerConnectionMax: number;
  /** First byte to end of headers. */
  readonly headerTimeoutMs: number;
  /** Whole request, body included. */
  readonly requestTimeoutMs: number;
  /** Keep-alive without a request. */
  readonly idleTimeoutMs: number;
  readonly tlsHandshakeTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** Request sent to first byte of the answer, and between bytes of it. */
  readonly upstreamTimeoutMs: number;
  /** The same between the bytes of an answer that is made to stay open: server-sent events, gRPC. */
  readonly streamIdleTimeoutMs: number;
  readonly upstreamConnectionsMax: number;
  readonly upstreamPendingMax: number;
  /** Bytes buffered per direction before the other side is paused. */
  readonly bufferBytesMax: number;
}

export const DEFAULT_LIMITS: Limits = {
  headerBytesMax: 32 * 1024,
  headersMax: 100,
  targetBytesMax: 8 * 1024,
  bodyBytesMax: 100 * 1024 * 1024,
  connectionsMax: 10_000,
  requestsPerConnectionMax: 100_000,
  streamsPerConnectionMax: 100,
  headerTimeoutMs: 10_000,
  requestTimeoutMs: 300_000,
  idleTimeoutMs: 60_000,
  tlsHandshakeTimeoutMs: 10_000,
  connectTimeoutMs: 5_000,
  upstreamTimeoutMs: 60_000,
  streamIdleTimeoutMs: 300_000,
  upstreamConnectionsMax: 256,
  upstreamPendingMax: 1024,
  bufferBytesMax: 64 * 1024,
};

export type Platform = PlatformSpec;

export const DEFAULT_PLATFORM: PlatformSpec = {
  gatewayAddress: '127.0.0.1',
  certificateTtlMs: 24 * 3_600_000,
  sessionCookie: '',
  securityHeaders: true,
  egressPrivateAddresses: [],
  limits: DEFAULT_LIMITS,
  telemetry: DEFAULT_TELEMETRY,
};

/** How a declared workload runs on this machine. */
export interface WorkloadRunSpec {
  /** Name of the Deployment, StatefulSet, … in the same namespace. */
  readonly workload: string;
  /** Program and arguments; `$(NAME)` expands from the environment as Kubernetes does. Exclusive with `address`. */
  readonly command?: readonly string[];
  /** Relative to the file that says it. */
  readonly cwd: string;
  /** Added to, and winning over, the environment of the pod's first container. */
  readonly env: Readonly<Record<string, string>>;
  /** `host:port` per container port of something that already runs; Cullis starts nothing then. */
  readonly address?: Readonly<Record<string, string>>;
  /** A built-in program instead of a command: a real PostgreSQL. */
  readonly builtin?: 'postgres';
  readonly readiness: { readonly kind: 'tcp' } | { readonly kind: 'http'; readonly path: string };
  readonly readyTimeoutMs: number;
  /** Programs of it that run here; those that the declared workload says when absent. */
  readonly replicas?: number;
}
export type WorkloadRun = Resource<'Workload', WorkloadRunSpec>;
