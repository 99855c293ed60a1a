// What stands behind the live sidecars: one application a protocol, and the external authorizers of Istio's own tests.
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import type { Metadata } from './live-calls.ts';
import { MessageWriter, readMessage } from '#wire/grpc/protobuf.ts';
import { grpcFrame, grpcMessages, http2App } from '../fakes/http2.ts';

export interface LiveApp {
  readonly port: number;
  close(): void;
}

/** Header of an answer by which an application shows what reached it: base64 of a JSON object of headers. */
export const SEEN = 'x-seen';

const shown = (headers: Metadata): string => Buffer.from(JSON.stringify(headers)).toString('base64');

/** Answers every request with the target it saw, byte by byte. */
export async function http1Echo(): Promise<LiveApp> {
  const server = createServer((socket) => {
    let seen = '';
    socket.on('error', () => {});
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      seen += chunk;
      for (let end = seen.indexOf('\r\n\r\n'); end >= 0; end = seen.indexOf('\r\n\r\n')) {
        const head = seen.slice(0, end);
        const target = head.slice(head.indexOf(' ') + 1, head.indexOf(' HTTP/1.1\r\n'));
        const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
        seen = seen.slice(end + 4 + length);
        const headers = Object.fromEntries(
          head
            .split('\r\n')
            .slice(1)
            .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
        );
        socket.write(
          `HTTP/1.1 200 OK\r\n${SEEN}: ${shown(headers)}\r\nContent-Length: ${target.length}\r\n\r\n${target}`,
          'latin1',
        );
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

/** The same over HTTP/2 with prior knowledge; a gRPC call gets its own message back, and a status. */
export async function http2Echo(): Promise<LiveApp> {
  const app = await http2App((stream, headers) => {
    const grpc = headers['content-type'] === 'application/grpc';
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const type = grpc ? { 'content-type': 'application/grpc' } : {};
      stream.respond({ ':status': 200, ...type, [SEEN]: shown(headers as Metadata) }, { waitForTrailers: grpc });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(grpc ? Buffer.concat(chunks) : headers[':path']);
    });
  });
  return { port: app.port, close: () => void app.close() };
}

export async function tcpEcho(): Promise<LiveApp> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

const RECEIVED = 'x-ext-authz-check-received';
const OVERRIDE = 'x-ext-authz-additional-header-override';
const DENIED = 'denied by ext_authz for not found header `x-ext-authz: allow` in the request';

/** Allows what has `x-ext-authz: allow`. */
export async function httpAuthorizer(): Promise<LiveApp> {
  const server = createHttpServer((request, response) => {
    const allowed = request.headers['x-ext-authz'] === 'allow';
    response.writeHead(allowed ? 200 : 403, {
      [RECEIVED]: JSON.stringify(request.headers),
      [OVERRIDE]: request.headers[OVERRIDE] ?? '',
    });
    response.end(allowed ? '' : DENIED);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The same over gRPC; without the header, as over TCP, the caller's account must be `a`. */
export async function grpcAuthorizer(): Promise<LiveApp> {
  const app = await http2App((stream) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      const [message] = grpcMessages(Buffer.concat(chunks));
      stream.end(grpcFrame(checked(message ?? Buffer.alloc(0)).finish()));
    });
  });
  return { port: app.port, close: () => void app.close() };
}

/** Values at a way of field numbers through nested messages. */
function at(message: Buffer, [field, ...rest]: readonly number[]): Buffer[] {
  return [...readMessage(message)]
    .filter((one) => one.field === field)
    .flatMap(({ bytes }) => (rest.length > 0 ? at(bytes, rest) : [bytes]));
}

function checked(message: Buffer): MessageWriter {
  const headers = Object.fromEntries(
    at(message, [1, 4, 2, 3]).map((entry) => [String(at(entry, [1])[0] ?? ''), String(at(entry, [2])[0] ?? '')]),
  );
  const principal = String(at(message, [1, 1, 4])[0] ?? '');
  const header = headers['x-ext-authz'];
  const allowed = header === undefined ? principal.endsWith('/sa/a') : header === 'allow';
  const options = [
    [RECEIVED, JSON.stringify({ principal, headers })],
    [OVERRIDE, 'grpc-additional-header-override-value'],
  ].map(([key, value]) => new MessageWriter().message(1, new MessageWriter().text(1, key!).text(2, value!)));
  const response = new MessageWriter();
  for (const option of options) response.message(2, option);
  if (allowed) return new MessageWriter().message(3, response);
  response.message(1, new MessageWriter().uint(1, 403)).text(3, DENIED);
  return new MessageWriter().message(1, new MessageWriter().uint(1, 7)).message(2, response);
}
