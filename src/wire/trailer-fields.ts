// Fields behind a body: which may stand there at all (RFC 9110 section 6.5.1; proxy hardening A 10).
import { isToken } from './http1/chars.ts';
import type { HeaderList } from './types.ts';

/** Framing, routing, credentials, conditions and how content is read: never taken from behind it. */
const NEVER =
  /^(?::.*|host|te|trailer|transfer-encoding|connection|keep-alive|upgrade|expect|authorization|proxy-.*|cookie|set-cookie|www-authenticate|age|cache-control|expires|date|location|retry-after|vary|warning|range|max-forwards|pragma|if-.*|content-(?:length|encoding|type|range|location)|access-control-.*|strict-transport-security|server|x-powered-by)$/;

/** Whether a field may come behind the body, after everything that could rest on it was decided. @param name lower case */
export function mayBeTrailer(name: string): boolean {
  return !NEVER.test(name);
}

/** Names that a message of HTTP/1 announces to come behind its body and may; undefined for none. Fields that were not announced are dropped. */
export function announcedTrailers(headers: HeaderList): ReadonlySet<string> | undefined {
  if (headers.get('trailer') === undefined) return undefined;
  const names = trailerNames(headers.all('trailer').join(','));
  return names.length === 0 ? undefined : new Set(names);
}

/** The names in a Trailer field, in lower case, of fields that may come behind a body. */
export function trailerNames(value: string): string[] {
  return value
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => isToken(name) && mayBeTrailer(name));
}

/** Whether the sender of these headers takes fields behind the body of an answer (`TE: trailers`, RFC 9110 section 10.1.4). */
export function takesTrailers(headers: HeaderList): boolean {
  return headers.get('te') !== undefined && headers.all('te').some(saysTrailers);
}

/** The same of one value of TE. */
export function saysTrailers(te: string): boolean {
  return /(?:^|[\s,])trailers(?:[\s,;]|$)/i.test(te);
}
