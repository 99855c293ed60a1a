import { helloProtocols } from '#wire/tls/client-hello.ts';
import { sniffTls } from '#wire/tls/sniff.ts';
import { MESH_ALPN } from '../alpn.ts';
import type { Arrival } from '../arrival.ts';
import { mutualTlsRequired } from '../reasons.ts';
import type { Service } from '../service.ts';
import { secureEdge } from './secure-edge.ts';
import type { Step } from './step.ts';

/**
 * Whether a TLS connection is the application's own: on a PERMISSIVE TCP port, one that does not name the mesh's protocol goes to the application
 * as it is, without an identity (Istio's inbound filter chains).
 */
function isApplications(service: Service, first: Buffer | undefined): boolean {
  if (service.protocol !== 'tcp' || first === undefined) return false;
  const protocols = helloProtocols(first);
  return protocols !== undefined && !protocols.some((name) => name === MESH_ALPN || name.startsWith(`${MESH_ALPN}-`));
}

/**
 * TLS as the port's mode says. The handshake continues in the listener's acceptor, which comes back with a verified peer behind this
 * station; a plaintext connection goes on from here, or is reset where the port is STRICT.
 */
export function secure(a: Arrival): Step | Promise<Step> {
  const { service, slot, socket, runtime } = a;
  if (service.mtls === 'DISABLE') return 'next';
  if (service.edge) {
    secureEdge(a, service.edge);
    return 'done';
  }
  return new Promise((resolve) => {
    sniffTls(socket, { timers: runtime.timers, timeoutMs: service.config.limits.tlsHandshakeTimeoutMs }, (kind, first) => {
      if (service.mtls === 'PERMISSIVE' && (kind === 'plain' || (kind === 'tls' && isApplications(service, first)))) {
        resolve('next');
        return;
      }
      if (kind === 'tls') slot.handshake(a);
      else if (kind === 'plain' && service.mtls === 'STRICT')
        slot.refuse(a, 'mtls.required', [mutualTlsRequired(service.mtlsAt)]);
      else socket.destroy();
      resolve('done');
    });
  });
}
