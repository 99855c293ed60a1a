// WebSocket handshakes between HTTP versions: Upgrade with a key in HTTP/1.1 (RFC 6455 section 4), extended CONNECT without one in HTTP/2 (RFC 8441).
import { createHash } from 'node:crypto';
import type { HeaderList } from '#wire/types.ts';
import type { Exchange } from './exchange.ts';
import type { Headers } from './headers.ts';

/** RFC 6455 section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const KEY = 'sec-websocket-key';
const ACCEPT = 'sec-websocket-accept';

/** What the answer to a handshake has to prove, and what the caller has to be told. */
export interface WebSocketHandshake {
  /** Headers of the caller's own answer; undefined when the destination did not prove that it understood. @param answer is changed */
  accepted(received: HeaderList, answer: Headers): Headers | undefined;
}

/**
 * Writes the handshake's fields for the next hop.
 * @param http2 the next hop speaks HTTP/2
 */
export function askForWebSocket(x: Exchange, http2: boolean): WebSocketHandshake {
  const { headers, request } = x;
  const fromHttp2 = request.version === '2';
  const callersKey = fromHttp2 ? '' : (headers.get(KEY) ?? '');
  if (http2) {
    headers.remove(KEY);
    return { accepted: (_, answer) => setAccept(answer, callersKey) };
  }
  if (!fromHttp2) return PASSED_ON;
  const key = Buffer.from(x.runtime.ports.random.bytes(16)).toString('base64');
  headers.set(KEY, key);
  headers.set('sec-websocket-version', '13');
  return {
    accepted: (received, answer) => {
      const proofs = received.all(ACCEPT);
      return proofs.length === 1 && proofs[0] === acceptOf(key) ? setAccept(answer, '') : undefined;
    },
  };
}

/** HTTP/1.1 on both sides: key and proof are the two ends' own business. */
const PASSED_ON: WebSocketHandshake = { accepted: (_, answer) => answer };

function setAccept(answer: Headers, key: string): Headers {
  if (key === '') answer.remove(ACCEPT);
  else answer.set(ACCEPT, acceptOf(key));
  return answer;
}

/** The proof that belongs to a key (RFC 6455 section 4.2.2). */
export function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}${GUID}`, 'latin1').digest('base64');
}
