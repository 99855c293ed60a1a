// Every metric, label and event type, declared once. Names follow Prometheus' conventions: base units, `_total` for counters.
import type { Event } from '#model/event.ts';

const LATENCY_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;
const SYNC_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1] as const;

/** Powers of two, where the finer counts of links meet: 1/8192 s to 64 s. */
const LINK_SECONDS: readonly number[] = Array.from({ length: 20 }, (_, i) => 2 ** (i - 13));

export interface MetricSpec {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, rising, without +Inf. */
  readonly buckets?: readonly number[];
  /** Series kept apart; further label values share one series whose labels are all `_other`. 1000 when absent. */
  readonly seriesMax?: number;
}

export const METRICS = {
  // traffic
  cullis_requests_total: {
    type: 'counter',
    help: 'Requests answered, by the side that answered and the HTTP status sent (0 for TCP connections).',
    labels: ['role', 'workload', 'source', 'destination', 'status'],
    seriesMax: 4000,
  },
  cullis_request_duration_seconds: {
    type: 'histogram',
    help: 'Time from the first byte of a request to the last byte of its answer.',
    labels: ['role', 'workload'],
    buckets: LATENCY_SECONDS,
  },
  cullis_upstream_duration_seconds: {
    type: 'histogram',
    help: 'Time from a request sent to the first byte of the answer of the next hop.',
    labels: ['role', 'destination'],
    buckets: LATENCY_SECONDS,
  },
  cullis_grpc_calls_total: {
    type: 'counter',
    help: 'Answered gRPC calls, by their own status; the HTTP status of each is 200.',
    labels: ['role', 'workload', 'destination', 'status'],
    seriesMax: 2000,
  },
  cullis_denials_total: {
    type: 'counter',
    help: 'Requests and connections refused, by reason and by the policy that decided.',
    labels: ['role', 'workload', 'code', 'policy'],
  },
  cullis_egress_findings_total: {
    type: 'counter',
    help: 'Secrets and personal data found in what workloads send out, by rule and by what became of it.',
    labels: ['workload', 'rule', 'action'],
  },
  cullis_invalid_messages_total: {
    type: 'counter',
    help: 'Messages refused because they break HTTP or a limit.',
    labels: ['role', 'reason'],
    seriesMax: 200,
  },
  cullis_bytes_total: { type: 'counter', help: 'Body and TCP bytes passed on.', labels: ['role', 'workload', 'direction'] },
  cullis_connections_total: { type: 'counter', help: 'Connections accepted.', labels: ['role'] },
  cullis_connections_open: { type: 'gauge', help: 'Connections open now.', labels: ['role'] },
  cullis_upstream_connections_open: {
    type: 'gauge',
    help: 'Connections to next hops open now, idle ones included.',
    labels: ['role'],
  },
  cullis_upstream_failures_total: {
    type: 'counter',
    help: 'Failed calls of next hops.',
    labels: ['role', 'destination', 'reason'],
  },
  cullis_upstream_retries_total: {
    type: 'counter',
    help: 'Requests sent again (`sent`), or not sent again because the budget or a bound was used up (`overflow`).',
    labels: ['role', 'destination', 'result'],
  },
  cullis_upstream_overflows_total: {
    type: 'counter',
    help: 'Requests refused by a bound of their destination (circuit breaking).',
    labels: ['destination'],
  },
  cullis_endpoint_ejections_total: {
    type: 'counter',
    help: 'Endpoints taken out of turn by outlier detection, by what was counted.',
    labels: ['destination', 'reason'],
  },
  cullis_endpoints_ejected: { type: 'gauge', help: 'Endpoints out of turn now.', labels: ['destination'] },
  cullis_tls_handshakes_total: {
    type: 'counter',
    help: 'TLS handshakes, by side (server or client) and result.',
    labels: ['side', 'result'],
    seriesMax: 100,
  },
  // identity
  cullis_certificate_expiry_seconds: {
    type: 'gauge',
    help: 'When the certificate in use ends, in seconds since 1970.',
    labels: ['identity'],
  },
  cullis_links_open: {
    type: 'gauge',
    help: 'Links between two ends with an open connection, by protection: mutual (TLS with both certificates), tls, plaintext.',
    labels: ['protection'],
    seriesMax: 10,
  },
  cullis_revocations: { type: 'gauge', help: 'Identities and certificates that are believed no more.', labels: [] },
  cullis_root_rotation_phase: {
    type: 'gauge',
    help: 'Rotation of the root: 0 none, 1 both roots trusted, 2 certificates replaced, 3 old root distrusted.',
    labels: [],
  },
  cullis_certificates_issued_total: { type: 'counter', help: 'Certificate requests, by result.', labels: ['result'] },
  // configuration
  cullis_config_changes_total: { type: 'counter', help: 'Configurations offered, by result.', labels: ['result'] },
  cullis_config_applied_seconds: {
    type: 'gauge',
    help: 'When the configuration in force was applied, in seconds since 1970.',
    labels: [],
  },
  cullis_config_expiry_seconds: {
    type: 'gauge',
    help: 'When the snapshot in force ends unless the control plane renews it, in seconds since 1970.',
    labels: [],
  },
  // journal
  cullis_journal_events_total: { type: 'counter', help: 'Events written, by durability.', labels: ['durability'] },
  cullis_journal_bytes_total: { type: 'counter', help: 'Bytes written to the journal.', labels: [] },
  cullis_journal_lost_total: { type: 'counter', help: 'Events lost, by reason.', labels: ['reason'] },
  cullis_journal_queued_bytes: { type: 'gauge', help: 'Bytes of events waiting to be on disk.', labels: [] },
  cullis_journal_sync_seconds: {
    type: 'histogram',
    help: 'Time of one synchronous write of a batch.',
    labels: [],
    buckets: SYNC_SECONDS,
  },
  // links: the service graph, all workers together
  cullis_link_requests_total: {
    type: 'counter',
    help: 'Requests, or TCP connections, of one caller to one workload.',
    labels: ['source', 'destination', 'port', 'protocol'],
  },
  cullis_link_failures_total: {
    type: 'counter',
    help: 'Of them, those that failed at or before the destination.',
    labels: ['source', 'destination', 'port', 'protocol'],
  },
  cullis_link_denials_total: {
    type: 'counter',
    help: 'Refusals on the link: for want of mutual TLS (`mtls`), by policy (`policy`), other.',
    labels: ['source', 'destination', 'port', 'protocol', 'reason'],
  },
  cullis_link_mtls: {
    type: 'gauge',
    help: '1 where the link is mutual TLS, else 0.',
    labels: ['source', 'destination', 'port', 'protocol'],
  },
  cullis_link_connections_open: {
    type: 'gauge',
    help: 'Connections of the link open now.',
    labels: ['source', 'destination', 'port', 'protocol'],
  },
  cullis_link_duration_seconds: {
    type: 'histogram',
    help: 'Time of a request on the link; of a TCP connection, the time until it was open.',
    labels: ['source', 'destination', 'port', 'protocol'],
    buckets: LINK_SECONDS,
  },
  // exports
  cullis_otlp_sent_total: {
    type: 'counter',
    help: 'Spans, log records and metrics that the collector took.',
    labels: ['signal'],
  },
  cullis_otlp_dropped_total: {
    type: 'counter',
    help: 'Spans, log records and metrics that could not be sent, by reason.',
    labels: ['signal', 'reason'],
  },
  // processes
  cullis_process_resident_memory_bytes: { type: 'gauge', help: 'Resident memory of this process.', labels: [] },
  cullis_process_cpu_seconds_total: { type: 'counter', help: 'Processor time used by this process.', labels: [] },
  cullis_process_start_time_seconds: { type: 'gauge', help: 'When this process started, in seconds since 1970.', labels: [] },
  cullis_workload_up: { type: 'gauge', help: '1 while the workload is ready, else 0.', labels: ['workload'] },
  cullis_workload_restarts: { type: 'gauge', help: 'Restarts of a workload since the platform started.', labels: ['workload'] },
  // control plane
  cullis_workers_connected: { type: 'gauge', help: 'Proxy workers connected to the control plane.', labels: [] },
  cullis_admin_requests_total: {
    type: 'counter',
    help: 'Requests to the admin API, by route and status.',
    labels: ['route', 'status'],
    seriesMax: 400,
  },
} as const satisfies Readonly<Record<string, MetricSpec>>;

