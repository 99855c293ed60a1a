// Certificates that clients of a gateway show: verified against the listener's own authorities.
import type { ListenerTls } from '#plan/plan.ts';
import { clientTrust, verifyClientChain } from '#pki/verify-client.ts';
import type { VerifyPeer } from '#wire/tls/types.ts';
import type { Runtime } from './runtime.ts';

/**
 * Judges client certificates. A name of the mesh's own trust domain is believed only when the mesh signed it: no authority that a Gateway names may
 * speak for workloads. With AllowInsecureFallback a bad certificate counts as none.
 */
export function clientVerifier(
  runtime: Pick<Runtime, 'clock' | 'identities'>,
  clients: NonNullable<ListenerTls['clients']>,
): VerifyPeer {
  const trust = clientTrust(clients.roots);
  const judge: VerifyPeer = (chainDer) => {
    const verdict = verifyClientChain(chainDer, trust, runtime.clock.nowMs());
    if (!verdict.ok) return verdict;
    const { identity, serial, notAfterMs } = verdict.certificate;
    if (identity !== '' && runtime.identities.isOfMesh(identity)) return runtime.identities.verify(chainDer, 'client');
    return { ok: true, identity, serial, notAfterMs };
  };
  if (clients.mode === 'AllowValidOnly') return judge;
  return (chainDer) => {
    const verdict = judge(chainDer);
    return verdict.ok ? verdict : { ok: true, identity: '', serial: '', ignored: true };
  };
}
