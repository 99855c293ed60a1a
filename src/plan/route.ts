// Route choice at the gateway: host, then path, method, headers and query in Gateway API's order of precedence. Compiled once per plan.
import type { HttpRouteMatch, StringMatch } from '#model/gateway.ts';
import { HostMap } from './host-map.ts';
import type { GatewayListenerPlan, RouteRulePlan, VirtualHost } from './plan.ts';
import { RegexError } from './regex-parse.ts';
import { compileRegex, type LinearRegex } from './regex.ts';

export interface RouteRequest {
  /** `:authority` as sent; port and a trailing dot are ignored, case too. */
  readonly host: string;
  /** Normalised, without the query. */
  readonly path: string;
  /** With its `?`, or ''. */
  readonly query: string;
  readonly method: string;
  header(name: string): string | undefined;
}

export interface RouteChoice {
  readonly rule: RouteRulePlan;
  readonly match: HttpRouteMatch;
}

export interface RouteTable {
  /** The most specific rule, or why there is none. */
  match(request: RouteRequest): RouteChoice | undefined;
  /** Whether any virtual host answers for this name. */
  hasHost(host: string): boolean;
  /** Why the listener that answers for this name is closed; undefined when it is open or there is none. */
  closed(host: string): string | undefined;
}

interface Candidate extends RouteChoice {
  readonly order: number;
  readonly accepts: ((request: RouteRequest) => boolean) | undefined;
}

interface HostTable {
  readonly exact: Map<string, Candidate[]>;
  readonly prefix: Map<string, Candidate[]>;
  readonly regex: { readonly pattern: LinearRegex; readonly candidate: Candidate }[];
}

/**
 * Lower-case host name of an authority: no port, no trailing dot; IPv6 literals keep their brackets.
 */
export function hostName(authority: string): string {
  let end = authority.length;
  const close = authority.charCodeAt(0) === 0x5b ? authority.indexOf(']') : -1;
  const colon = authority.indexOf(':', close + 1);
  if (colon !== -1) end = colon;
  if (end > 0 && authority.charCodeAt(end - 1) === 0x2e) end--;
  return (end === authority.length ? authority : authority.slice(0, end)).toLowerCase();
}

/**
 * Compiles virtual hosts into a table.
 *
 * Order within a host (gateway.networking.k8s.io/v1 HTTPRouteRule): exact path, longest prefix, regular expression, then method, number of
 * headers, number of query parameters, then the order given (the caller sorts routes by age and name). A pattern that cannot be
 * compiled never matches, so its rule is closed.
 */
export function compileRoutes(virtualHosts: readonly VirtualHost[]): RouteTable {
  const hosts = new HostMap<HostTable>();
  let order = 0;
  for (const virtualHost of virtualHosts)
    for (const hostname of virtualHost.hostnames) {
      let table = hosts.get(hostname);
      if (!table) hosts.set(hostname, (table = { exact: new Map(), prefix: new Map(), regex: [] }));
      for (const rule of virtualHost.rules)
        for (const match of rule.rule.matches)
          addCandidate(table, { rule, match, order: order++, accepts: compileExtras(match) });
    }
  for (const table of hosts.values()) {
    for (const list of table.exact.values()) list.sort(byPrecedence);
    for (const list of table.prefix.values()) list.sort(byPrecedence);
    table.regex.sort(
      (a, b) =>
        b.candidate.match.path.value.length - a.candidate.match.path.value.length || byPrecedence(a.candidate, b.candidate),
    );
  }
  const tableFor = (authority: string): HostTable | undefined => hosts.find(hostName(authority));
  return {
    hasHost: (host) => tableFor(host) !== undefined,
    closed: () => undefined,
    match(request) {
      const table = tableFor(request.host);
      if (!table) return undefined;
      const exact = table.exact.get(request.path);
      if (exact) {
        const found = firstAccepting(exact, request);
        if (found) return found;
      }
      // Prefixes match whole path elements: `/a` covers `/a` and `/a/b`, never `/ab`.
      let path = request.path;
      if (table.prefix.size > 0) {
        for (;;) {
          const list = table.prefix.get(path);
          if (list) {
            const found = firstAccepting(list, request);
            if (found) return found;
          }
          const slash = path.lastIndexOf('/');
          if (slash < 0 || path === '') break;
          path = path.slice(0, slash);
        }
      }
      for (const { pattern, candidate } of table.regex)
        if (pattern.test(request.path) && (!candidate.accepts || candidate.accepts(request))) return candidate;
      return undefined;
    },
  };
}

