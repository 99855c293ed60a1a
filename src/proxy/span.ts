// What a hop tells of its span, inside its event. A hop that is not recorded tells nothing, which is what most hops cost.
import type { DenyCode } from '#model/decision.ts';
import type { SpanFacts } from '#model/event.ts';
import type { Exchange } from './exchange.ts';
import { clientSpanOf, joinTrace } from './trace.ts';
import type { Tracing } from './tracing.ts';

const TAG_CHARS_MAX = 256;

/** Gives a request its place in a trace. @param believed the caller's own decision about sampling holds @returns the traceparent for the next hop */
export function beginSpan(
  x: Exchange,
  tracing: Tracing,
  received: string | undefined,
  believed: boolean,
): ReturnType<typeof joinTrace> {
  const trace = joinTrace(received, x.runtime.ids, tracing.sampler, { believed, twoSpans: x.service.role === 'gateway' });
  x.traceId = trace.traceId;
  x.spanId = trace.spanId;
  x.parentSpanId = trace.parentId;
  x.sampled = trace.sampled;
  return trace;
}

/** The span of a hop that is over; undefined when it is not recorded. */
export function spanFacts(x: Exchange): SpanFacts | undefined {
  const { service } = x;
  const { tracing } = service;
  if (!tracing) return undefined;
  if (!x.sampled && !(isTold(x) && tracing.sampler.keepOutcome())) return undefined;
  // A request that was refused before its trace was looked at has one of its own.
  if (x.spanId === '') beginSpan(x, tracing, undefined, false);
  const { request, endpoint } = x;
  const called = service.role === 'gateway' && x.sentMs > 0;
  return {
    id: x.spanId,
    parentId: x.parentSpanId,
    ...(called && { clientId: clientSpanOf(x.spanId) }),
    sampled: x.sampled,
    http: request.version,
    scheme: request.connection.tls === undefined ? 'http' : 'https',
    ...(endpoint !== undefined && { peer: endpoint.name }),
    ...(x.sentMs > 0 && { sentMs: Math.round((x.sentMs - x.startMs) * 1000) / 1000 }),
    ...(x.resends > 0 && { resends: x.resends }),
    ...((x.grpc || x.grpcStatus >= 0) && { grpc: true as const }),
    ...(tracing.tags.length > 0 && { tags: tagsOf(x, tracing) }),
  };
}

/** Refusals of policy and failures are worth a span whatever the share; what a stranger can cause at will (no route, broken HTTP) is not. */
function isTold(x: Exchange): boolean {
  return x.failed || x.status >= 500 || (x.code !== undefined && isPolicy(x.code));
}

function isPolicy(code: DenyCode): boolean {
  return code.startsWith('rbac.') || code.startsWith('jwt.') || code.startsWith('mtls.') || code === 'listener.foreign';
}

function tagsOf(x: Exchange, { tags }: Tracing): Record<string, string> {
  const values = { __proto__: null } as unknown as Record<string, string>;
  for (const [name, tag] of tags)
    values[name] = 'literal' in tag ? tag.literal : (x.header(tag.header) ?? tag.otherwise).slice(0, TAG_CHARS_MAX);
  return values;
}
