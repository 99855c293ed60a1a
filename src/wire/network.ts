// The machine's own network as a Network: what plain mode uses.
import { type Server, type Socket, connect as netConnect, createServer } from 'node:net';
import { CullisError, messageOf } from '#base/errors.ts';
import type { Listener, Network } from './types.ts';

export interface NetworkOptions {
  /** Open connections per listener; one more is closed at once. */
  readonly connectionsMax: number;
  /** A connection was refused for that reason. */
  readonly onRefused?: (ip: string, port: number) => void;
}

interface Address {
  readonly ip: string;
  readonly port: number;
  readonly namespaceOf?: string;
}

/**
 * Opens plain TCP listeners and connections; `namespaceOf` is passed over. Sockets have Nagle's algorithm off and may be half open, and are
 * not read from before somebody listens to them.
 */
export function machineNetwork(options: NetworkOptions): Network {
  return {
    listen: (address, onConnection) => listen(address, onConnection, options),
    connect,
  };
}

function listen(address: Address, onConnection: (socket: Socket) => void, options: NetworkOptions): Promise<Listener> {
  const where = `${address.ip}:${address.port}`;
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true, noDelay: true, highWaterMark: 64 * 1024 }, onConnection);
    server.maxConnections = options.connectionsMax;
    const failed = (error: Error): void => {
      reject(new CullisError('listen.failed', `cannot listen on \`${where}\`: ${messageOf(error)}`, { cause: error }));
    };
    server.once('error', failed);
    server.listen({ host: address.ip, port: address.port, backlog: 1024 }, () => {
      server.off('error', failed);
      // An accept that fails (out of descriptors) is the connection's loss, not the listener's.
      server.on('error', () => {});
      const bound = server.address();
      const port = bound !== null && typeof bound === 'object' ? bound.port : address.port;
      if (options.onRefused) server.on('drop', () => options.onRefused?.(address.ip, port));
      resolve({ ip: address.ip, port, close: () => close(server) });
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // The callback waits for open connections as well, which go on; the listener itself is gone when `close` returns.
    if (server.listening) server.close();
    resolve();
  });
}

function connect(address: Address, timeoutMs: number): Promise<Socket> {
  const where = `${address.ip}:${address.port}`;
  return new Promise((resolve, reject) => {
    const socket = netConnect({ host: address.ip, port: address.port, noDelay: true, allowHalfOpen: true });
    const failed = (reason: string, cause?: unknown): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new CullisError('upstream.unreachable', `\`${where}\` cannot be reached: ${reason}`, { cause }));
    };
    const onError = (error: Error): void => failed(messageOf(error), error);
    const timer = setTimeout(() => failed(`no answer within ${timeoutMs} ms`), timeoutMs);
    socket.once('error', onError);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', onError);
      // Whoever takes the socket over adds a listener of their own; an error until then must not end the process.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}
