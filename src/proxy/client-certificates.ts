// Certificates that clients of a gateway show: verified against the listener's own authorities, and what of them goes on.
import type { ListenerTls } from '#plan/plan.ts';
import { type ClientCertificate, clientTrust, verifyClientChain } from '#pki/verify-client.ts';
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
    const { certificate } = verdict;
    const claim = {
      serial: certificate.serial,
      notAfterMs: certificate.notAfterMs,
      clientCertificate: forwardedForm(certificate),
    };
    if (certificate.identity === '') return { ok: true, identity: '', ...claim };
    if (runtime.identities.isOfMesh(certificate.identity)) {
      const own = runtime.identities.verify(chainDer, 'client');
      return own.ok ? { ...own, ...claim } : own;
    }
    return { ok: true, identity: certificate.identity, ...claim };
  };
  if (clients.mode === 'AllowValidOnly') return judge;
  return (chainDer) => {
    const verdict = judge(chainDer);
    return verdict.ok ? verdict : { ok: true, identity: '', serial: '' };
  };
}

/** An element of X-Forwarded-Client-Cert, in Envoy's form. */
function forwardedForm({ fingerprint, subject, uris, dnsNames }: ClientCertificate): string {
  return [
    `Hash=${fingerprint}`,
    `Subject=${quoted(subject)}`,
    ...uris.map((uri) => `URI=${plainOrQuoted(uri)}`),
    ...dnsNames.map((name) => `DNS=${plainOrQuoted(name)}`),
  ].join(';');
}

function plainOrQuoted(text: string): string {
  return /^[A-Za-z0-9:/._~*@%+-]+$/.test(text) ? text : quoted(text);
}

/** Nothing of a certificate may end the field or begin another element: quotes are escaped, other than printable ASCII is replaced. */
function quoted(text: string): string {
  return `"${text.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll(/["\\]/g, '\\$&')}"`;
}
