// What every service of the shop stands on: a small router over node:http, JSON in and out, everything bounded, and an end that is clean.
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { inContext } from './context.ts';
import { log, startShipping, stopShipping } from './log.ts';

const BODY_BYTES_MAX = 64 * 1024;

export interface ShopRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Values of the `:name` segments of the route. */
  readonly params: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  /** Parsed JSON object; empty when the request has no body. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** An object is sent as JSON, text as it is. */
  readonly body: object | string;
}

export type Handler = (request: ShopRequest) => Answer | Promise<Answer>;
/** Method, path with `:name` segments, handler. */
export type Route = readonly [method: string, path: string, handler: Handler];

/** An answer other than 200, thrown from anywhere inside a handler. `message` is shown to the caller. */
export class HttpProblem extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const actual = path.split('/');
  if (wanted.length !== actual.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const value = actual[i] ?? '';
    if (part.startsWith(':')) {
      if (!/^[\w.-]{1,64}$/.test(value)) return undefined;
      params[part.slice(1)] = value;
    } else if (part !== value) return undefined;
  }
  return params;
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) throw new HttpProblem(413, `more than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  if (size === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new HttpProblem(400, 'the body is not JSON');
  }
  if (typeof value !== 'object' || value === null) throw new HttpProblem(400, 'the body is not an object');
  return Array.isArray(value) ? { items: value } : (value as Record<string, unknown>);
}

function send(response: ServerResponse, answer: Answer): void {
  const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value as string | string[]);
  if (!response.hasHeader('content-type')) {
    response.setHeader('content-type', typeof answer.body === 'string' ? 'text/plain; charset=utf-8' : 'application/json');
  }
  response.setHeader('content-length', Buffer.byteLength(text));
  response.writeHead(answer.status ?? 200);
  response.end(response.req.method === 'HEAD' ? undefined : text);
}

async function answerTo(request: IncomingMessage, routes: readonly Route[]): Promise<Answer> {
  const url = new URL(request.url ?? '/', 'http://service');
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
  let pathKnown = false;
  for (const [wanted, pattern, handler] of routes) {
    const params = matchPath(pattern, url.pathname);
    if (!params) continue;
    pathKnown = true;
    if (wanted !== method) continue;
    const body = method === 'GET' ? {} : await readBody(request);
    return await handler({ method, path: url.pathname, query: url.searchParams, params, headers: request.headers, body });
  }
  throw new HttpProblem(pathKnown ? 405 : 404, pathKnown ? 'method not allowed' : 'not found');
}

/**
 * Listens on `HOST` (127.0.0.1) and `PORT`, adds `GET /healthz`, and stops cleanly on SIGTERM and SIGINT.
 * @param ready says whether the service can do its work; `/healthz` answers 503 until it gives true
 */
export function serve(name: string, routes: readonly Route[], ready: () => boolean = () => true): void {
  const all: readonly Route[] = [
    ['GET', '/healthz', () => ({ status: ready() ? 200 : 503, body: { ready: ready(), service: name } })],
    ...routes,
  ];
  const server = createServer({ requestTimeout: 20_000, headersTimeout: 5_000 }, (request, response) => {
    void inContext(request.headers, async () => {
      const startedMs = performance.now();
      const path = (request.url ?? '/').split('?', 1)[0] as string;
      try {
        send(response, await answerTo(request, all));
      } catch (error) {
        const status = error instanceof HttpProblem ? error.status : 500;
        const message = error instanceof HttpProblem ? error.message : 'internal error';
        if (status === 500)
          log('error', 'request failed', { path, error: error instanceof Error ? error.message : String(error) });
        if (response.headersSent) response.destroy();
        else send(response, { status, body: { error: message } });
      }
      if (path !== '/healthz' && path !== '/ingest') {
        const ms = Math.round((performance.now() - startedMs) * 10) / 10;
        log('info', 'request', { method: request.method ?? '', path, status: response.statusCode, ms });
      }
    });
  });
  const port = Number(process.env['PORT'] ?? 8080);
  const host = process.env['HOST'] ?? '127.0.0.1';
  server.on('error', (error) => {
    process.stderr.write(`${name}: cannot listen on ${host}:${port}: ${error.message}\n`);
    process.exit(1);
  });
  server.listen(port, host, () => {
    startShipping(name);
    log('info', 'listening', { port });
  });
  const stop = (): void => {
    stopShipping();
    server.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 1_000).unref();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

/** A text field of a body. @throws HttpProblem 400 when it is missing, empty or too long */
export function textField(body: Readonly<Record<string, unknown>>, name: string, lengthMax = 128): string {
  const value = body[name];
  if (typeof value !== 'string' || value.length === 0 || value.length > lengthMax) {
    throw new HttpProblem(400, `\`${name}\` must be text of 1 to ${lengthMax} characters`);
  }
  return value;
}

/** A whole number of a body within the bounds. @throws HttpProblem 400 */
export function integerField(body: Readonly<Record<string, unknown>>, name: string, min: number, max: number): number {
  const value = body[name];
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
    throw new HttpProblem(400, `\`${name}\` must be a whole number from ${min} to ${max}`);
  }
  return value as number;
}
