// Fetching what the user named: https, or http on this machine itself; redirects by hand, so that each is judged and no credential travels to another host.
import { CullisError, messageOf } from '#base/errors.ts';

export interface DownloadOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds until the answer begins. */
  readonly timeoutMs?: number;
  readonly method?: 'GET' | 'POST';
  readonly body?: string;
}

const REDIRECTS_MAX = 5;
const TIMEOUT_MS = 30_000;

/** Whether a host name means this machine. */
export function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function judged(text: string, from: URL | undefined): URL {
  if (!URL.canParse(text, from)) throw new CullisError('fetch.refused', 'the address is not a URL');
  const url = new URL(text, from);
  const plain = url.protocol === 'http:' && isLoopback(url.hostname) && (!from || isLoopback(from.hostname));
  if (url.protocol !== 'https:' && !plain)
    throw new CullisError(
      'fetch.refused',
      `\`${url.origin}\` is not fetched from: only https is, and http on this machine itself`,
    );
  if (from && isLoopback(url.hostname) && !isLoopback(from.hostname))
    throw new CullisError('fetch.refused', `\`${from.origin}\` sends to an address on this machine`);
  return url;
}

/**
 * Fetches. The answer's body has not been read yet; whoever takes it bounds it (bodyOf, or a stream of its own).
 * @throws CullisError `fetch.refused`, `fetch.failed`
 */
export async function download(address: string, options: DownloadOptions = {}): Promise<Response> {
  let url = judged(address, undefined);
  let headers = { ...options.headers };
  for (let i = 0; i <= REDIRECTS_MAX; i++) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), options.timeoutMs ?? TIMEOUT_MS);
    let response: Response;
    try {
      response = await fetch(url, {
        method: options.method ?? 'GET',
        headers,
        redirect: 'manual',
        signal: abort.signal,
        ...(options.body !== undefined && { body: options.body }),
      });
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      const why = abort.signal.aborted ? 'it did not answer in time' : messageOf(cause);
      throw new CullisError('fetch.failed', `\`${url.origin}\` cannot be reached: ${why}`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
    const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
    if (location === null) return response;
    await response.body?.cancel();
    const next = judged(location, url);
    // Storage behind a registry wants no token of the registry's.
    if (next.origin !== url.origin)
      headers = Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'));
    url = next;
  }
  throw new CullisError('fetch.failed', `\`${url.origin}\` redirects more than ${REDIRECTS_MAX} times`);
}

/** The answer's body in chunks, at most so many bytes, with a bound on silence between them. @throws CullisError `fetch.refused`, `fetch.failed` */
export async function* bodyChunks(response: Response, bytesMax: number, idleMs = TIMEOUT_MS): AsyncGenerator<Uint8Array> {
  const declared = Number(response.headers.get('content-length') ?? 0);
  if (declared > bytesMax) {
    await response.body?.cancel();
    throw new CullisError('fetch.refused', `the answer has more than ${bytesMax} bytes`);
  }
  if (!response.body) return;
  const reader = response.body.getReader();
  let total = 0;
  try {
    for (;;) {
      const { done, value } = await within(reader.read(), idleMs);
      if (done) return;
      total += value.length;
      if (total > bytesMax) throw new CullisError('fetch.refused', `the answer has more than ${bytesMax} bytes`);
      yield value;
    }
  } catch (error) {
    if (error instanceof CullisError) throw error;
    throw new CullisError('fetch.failed', `the answer broke off: ${messageOf(error)}`, { cause: error });
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new CullisError('fetch.failed', 'the answer stopped coming')), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The whole body. @throws CullisError `fetch.refused` when it is larger */
export async function bodyOf(response: Response, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bodyChunks(response, bytesMax)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
