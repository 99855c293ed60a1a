// The serving side of HTTP/1.1: the face; server-connection.ts does the work.
import type { Socket } from 'node:net';
import type { ServedConnection, HttpHandler } from '../types.ts';
import type { ServeOptions } from './serve-options.ts';
import { ServerConnection } from './server-connection.ts';

/**
 * Speaks HTTP/1.1 on an accepted socket: keep-alive, pipelining one at a time, streaming bodies with backpressure, 100-continue when the body
 * is first read, upgrade. Framing errors are answered here and never reach the handler.
 * @param socket plaintext or TLS, not yet read from
 */
export function serveHttp1(socket: Socket, options: ServeOptions, handler: HttpHandler): ServedConnection {
  return new ServerConnection(socket, options, handler);
}
