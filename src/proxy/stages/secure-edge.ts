import { sniffClientHello } from '#wire/tls/sniff-hello.ts';
import { Arrival } from '../arrival.ts';
import { reason } from '../reasons.ts';
import { serveTcp } from '../tcp.ts';
import type { Edge } from '../edge.ts';
import type { Service } from '../service.ts';

/**
 * A gateway's TLS port: the server name of the client's hello chooses the listener. What passes through goes on as it is; for the others the
 * handshake is the listener's own. No listener for the name, or one that is closed: the connection is, and no other certificate is shown.
 */
export function secureEdge(a: Arrival, edge: Edge<Service>): void {
  const { service, slot, socket, runtime } = a;
  const timeoutMs = service.config.limits.tlsHandshakeTimeoutMs;
  sniffClientHello(socket, { timers: runtime.timers, timeoutMs }, (hello, why) => {
    if (!hello) {
      // Who stays silent or hangs up is nobody's concern.
      if (why === 'gone') socket.destroy();
      else
        slot.refuse(a, 'request.invalid', [
          reason('DEFAULT', 'tls', [], why, '', 'the connection does not begin with a TLS hello'),
        ]);
      return;
    }
    const { serverName } = hello;
    const listener = edge.find(serverName);
    if (listener === undefined)
      slot.refuse(a, 'route.none', [
        reason('DEFAULT', 'connection.sni', [], serverName, '', 'no listener is for this server name'),
      ]);
    else if (listener.closed !== undefined)
      slot.refuse(a, 'config.closed', [
        reason('DEFAULT', 'listener', [], listener.id, '', `the listener is closed: ${listener.closed}`),
      ]);
    else if (listener.secure?.mode === 'Passthrough')
      serveTcp(new Arrival(runtime, slot, listener.service, socket, undefined, '', serverName));
    else slot.edgeHandshake(a, listener, serverName);
  });
}
