// HTTP/2 ends for tests, on Node's own implementation: a client, an application, and gRPC's framing.
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
  type ClientSessionOptions,
  type SecureClientSessionOptions,
  connect,
  createServer,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

export interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** RST_STREAM's code, 0 for an orderly end. */
  readonly code: number;
}

/** A session; its errors are looked for in what its requests give. */
export async function http2Session(
  port: number,
  options: ClientSessionOptions | SecureClientSessionOptions = {},
  ip = '127.0.0.1',
  scheme = 'http',
): Promise<ClientHttp2Session> {
  const session = connect(`${scheme}://${ip}:${port}`, options);
  session.on('error', () => {});
  await once(session, 'remoteSettings');
  return session;
}

/** Collects an answer. */
export async function answerOf(stream: ClientHttp2Stream): Promise<Http2Answer> {
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  stream.on('response', (got) => {
    headers = got;
  });
  stream.on('trailers', (got) => {
    trailers = got;
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', () => {});
  if (!stream.closed) await once(stream, 'close');
  return {
    status: Number(headers[':status'] ?? 0),
    headers,
    trailers,
    body: Buffer.concat(chunks),
    code: stream.rstCode ?? 0,
  };
}

/** One request on a session of its own. */
export async function http2Call(
  port: number,
  headers: OutgoingHttpHeaders,
  body?: Buffer | string,
  options: { readonly ip?: string } = {},
): Promise<Http2Answer> {
  const session = await http2Session(port, {}, options.ip);
  try {
    const stream = session.request(headers, { endStream: body === undefined });
    if (body !== undefined) stream.end(body);
    return await answerOf(stream);
  } finally {
    session.destroy();
  }
}

export type Http2Handler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** An application that speaks HTTP/2 with prior knowledge. */
export async function http2App(
  onStream: Http2Handler,
  ip = '127.0.0.1',
): Promise<{ readonly port: number; sessions(): number; close(): Promise<void> }> {
  const server = createServer({ settings: { enableConnectProtocol: true } });
  const open = new Set<{ destroy(): void }>();
  let count = 0;
  server.on('session', (session) => {
    count++;
    open.add(session);
    session.on('close', () => open.delete(session));
    session.on('error', () => {});
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => {});
    onStream(stream, headers);
  });
  server.listen(0, ip);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    sessions: () => count,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of open) session.destroy();
      }),
  };
}

/** A message with gRPC's five bytes before it. */
export function grpcFrame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** The whole messages in `bytes`. */
export function grpcMessages(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at + 5 <= bytes.length;) {
    const size = bytes.readUInt32BE(at + 1);
    found.push(bytes.subarray(at + 5, at + 5 + size));
    at += 5 + size;
  }
  return found;
}

export const GRPC_REQUEST = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' } as const;

/** The status of a gRPC answer, wherever it stands; -1 when there is none. */
export function grpcStatusIn({ headers, trailers }: Pick<Http2Answer, 'headers' | 'trailers'>): number {
  const text = trailers['grpc-status'] ?? headers['grpc-status'];
  return typeof text === 'string' ? Number(text) : -1;
}
