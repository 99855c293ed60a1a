import { sniffTls } from '#wire/tls/sniff.ts';
import type { Arrival } from '../arrival.ts';
import { mutualTlsRequired } from '../reasons.ts';
import type { Step } from './step.ts';

/**
 * TLS as the port's mode says. The handshake continues in the listener's acceptor, which comes back with a verified peer behind this
 * station; a plaintext connection goes on from here, or is reset where the port is STRICT.
 */
export function secure(a: Arrival): Step | Promise<Step> {
  const { service, slot, socket, runtime } = a;
  if (service.mtls === 'DISABLE') return 'next';
  return new Promise((resolve) => {
    sniffTls(socket, { timers: runtime.timers, timeoutMs: service.config.limits.tlsHandshakeTimeoutMs }, (kind) => {
      if (kind === 'tls') slot.handshake(a);
      else if (kind === 'plain' && service.mtls === 'PERMISSIVE') {
        resolve('next');
        return;
      } else if (kind === 'plain' && service.mtls === 'STRICT') slot.refuse(a, 'mtls.required', [mutualTlsRequired(service.mtlsAt)]);
      else socket.destroy();
      resolve('done');
    });
  });
}
