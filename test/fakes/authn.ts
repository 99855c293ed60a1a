// A clock that is moved by hand, a fetch that answers from a table, requests with headers: what authentication is tested with.
import type { AuthnRequest } from '#authn/request-authentication.ts';
import type { PlacedRequestAuthentication } from '#authn/request-authentication.ts';
import { CullisError } from '#base/errors.ts';
import type { Clock } from '#base/ports.ts';
import type { JwtRule } from '#model/istio.ts';
import type { Fetch, FetchRequest } from '#model/ports.ts';

export class FakeClock implements Clock {
  #ms: number;
  readonly #startMs: number;
  constructor(nowMs: number) {
    this.#ms = nowMs;
    this.#startMs = nowMs;
  }
  nowMs(): number {
    return this.#ms;
  }
  monotonicMs(): number {
    return this.#ms - this.#startMs;
  }
  advance(ms: number): void {
    this.#ms += ms;
  }
}

/** What a URL answers: a body with status 200, an answer, or an error to throw. */
export type Answer = string | { readonly status: number; readonly body: string } | Error;

export interface FakeFetch {
  readonly fetch: Fetch;
  readonly requests: FetchRequest[];
  readonly answers: Map<string, Answer>;
}

export function fakeFetch(answers: Readonly<Record<string, Answer>> = {}): FakeFetch {
  const table = new Map(Object.entries(answers));
  const requests: FetchRequest[] = [];
  const fetch: Fetch = (request) => {
    requests.push(request);
    const answer = table.get(request.url) ?? new CullisError('fetch.failed', 'no route to host');
    if (answer instanceof Error) return Promise.reject(answer);
    const { status, body } = typeof answer === 'string' ? { status: 200, body: answer } : answer;
    return Promise.resolve({ status, headers: {}, body: Buffer.from(body) });
  };
  return { fetch, requests, answers: table };
}

export function policy(name: string, ...jwtRules: JwtRule[]): PlacedRequestAuthentication {
  const metadata = { name, namespace: 'shop', labels: {}, annotations: {} };
  const resource = {
    apiVersion: 'security.istio.io/v1',
    kind: 'RequestAuthentication' as const,
    metadata,
    spec: { jwtRules },
    body: {},
  };
  return { resource, at: { '': `${name}.yaml:1:1`, 'spec.jwtRules[0]': `${name}.yaml:8:5` } };
}

export function authnRequest(
  headers: Readonly<Record<string, string | readonly string[]>> = {},
  query = '',
  method = 'GET',
): AuthnRequest {
  const table = new Map(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), typeof value === 'string' ? [value] : value]),
  );
  return {
    method,
    path: '/',
    query,
    header: (name) => table.get(name)?.join(','),
    headerValues: (name) => table.get(name) ?? [],
  };
}

export function bearer(token: string): AuthnRequest {
  return authnRequest({ authorization: `Bearer ${token}` });
}
