// What browsers should be told over HTTPS when the application says nothing about it (OWASP Secure Headers Project), and each of it once.
import type { Exchange } from './exchange.ts';
import type { Headers } from './headers.ts';

/** An answer may say more, or less, of each: then its word stands. */
const DEFAULTS: readonly (readonly [name: string, value: string])[] = [
  // RFC 6797. Without `includeSubDomains`: what other names of the domain serve is not known here.
  ['strict-transport-security', 'max-age=31536000'],
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'strict-origin-when-cross-origin'],
];
/** Who may show the answer in a frame is said in either of two places; what is said in one is not added to in the other. */
const FRAMES = ['content-security-policy', 'x-frame-options'] as const;
/** Of these browsers use the first or none when there are several (RFC 6797 section 8.1, RFC 7034 section 2.3.2). */
const SINGLE = ['strict-transport-security', 'x-content-type-options', 'x-frame-options'] as const;

/** Whether answers of this listener are for browsers over TLS, and nobody switched the defaults off. */
export function speaksForBrowsers({ service, grpc }: Pick<Exchange, 'service' | 'grpc'>): boolean {
  return service.mtls === 'edge' && service.config.securityHeaders && !grpc;
}

/** Adds what an application left out, before the route's own changes are made. */
export function addSecurityHeaders(headers: Headers): void {
  for (const name of SINGLE) if (headers.has(name)) headers.set(name, headers.all(name)[0]!);
  for (const [name, value] of DEFAULTS) if (!headers.has(name)) headers.add(name, name, value);
  if (FRAMES.some((name) => headers.has(name))) return;
  headers.add('content-security-policy', 'content-security-policy', "frame-ancestors 'self'");
  headers.add('x-frame-options', 'x-frame-options', 'SAMEORIGIN');
}

/**
 * What an answer that is made here lacks.
 * @param given names and values in turn @param bare the body is our own, so nothing of it is to be run or shown in a frame
 * @returns more of them
 */
export function securityHeadersFor(given: readonly string[], bare: boolean): string[] {
  const names = new Set(given.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()));
  const added = DEFAULTS.filter(([name]) => !names.has(name)).flat();
  if (FRAMES.some((name) => names.has(name))) return added;
  const policy = bare ? "default-src 'none'; frame-ancestors 'none'" : "frame-ancestors 'self'";
  return [...added, 'content-security-policy', policy, 'x-frame-options', bare ? 'DENY' : 'SAMEORIGIN'];
}
