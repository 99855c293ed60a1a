// What is told to whom about traffic: where it is sent (cullis.dev/v1 Platform) and how much of it (Istio Telemetry, telemetry.istio.io).
import type { TargetRef } from './istio.ts';
import type { LabelSelector, Resource } from './resource.ts';

export const OTLP_PROTOCOLS = ['http/json', 'http/protobuf'] as const;
export type OtlpProtocol = (typeof OTLP_PROTOCOLS)[number];
export const OTLP_SIGNALS = ['traces', 'metrics', 'logs'] as const;
export type OtlpSignal = (typeof OTLP_SIGNALS)[number];

/** Where a header's value comes from; a secret's is never in the manifests. */
export type HeaderValue =
  | { readonly value: string }
  /** Variable of the environment that `cullis up` is started with. */
  | { readonly env: string }
  /** Relative to the working folder. */
  | { readonly file: string };

/** A collector that speaks OTLP over HTTP. */
export interface OtlpSpec {
  /** `/v1/traces`, `/v1/metrics` and `/v1/logs` are added. */
  readonly endpoint: string;
  readonly protocol: OtlpProtocol;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, HeaderValue>>;
  /** PEM of the roots that may vouch for the collector, a file; '' for the machine's own. */
  readonly caFile: string;
  readonly compression: 'gzip' | 'none';
  /** Between two exports of metrics. */
  readonly intervalMs: number;
  /** Of one request to the collector. */
  readonly timeoutMs: number;
  readonly signals: readonly OtlpSignal[];
}

export interface PlatformTelemetry {
  readonly otlp?: OtlpSpec;
  /** Share of traces that begin here, percent. Absent: 1, and at least one a second for each listener. */
  readonly sampling?: number;
  /** Which requests are told to the collector as log records; `denied` counts failures in. */
  readonly accessLog: 'all' | 'denied';
}

export const DEFAULT_TELEMETRY: PlatformTelemetry = { accessLog: 'denied' };

export const OTLP_DEFAULTS: Omit<OtlpSpec, 'endpoint'> = {
  protocol: 'http/json',
  headers: {},
  caFile: '',
  compression: 'gzip',
  intervalMs: 15_000,
  timeoutMs: 10_000,
  signals: OTLP_SIGNALS,
};

export const TRACING_MODES = ['CLIENT_AND_SERVER', 'CLIENT', 'SERVER'] as const;
export type WorkloadMode = (typeof TRACING_MODES)[number];

/** A tag of spans: a fixed text, or a request header's value. */
export type CustomTag = { readonly literal: string } | { readonly header: string; readonly otherwise: string };

export interface TelemetrySpec {
  readonly selector?: LabelSelector;
  readonly targetRefs?: readonly TargetRef[];
  readonly tracing: readonly {
    readonly mode: WorkloadMode;
    /** 0 to 100. */
    readonly randomSamplingPercentage?: number;
    readonly disableSpanReporting?: boolean;
    readonly customTags?: Readonly<Record<string, CustomTag>>;
  }[];
  readonly accessLogging: readonly { readonly mode: WorkloadMode; readonly disabled: boolean }[];
}
export type Telemetry = Resource<'Telemetry', TelemetrySpec>;
