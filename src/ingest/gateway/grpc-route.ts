// GRPCRoute (gateway.networking.k8s.io/v1, v1alpha2).
import type { GrpcRouteMatch, GrpcRouteRule, GrpcRouteSpec } from '#model/gateway.ts';
import { also, anyText, anything, list, object, oneOf, optional, text } from '../check.ts';
import type { Check } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader } from '../kind.ts';
import { subdomain } from '../metadata.ts';
import { shorten } from '../scope.ts';
import { hostname } from './common.ts';
import { checkFilters, filter } from './filter.ts';
import { headerMatches } from './http-route.ts';
import { httpBackend, parentRefs } from './route-parts.ts';

const EXACT_SERVICE = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$/;
const EXACT_METHOD = /^[A-Za-z_][A-Za-z0-9_]*$/;
const method = also(
  object({
    type: optional(oneOf(['Exact', 'RegularExpression'])),
    service: optional(text({ min: 1, max: 1024 })),
    method: optional(text({ min: 1, max: 1024 })),
  }),
  (read, scope) => {
    if (read.service === undefined && read.method === undefined)
      scope.error('required', 'a method match needs `service`, `method` or both');
    if ((read.type ?? 'Exact') !== 'Exact') return;
    for (const [name, form] of [
      ['service', EXACT_SERVICE],
      ['method', EXACT_METHOD],
    ] as const) {
      const value = read[name];
      if (value !== undefined && !form.test(value))
        scope.at(name, () => scope.error('value', `\`${shorten(value)}\` is no name of a gRPC ${name}`));
    }
  },
);
const rawMatch = object({ method: optional(method), headers: optional(headerMatches) });
const match: Check<GrpcRouteMatch> = (value, scope) => {
  const read = rawMatch(value, scope);
  if (!read) return undefined;
  const { type = 'Exact', ...names } = read.method ?? {};
  return { ...(read.method ? { method: { type, ...names } } : {}), headers: read.headers ?? [] };
};

const rawRule = object({
  name: optional(subdomain),
  matches: optional(list(match, { max: 64 })),
  filters: optional(list(filter, { max: 16 })),
  backendRefs: optional(list(httpBackend, { max: 16 })),
  sessionPersistence: optional(anything),
});
/** Filters of HTTPRoute that GRPCRoute has not. */
const NOT_GRPC: ReadonlySet<string> = new Set(['URLRewrite', 'RequestRedirect', 'CORS']);
const ANY_CALL: GrpcRouteMatch = { headers: [] };

const rule: Check<GrpcRouteRule> = (value, scope) => {
  const read = rawRule(value, scope);
  if (!read) return undefined;
  const { filters = [], backendRefs = [], matches = [] } = read;
  checkFilters(filters, backendRefs.length, scope);
  for (const { type } of [...filters, ...backendRefs.flatMap((each) => each.filters ?? [])])
    if (NOT_GRPC.has(type)) scope.at('filters', () => scope.error('filter', `a GRPCRoute has no filter \`${type}\``));
  if (read.sessionPersistence !== undefined)
    scope.at('sessionPersistence', () => scope.warn('not-acted-on', '`sessionPersistence` is not acted on'));
  return {
    ...(read.name === undefined ? {} : { name: read.name }),
    matches: matches.length > 0 ? matches : [ANY_CALL],
    filters,
    backendRefs,
  };
};

const SPEC = object({
  parentRefs: optional(parentRefs),
  hostnames: optional(list(hostname, { max: 16 })),
  rules: optional(list(rule, { max: 64 })),
  useDefaultGateways: optional(anyText),
});

export const readGrpcRoute: KindReader = (document, scope) => {
  const typed = scope.at('spec', (): GrpcRouteSpec | undefined => {
    const spec = SPEC(document.raw['spec'] ?? {}, scope);
    return spec && { parentRefs: spec.parentRefs ?? [], hostnames: spec.hostnames ?? [], rules: spec.rules ?? [] };
  });
  if (!typed) return undefined;
  const route = resourceOf(document, 'GRPCRoute', typed);
  return { resource: route, part: { type: 'grpcRoute', route } };
};