const NO_ROUTES: RouteTable = compileRoutes([]);

/**
 * Compiles the listeners of one port. They are isolated: the one with the most specific host name answers alone, whether or not it has a route
 * (Gateway API, "listener isolation").
 */
export function compileListeners(
  listeners: readonly (Pick<GatewayListenerPlan, 'hostname' | 'closed'> & { readonly routes: RouteTable })[],
): RouteTable {
  const [first] = listeners;
  if (listeners.length === 1 && first!.hostname === '' && first!.closed === undefined) return first!.routes;
  const tables = new HostMap<{ readonly routes: RouteTable; readonly closed: string | undefined }>();
  for (const { hostname, routes, closed } of listeners)
    tables.set(hostname === '' ? '*' : hostname, { routes: closed === undefined ? routes : NO_ROUTES, closed });
  return {
    hasHost: (host) => tables.find(hostName(host))?.routes.hasHost(host) === true,
    closed: (host) => tables.find(hostName(host))?.closed,
    match: (request) => tables.find(hostName(request.host))?.routes.match(request),
  };
}

function addCandidate(table: HostTable, candidate: Candidate): void {
  const { type, value } = candidate.match.path;
  if (type === 'RegularExpression') {
    const pattern = patternOrNone(value);
    if (pattern) table.regex.push({ pattern, candidate });
    return;
  }
  const map = type === 'Exact' ? table.exact : table.prefix;
  const key = type === 'Exact' ? value : value.replace(/\/+$/, '');
  const list = map.get(key);
  if (list) list.push(candidate);
  else map.set(key, [candidate]);
}

function byPrecedence(a: Candidate, b: Candidate): number {
  return (
    Number(b.match.method !== undefined) - Number(a.match.method !== undefined) ||
    b.match.headers.length - a.match.headers.length ||
    b.match.queryParams.length - a.match.queryParams.length ||
    a.order - b.order
  );
}

function firstAccepting(list: readonly Candidate[], request: RouteRequest): Candidate | undefined {
  for (const candidate of list) if (!candidate.accepts || candidate.accepts(request)) return candidate;
  return undefined;
}

function compileExtras(match: HttpRouteMatch): ((request: RouteRequest) => boolean) | undefined {
  const { method } = match;
  const headers = match.headers.map((header) => [header.name.toLowerCase(), compileText(header)] as const);
  const params = match.queryParams.map((param) => [param.name, compileText(param)] as const);
  if (method === undefined && headers.length === 0 && params.length === 0) return undefined;
  return (request) => {
    if (method !== undefined && request.method !== method) return false;
    for (const [name, accepts] of headers) {
      const value = request.header(name);
      if (value === undefined || !accepts(value)) return false;
    }
    if (params.length > 0) {
      const query = new URLSearchParams(request.query);
      for (const [name, accepts] of params) {
        // The first value counts when a parameter is repeated (HTTPQueryParamMatch).
        const value = query.get(name);
        if (value === null || !accepts(value)) return false;
      }
    }
    return true;
  };
}

function compileText(match: StringMatch): (value: string) => boolean {
  if (match.type === 'Exact') return (value) => value === match.value;
  const pattern = patternOrNone(match.value);
  return pattern ? (value) => pattern.test(value) : () => false;
}

/** A pattern outside RE2's syntax compiles to nothing: its rule is closed, and the plan's builder has said so. */
function patternOrNone(source: string): LinearRegex | undefined {
  try {
    return compileRegex(source);
  } catch (error) {
    if (error instanceof RegexError) return undefined;
    throw error;
  }
}
