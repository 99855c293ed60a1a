// The serving side of HTTP/2: the face; server-connection.ts does the work.
import type { Socket } from 'node:net';
import type { ServeOptions } from '../http1/serve-options.ts';
import type { HttpHandler, ServedConnection } from '../types.ts';
import { ServerConnection } from './server-connection.ts';

/**
 * Speaks HTTP/2 on an accepted socket, from the client preface on: by ALPN `h2`, or with prior knowledge. Each stream gives the handler one request;
 * a WebSocket by extended CONNECT (RFC 8441) comes as a GET with `upgrade`, as over HTTP/1. Broken rules are answered here and never reach the handler.
 * @param socket plaintext or TLS, not yet read from
 */
export function serveHttp2(socket: Socket, options: ServeOptions, handler: HttpHandler): ServedConnection {
  return new ServerConnection(socket, options, handler);
}
