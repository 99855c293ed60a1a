// A route's rules as the proxy runs them: where they lead, what is copied, what is tried again, and what cannot be honoured.
import type {
  BackendRef,
  GrpcRoute,
  GrpcRouteMatch,
  HttpRoute,
  HttpRouteMatch,
  HttpRouteRule,
  Route,
  StreamRoute,
} from '#model/gateway.ts';
import { formatLocation, originOf } from '#model/origin.ts';
import type { System } from '#model/system.ts';
import { granted } from './grants.ts';
import type { BackendPlan, RetryPolicy, RouteRulePlan, StreamRoutePlan } from './plan.ts';
import { RegexError } from './regex-parse.ts';
import { compileRegex } from './regex.ts';

/** Istio's kind of backend for hosts that a ServiceEntry names. */
const HOSTNAME_KIND = 'networking.istio.io/Hostname';
/** Istio's figures where GEP-1731 leaves them open. */
const ATTEMPTS_DEFAULT = 2;
const BACKOFF_DEFAULT_MS = 25;
/** The longest pause, as a multiple of the first (Envoy, RetryBackOff). */
const BACKOFF_GROWTH = 10;
/** What is always worth another try: nothing of the request was worked on. */
const RETRY_ALWAYS: readonly string[] = ['connect-failure', 'refused-stream', 'reset-before-request'];

/** What rules of a route are planned with, and where their faults go. */
export interface RuleContext {
  readonly system: System;
  /** Cluster ids. */
  readonly known: ReadonlySet<string>;
  /** Condition `ResolvedRefs` of the route: the last fault counts. */
  readonly fault: (reason: string, message: string) => void;
  readonly closed: { what: string; why: string; at: string }[];
  /** The cluster of a host outside the mesh that a route's namespace may call; undefined when no ServiceEntry names it. */
  readonly outside?: (namespace: string, host: string, port: number) => string | undefined;
}

/** The rules of an HTTPRoute or GRPCRoute, in order. */
export function httpRules(route: HttpRoute | GrpcRoute, context: RuleContext): RouteRulePlan[] {
  const rules: readonly HttpRouteRule[] =
    route.kind === 'HTTPRoute'
      ? route.spec.rules
      : route.spec.rules.map((rule) => ({ ...rule, matches: rule.matches.map(httpMatch) }));
  return rules.map((rule, index) => rulePlan(route, rule, index, context));
}

/**
 * The one rule of a TLSRoute or TCPRoute that takes connections; rules have no conditions, so those behind the first take none.
 * @param hostnames server names, `*` for a whole port
 */
export function streamRule(route: StreamRoute, hostnames: readonly string[], context: RuleContext): StreamRoutePlan {
  const { namespace, name } = route.metadata;
  const id = `${namespace}/${name}#0`;
  const at = (index: number): string => formatLocation(originOf(route, ['spec', 'rules', index]));
  route.spec.rules.slice(1).forEach((_, i) =>
    context.closed.push({
      what: `route ${namespace}/${name}#${i + 1}`,
      why: 'the first rule takes every connection',
      at: at(i + 1),
    }),
  );
  const backends = route.spec.rules[0]!.backendRefs.map((ref, i) => backendPlan(route, id, ref, [0, 'backendRefs', i], context));
  return { id, hostnames, backends, at: at(0) };
}

function rulePlan(route: HttpRoute | GrpcRoute, rule: HttpRouteRule, index: number, context: RuleContext): RouteRulePlan {
  const { namespace, name } = route.metadata;
  const id = `${namespace}/${name}#${index}`;
  const at = formatLocation(originOf(route, ['spec', 'rules', index]));
  const backends = rule.backendRefs.map((ref, i) => backendPlan(route, id, ref, [index, 'backendRefs', i], context));
  const filters = [...rule.filters, ...rule.backendRefs.flatMap((ref) => ref.filters ?? [])];
  for (const filter of filters) {
    if (filter.type !== 'Unsupported') continue;
    context.closed.push({ what: `route ${id}`, why: `filter \`${filter.name}\` is not served, so the rule answers 500`, at });
  }
  for (const source of patternsOf(rule)) {
    const why = refusedPattern(source);
    if (why) context.closed.push({ what: `route ${id}`, why: `the pattern \`${source}\` never matches: ${why}`, at });
  }
  // A mirror that leads nowhere is left out; the request itself is served (HTTPRequestMirrorFilter.backendRef).
  const mirrors = rule.filters.flatMap((filter, i) => {
    if (filter.type !== 'RequestMirror') return [];
    const { cluster } = backendPlan(route, id, filter.backend, [index, 'filters', i], context);
    return cluster === '' || filter.fraction.numerator === 0 ? [] : [{ cluster, fraction: filter.fraction }];
  });
  const retry = retryPolicy(rule);
  return { id, rule, backends, ...(mirrors.length > 0 && { mirrors }), ...(retry && { retry }), at };
}

