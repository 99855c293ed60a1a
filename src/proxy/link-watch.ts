// What a connection tells of the link that it belongs to.
import type { Socket } from 'node:net';
import type { ConnectionInfo } from '#wire/types.ts';
import type { Runtime } from './runtime.ts';
import type { Service } from './service.ts';

/** Tells the link that a connection belongs to how it is protected, and for how long it is open. */
export function watchLink(runtime: Runtime, service: Service, socket: Socket, tls: ConnectionInfo['tls']): void {
  const closed = service.counters.link(tls?.peerIdentity ?? '')?.opened(tls, service, runtime.clock.nowMs());
  if (closed) socket.once('close', closed);
}
