// Rules of VirtualServices as a route table: by host, then in the order they are written; the first that matches is taken.
import type { HttpRouteMatch } from '#model/gateway.ts';
import type { TextMatch, VirtualMatch } from '#model/istio-routing.ts';
import type { RouteRulePlan, VirtualHost } from './plan.ts';
import { RegexError } from './regex-parse.ts';
import { compileRegex } from './regex.ts';
import { type RouteChoice, type RouteRequest, type RouteTable, hostName } from './route.ts';

type Test = (request: RouteRequest) => boolean;

interface Candidate {
  readonly accepts: Test;
  readonly choice: RouteChoice;
}

/** @param scheme of requests that come here: `http` or `https` */
export function compileVirtualRoutes(hosts: readonly VirtualHost[], scheme: string): RouteTable {
  const table = new Map<string, Candidate[]>();
  for (const { hostnames, rules } of hosts)
    for (const name of hostnames) {
      const list = table.get(name) ?? [];
      table.set(name, list);
      for (const rule of rules) list.push(...candidatesOf(rule, scheme));
    }
  const listFor = (authority: string): readonly Candidate[] | undefined => {
    const name = hostName(authority);
    const exact = table.get(name);
    if (exact) return exact;
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
      const wild = table.get(`*${name.slice(dot)}`);
      if (wild) return wild;
    }
    return table.get('*');
  };
  return {
    hasHost: (host) => listFor(host) !== undefined,
    closed: () => undefined,
    match(request) {
      for (const { accepts, choice } of listFor(request.host) ?? []) if (accepts(request)) return choice;
      return undefined;
    },
  };
}

/** What the second table has stands behind what the first has. */
export function bothTables(first: RouteTable, second: RouteTable): RouteTable {
  return {
    hasHost: (host) => first.hasHost(host) || second.hasHost(host),
    closed: (host) => first.closed(host) ?? second.closed(host),
    match: (request) => first.match(request) ?? second.match(request),
  };
}

function candidatesOf(rule: RouteRulePlan, scheme: string): Candidate[] {
  const when = rule.virtual?.when ?? [];
  if (when.length === 0) return [{ accepts: () => true, choice: { rule, match: pathMatch(undefined) } }];
  return when.map((match) => ({ accepts: compileMatch(match, scheme), choice: { rule, match: pathMatch(match.uri) } }));
}

/** What a rewrite replaces: the prefix that matched, or with any other match the whole path. */
function pathMatch(uri: TextMatch | undefined): HttpRouteMatch {
  const path =
    uri?.kind === 'prefix'
      ? { type: 'PathPrefix' as const, value: uri.value }
      : uri?.kind === 'exact'
        ? { type: 'Exact' as const, value: uri.value }
        : { type: 'PathPrefix' as const, value: '/' };
  return { path, headers: [], queryParams: [] };
}

function compileMatch(match: VirtualMatch, scheme: string): Test {
  const tests: Test[] = [];
  const { uri, method, authority } = match;
  if (match.scheme && !compileText(match.scheme)(scheme)) return () => false;
  if (uri) tests.push(onText(uri, (request) => request.path));
  if (method) tests.push(onText(method, (request) => request.method));
  if (authority) tests.push(onText(authority, (request) => request.host.toLowerCase()));
  for (const [name, text] of Object.entries(match.headers)) tests.push(onText(text, (request) => headerOf(request, name)));
  for (const [name, text] of Object.entries(match.withoutHeaders)) {
    const has = onText(text, (request) => headerOf(request, name));
    tests.push((request) => !has(request));
  }
  const params = Object.entries(match.queryParams).map(([name, text]) => [name, compileText(text)] as const);
  if (params.length > 0)
    tests.push((request) => {
      const query = new URLSearchParams(request.query);
      return params.every(([name, accepts]) => {
        const value = query.get(name);
        return value !== null && accepts(value);
      });
    });
  return (request) => {
    for (const test of tests) if (!test(request)) return false;
    return true;
  };
}

/** Pseudo-headers may be asked for by their names too. */
function headerOf(request: RouteRequest, name: string): string | undefined {
  if (name === ':authority') return request.host;
  if (name === ':method') return request.method;
  if (name === ':path') return request.path + request.query;
  return request.header(name);
}

function onText(text: TextMatch, of: (request: RouteRequest) => string | undefined): Test {
  const accepts = compileText(text);
  return (request) => {
    const value = of(request);
    return value !== undefined && accepts(value);
  };
}

/** A pattern outside RE2's syntax matches nothing: its rule is closed, and the plan's builder has said so. */
function compileText({ kind, value, ignoreCase }: TextMatch): (text: string) => boolean {
  const wanted = ignoreCase ? value.toLowerCase() : value;
  const seen = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
  switch (kind) {
    case 'present':
      return () => true;
    case 'exact':
      return (text) => seen(text) === wanted;
    case 'prefix':
      return (text) => seen(text).startsWith(wanted);
    case 'regex': {
      try {
        const pattern = compileRegex(value);
        return (text) => pattern.test(text);
      } catch (error) {
        if (error instanceof RegexError) return () => false;
        throw error;
      }
    }
  }
}

/** Why a pattern matches nothing, or undefined when it is one. */
export function refusedPattern(source: string): string | undefined {
  try {
    compileRegex(source);
    return undefined;
  } catch (error) {
    if (error instanceof RegexError) return error.message;
    throw error;
  }
}
