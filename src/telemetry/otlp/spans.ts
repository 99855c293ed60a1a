// An exchange as spans, after OpenTelemetry's semantic conventions for HTTP and RPC (semantic-conventions 1.37, http/http-spans.md, rpc/grpc.md).
import type { ExchangeEvent, SpanFacts } from '#model/event.ts';
import { SPAN_KIND, attribute, attributes, cut, type KeyValue, type Span, unixNano } from './message.ts';

const METHODS = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE']);
const SAMPLED = 1;
/** Names of gRPC's status codes that are errors at the server (rpc/grpc.md). */
const GRPC_SERVER_ERRORS = new Set([2, 4, 12, 13, 14, 15]);

/**
 * A gateway has two: SERVER for what it was asked and, when it sent the request on, CLIENT below it. A sidecar has one: SERVER where it receives,
 * CLIENT where it calls; the chain of parents is the way of the request.
 * @returns none when the exchange is not recorded
 */
export function spansOf(event: ExchangeEvent): Span[] {
  const { span } = event;
  if (!span || !isSound(event, span)) return [];
  const startMs = event.timeMs - event.durationMs;
  const client = event.role === 'sidecar-out';
  const own = makeSpan(event, client ? 'client' : 'server', span.id, span.parentId, startMs);
  if (span.clientId === undefined) return [own];
  return [own, makeSpan(event, 'client', span.clientId, span.id, startMs + (span.sentMs ?? 0))];
}

const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0{16})[0-9a-f]{16}$/;

/** Events are written by processes that handle hostile bytes: what is not shaped as it should be is not sent. */
function isSound(event: ExchangeEvent, span: SpanFacts): boolean {
  const ids = [
    span.id,
    ...(span.parentId === '' ? [] : [span.parentId]),
    ...(span.clientId === undefined ? [] : [span.clientId]),
  ];
  const texts = [event.workload, event.method, event.host, event.path, event.tlsProtocol, event.source];
  return (
    TRACE_ID.test(event.traceId) &&
    ids.every((id) => SPAN_ID.test(id)) &&
    texts.every((text) => typeof text === 'string') &&
    isTimed(event)
  );
}

/** Whether its times are such. */
export function isTimed({ timeMs, durationMs }: Pick<ExchangeEvent, 'timeMs' | 'durationMs'>): boolean {
  return Number.isFinite(timeMs) && Number.isFinite(durationMs) && timeMs >= 0 && timeMs < 1e15 && durationMs >= 0;
}

function makeSpan(event: ExchangeEvent, kind: 'server' | 'client', spanId: string, parentId: string, startMs: number): Span {
  const { span, traceId, timeMs } = event;
  const refused = !event.allowed;
  const error = errorOf(event, kind);
  return {
    traceId,
    spanId,
    ...(parentId !== '' && { parentSpanId: parentId }),
    flags: span!.sampled ? SAMPLED : 0,
    name: nameOf(event),
    kind: SPAN_KIND[kind],
    startTimeUnixNano: unixNano(startMs),
    endTimeUnixNano: unixNano(Math.max(timeMs, startMs)),
    attributes: spanAttributes(event, kind, error),
    ...(refused && {
      events: [{ timeUnixNano: unixNano(timeMs), name: 'cullis.denied', attributes: decisionOf(event) }],
    }),
    status: error === '' ? { code: 0 } : { code: 2, ...(event.reasons?.[0] && { message: cut(event.reasons[0].text) }) },
  };
}

/** Of few values: paths are not in it. */
function nameOf({ method, path, span }: ExchangeEvent): string {
  const call = span?.grpc ? rpcOf(path) : undefined;
  if (call) return `${call.service}/${call.method}`;
  return METHODS.has(method) ? method : 'HTTP';
}

/** What `error.type` says; '' when it is none. A status of 4xx is the caller's error and not the server's. */
function errorOf({ status, code, grpcStatus }: ExchangeEvent, kind: 'server' | 'client'): string {
  if (code === 'upstream.failed') return code;
  if (grpcStatus !== undefined && grpcStatus !== 0)
    return kind === 'client' || GRPC_SERVER_ERRORS.has(grpcStatus) ? String(grpcStatus) : '';
  return status >= (kind === 'client' ? 400 : 500) ? String(status) : '';
}

function spanAttributes(event: ExchangeEvent, kind: 'server' | 'client', error: string): KeyValue[] {
  const { span, method, host, path, status } = event;
  const server = hostAndPort(host);
  const peer = kind === 'client' ? hostAndPort(span!.peer ?? '') : undefined;
  const call = span!.grpc ? rpcOf(path) : undefined;
  const known = METHODS.has(method);
  return [
    ...attributes([
      ['http.request.method', known ? method : '_OTHER'],
      ['http.request.method_original', known ? undefined : method],
      ['url.path', kind === 'server' ? path : undefined],
      ['url.full', kind === 'client' ? `${span!.scheme}://${host}${path}` : undefined],
      ['url.scheme', span!.scheme],
      ['http.response.status_code', status === 0 ? undefined : status],
      ['network.protocol.name', 'http'],
      ['network.protocol.version', span!.http],
      ['server.address', server.host],
      ['server.port', server.port],
      ['client.address', kind === 'server' ? event.sourceIp : undefined],
      ['network.peer.address', peer?.host],
      ['network.peer.port', peer?.port],
      ['http.request.body.size', event.bytesIn > 0 ? event.bytesIn : undefined],
      ['http.response.body.size', event.bytesOut > 0 ? event.bytesOut : undefined],
      ['http.request.resend_count', kind === 'client' ? span!.resends : undefined],
      ['error.type', error],
      ['rpc.system', call && 'grpc'],
      ['rpc.service', call?.service],
      ['rpc.method', call?.method],
      ['rpc.grpc.status_code', call && event.grpcStatus],
      ['tls.protocol.version', kind === 'server' ? event.tlsProtocol.replace(/^TLSv/, '') : undefined],
      ['cullis.role', event.role],
      ['cullis.request.id', event.requestId],
      ['cullis.destination', event.destination],
      ['cullis.mtls', kind === 'server' ? event.mtls : undefined],
    ]),
    ...decisionOf(event),
    ...Object.entries(span!.tags ?? {}).map(([name, value]) => attribute(name, value)),
  ];
}

/** The decision about an exchange: its id is what `cullis explain` takes. */
export function decisionOf(event: ExchangeEvent): KeyValue[] {
  const [reason] = event.reasons ?? [];
  return attributes([
    ['cullis.decision.id', event.id],
    ['cullis.decision', event.allowed ? 'allow' : 'deny'],
    ['cullis.decision.code', event.code],
    ['cullis.decision.policy', reason?.policy],
    ['cullis.decision.at', reason?.at],
    ['cullis.source.identity', event.source],
  ]);
}

/** `/shop.Cart/Add` -> service and method (gRPC over HTTP/2, "Path"). */
function rpcOf(path: string): { readonly service: string; readonly method: string } | undefined {
  const match = /^\/([^/]+)\/([^/]+)$/.exec(path);
  return match ? { service: match[1]!, method: match[2]! } : undefined;
}

function hostAndPort(authority: string): { readonly host: string; readonly port: number | undefined } {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(authority);
  return {
    host: (match?.[1] ?? authority).replaceAll(/^\[|\]$/g, ''),
    port: match?.[2] === undefined ? undefined : Number(match[2]),
  };
}
