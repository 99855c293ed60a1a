// The control API from the command line: over loopback, with the token that `cullis up` leaves in the state folder or that CULLIS_TOKEN holds.
// A token is never taken as an argument: other users of the machine can read those.
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join, resolve } from 'node:path';
import type { Problem, ResponseOf, RouteName } from '#api/control.ts';
import { CullisError } from '#base/errors.ts';
import type { Cli } from './context.ts';

/** Written by `cullis up` next to the token: where its control API listens. */
export const ADDRESS_FILE = 'admin-url';
export const TOKEN_FILE = 'operator-token';

const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const TIMEOUT_MS = 10_000;

type Method = 'GET' | 'POST' | 'DELETE';

/** Method and path of the routes used here; typed by the API's own table, without loading its schemas. */
const PATHS = {
  status: ['GET', '/api/v1/status'],
  services: ['GET', '/api/v1/services'],
  identities: ['GET', '/api/v1/identities'],
  events: ['GET', '/api/v1/events'],
  decision: ['GET', '/api/v1/decisions/{id}'],
  rotateCa: ['POST', '/api/v1/ca/rotate'],
  renewCertificates: ['POST', '/api/v1/ca/renew'],
  revoke: ['POST', '/api/v1/identities/revoke'],
  restore: ['POST', '/api/v1/identities/restore'],
  operators: ['GET', '/api/v1/operators'],
  createOperator: ['POST', '/api/v1/operators'],
  deleteOperator: ['DELETE', '/api/v1/operators/{name}'],
} as const satisfies Partial<Record<RouteName, readonly [Method, string]>>;

export type ClientRoute = keyof typeof PATHS;

export interface CallOptions {
  /** Values of the path's `{…}` segments. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
}

export interface ControlClient {
  readonly url: string;
  /** @throws CullisError control.unreachable, api.unauthorized; undefined for 404 */
  call<N extends ClientRoute>(route: N, options?: CallOptions): Promise<ResponseOf<N> | undefined>;
}

/**
 * Opens a client for the system that runs with this state folder.
 * @throws CullisError control.unreachable when nothing runs there, api.unauthorized when the token cannot be read
 */
export function openClient(cli: Cli, state: string): ControlClient {
  const folder = resolve(cli.cwd, state);
  const url = cli.env['CULLIS_URL'] ?? readTrimmed(join(folder, ADDRESS_FILE));
  if (url === undefined) throw new CullisError('control.unreachable', `nothing runs with the state folder \`${state}\``);
  const base = parseLoopback(url);
  const token = cli.env['CULLIS_TOKEN'] ?? readTrimmed(join(folder, TOKEN_FILE));
  if (token === undefined) throw new CullisError('api.unauthorized', `no token in \`${state}\` and none in CULLIS_TOKEN`);
  if (!/^[\x21-\x7e]{1,4096}$/.test(token))
    throw new CullisError('api.unauthorized', 'the token has characters that no token has');
  return {
    url,
    async call(route, options = {}) {
      const [method, pattern] = PATHS[route];
      const path = pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(options.path?.[name] ?? ''));
      const target = new URL(path, base);
      for (const [name, value] of Object.entries(options.query ?? {})) target.searchParams.set(name, value);
      const { status, text } = await send(target, method, token, options.body);
      if (status === 404) return undefined;
      if (status === 401 || status === 403)
        throw new CullisError('api.unauthorized', problemText(text) ?? `the control API answered ${status}`);
      if (status === 409) throw new CullisError('config.invalid', problemText(text) ?? 'that cannot be done as things are');
      if (status < 200 || status > 299)
        throw new CullisError('control.unreachable', problemText(text) ?? `the control API answered ${status}`);
      return parse(text) as ResponseOf<typeof route>;
    },
  };
}

/** Only loopback: the token must not travel in plaintext over a wire. */
function parseLoopback(url: string): URL {
  const base = URL.parse(url);
  if (base?.protocol !== 'http:' || !/^(127(\.\d{1,3}){3}|\[::1\]|localhost)$/.test(base.hostname))
    throw new CullisError('control.unreachable', 'the control API must have a loopback `http://` address');
  return base;
}

function readTrimmed(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new CullisError('state.unreadable', `\`${file}\` could not be read (${code ?? 'unknown'})`);
  }
}

function send(url: URL, method: Method, token: string, body: object | undefined): Promise<{ status: number; text: string }> {
  return new Promise((settle, reject) => {
    const fail = (why: string): void => reject(new CullisError('control.unreachable', `the control API at ${url.host} ${why}`));
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
    };
    const request = httpRequest(url, { method, headers, timeout: TIMEOUT_MS, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > ANSWER_BYTES_MAX) request.destroy(new Error('too long'));
        else chunks.push(chunk);
      });
      response.on('error', () => fail('broke its answer off'));
      response.on('end', () => settle({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
    });
    request.on('timeout', () => request.destroy(new Error('timeout')));
    request.on('error', (error) => {
      const { code } = error as NodeJS.ErrnoException;
      fail(
        code === 'ECONNREFUSED'
          ? 'does not listen'
          : error.message === 'timeout'
            ? 'did not answer in time'
            : `failed (${code ?? error.message})`,
      );
    });
    request.end(payload);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CullisError('control.unreachable', 'the control API answered something that is not JSON');
  }
}

function problemText(text: string): string | undefined {
  try {
    const value = JSON.parse(text) as Partial<Problem>;
    return value.detail ?? value.title;
  } catch {
    return undefined;
  }
}
