// The admin server, on loopback: probes, metrics, the page, and the control API of api/control.ts. node:http is fast enough for people.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type RouteName, ROUTES, type RouteSpec } from '#api/control.ts';
import { CullisError, messageOf } from '#base/errors.ts';
import type { Clock, Random } from '#base/ports.ts';
import { EXPOSITION_CONTENT_TYPE } from '#telemetry/exposition.ts';
import { uuidv7 } from '#telemetry/ids.ts';
import type { Logger } from '#telemetry/log.ts';
import type { Metrics } from '#telemetry/metrics.ts';
import { type ProblemCode, sendJson, sendProblem, sendText } from './answer.ts';
import type { Operator, Operators } from './operators.ts';
import { loadPage, type PageFile } from './page.ts';

const BODY_BYTES_MAX = 64 * 1024;
const HEADER_BYTES_MAX = 16 * 1024;
const CONNECTIONS_MAX = 256;
const FAILED_BURST = 30;
const FAILED_PER_SECOND = 1;
const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1)$/;

/** What a route's work gets; everything in it has passed the contract's schemas. */
export interface Call {
  readonly operator: Operator;
  readonly params: Readonly<Record<string, string>>;
  readonly query: unknown;
  readonly body: unknown;
}
export type Answer = { readonly value: unknown } | { readonly problem: ProblemCode; readonly detail?: string };
export type Handlers = Readonly<Record<Exclude<RouteName, 'live'>, (call: Call) => Promise<Answer> | Answer>>;

export interface AdminPorts {
  /** A loopback address; others are refused. */
  readonly address: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly pageDir: string | undefined;
  readonly operators: Operators;
  readonly handlers: Handlers;
  /** Takes over the response. @returns false when there are too many streams */
  live(response: ServerResponse, mayStay: () => boolean): boolean;
  /** All processes' metrics as Prometheus text. */
  exposition(): string;
  ready(): boolean;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

interface Found {
  readonly name: RouteName;
  readonly spec: RouteSpec;
  readonly params: Readonly<Record<string, string>>;
}

/** Paths that need no token. */
const OPEN = ['/healthz', '/readyz', '/metrics'] as const;

export class AdminServer {
  readonly #ports: AdminPorts;
  readonly #server: Server;
  readonly #page: ReadonlyMap<string, PageFile>;
  readonly #nextId: () => string;
  readonly #hosts = new Set<string>();
  #failedTokens = FAILED_BURST;
  #failedRefilledMs = 0;
  #url = '';

  constructor(ports: AdminPorts) {
    this.#ports = ports;
    this.#page = loadPage(ports.pageDir);
    this.#nextId = uuidv7(ports.clock, ports.random);
    this.#server = createServer(
      { maxHeaderSize: HEADER_BYTES_MAX, requireHostHeader: true, insecureHTTPParser: false },
      (request, response) => {
        this.#serve(request, response).catch((error: unknown) => this.#fail(response, error));
      },
    );
    this.#server.headersTimeout = 5000;
    this.#server.requestTimeout = 10_000;
    this.#server.keepAliveTimeout = 5000;
    this.#server.maxHeadersCount = 64;
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.maxRequestsPerSocket = 1000;
  }

