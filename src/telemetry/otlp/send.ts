// One request to a collector (opentelemetry-proto, docs/specification.md "OTLP/HTTP"), and what its answer means.
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Agent } from 'node:http';
import { gzip } from 'node:zlib';
import { promisify } from 'node:util';

const gzipped = promisify(gzip);
const ANSWER_BYTES_MAX = 64 * 1024;
const RETRY_AFTER_MAX_MS = 300_000;
/** "OTLP/HTTP Response": these and no others are sent again. */
const RETRYABLE = new Set([429, 502, 503, 504]);

export interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: 'application/json' | 'application/x-protobuf';
  readonly compress: boolean;
  readonly timeoutMs: number;
  /** PEM roots; undefined for the machine's own. */
  readonly ca: string | undefined;
  readonly agent: Agent;
}

export type Sent =
  | { readonly kind: 'done'; readonly status: number; readonly rejected: number }
  /** @param afterMs what `Retry-After` asks for; undefined when it says nothing */
  | { readonly kind: 'again'; readonly status: number; readonly why: string; readonly afterMs: number | undefined }
  | { readonly kind: 'refused'; readonly status: number; readonly why: string };

/** Posts a body. Never rejects; redirects are not followed, since the headers may hold a secret. */
export async function send(target: Target, body: Buffer | string, nowMs: number): Promise<Sent> {
  const payload = target.compress ? await gzipped(body) : Buffer.from(body);
  return await new Promise((resolve) => {
    const url = new URL(target.url);
    const again = (why: string): void => resolve({ kind: 'again', status: 0, why, afterMs: undefined });
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
      method: 'POST',
      agent: target.agent,
      timeout: target.timeoutMs,
      ...(target.ca !== undefined && { ca: target.ca }),
      headers: {
        ...target.headers,
        'user-agent': 'cullis-otlp',
        'content-type': target.contentType,
        'content-length': payload.length,
        ...(target.compress && { 'content-encoding': 'gzip' }),
      },
    });
    // Idle sockets have a limit of their own; this one is for the whole.
    const late = setTimeout(() => request.destroy(new Error('no answer in time')), target.timeoutMs);
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', (error: NodeJS.ErrnoException) => again(error.code ?? error.message));
    let answered = false;
    request.on('close', () => {
      clearTimeout(late);
      // With an answer, it is the answer that says how it ended.
      if (!answered) again('the connection was closed');
    });
    request.on('response', (response) => {
      answered = true;
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= ANSWER_BYTES_MAX) chunks.push(chunk);
        else response.destroy();
      });
      response.on('error', () => again('the answer broke off'));
      response.on('close', () => again('the answer broke off'));
      response.on('end', () => {
        const status = response.statusCode ?? 0;
        const text = Buffer.concat(chunks);
        if (status >= 200 && status < 300) resolve({ kind: 'done', status, rejected: rejectedIn(text, target.contentType) });
        else if (RETRYABLE.has(status)) {
          const afterMs = retryAfterMs(response.headers['retry-after'], nowMs);
          resolve({ kind: 'again', status, why: `status ${status}`, afterMs });
        } else resolve({ kind: 'refused', status, why: `status ${status}` });
      });
    });
    request.end(payload);
  });
}

/** RFC 9110 section 10.2.3: seconds, or a date. At most five minutes are believed. */
export function retryAfterMs(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d{1,10}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), RETRY_AFTER_MAX_MS);
}

/** How many a collector took the request without: `partial_success` (field 1) with a count (its field 1) in all three answers. */
export function rejectedIn(answer: Buffer, contentType: Target['contentType']): number {
  if (contentType === 'application/json') {
    try {
      const { partialSuccess = {} } = JSON.parse(answer.toString('utf8')) as { partialSuccess?: Record<string, unknown> };
      const count =
        partialSuccess['rejectedSpans'] ?? partialSuccess['rejectedDataPoints'] ?? partialSuccess['rejectedLogRecords'];
      return Math.max(0, Number(count ?? 0)) || 0;
    } catch {
      return 0;
    }
  }
  // 0a <length> 08 <varint>
  if (answer[0] !== 0x0a || answer[2] !== 0x08) return 0;
  let [count, shift] = [0, 1];
  for (let i = 3; i < Math.min(answer.length, 11); i++) {
    count += (answer[i]! & 0x7f) * shift;
    if (answer[i]! < 0x80) return count;
    shift *= 128;
  }
  return 0;
}
