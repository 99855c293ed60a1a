import { clientCertElement, forwardedElements } from '../client-cert.ts';
import type { Exchange } from '../exchange.ts';
import type { Step } from './step.ts';

const NAME = 'x-forwarded-client-cert';

/**
 * Tells the next hop what was verified here: the session, and who calls, in the form that Envoy and Istio use. A sidecar appends to what a peer of the
 * mesh forwarded of hops before (APPEND_FORWARD), a gateway begins anew (SANITIZE_SET); what anybody else sent was stripped.
 */
export function vouch(x: Exchange): Step {
  const { headers, service } = x;
  if (x.sessionId !== '') headers.add('x-cullis-session-id', 'x-cullis-session-id', x.sessionId);
  if (service.role === 'sidecar-in' && x.sourceIdentity !== undefined) {
    const received = x.trustedPeer ? x.request.headers.get(NAME) : undefined;
    const before = received === undefined ? '' : forwardedElements(x.request.headers.all(NAME));
    const own = clientCertElement(service.identity, x.request.connection.tls!);
    headers.add(NAME, NAME, before === '' ? own : `${before},${own}`);
    headers.add('x-cullis-source-identity', 'x-cullis-source-identity', x.sourceIdentity);
  } else if (service.role === 'gateway') {
    const { tls } = x.request.connection;
    if (tls?.peerHash !== undefined) headers.add(NAME, NAME, clientCertElement(service.identity, tls));
  }
  return 'next';
}
