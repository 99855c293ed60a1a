// Reads a client's whole hello and puts it back: where the server name decides whose handshake it is.
import type { Socket } from 'node:net';
import type { TimerWheel } from '../timers.ts';
import { type ClientHello, HELLO_BYTES_MAX, readClientHello } from './client-hello.ts';

/** A hello, and what records add to it. */
const BYTES_MAX = HELLO_BYTES_MAX + 1024;

/**
 * Waits for a ClientHello.
 * @param done called once: with the hello, the socket unread; with undefined and a reason when what came is none, or it did not come within
 * `timeoutMs` (the socket is then destroyed)
 */
export function sniffClientHello(
  socket: Socket,
  options: { readonly timers: TimerWheel; readonly timeoutMs: number },
  done: (hello: ClientHello | undefined, why: 'plaintext' | 'malformed' | 'gone' | '') => void,
): void {
  let bytes: Buffer = Buffer.alloc(0);
  const timer = options.timers.timer(() => end('gone'));
  const settle = (hello: ClientHello | undefined, why: 'plaintext' | 'malformed' | 'gone' | ''): void => {
    timer.clear();
    socket.off('readable', onReadable);
    socket.off('end', onGone);
    socket.off('close', onGone);
    done(hello, why);
  };
  const end = (why: 'plaintext' | 'malformed' | 'gone'): void => {
    settle(undefined, why);
    socket.destroy();
  };
  const onReadable = (): void => {
    for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null)
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    if (bytes.length === 0) return;
    const hello = readClientHello(bytes);
    if (hello === 'more') {
      if (bytes.length > BYTES_MAX) end('malformed');
      return;
    }
    if (hello === undefined) return end(bytes[0] === 0x16 ? 'malformed' : 'plaintext');
    socket.off('readable', onReadable);
    // Stays paused until whoever takes the socket over asks for data.
    socket.pause();
    socket.unshift(bytes);
    settle(hello, '');
  };
  const onGone = (): void => end('gone');
  timer.arm(options.timeoutMs);
  socket.on('error', () => {});
  socket.on('readable', onReadable);
  socket.on('end', onGone);
  socket.on('close', onGone);
}