function retryPolicy({ retry, timeouts }: HttpRouteRule): RetryPolicy | undefined {
  if (!retry) return undefined;
  const backoffMs = retry.backoffMs ?? BACKOFF_DEFAULT_MS;
  return {
    attempts: retry.attempts ?? ATTEMPTS_DEFAULT,
    perTryTimeoutMs: timeouts?.backendRequestMs ?? 0,
    on: retry.codes.length > 0 ? [...RETRY_ALWAYS, 'retriable-status-codes'] : RETRY_ALWAYS,
    statuses: retry.codes,
    backoffMs,
    backoffMaxMs: backoffMs * BACKOFF_GROWTH,
  };
}

function backendPlan(
  route: Route,
  id: string,
  ref: BackendRef,
  path: readonly (string | number)[],
  { system, known, fault, closed, outside }: RuleContext,
): BackendPlan {
  const { namespace } = route.metadata;
  const target = ref.namespace ?? namespace;
  const host = ref.kind === HOSTNAME_KIND ? (outside?.(namespace, ref.name.toLowerCase(), ref.port) ?? '') : undefined;
  const cluster = host ?? `${target}/${ref.name}:${ref.port}`;
  const filters = ref.filters ? { filters: ref.filters } : undefined;
  const found = ((): readonly [reason: string, why: string] | undefined => {
    if (host !== undefined)
      return host === '' ? ['BackendNotFound', `no ServiceEntry names \`${ref.name}\` with port ${ref.port} here`] : undefined;
    if (ref.kind !== 'Service') return ['InvalidKind', `backend kind \`${ref.kind}\` is not served`];
    if (!granted(system, { kind: route.kind, namespace }, { kind: 'Service', namespace: target, name: ref.name }))
      return ['RefNotPermitted', `no ReferenceGrant in \`${target}\` lets this route use \`${ref.name}\``];
    return known.has(cluster) ? undefined : ['BackendNotFound', `no Service \`${target}/${ref.name}\` with port ${ref.port}`];
  })();
  if (!found) return { cluster, weight: ref.weight, ...filters };
  fault(found[0], found[1]);
  closed.push({ what: `route ${id}`, why: found[1], at: formatLocation(originOf(route, ['spec', 'rules', ...path])) });
  return { cluster: '', weight: ref.weight, ...filters };
}

/** A gRPC call is a request for `/service/method` (grpc/grpc, doc/PROTOCOL-HTTP2.md). */
function httpMatch({ method, headers }: GrpcRouteMatch): HttpRouteMatch {
  return { path: callPath(method), headers, queryParams: [] };
}

function callPath(method: GrpcRouteMatch['method']): HttpRouteMatch['path'] {
  const { type = 'Exact', service, method: name } = method ?? {};
  if (service === undefined && name === undefined) return { type: 'PathPrefix', value: '/' };
  if (type === 'Exact' && service !== undefined)
    return name === undefined ? { type: 'PathPrefix', value: `/${service}` } : { type: 'Exact', value: `/${service}/${name}` };
  return { type: 'RegularExpression', value: `/(?:${service ?? '[^/]+'})/(?:${name ?? '[^/]+'})` };
}

function patternsOf(rule: HttpRouteRule): string[] {
  return rule.matches.flatMap((match) => [
    ...(match.path.type === 'RegularExpression' ? [match.path.value] : []),
    ...[...match.headers, ...match.queryParams].filter((one) => one.type === 'RegularExpression').map((one) => one.value),
  ]);
}

function refusedPattern(source: string): string | undefined {
  try {
    compileRegex(source);
    return undefined;
  } catch (error) {
    if (error instanceof RegexError) return error.message;
    throw error;
  }
}
