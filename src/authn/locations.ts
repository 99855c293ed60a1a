// Where a rule looks for tokens, and what is taken out of the request once one was verified (Istio JWTRule: fromHeaders, fromParams, fromCookies).
import type { JwtRule } from '#model/istio.ts';

/** The parts of a request that authentication may look at. */
export interface AuthnRequest {
  readonly method: string;
  readonly path: string;
  /** With the leading `?`, or ''. */
  readonly query: string;
  /** Joined by `,`; undefined when absent. Name in lower case. */
  header(name: string): string | undefined;
  headerValues(name: string): readonly string[];
}

export interface Location {
  readonly kind: 'header' | 'param' | 'cookie';
  /** Header names in lower case. */
  readonly name: string;
  /** Headers only: what stands before the token, `Bearer ` by default. */
  readonly prefix: string;
}

/** A token as found, or a place where one stands in a way that two readers could read in two ways. */
export interface Found {
  readonly location: Location;
  /** Undefined: ambiguous, to be refused. */
  readonly token: string | undefined;
}

/** Values of one query parameter or cookie that are looked at. */
const VALUES_MAX = 8;

const DEFAULT_LOCATIONS: readonly Location[] = [
  { kind: 'header', name: 'authorization', prefix: 'Bearer ' },
  { kind: 'param', name: 'access_token', prefix: '' },
];

/** Locations of a rule, in the order they are searched; naming any replaces the defaults. */
export function locationsOf(rule: JwtRule): readonly Location[] {
  const locations: Location[] = [
    ...(rule.fromHeaders ?? []).map(({ name, prefix = '' }) => ({ kind: 'header' as const, name: name.toLowerCase(), prefix })),
    ...(rule.fromParams ?? []).map((name) => ({ kind: 'param' as const, name, prefix: '' })),
    ...(rule.fromCookies ?? []).map((name) => ({ kind: 'cookie' as const, name, prefix: '' })),
  ];
  return locations.length > 0 ? locations : DEFAULT_LOCATIONS;
}

/** For people: `header authorization`, `query parameter access_token`. */
export function describeLocation({ kind, name }: Location): string {
  return `${kind === 'param' ? 'query parameter' : kind} \`${name}\``;
}

/** Decodes `%41` and `+`; undefined when the text is not valid UTF-8 that way. */
function formDecode(text: string): string | undefined {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** Values of a query parameter whose decoded name is `name`, undecodable ones as undefined. */
function paramValues(query: string, name: string): (string | undefined)[] {
  const values: (string | undefined)[] = [];
  if (query.length <= 1) return values;
  for (const part of query.slice(1).split('&')) {
    const equals = part.indexOf('=');
    if (formDecode(equals === -1 ? part : part.slice(0, equals)) !== name) continue;
    values.push(equals === -1 ? '' : formDecode(part.slice(equals + 1)));
    if (values.length > VALUES_MAX) break;
  }
  return values;
}

/** Values of a cookie over all Cookie headers (RFC 6265 section 5.4), one pair of quotes around a value taken off. */
function cookieValues(headers: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (const header of headers)
    for (const part of header.split(';')) {
      const equals = part.indexOf('=');
      if (equals === -1 || part.slice(0, equals).trim() !== name) continue;
      const value = part.slice(equals + 1).trim();
      values.push(value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value);
      if (values.length > VALUES_MAX) return values;
    }
  return values;
}

/** What stands in a header after the prefix, wherever the prefix stands (Envoy searches for it); undefined when the prefix is not there. */
function afterPrefix(value: string, prefix: string): string | undefined {
  if (prefix === '') return value.trim();
  const at = value.indexOf(prefix);
  return at === -1 ? undefined : value.slice(at + prefix.length).trim();
}

/**
 * Looks for a token in one place.
 * A place that holds several different values is ambiguous: which of them the service behind would take, nobody knows.
 * @returns undefined when there is none
 */
export function findToken(request: AuthnRequest, location: Location): Found | undefined {
  if (location.kind === 'header') {
    const whole = request.header(location.name);
    if (whole === undefined) return undefined;
    const values = request.headerValues(location.name);
    if (values.length > 1)
      return values.some((value) => afterPrefix(value, location.prefix) !== undefined)
        ? { location, token: undefined }
        : undefined;
    const token = afterPrefix(values[0] ?? whole, location.prefix);
    return token === undefined ? undefined : { location, token };
  }
  const values =
    location.kind === 'param'
      ? paramValues(request.query, location.name)
      : cookieValues(request.headerValues('cookie'), location.name);
  const [first] = values;
  if (values.length === 0) return undefined;
  return { location, token: values.every((value) => value === first) ? first : undefined };
}
