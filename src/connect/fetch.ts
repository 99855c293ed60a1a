// Outgoing HTTP for engines, behind a guard against server-side request forgery: a URL out of a policy or a discovery document may not make this process speak to
// its own machine, its neighbours or a cloud's metadata service. A name is resolved once, every address of it is judged, and the connection goes to a judged
// address and no other, so that a second answer of the resolver (DNS rebinding) changes nothing.
import type { LookupOptions } from 'node:dns';
import { lookup as dnsLookup } from 'node:dns/promises';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { CullisError, messageOf } from '#base/errors.ts';
import type { Fetch, FetchRequest, FetchResponse } from '#model/ports.ts';
import { addressGuard } from './addresses.ts';

/** All addresses of a name. */
export type Resolve = (host: string) => Promise<readonly string[]>;

export interface FetchOptions {
  /** `host:port` or CIDR ranges that may be reached although they are private. */
  readonly allowPrivate?: readonly string[];
  /** The system's resolver when absent. */
  readonly resolve?: Resolve;
  /** PEM certificates that https servers may be signed by, instead of the system's. */
  readonly ca?: string;
}

const HEADER_BYTES_MAX = 16 * 1024;
/** Headers that decide where a request goes or how it is framed are not the caller's. */
const FORBIDDEN_HEADERS = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'upgrade',
  'expect',
  'te',
  'trailer',
  'proxy-authorization',
]);

async function systemResolve(host: string): Promise<readonly string[]> {
  const found = await dnsLookup(host, { all: true, verbatim: true });
  return found.map(({ address }) => address);
}

function refused(text: string): CullisError {
  return new CullisError('fetch.refused', text);
}

interface Target {
  readonly url: URL;
  readonly host: string;
  readonly port: number;
}

function targetOf(text: string): Target {
  if (text.length > 2048 || !URL.canParse(text)) throw refused('the address to fetch is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused(`the scheme \`${url.protocol}\` is not fetched`);
  if (url.username !== '' || url.password !== '') throw refused('a URL with a user name or password is not fetched');
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (host === '') throw refused('the URL names no host');
  return { url, host, port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port) };
}

function headersOf(request: FetchRequest): Record<string, string> {
  const headers: Record<string, string> = { 'accept-encoding': 'identity', connection: 'close' };
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    if (FORBIDDEN_HEADERS.has(name.toLowerCase())) throw refused(`the header \`${name}\` cannot be set`);
    headers[name.toLowerCase()] = value;
  }
  if (request.body) headers['content-length'] = String(request.body.length);
  return headers;
}

async function bodyOf(response: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const declared = response.headers['content-length'];
  if (declared !== undefined && Number(declared) > bytesMax) throw refused(`the answer has more than ${bytesMax} bytes`);
  const encoding = response.headers['content-encoding'];
  // We asked for plain bytes; a small compressed body can unfold without bound.
  if (encoding !== undefined && encoding !== 'identity') throw refused(`the answer is encoded as \`${encoding}\``);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bytesMax) throw refused(`the answer has more than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function flatHeaders(response: IncomingMessage): Record<string, string> {
  const flat: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(response.headers))
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  return flat;
}

function send(
  target: Target,
  address: string,
  request: FetchRequest,
  ca: string | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { url, host, port } = target;
    const options = {
      host,
      port,
      path: url.pathname + url.search,
      method: request.method ?? 'GET',
      headers: { host: url.host, ...headersOf(request) },
      agent: false as const,
      maxHeaderSize: HEADER_BYTES_MAX,
      insecureHTTPParser: false,
      signal,
      // The pin: whatever is asked for, the answer is the one address that was judged. (Not asked for a literal address, which is its own answer.)
      lookup: (
        _name: string,
        wants: LookupOptions,
        done: (error: null, address: string | { address: string; family: number }[], family?: number) => void,
      ) => {
        const family = isIP(address);
        if (wants.all) done(null, [{ address, family }]);
        else done(null, address, family);
      },
    };
    const outgoing =
      url.protocol === 'https:'
        ? httpsRequest({
            ...options,
            minVersion: 'TLSv1.2',
            rejectUnauthorized: true,
            ...(isIP(host) ? {} : { servername: host }),
            ...(ca === undefined ? {} : { ca }),
          })
        : httpRequest(options);
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
    // An upgrade was not asked for; a server that switches anyway is cut off.
    outgoing.once('upgrade', (_response, socket) => {
      socket.destroy();
      reject(new CullisError('fetch.failed', `\`${host}\` switched protocols`));
    });
    outgoing.end(request.body);
  });
}

/**
 * Makes the Fetch port.
 * The fetch it gives throws CullisError: fetch.refused (scheme, userinfo, address, redirect, size), fetch.failed (no address, connection, time). Messages name the
 * host, never the query.
 * @example createFetch({ allowPrivate: ['127.0.0.1/32'] })
 */
export function createFetch(options: FetchOptions = {}): Fetch {
  const guard = addressGuard(options.allowPrivate);
  const resolve = options.resolve ?? systemResolve;

  const exchange = async (target: Target, request: FetchRequest, signal: AbortSignal): Promise<FetchResponse> => {
    const { host, port } = target;
    const addresses = isIP(host) ? [host] : await untilAborted(resolve(host), signal);
    const [address] = addresses;
    if (address === undefined) throw new CullisError('fetch.failed', `\`${host}\` has no address`);
    // One private address among public ones is an attempt, not an accident.
    for (const one of addresses)
      if (!guard.allows(host, one, port)) throw refused(`\`${host}\` is at \`${one}\`, which is not a public address`);
    const response = await send(target, address, request, options.ca, signal);
    try {
      const status = response.statusCode ?? 0;
      if (status >= 300 && status < 400 && status !== 304) throw refused(`\`${host}\` answered with a redirect`);
      return { status, headers: flatHeaders(response), body: await bodyOf(response, request.bodyBytesMax) };
    } finally {
      response.destroy();
    }
  };

  return async (request) => {
    const target = targetOf(request.url);
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), request.timeoutMs);
    try {
      return await exchange(target, request, abort.signal);
    } catch (error) {
      if (error instanceof CullisError) throw error;
      if (abort.signal.aborted)
        throw new CullisError('fetch.failed', `\`${target.host}\` did not answer within ${request.timeoutMs} ms`);
      throw new CullisError('fetch.failed', `\`${target.host}\` could not be fetched: ${messageOf(error)}`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  };
}

/** The resolver cannot be stopped, but its answer need not be waited for. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('out of time')), { once: true });
    work.then(resolve, reject);
  });
}