export type MetricName = keyof typeof METRICS;
type OfType<T extends MetricSpec['type']> = { [K in MetricName]: (typeof METRICS)[K]['type'] extends T ? K : never }[MetricName];
export type CounterName = OfType<'counter'>;
export type GaugeName = OfType<'gauge'>;
export type HistogramName = OfType<'histogram'>;
/** One text per label, in the catalogue's order. */
export type LabelValues<N extends MetricName> = Texts<(typeof METRICS)[N]['labels']>;
type Texts<Labels extends readonly string[]> = Labels extends readonly [string, ...infer Rest extends readonly string[]]
  ? [value: string, ...Texts<Rest>]
  : [];

/** Every event type with what it means; a type without a row does not compile. */
export const EVENT_TYPES = {
  exchange: 'one request through a proxy, or one TCP connection',
  certificate: 'a certificate was issued, renewed, refused or revoked, or a CA was made or rotated',
  link: 'how a link is protected: when it is first seen, when that changes, and a summary of all from time to time',
  config: 'a configuration was applied, rejected, or expired',
  process: 'a workload or a part of the platform started, became ready, or ended',
  audit: 'an operator used the admin API',
  egress: 'something on the way out of a workload looked like a leak or a tunnel',
  name: 'a workload looked up a name',
  endpoint: 'an endpoint of a destination was taken out of turn, came back, or runs another version than declared',
  gap: 'events were lost: how many, and why',
} as const satisfies Readonly<Record<Event['type'], string>>;
