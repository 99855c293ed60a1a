// Tells TLS from plaintext by the first byte of a connection, and puts the byte back: what PERMISSIVE ports need.
import type { Socket } from 'node:net';
import type { TimerWheel } from '../timers.ts';

/** ContentType handshake of a TLS record (RFC 8446 section 5.1); no HTTP method and no common plaintext protocol begins with it. */
const HANDSHAKE = 0x16;

/** At module level: a closure made in `sniffTls` would keep what it refers to, the caller's whole configuration, for as long as the socket lives. */
const ignore = (): void => {};

/**
 * Waits for the first byte.
 * @param done called once: `tls` or `plain` with the socket unread and the bytes that were put back, `closed` when it ended or stayed silent for `timeoutMs`
 */
export function sniffTls(
  socket: Socket,
  options: { readonly timers: TimerWheel; readonly timeoutMs: number },
  done: (kind: 'tls' | 'plain' | 'closed', first?: Buffer) => void,
): void {
  const timer = options.timers.timer(() => {
    settle('closed');
    socket.destroy();
  });
  const settle = (kind: 'tls' | 'plain' | 'closed', first?: Buffer): void => {
    timer.clear();
    socket.off('readable', onReadable);
    socket.off('end', onGone);
    socket.off('close', onGone);
    done(kind, first);
  };
  const onReadable = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null || chunk.length === 0) return;
    socket.off('readable', onReadable);
    // Stays paused until whoever takes the socket over asks for data.
    socket.pause();
    socket.unshift(chunk);
    settle(chunk[0] === HANDSHAKE ? 'tls' : 'plain', chunk);
  };
  const onGone = (): void => {
    settle('closed');
    socket.destroy();
  };
  timer.arm(options.timeoutMs);
  socket.on('error', ignore);
  socket.on('readable', onReadable);
  socket.on('end', onGone);
  socket.on('close', onGone);
}
