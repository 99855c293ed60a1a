// A client and an origin that speak HTTP at the level of bytes, for everything that no well-behaved library would send.
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

export interface RawOutcome {
  /** Everything the server sent, as latin1. */
  readonly text: string;
  /** The server ended or reset the connection within the wait. */
  readonly closed: boolean;
  /** Milliseconds until it was settled. */
  readonly elapsedMs: number;
}

/**
 * Sends bytes on a fresh connection and listens.
 * @param waitMs the longest wait; ends earlier when the server closes, or `quietMs` after the last byte of an answer
 * @param localAddress whose connection it is, of 127.0.0.0/8
 */
export function sendRaw(
  port: number,
  bytes: Buffer | string,
  waitMs: number,
  quietMs = waitMs,
  localAddress?: string,
): Promise<RawOutcome> {
  return new Promise((resolve) => {
    const started = performance.now();
    const chunks: string[] = [];
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, ...(localAddress !== undefined && { localAddress }) });
    const settle = (closed: boolean): void => {
      clearTimeout(deadline);
      clearTimeout(quiet);
      socket.destroy();
      resolve({ text: chunks.join(''), closed, elapsedMs: performance.now() - started });
    };
    const deadline = setTimeout(() => settle(false), waitMs);
    let quiet: NodeJS.Timeout | undefined;
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk.toString('latin1'));
      clearTimeout(quiet);
      quiet = setTimeout(() => settle(false), quietMs);
    });
    socket.on('end', () => settle(true));
    socket.on('close', () => settle(true));
    socket.on('error', () => {});
    socket.write(bytes);
  });
}

/** A TCP server on a free loopback port that remembers its sockets, so that closing it closes everything. */
export async function rawServer(
  onSocket: (socket: Socket) => void,
): Promise<{ readonly port: number; readonly server: Server; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** The status of the first answer in `text`, 0 when there is none. */
export const statusOf = (text: string): number => Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0);

/** The body of the first answer in `text`, framing undone. */
export function bodyOf(text: string): string {
  const at = text.indexOf('\r\n\r\n');
  if (at === -1) return '';
  const head = text.slice(0, at).toLowerCase();
  let rest = text.slice(at + 4);
  const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1];
  if (length !== undefined) return rest.slice(0, Number(length));
  if (!head.includes('transfer-encoding: chunked')) return rest;
  let body = '';
  for (;;) {
    const size = Number.parseInt(rest, 16);
    const start = rest.indexOf('\r\n') + 2;
    if (!(size > 0) || start < 2) return body;
    body += rest.slice(start, start + size);
    rest = rest.slice(start + size + 2);
  }
}
