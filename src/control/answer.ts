// How the admin server answers: the headers on every answer, JSON, and problems (RFC 9457).
import type { ServerResponse } from 'node:http';
import type { Problem } from '#api/control.ts';

/** No script but the page's own files, no frame around it, nothing loaded from elsewhere. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  'cache-control': 'no-store',
};

/** The refusals of the admin server, each with the status and title it answers. */
export const PROBLEMS = {
  'bad-request': [400, 'the request is malformed'],
  unauthorized: [401, 'an operator token is needed'],
  forbidden: [403, 'the token lacks the role for this'],
  'cross-site': [403, 'requests from other sites are refused'],
  'not-found': [404, 'there is nothing here'],
  'method-not-allowed': [405, 'this method is not for this path'],
  conflict: [409, 'this clashes with what is there'],
  'too-large': [413, 'the body is too large'],
  'media-type': [415, 'the body must be application/json'],
  'wrong-host': [421, 'this server does not answer to that name'],
  'too-many': [429, 'too many failed tries'],
  internal: [500, 'this failed; the log has more under the same reference'],
  unavailable: [503, 'not ready'],
} as const satisfies Readonly<Record<string, readonly [number, string]>>;
export type ProblemCode = keyof typeof PROBLEMS;

export function sendText(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
  more: Readonly<Record<string, string>> = {},
): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.writeHead(status, { ...SECURITY_HEADERS, ...more, 'content-type': type, 'content-length': bytes.length });
  response.end(response.req.method === 'HEAD' ? undefined : bytes);
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  sendText(response, status, 'application/json; charset=utf-8', JSON.stringify(value));
}

/** @param detail lower-case, no full stop, nothing secret @param reference found again in the log */
export function sendProblem(
  response: ServerResponse,
  code: ProblemCode,
  detail?: string,
  reference?: string,
  more: Readonly<Record<string, string>> = {},
): void {
  const [status, title] = PROBLEMS[code];
  const problem: Problem = {
    type: `https://cullis.dev/problems/${code}`,
    title,
    status,
    ...(detail === undefined ? {} : { detail }),
    ...(reference === undefined ? {} : { instance: `urn:uuid:${reference}` }),
  };
  const headers = status === 401 ? { ...more, 'www-authenticate': 'Bearer realm="cullis"' } : more;
  sendText(response, status, 'application/problem+json', JSON.stringify(problem), headers);
}
