// Metrics of one listener. Handles are looked up once per label set, so that counting a request is a few additions.
import type { DenyCode, Reason } from '#model/decision.ts';
import type { ExchangeEvent } from '#model/event.ts';
import type { Counter, Gauge, Histogram, Metrics } from '#telemetry/metrics.ts';
import type { Link, Links } from './links.ts';

const SOURCES_MAX = 1000;

interface Source {
  readonly link: Link | undefined;
  readonly byStatus: Map<number, Counter>;
}

/** What is counted apart. */
export interface Counted {
  readonly role: ExchangeEvent['role'];
  readonly workload: string;
  readonly destination: string;
  readonly port: number;
  readonly protocol: 'http' | 'tcp';
}

export class Counters {
  readonly #metrics: Metrics;
  readonly #links: Links;
  readonly #role: ExchangeEvent['role'];
  readonly #workload: string;
  readonly #destination: string;
  readonly #port: number;
  readonly #protocol: 'http' | 'tcp';
  readonly #sources = new Map<string, Source>();
  readonly #byGrpcStatus = new Map<number, Counter>();
  readonly #duration: Histogram;
  readonly #upstream: Histogram;
  readonly #bytesIn: Counter;
  readonly #bytesOut: Counter;
  readonly connections: Counter;
  readonly connectionsOpen: Gauge;
  readonly handshakes: { readonly ok: Counter; readonly failed: Counter };

  constructor(metrics: Metrics, links: Links, service: Counted) {
    const { role, workload, destination } = service;
    this.#metrics = metrics;
    this.#links = links;
    this.#role = role;
    this.#workload = workload;
    this.#destination = destination;
    this.#port = service.port;
    this.#protocol = service.protocol;
    this.#duration = metrics.histogram('cullis_request_duration_seconds', role, workload);
    this.#upstream = metrics.histogram('cullis_upstream_duration_seconds', role, destination);
    this.#bytesIn = metrics.counter('cullis_bytes_total', role, workload, 'in');
    this.#bytesOut = metrics.counter('cullis_bytes_total', role, workload, 'out');
    this.connections = metrics.counter('cullis_connections_total', role);
    this.connectionsOpen = metrics.gauge('cullis_connections_open', role);
    this.handshakes = {
      ok: metrics.counter('cullis_tls_handshakes_total', 'server', 'ok'),
      failed: metrics.counter('cullis_tls_handshakes_total', 'server', 'failed'),
    };
  }

  /** @param source verified identity, '' when none @param status HTTP status sent, 0 for TCP */
  exchange(source: string, status: number, durationMs: number, upstreamMs: number, bytesIn: number, bytesOut: number): void {
    const known = this.#source(source);
    let counter = known.byStatus.get(status);
    if (!counter) {
      counter = this.#metrics.counter(
        'cullis_requests_total',
        this.#role,
        this.#workload,
        source,
        this.#destination,
        String(status),
      );
      known.byStatus.set(status, counter);
    }
    counter.inc();
    this.#duration.observe(durationMs / 1000);
    if (upstreamMs > 0) this.#upstream.observe(upstreamMs / 1000);
    if (bytesIn > 0) this.#bytesIn.inc(bytesIn);
    if (bytesOut > 0) this.#bytesOut.inc(bytesOut);
  }

  /** Counts a gRPC call by its status, beside the request that it is. */
  grpc(status: number): void {
    let counter = this.#byGrpcStatus.get(status);
    if (!counter) {
      counter = this.#metrics.counter('cullis_grpc_calls_total', this.#role, this.#workload, this.#destination, String(status));
      this.#byGrpcStatus.set(status, counter);
    }
    counter.inc();
  }

  /** The link that ends here; undefined on the calling side, where the receiver counts it. */
  link(source: string): Link | undefined {
    return this.#source(source).link;
  }

  denied(code: DenyCode, reasons: readonly Reason[]): void {
    this.#metrics.counter('cullis_denials_total', this.#role, this.#workload, code, reasons[0]?.policy ?? '').inc();
  }

  upstreamFailed(kind: string): void {
    this.#metrics.counter('cullis_upstream_failures_total', this.#role, this.#destination, kind).inc();
  }

  invalid(kind: string): void {
    this.#metrics.counter('cullis_invalid_messages_total', this.#role, kind).inc();
  }

  #source(source: string): Source {
    const known = this.#sources.get(source);
    if (known) return known;
    const receives = this.#role !== 'sidecar-out';
    const made: Source = {
      link: receives ? this.#links.of(source === '' ? 'client' : source, this.#workload, this.#port, this.#protocol) : undefined,
      byStatus: new Map(),
    };
    // Identities are those that the CA signed, so there are not many; the bound is for the day when there are.
    if (this.#sources.size < SOURCES_MAX) this.#sources.set(source, made);
    return made;
  }
}
