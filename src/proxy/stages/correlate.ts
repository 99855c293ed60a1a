import { fromEdge, fromMesh } from '../client-address.ts';
import { Sessions, cookieValue } from '../sessions.ts';
import { beginSpan } from '../span.ts';
import { continueTrace } from '../trace.ts';
import type { Exchange } from '../exchange.ts';
import type { Step } from './step.ts';

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;
const HOST = /^[A-Za-z0-9._:[\]-]{1,255}$/;
const TRACESTATE_CHARS_MAX = 512;

/**
 * Request id, trace, session and the way the request came. A verified peer of the mesh is believed, and so is the workload itself on its
 * own outbound listener; a stranger's copies are replaced.
 */
export function correlate(x: Exchange): Step {
  const received = x.request.headers;
  const { ids } = x.runtime;
  const { role, config } = x.service;
  const believed = x.trustedPeer || role === 'sidecar-out';
  const { headers } = x;

  const requestId = believed ? received.get('x-request-id') : undefined;
  x.requestId = requestId !== undefined && REQUEST_ID.test(requestId) ? requestId : ids.uuid4();
  headers.add('x-request-id', 'x-request-id', x.requestId);

  const context = received.get('traceparent') === undefined ? undefined : single(received.all('traceparent'));
  const { tracing } = x.service;
  const trace = tracing
    ? beginSpan(x, tracing, context, believed || (role === 'gateway' && config.mesh.numTrustedProxies > 0))
    : continueTrace(context, ids);
  x.traceId = trace.traceId;
  headers.add('traceparent', 'traceparent', trace.traceparent);
  if (trace.continued) {
    const state = received.get('tracestate') === undefined ? '' : received.all('tracestate').join(',');
    if (state !== '' && state.length <= TRACESTATE_CHARS_MAX) headers.add('tracestate', 'tracestate', state);
  }

  const session = believed ? (received.get('x-cullis-session-id') ?? '') : '';
  if (session !== '' && Sessions.isId(session)) x.sessionId = session;
  else if (config.sessionCookie !== '') {
    const value = cookieValue(headers.get('cookie'), config.sessionCookie);
    if (value !== '') x.sessionId = config.sessions.ofCookie(value);
  }
  way(x, believed);
  return 'next';
}

/** X-Forwarded-For, -Proto and -Host, and with them the client's address. */
function way(x: Exchange, believed: boolean): void {
  const received = x.request.headers;
  const { role, config } = x.service;
  const { numTrustedProxies } = config.mesh;
  const { headers } = x;
  const list = received.get('x-forwarded-for') === undefined ? undefined : received.all('x-forwarded-for').join(',');
  if (role === 'sidecar-out') {
    // The workload speaks for whoever called it, or for itself: then there is nothing to say yet.
    if (list !== undefined) headers.add('x-forwarded-for', 'x-forwarded-for', list);
  } else {
    const forwarded =
      role === 'gateway'
        ? fromEdge(list, x.sourceIp, numTrustedProxies)
        : fromMesh(believed ? list : undefined, x.sourceIp, numTrustedProxies);
    x.remoteIp = forwarded.remoteIp;
    headers.add('x-forwarded-for', 'x-forwarded-for', forwarded.header);
  }
  const kept = believed || (role === 'gateway' && numTrustedProxies > 0);
  const proto = kept ? received.get('x-forwarded-proto') : undefined;
  const known = proto === 'http' || proto === 'https';
  if (known || role !== 'sidecar-out') {
    headers.add('x-forwarded-proto', 'x-forwarded-proto', known ? proto : x.service.mtls === 'edge' ? 'https' : 'http');
  }
  const host = kept ? received.get('x-forwarded-host') : undefined;
  if (host !== undefined && HOST.test(host)) headers.add('x-forwarded-host', 'x-forwarded-host', host);
  else if (role === 'gateway') headers.add('x-forwarded-host', 'x-forwarded-host', x.host);
}

/** Several traceparents are no traceparent (W3C Trace Context section 3.2.2). */
function single(values: readonly string[]): string | undefined {
  return values.length === 1 ? values[0] : undefined;
}
