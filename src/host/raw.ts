// The only file that touches Node's inner socket handles. A raw handle crosses an IPC channel without anything being read from or
// accepted on it in between, which `net.Socket` and `net.Server` cannot promise: they start to read and accept where they arrive.
import type { ChildProcess } from 'node:child_process';
import * as net from 'node:net';
import { getSystemErrorName } from 'node:util';

/** A TCP handle of Node's own: a connection, or a bound address that nobody listens on yet. */
export interface RawHandle {
  close(): void;
  getsockname(out: object): number;
}

interface Inner {
  _createServerHandle(ip: string, port: number, family: 4 | 6, fd: undefined, flags: number): RawHandle | number;
}

/** Binds `ip:port` in this process's network and does not listen. @throws an error with the system's code */
export function bindRaw(ip: string, port: number): RawHandle {
  const made = (net as unknown as Inner)._createServerHandle(ip, port, net.isIPv6(ip) ? 6 : 4, undefined, 0);
  if (typeof made === 'number') throw systemError(made, `bind ${ip}:${port}`);
  // libuv keeps EADDRINUSE back until the handle is first used.
  const late = made.getsockname({});
  if (late !== 0) {
    made.close();
    throw systemError(late, `bind ${ip}:${port}`);
  }
  return made;
}

/** The handle inside a socket, undefined when it is closed. The socket still owns it: destroy it after the handle was sent. */
export function rawOf(socket: net.Socket): RawHandle | undefined {
  return (socket as unknown as { _handle: RawHandle | null })._handle ?? undefined;
}

/**
 * A socket around a connected handle: half open allowed, Nagle's algorithm off. Nothing is read until someone listens for data, and an
 * error before anyone listens for errors is no one's.
 */
export function socketFrom(raw: RawHandle): net.Socket {
  const inner = { handle: raw, manualStart: true, readable: true, writable: true, allowHalfOpen: true, highWaterMark: 64 * 1024 };
  const socket = new net.Socket(inner as unknown as net.SocketConstructorOpts);
  socket.setNoDelay(true);
  socket.on('error', () => {});
  return socket;
}

/** Starts to accept on a bound handle. @throws (rejects) with the system's error */
export async function listenOn(server: net.Server, raw: RawHandle, backlog = 1024): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(raw, backlog, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

type Sender = Pick<ChildProcess, 'send' | 'connected'> | NodeJS.Process;

/** Sends a message with a handle; resolves when the kernel has it, so that the sender may close its own copy. */
export async function sendRaw(to: Sender, message: object, raw: RawHandle): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    if (!to.connected) return reject(new Error('the other process is gone'));
    const done = (error: Error | null): void => (error ? reject(error) : resolve());
    (to as ChildProcess).send(message, raw as unknown as net.Socket, {}, done);
  });
}

function systemError(code: number, what: string): Error {
  const name = getSystemErrorName(code);
  return Object.assign(new Error(`${what}: ${name}`), { code: name });
}
