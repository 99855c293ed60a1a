import type { Socket } from 'node:net';
import type { ConnectionInfo } from './types.ts';

/** IPv4 addresses of a dual-stack socket in their own form. */
const plain = (address: string | undefined): string => (address === undefined ? '' : address.replace(/^::ffff:(?=\d+\.)/i, ''));

/** Where a connection comes from and goes to, asked once: the socket forgets it when it closes. */
export function connectionInfo(socket: Socket, tls: ConnectionInfo['tls']): ConnectionInfo {
  return {
    socket,
    remoteAddress: plain(socket.remoteAddress),
    remotePort: socket.remotePort ?? 0,
    localAddress: plain(socket.localAddress),
    localPort: socket.localPort ?? 0,
    ...(tls && { tls }),
  };
}
