// Common header names, known by a small number so that reading a message makes no string for them.
import { LOWER } from './chars.ts';

/** Position is the id; 0 stands for every name that is not listed. The first rows are those that framing looks at. */
const NAMES = [
  '',
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'expect',
  'upgrade',
  'keep-alive',
  'accept',
  'accept-encoding',
  'accept-language',
  'accept-ranges',
  'access-control-allow-origin',
  'age',
  'alt-svc',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-language',
  'content-security-policy',
  'content-type',
  'cookie',
  'date',
  'etag',
  'expires',
  'forwarded',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'last-modified',
  'location',
  'origin',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'referer',
  'retry-after',
  'sec-fetch-dest',
  'sec-fetch-mode',
  'sec-fetch-site',
  'sec-websocket-key',
  'sec-websocket-protocol',
  'sec-websocket-version',
  'server',
  'set-cookie',
  'strict-transport-security',
  'te',
  'traceparent',
  'tracestate',
  'trailer',
  'user-agent',
  'vary',
  'via',
  'www-authenticate',
  'x-api-key',
  'x-content-type-options',
  'x-envoy-original-path',
  'x-forwarded-client-cert',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-frame-options',
  'x-powered-by',
  'x-real-ip',
  'x-request-id',
  'x-session-id',
] as const;

export const HOST_ID = 1;
export const CONTENT_LENGTH_ID = 2;
export const TRANSFER_ENCODING_ID = 3;
export const CONNECTION_ID = 4;
export const EXPECT_ID = 5;
export const UPGRADE_ID = 6;
export const KEEP_ALIVE_ID = 7;

const SLOTS = 1024;
const TABLE = new Uint8Array(SLOTS);
const BYTES: readonly Uint8Array[] = NAMES.map((name) => new TextEncoder().encode(name));

/** One step of the name hash over a byte in lower case. */
export const hashStep = (hash: number, lower: number): number => (Math.imul(hash, 31) + lower) | 0;
const slotOf = (hash: number): number => (hash ^ (hash >>> 13)) & (SLOTS - 1);

for (let id = 1; id < NAMES.length; id++) {
  let slot = slotOf(BYTES[id]!.reduce(hashStep, 0));
  while (TABLE[slot] !== 0) slot = (slot + 1) & (SLOTS - 1);
  TABLE[slot] = id;
}

/**
 * Id of the name at `from`..`to` of `bytes` whose hash over lower-case bytes is `hash`; 0 when it is not a common one.
 * Open addressing: a chain of taken slots is followed until a match or an empty slot.
 */
export function nameId(bytes: Uint8Array, from: number, to: number, hash: number): number {
  for (let slot = slotOf(hash); ; slot = (slot + 1) & (SLOTS - 1)) {
    const id = TABLE[slot]!;
    if (id === 0) return 0;
    const known = BYTES[id]!;
    if (known.length !== to - from) continue;
    let i = 0;
    while (i < known.length && LOWER[bytes[from + i]!] === known[i]) i++;
    if (i === known.length) return id;
  }
}

/** The name in lower case of an id above 0. */
export const nameOf = (id: number): string => NAMES[id]!;
