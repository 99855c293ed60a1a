// What ties the calls of one visit together: the headers that the mesh hands in are handed on with every call made for the same request.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingHttpHeaders } from 'node:http';

const CARRIED = ['x-request-id', 'traceparent', 'tracestate', 'x-cullis-session-id'] as const;

const storage = new AsyncLocalStorage<Readonly<Record<string, string>>>();

/** Runs `work` for a request that came with `headers`. */
export function inContext<T>(headers: IncomingHttpHeaders, work: () => T): T {
  const carried: Record<string, string> = {};
  for (const name of CARRIED) {
    const value = headers[name];
    if (typeof value === 'string' && value.length <= 512) carried[name] = value;
  }
  return storage.run(carried, work);
}

/** Headers to send along with a call; empty outside a request. */
export function carriedHeaders(): Readonly<Record<string, string>> {
  return storage.getStore() ?? {};
}
