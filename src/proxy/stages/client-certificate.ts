import { reason } from '../reasons.ts';
import { type Refusal, refuse } from '../refuse.ts';
import type { Exchange } from '../exchange.ts';
import type { Step } from './step.ts';

const EXPIRED: Refusal = {
  status: 403,
  code: 'mtls.identity',
  reasons: [
    reason('DEFAULT', 'certificate', [], '', '', 'the certificate that the client showed when it connected has ended since'),
  ],
  close: true,
};

/**
 * Gateway: who calls, where the listener asks clients for certificates. A SPIFFE id in one is what policies see as the principal; it makes
 * nobody a peer of the mesh, so what the client says of itself is believed no more than anybody's.
 */
export function clientCertificate(x: Exchange): Step | Promise<Step> {
  const { tls } = x.request.connection;
  if (tls === undefined || tls.peerSerial === '') return 'next';
  if (tls.peerNotAfterMs !== undefined && x.runtime.clock.nowMs() >= tls.peerNotAfterMs + 1000) return refuse(x, EXPIRED);
  if (tls.peerIdentity !== '') x.sourceIdentity = tls.peerIdentity;
  return 'next';
}
