import type { Exchange } from '../exchange.ts';
import type { Step } from './step.ts';

const CLIENT_CERT = 'x-forwarded-client-cert';
const FORWARDED_CHARS_MAX = 8192;

/** Tells the next hop what was verified here: the session, and to the application who calls, in the form that Envoy and Istio use. */
export function vouch(x: Exchange): Step {
  const { headers, service } = x;
  const clientCertificate = x.request.connection.tls?.clientCertificate;
  if (x.sessionId !== '') headers.add('x-cullis-session-id', 'x-cullis-session-id', x.sessionId);
  if (service.role === 'sidecar-in' && x.sourceIdentity !== undefined) {
    const own = `By=${service.identity};URI=${x.sourceIdentity}`;
    // A peer's proxy says whose certificate it saw at the edge; the workload behind it cannot, since its own copy ends there.
    const before = x.trustedPeer ? x.request.headers.get(CLIENT_CERT) : undefined;
    const passes = before !== undefined && before.length <= FORWARDED_CHARS_MAX;
    headers.add(CLIENT_CERT, CLIENT_CERT, passes ? `${before},${own}` : own);
    headers.add('x-cullis-source-identity', 'x-cullis-source-identity', x.sourceIdentity);
  }
  if (service.role === 'gateway' && clientCertificate !== undefined) headers.add(CLIENT_CERT, CLIENT_CERT, clientCertificate);
  return 'next';
}
