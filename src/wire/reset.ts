import type { Socket } from 'node:net';

/**
 * Breaks a connection off so that the peer cannot take it for an orderly end: a reset on TCP. TLS tells truncation by itself, and a unix socket
 * has no reset; both are just destroyed.
 */
export function resetSocket(socket: Socket): void {
  if (socket.remoteFamily === undefined || 'encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
}