  /** @returns the URL @throws CullisError listen.failed, also for an address that is not loopback: the API has no TLS, so it must not leave the machine */
  async listen(): Promise<string> {
    const { address, port } = this.#ports;
    if (!LOOPBACK.test(address))
      throw new CullisError('listen.failed', `the admin address \`${address}\` is not a loopback address`);
    await new Promise<void>((resolve, reject) => {
      const refuse = (error: Error): void =>
        reject(
          new CullisError('listen.failed', `the admin port ${address}:${port} could not be opened: ${messageOf(error)}`, {
            cause: error,
          }),
        );
      this.#server.once('error', refuse);
      this.#server.listen(port, address, () => {
        this.#server.off('error', refuse);
        resolve();
      });
    });
    this.#server.on('error', (error) => this.#ports.log.error({ err: error }, 'admin server failed'));
    const bound = (this.#server.address() as AddressInfo).port;
    const host = address.includes(':') ? `[${address}]` : address;
    for (const name of [host, 'localhost', '127.0.0.1', '[::1]']) this.#hosts.add(`${name}:${bound}`);
    this.#url = `http://${host}:${bound}`;
    return this.#url;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
    const [path, queryText] = splitTarget(request.url ?? '');
    const found = findRoute(method, path);
    response.on('finish', () => {
      this.#ports.metrics.counter('cullis_admin_requests_total', found ? found.name : 'other', String(response.statusCode)).inc();
    });
    const refusal = this.#refuseSite(request);
    if (refusal) return sendProblem(response, refusal, undefined, undefined, { connection: 'close' });
    if (!found) return this.#serveOpen(method, path, response);
    const { authorization } = request.headers;
    const authorized = await this.#authorize(authorization, found, response);
    if (!authorized) return;
    if (found.name === 'live') {
      // A stream that may not send a body would stay open and say nothing.
      if (request.method === 'HEAD') return sendProblem(response, 'method-not-allowed', undefined, undefined, { allow: 'GET' });
      const mayStay = (): boolean => this.#ports.operators.authorize(authorization, found.spec.role).allow;
      if (!this.#ports.live(response, mayStay)) sendProblem(response, 'unavailable', 'too many live streams');
      return;
    }
    const query = parseQuery(found.spec, queryText);
    if (!query.ok) return sendProblem(response, 'bad-request', query.detail);
    const body = await readBody(request, found.spec);
    if (!body.ok) return sendProblem(response, body.code, body.detail, undefined, { connection: 'close' });
    const answer = await this.#ports.handlers[found.name]({
      operator: authorized,
      params: found.params,
      query: query.value,
      body: body.value,
    });
    if ('problem' in answer) return sendProblem(response, answer.problem, answer.detail);
    sendJson(response, 200, answer.value);
  }

  /**
   * A page of another site can make a browser send requests here: under another name for this address (DNS rebinding), which the Host
   * header shows, or across sites, which Origin and Sec-Fetch-Site show. Programs send neither of the latter.
   */
  #refuseSite(request: IncomingMessage): ProblemCode | undefined {
    const host = request.headers.host ?? '';
    if (!this.#hosts.has(host.toLowerCase())) return 'wrong-host';
    const { origin } = request.headers;
    if (origin !== undefined && origin !== `http://${host.toLowerCase()}`) return 'cross-site';
    const site = request.headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'cross-site';
    return undefined;
  }

  #serveOpen(method: string, path: string, response: ServerResponse): void {
    const known = OPEN.includes(path as (typeof OPEN)[number]) || this.#page.has(path);
    const allowed = [
      ...new Set(
        Object.values(ROUTES)
          .filter((spec) => matchPath(spec.path, path))
          .map((spec) => spec.method),
      ),
    ];
    if (known) allowed.push('GET');
    if (allowed.length === 0) return sendProblem(response, 'not-found');
    if (!known || method !== 'GET') {
      return sendProblem(response, 'method-not-allowed', undefined, undefined, {
        allow: allowed.join(', '),
        connection: 'close',
      });
    }
    if (path === '/healthz') return sendText(response, 200, 'text/plain; charset=utf-8', 'ok\n');
    if (path === '/readyz') {
      return this.#ports.ready()
        ? sendText(response, 200, 'text/plain; charset=utf-8', 'ready\n')
        : sendProblem(response, 'unavailable');
    }
    if (path === '/metrics') return sendText(response, 200, EXPOSITION_CONTENT_TYPE, this.#ports.exposition());
    const file = this.#page.get(path)!;
    sendText(response, 200, file.type, file.body);
  }

  /** Answers a refusal itself. Refusals are audited; beyond a burst they are only counted, so that a flood does not push the journal's history out. */
  async #authorize(
    authorization: string | undefined,
    { name, spec, params }: Found,
    response: ServerResponse,
  ): Promise<Operator | undefined> {
    const { operators } = this.#ports;
    const verdict = operators.authorize(authorization, spec.role);
    if (verdict.allow) return verdict.operator;
    if (!this.#mayFail()) {
      sendProblem(response, 'too-many', undefined, undefined, { 'retry-after': '1' });
      return undefined;
    }
    const operator = verdict.operator?.name ?? '';
    const target = Object.values(params).join(' ').slice(0, 256);
    await operators.audit({ operator, role: verdict.operator?.role ?? '', action: name, target, allowed: false });
    if (verdict.code === 'role') sendProblem(response, 'forbidden', `this needs the role \`${spec.role}\``);
    else sendProblem(response, 'unauthorized', verdict.code === 'missing' ? undefined : 'the token is not known');
    return undefined;
  }

  #mayFail(): boolean {
    const nowMs = this.#ports.clock.monotonicMs();
    this.#failedTokens = Math.min(
      FAILED_BURST,
      this.#failedTokens + ((nowMs - this.#failedRefilledMs) / 1000) * FAILED_PER_SECOND,
    );
    this.#failedRefilledMs = nowMs;
    if (this.#failedTokens < 1) return false;
    this.#failedTokens -= 1;
    return true;
  }

  #fail(response: ServerResponse, error: unknown): void {
    const reference = this.#nextId();
    this.#ports.log.error({ err: error, reference }, 'admin request failed');
    if (response.headersSent) response.destroy();
    else sendProblem(response, 'internal', error instanceof CullisError ? error.message : undefined, reference);
  }
}

