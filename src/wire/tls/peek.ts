// Reads whom a TLS client calls, and puts every byte back: what decides about a connection that is passed on as it is.
import type { Socket } from 'node:net';
import type { TimerWheel } from '../timers.ts';
import { type ClientHello, HELLO_BYTES_MAX, readClientHello } from './client-hello.ts';

export type PeekedName =
  | { readonly ok: true; /** Lower case. */ readonly name: string }
  | { readonly ok: false; readonly why: string };

/**
 * The one server name that a client says openly. The socket comes back paused and unread.
 * @returns not ok for plaintext, for a client that says no name or hides it (ECH: the open name would be a disguise), and for one that takes too long
 */
export function peekServerName(
  socket: Socket,
  options: { readonly timers: TimerWheel; readonly timeoutMs: number },
): Promise<PeekedName> {
  return new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0);
    const timer = options.timers.timer(() => settle({ ok: false, why: 'it did not say so in time' }));
    const settle = (found: PeekedName): void => {
      timer.clear();
      socket.off('readable', onReadable);
      socket.off('end', onGone);
      socket.off('close', onGone);
      socket.pause();
      if (bytes.length > 0 && !socket.destroyed) socket.unshift(bytes);
      resolve(found);
    };
    const onReadable = (): void => {
      const chunk = socket.read() as Buffer | null;
      if (chunk === null || chunk.length === 0) return;
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const hello = readClientHello(bytes);
      if (typeof hello === 'object') settle(judge(hello));
      else if (hello === undefined || bytes.length > 2 * HELLO_BYTES_MAX)
        settle({ ok: false, why: 'what it sent is no TLS ClientHello' });
    };
    const onGone = (): void => settle({ ok: false, why: 'the connection ended before it did' });
    timer.arm(options.timeoutMs);
    socket.on('readable', onReadable);
    socket.on('end', onGone);
    socket.on('close', onGone);
  });
}

function judge({ serverName, encrypted }: ClientHello): PeekedName {
  if (encrypted) return { ok: false, why: 'it hides the name (encrypted ClientHello)' };
  return serverName === '' ? { ok: false, why: 'it names no server (SNI)' } : { ok: true, name: serverName };
}
