// Knocking at doors over the network. A door counts as open when the service behind it answered, not when the mesh said no.
import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Knock, NamedPlace, Place } from './targets.ts';

const TIMEOUT_MS = 2_000;
/** Answers that a proxy gives by itself: refused, or nothing behind it. */
const REFUSALS = new Set([400, 401, 403, 404, 421, 429, 502, 503, 504]);

export interface HttpTry {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

export const CHARGE: HttpTry = {
  method: 'POST',
  path: '/api/charge',
  body: { orderId: randomUUID(), customer: 'intruder', amountCents: 1 },
};
export const INVOICES: HttpTry = { method: 'GET', path: '/api/invoices' };

/** One HTTP request in plaintext. */
export function knockHttp(place: Place, what: HttpTry): Promise<Knock> {
  return new Promise((resolve) => {
    const payload = what.body === undefined ? '' : JSON.stringify(what.body);
    const headers = {
      ...(payload ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) } : {}),
      ...what.headers,
    };
    const request = httpRequest(
      { host: place.ip, port: place.port, method: what.method, path: what.path, headers, timeout: TIMEOUT_MS },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          if (text.length < 2_000) text += chunk;
        });
        response.on('error', () => resolve({ reached: false, detail: 'the answer broke off' }));
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          resolve({
            reached: !REFUSALS.has(status),
            detail: `${status} ${text.replace(/\s+/g, ' ').trim().slice(0, 160)}`.trim(),
          });
        });
      },
    );
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', (error) => resolve({ reached: false, detail: plain(error) }));
    request.end(payload);
  });
}

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** The bytes a service of this kind would answer to, and whether what came back is an answer of exactly it: in a namespace of its own, `127.0.0.1` leads home. */
function hello(place: NamedPlace): { readonly send: Buffer; readonly isAnswer: (bytes: Buffer) => boolean } {
  if (place.protocol === 'tcp') return { send: SSL_REQUEST, isAnswer: (bytes) => bytes[0] === 0x53 || bytes[0] === 0x4e };
  const service = place.workload.split('/').at(-1) ?? '';
  const send = Buffer.from(`GET /healthz HTTP/1.1\r\nHost: ${service}\r\nConnection: close\r\n\r\n`);
  return { send, isAnswer: (bytes) => bytes.toString('utf8').includes(`"service":"${service}"`) };
}

function converse(socket: Socket, place: NamedPlace, resolve: (knock: Knock) => void): void {
  const { send, isAnswer } = hello(place);
  let bytes = Buffer.alloc(0);
  const done = (otherwise: string): void => {
    const reached = isAnswer(bytes);
    resolve({ reached, detail: bytes.length > 0 ? shownBytes(bytes) : otherwise });
    socket.destroy();
  };
  socket.setTimeout(TIMEOUT_MS, () => done('no answer'));
  socket.on('error', (error) => done(plain(error)));
  socket.on('close', () => done('connection closed without an answer'));
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes.length > 4_096 || isAnswer(bytes)) done('');
  });
  socket.write(send);
}

/** Plaintext in the service's own protocol, over a bare connection. */
export function knockPlain(place: NamedPlace): Promise<Knock> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host: place.ip, port: place.port });
    converse(socket, place, resolve);
  });
}

/** Mutual TLS with the given certificate; whether the server took it shows only in its answer (TLS 1.3). */
export function knockTls(
  place: NamedPlace,
  certificate: { readonly cert: string; readonly key: string } | undefined,
): Promise<Knock> {
  return new Promise((resolve) => {
    // The attacker does not care whom they are talking to, so the server's certificate is not looked at.
    const socket = connectTls({
      host: place.ip,
      port: place.port,
      rejectUnauthorized: false,
      ALPNProtocols: ['istio', 'http/1.1'],
      ...certificate,
    });
    socket.once('secureConnect', () => converse(socket, place, resolve));
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer')));
    socket.on('error', (error) => resolve({ reached: false, detail: plain(error) }));
    socket.on('close', () => resolve({ reached: false, detail: 'connection closed during the handshake' }));
  });
}

/** A worker's greeting with a made-up token, to a unix socket. */
export function knockSocket(path: string): Promise<Knock> {
  return new Promise((resolve) => {
    const socket = connectTcp({ path });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer')));
    socket.on('connect', () =>
      socket.write(`${JSON.stringify({ type: 'hello', token: randomUUID(), name: 'proxy/1', pid: process.pid })}\n`),
    );
    socket.once('data', (bytes: Buffer) => {
      resolve({ reached: /"type":"(snapshot|svid|lease)"/.test(bytes.toString('utf8')), detail: shownBytes(bytes) });
      socket.destroy();
    });
    socket.on('error', (error) => resolve({ reached: false, detail: plain(error) }));
    socket.on('close', () => resolve({ reached: false, detail: 'connection closed without an answer' }));
  });
}

function shownBytes(bytes: Buffer): string {
  return (bytes.toString('latin1').split('\r\n', 1)[0] as string).replace(/[^\x20-\x7e]/g, '.').slice(0, 80);
}

/** What the system said, without its prefix. */
function plain(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code;
  const words: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'connection refused',
    ECONNRESET: 'connection reset',
    ENETUNREACH: 'network unreachable',
    EHOSTUNREACH: 'host unreachable',
    ENOENT: 'not there',
    EACCES: 'no permission',
    EPIPE: 'connection reset',
    HPE_INVALID_CONSTANT: 'no HTTP answer',
  };
  const { reason } = error as { reason?: string };
  if (reason !== undefined) return `TLS: ${reason}`;
  return (
    (code === undefined ? undefined : words[code]) ??
    (error.message === 'socket hang up' ? 'connection closed without an answer' : error.message.slice(0, 120))
  );
}
