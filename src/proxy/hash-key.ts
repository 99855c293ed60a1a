// What a request is kept together by, for consistent hashing.
import { hashText } from './balance/hash.ts';
import type { Destination } from './destination.ts';
import type { Exchange } from './exchange.ts';
import { cookieValue } from './sessions.ts';

/** Bytes of randomness in a cookie that is made here. */
const COOKIE_BYTES = 16;

/**
 * The hash of a request, for destinations that are balanced by one. A client without the cookie that makes it gets one with the answer.
 * @returns undefined when the request lacks what is hashed: then any endpoint will do
 */
export function requestHash(x: Exchange, destination: Destination): number | undefined {
  const key = destination.traffic?.balance.hash?.key;
  if (!key) return undefined;
  switch (key.kind) {
    case 'header': {
      const value = key.name === 'host' || key.name === ':authority' ? x.host : x.headers.all(key.name).join(',');
      return value === '' ? undefined : hashText(value);
    }
    case 'source-ip':
      return hashText(x.remoteIp);
    case 'query': {
      const value = new URLSearchParams(x.query).get(key.name);
      return value === null ? undefined : hashText(value);
    }
    case 'cookie': {
      const value = cookieValue(x.headers.all('cookie').join('; '), key.name);
      if (value !== '') return hashText(value);
      if (key.ttlMs === undefined) return undefined;
      const made = Buffer.from(x.runtime.ports.random.bytes(COOKIE_BYTES)).toString('hex');
      const age = key.ttlMs > 0 ? `; Max-Age=${Math.ceil(key.ttlMs / 1000)}` : '';
      const path = key.path === '' ? '' : `; Path=${key.path}`;
      const cookie = `${key.name}=${made}${age}${path}; HttpOnly`;
      x.responseChanges = [...x.responseChanges, { op: 'add', name: 'set-cookie', value: cookie }];
      return hashText(made);
    }
  }
}

/** The hash of a connection, which has an address and no more. */
export function connectionHash(destination: Destination, sourceIp: string): number | undefined {
  return destination.traffic?.balance.hash?.key.kind === 'source-ip' ? hashText(sourceIp) : undefined;
}
