import type { ExchangeEvent } from '#model/event.ts';
import type { Exchange } from './exchange.ts';
import { spanFacts } from './span.ts';

/** The one event of a request, from what the stages found out. A query is cut: it may carry secrets. */
export function exchangeEvent(x: Exchange, id: string, bytesOut: number): ExchangeEvent {
  const { service, runtime, destination } = x;
  const event: ExchangeEvent = {
    type: 'exchange',
    id,
    timeMs: runtime.clock.nowMs(),
    node: runtime.node,
    role: service.role,
    protocol: 'http',
    workload: service.workload,
    source: x.sourceIdentity ?? (service.role === 'sidecar-out' ? service.identity : ''),
    sourceIp: x.sourceIp,
    destination: destination?.name ?? service.destinationName,
    destinationPort: destination?.port ?? service.port,
    method: x.method,
    host: x.host,
    path: x.path,
    status: x.status,
    allowed: x.code === undefined || x.code === 'upstream.failed',
    mtls: x.sourceIdentity !== undefined,
    tlsProtocol: x.tlsProtocol,
    requestId: x.requestId,
    traceId: x.traceId,
    sessionId: x.sessionId,
    durationMs: toMicroseconds(runtime.clock.monotonicMs() - x.startMs),
    bytesIn: x.bytesIn,
    bytesOut,
    upstreamMs: toMicroseconds(x.upstreamMs),
  };
  // Most requests have none of these, and one shape for most events is what makes them cheap to write.
  const span = spanFacts(x);
  if (x.code === undefined && x.reasons.length === 0 && x.shadow.length === 0 && x.grpcStatus < 0 && span === undefined)
    return event;
  return {
    ...event,
    ...(x.grpcStatus >= 0 && { grpcStatus: x.grpcStatus }),
    // A request that was refused early has its trace from there.
    ...(span !== undefined && { traceId: x.traceId, span }),
    ...(x.code !== undefined && { code: x.code }),
    ...(x.reasons.length > 0 && { reasons: x.reasons }),
    ...(x.shadow.length > 0 && { shadow: x.shadow }),
  };
}

/** Finer digits are noise, and take longer to write than the rest of the line. */
function toMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** Counts a request that is over, whatever became of it. */
export function countExchange(x: Exchange, bytesOut: number): void {
  const { service, runtime } = x;
  const source = x.sourceIdentity ?? (service.role === 'sidecar-out' ? service.identity : '');
  const durationMs = runtime.clock.monotonicMs() - x.startMs;
  service.counters.exchange(source, x.status, durationMs, x.upstreamMs, x.bytesIn, bytesOut);
  if (x.grpcStatus >= 0) service.counters.grpc(x.grpcStatus);
  const link = service.counters.link(x.sourceIdentity ?? '');
  if (!link) return;
  link.requests++;
  if (x.code !== undefined && x.code !== 'upstream.failed') link.deny(x.code);
  if (x.failed) link.failed++;
  link.mtls = x.sourceIdentity !== undefined;
  link.tlsProtocol = x.tlsProtocol;
  link.lastMs = runtime.clock.nowMs();
  link.time(durationMs);
}
