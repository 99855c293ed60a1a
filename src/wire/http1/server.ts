// The serving side of HTTP/1.1: the face; server-connection.ts does the work.
import type { Socket } from 'node:net';
import type { Limits } from '#model/platform.ts';
import type { TimerWheel } from '../timers.ts';
import type { ConnectionInfo, Http1Connection, Http1Handler } from '../types.ts';
import type { RefusalKind } from './refusals.ts';
import { ServerConnection } from './server-connection.ts';

export interface ServeOptions {
  readonly limits: Limits;
  readonly timers: TimerWheel;
  /** What the handshake showed, when the socket is a TLS one. */
  readonly tls?: ConnectionInfo['tls'];
  /** Called once when the socket is gone. */
  readonly onClose?: () => void;
  /** A message broke a rule and is answered by the codec. What it returns becomes the `instance` of the problem body: an opaque reference. */
  readonly onError?: (kind: RefusalKind, status: number, info: ConnectionInfo) => string | undefined;
  /** The handler threw: a bug. The client gets a bare 500. Without this function the error is thrown on. */
  readonly onBug?: (error: unknown) => string | undefined;
}

/**
 * Speaks HTTP/1.1 on an accepted socket: keep-alive, pipelining one at a time, streaming bodies with backpressure, 100-continue when the body
 * is first read, upgrade. Framing errors are answered here and never reach the handler.
 * @param socket plaintext or TLS, not yet read from
 */
export function serveHttp1(socket: Socket, options: ServeOptions, handler: Http1Handler): Http1Connection {
  return new ServerConnection(socket, options, handler);
}
