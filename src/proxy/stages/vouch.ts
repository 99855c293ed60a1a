import type { Exchange } from '../exchange.ts';
import type { Step } from './step.ts';

/** Tells the next hop what was verified here: the session, and to the application who calls, in the form that Envoy and Istio use. */
export function vouch(x: Exchange): Step {
  const { headers, service } = x;
  if (x.sessionId !== '') headers.add('x-cullis-session-id', 'x-cullis-session-id', x.sessionId);
  if (service.role === 'sidecar-in' && x.sourceIdentity !== undefined) {
    headers.add('x-forwarded-client-cert', 'x-forwarded-client-cert', `By=${service.identity};URI=${x.sourceIdentity}`);
    headers.add('x-cullis-source-identity', 'x-cullis-source-identity', x.sourceIdentity);
  }
  return 'next';
}
