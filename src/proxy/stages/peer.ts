import { mutualTlsRequired } from '../reasons.ts';
import { type Refusal, refuse } from '../refuse.ts';
import type { Exchange } from '../exchange.ts';
import { EXPIRED as ENDED } from '../trust.ts';
import type { Step } from './step.ts';

const EXPIRED: Refusal = { status: 403, code: 'mtls.identity', reasons: [ENDED] };

/** Who called, by the certificate alone. Asked again for every request, since the port's mode may have changed under an open connection. */
export function peer(x: Exchange): Step | Promise<Step> {
  const { tls } = x.request.connection;
  if (tls && tls.peerIdentity !== '') {
    if (tls.peerNotAfterMs !== undefined && x.runtime.clock.nowMs() >= tls.peerNotAfterMs)
      return refuse(x, { ...EXPIRED, close: true });
    x.sourceIdentity = tls.peerIdentity;
    x.trustedPeer = true;
  }
  const { mtls, mtlsAt } = x.service;
  if (mtls !== 'STRICT' || x.sourceIdentity !== undefined) return 'next';
  return refuse(x, { status: 403, code: 'mtls.required', reasons: [mutualTlsRequired(mtlsAt)], close: true });
}
