// Cross-origin requests (HTTPCORSFilter, GEP-1767; Fetch standard, section 3.3): preflights are answered here, other answers get what the policy says.
import type { CorsPolicy } from '#model/gateway.ts';
import type { HeaderEdit } from './authorizer.ts';
import type { Exchange } from './exchange.ts';

/** Only what the policy says may tell a browser anything: an application's own words are taken away. */
const OWN: readonly HeaderEdit[] = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-expose-headers',
  'access-control-max-age',
].map((name) => ({ op: 'remove', name, value: '' }));
const VARY: HeaderEdit = { op: 'add', name: 'vary', value: 'Origin' };

/** Whether a request only asks what another one may do. */
export function isPreflight(x: Pick<Exchange, 'method' | 'header'>): boolean {
  return x.method === 'OPTIONS' && x.header('origin') !== undefined && x.header('access-control-request-method') !== undefined;
}

/** Headers of the answer to a preflight, names and values in turn. An origin that is not allowed gets none. */
export function preflightHeaders(x: Pick<Exchange, 'header'>, cors: CorsPolicy): string[] {
  const origin = x.header('origin') ?? '';
  const headers = ['vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'];
  const allowed = allowedOrigin(origin, cors);
  if (allowed === undefined) return headers;
  headers.push('access-control-allow-origin', allowed);
  if (cors.allowCredentials) headers.push('access-control-allow-credentials', 'true');
  const methods = listed(cors.allowMethods, cors, x.header('access-control-request-method'));
  if (methods !== '') headers.push('access-control-allow-methods', methods);
  const names = listed(cors.allowHeaders, cors, x.header('access-control-request-headers'));
  if (names !== '') headers.push('access-control-allow-headers', names);
  headers.push('access-control-max-age', String(cors.maxAgeSeconds));
  return headers;
}

/** What changes on the answer to a request that is no preflight. */
export function corsChanges(origin: string | undefined, cors: CorsPolicy): readonly HeaderEdit[] {
  const allowed = origin === undefined ? undefined : allowedOrigin(origin, cors);
  if (allowed === undefined) return [...OWN, VARY];
  const changes: HeaderEdit[] = [...OWN, { op: 'set', name: 'access-control-allow-origin', value: allowed }];
  if (allowed !== '*') changes.push(VARY);
  if (cors.allowCredentials) changes.push({ op: 'set', name: 'access-control-allow-credentials', value: 'true' });
  // With credentials `*` is a name like any other (Fetch section 3.3.4), so it would expose nothing.
  if (cors.exposeHeaders.length > 0)
    changes.push({ op: 'set', name: 'access-control-expose-headers', value: cors.exposeHeaders.join(', ') });
  return changes;
}

/** `*` stands for whatever is asked for where credentials make it a plain name. */
function listed(values: readonly string[], { allowCredentials }: CorsPolicy, asked: string | undefined): string {
  if (!values.includes('*')) return values.join(', ');
  if (!allowCredentials) return '*';
  return asked !== undefined && /^[!#$%&'*+\-.^_`|~0-9A-Za-z, ]{1,1024}$/.test(asked) ? asked : '';
}

/** What Access-Control-Allow-Origin says to an origin; undefined when it is not allowed. */
export function allowedOrigin(origin: string, { allowOrigins, allowCredentials }: CorsPolicy): string | undefined {
  if (origin === '' || origin.length > 512) return undefined;
  if (allowOrigins.includes('*')) return allowCredentials ? echo(origin) : '*';
  return allowOrigins.some((pattern) => originMatches(origin, pattern)) ? echo(origin) : undefined;
}

/** An origin is ASCII without spaces; anything else is nobody's. */
function echo(origin: string): string | undefined {
  return /^[\x21-\x7e]+$/.test(origin) ? origin : undefined;
}

/** A `*` stands before the rest of a host, for at least one character that belongs to a host: never for a port, a path or a user. */
function originMatches(origin: string, pattern: string): boolean {
  const own = origin.toLowerCase();
  const wanted = pattern.toLowerCase();
  const star = wanted.indexOf('*');
  if (star === -1) return own === wanted;
  const before = wanted.slice(0, star);
  const after = wanted.slice(star + 1);
  if (own.length <= before.length + after.length || !own.startsWith(before) || !own.endsWith(after)) return false;
  return /^[a-z0-9.-]+$/.test(own.slice(before.length, own.length - after.length));
}
