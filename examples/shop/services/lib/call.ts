// Calls to other services. Addresses come from ordinary environment variables, as in a cluster: `cart:7070` or a URL.
import { Agent, request as httpRequest } from 'node:http';
import { carriedHeaders } from './context.ts';
import { HttpProblem } from './service.ts';

const BODY_BYTES_MAX = 1024 * 1024;
const agent = new Agent({ keepAlive: true, maxSockets: 64, maxFreeSockets: 8 });

export interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * The base URL that a variable names; `fallback` is the service's name in the cluster.
 * @throws when the value is no address
 */
export function baseUrl(variable: string, fallback: string): URL {
  const text = process.env[variable] ?? fallback;
  return new URL(text.includes('://') ? text : `http://${text}`);
}

function once(
  base: URL,
  method: string,
  path: string,
  payload: string | undefined,
  timeoutMs: number,
): Promise<Reply & { readonly reused: boolean }> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string | number> = { accept: 'application/json', ...carriedHeaders() };
    if (payload !== undefined) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = Buffer.byteLength(payload);
    }
    const request = httpRequest(new URL(path, base), { method, agent, headers, timeout: timeoutMs }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > BODY_BYTES_MAX) response.destroy(new Error('the answer is too long'));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        let body: Record<string, unknown> = {};
        try {
          const value: unknown = JSON.parse(text);
          body = Array.isArray(value) ? { items: value } : (value as Record<string, unknown>);
        } catch {
          body = text === '' ? {} : { error: text.slice(0, 200) };
        }
        resolve({ status: response.statusCode ?? 0, body, reused: request.reusedSocket });
      });
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    request.on('error', (error) => reject(Object.assign(error, { reused: request.reusedSocket })));
    request.end(payload);
  });
}

/** Calls a service and gives what it answered, whatever the status. @throws HttpProblem 502 when there was no answer */
export async function call(base: URL, method: string, path: string, body?: object, timeoutMs = 5_000): Promise<Reply> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  for (let attempt = 0; ; attempt++) {
    try {
      return await once(base, method, path, payload, timeoutMs);
    } catch (error) {
      // A kept connection that the other side has just closed says nothing about the request: one new try on a new connection.
      const { reused, code } = error as { reused?: boolean; code?: string };
      if (attempt === 0 && reused === true && (code === 'ECONNRESET' || code === 'EPIPE')) continue;
      throw new HttpProblem(502, `${base.host} did not answer: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** Calls a service and gives the body of a success. @throws HttpProblem with the other side's status */
export async function callOk(base: URL, method: string, path: string, body?: object): Promise<Readonly<Record<string, unknown>>> {
  const reply = await call(base, method, path, body);
  if (reply.status >= 200 && reply.status < 300) return reply.body;
  const why = typeof reply.body['error'] === 'string' ? reply.body['error'] : `status ${reply.status}`;
  throw new HttpProblem(reply.status >= 500 ? 502 : reply.status, `${base.hostname}: ${why}`);
}