function splitTarget(target: string): [string, string] {
  const at = target.indexOf('?');
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
}

function findRoute(method: string, path: string): Found | undefined {
  for (const [name, spec] of Object.entries(ROUTES) as [RouteName, RouteSpec][]) {
    if (spec.method !== method) continue;
    const params = matchPath(spec.path, path);
    if (params) return { name, spec, params };
  }
  return undefined;
}

/** Segment by segment on the raw path: a parameter is one segment of unreserved characters, so nothing needs decoding. */
function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const value = given[i]!;
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined ? part !== value : !/^[A-Za-z0-9._~-]{1,256}$/.test(value)) return undefined;
    if (name !== undefined) params[name] = value;
  }
  return params;
}

type Parsed =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: ProblemCode; readonly detail: string };

function parseQuery(spec: RouteSpec, text: string): Parsed {
  const given = { __proto__: null } as unknown as Record<string, string>;
  for (const [key, value] of new URLSearchParams(text)) {
    if (Object.hasOwn(given, key)) return { ok: false, code: 'bad-request', detail: `\`${key.slice(0, 64)}\` is given twice` };
    given[key] = value;
  }
  if (!spec.query) {
    if (text === '') return { ok: true, value: {} };
    return { ok: false, code: 'bad-request', detail: 'this takes no query' };
  }
  return check(spec.query.safeParse(given));
}

async function readBody(request: IncomingMessage, spec: RouteSpec): Promise<Parsed> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Without destroying it: the refusal must still reach the sender.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) return { ok: false, code: 'too-large', detail: `at most ${BODY_BYTES_MAX} bytes` };
    chunks.push(chunk);
  }
  if (!spec.body)
    return size === 0 ? { ok: true, value: undefined } : { ok: false, code: 'bad-request', detail: 'this takes no body' };
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
  if (type !== 'application/json') return { ok: false, code: 'media-type', detail: 'send application/json' };
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return { ok: false, code: 'bad-request', detail: 'the body is not JSON' };
  }
  return check(spec.body.safeParse(value));
}

interface Checked {
  readonly success: boolean;
  readonly data?: unknown;
  readonly error?: { readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] };
}

function check(result: Checked): Parsed {
  if (result.success) return { ok: true, value: result.data };
  const detail = (result.error?.issues ?? [])
    .slice(0, 5)
    .map((issue) => `${issue.path.map(String).join('.') || 'value'}: ${issue.message}`);
  return { ok: false, code: 'bad-request', detail: detail.join('; ').slice(0, 1000) };
}
