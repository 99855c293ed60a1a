// HTTPRoute (gateway.networking.k8s.io/v1, v1beta1).
import { parseDurationMs } from '#base/duration.ts';
import type { BackendRef, HttpRouteMatch, HttpRouteRule, HttpRouteSpec, ParentRef } from '#model/gateway.ts';
import { also, anyText, anything, integer, list, object, oneOf, optional, port, required, text } from '../check.ts';
import type { Check } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader } from '../kind.ts';
import { dnsLabel, subdomain } from '../metadata.ts';
import { shorten } from '../scope.ts';
import type { Scope } from '../scope.ts';
import { GATEWAY_GROUP, group, headerName, headerValue, hostname, kind, objectName } from './common.ts';
import { filter } from './filter.ts';
import { qualifiedKind } from './gateway.ts';

const parentRef: Check<ParentRef> = (value, scope) => {
  const read = object({
    group: optional(group),
    kind: optional(kind),
    namespace: optional(dnsLabel),
    name: required(objectName),
    sectionName: optional(subdomain),
    port: optional(port),
  })(value, scope);
  if (!read) return undefined;
  const { group: groupName = GATEWAY_GROUP, kind: kindName = 'Gateway', ...rest } = read;
  // A Service is the one parent outside the group (GAMMA); its group is the empty one.
  const expected = kindName === 'Service' ? '' : GATEWAY_GROUP;
  return { kind: qualifiedKind(groupName, kindName, expected), ...rest };
};

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] as const;
const pathValue = text({ max: 1024 });
const path = also(
  object({ type: optional(oneOf(['Exact', 'PathPrefix', 'RegularExpression'])), value: optional(pathValue) }),
  (read, scope) => {
    const { type = 'PathPrefix', value = '/' } = read;
    if (type === 'RegularExpression') {
      if (value === '') scope.at('value', () => scope.error('empty', 'the regular expression is empty'));
      return;
    }
    scope.at('value', () => {
      if (!value.startsWith('/')) scope.error('path', `\`${shorten(value)}\` must begin with \`/\``);
      const odd =
        ['//', '/./', '/../', '%2f', '%2F', '#'].find((each) => value.includes(each)) ??
        ['/..', '/.'].find((each) => value.endsWith(each));
      if (odd !== undefined)
        scope.error('path', `\`${shorten(value)}\` holds \`${odd}\`, which no request has after normalisation`);
    });
  },
);
const valueMatches = (name: Check<string>, value: Check<string>, keyOf: (name: string) => string) =>
  also(
    list(object({ type: optional(oneOf(['Exact', 'RegularExpression'])), name: required(name), value: required(value) }), {
      max: 16,
    }),
    (read, scope) => {
      const seen = new Set<string>();
      read.forEach((each, i) => {
        const key = keyOf(each.name);
        if (seen.has(key)) scope.at(i, () => scope.error('duplicate', `\`${shorten(each.name)}\` is matched twice`));
        seen.add(key);
      });
    },
  );

const rawMatch = object({
  path: optional(path),
  headers: optional(valueMatches(headerName, headerValue, (name) => name.toLowerCase())),
  queryParams: optional(valueMatches(text({ min: 1, max: 256 }), text({ min: 1, max: 1024 }), (name) => name)),
  method: optional(oneOf(METHODS)),
});
const match: Check<HttpRouteMatch> = (value, scope) => {
  const read = rawMatch(value, scope);
  return (
    read && {
      path: { type: read.path?.type ?? 'PathPrefix', value: read.path?.value ?? '/' },
      headers: (read.headers ?? []).map((each) => ({ type: each.type ?? 'Exact', name: each.name, value: each.value })),
      queryParams: (read.queryParams ?? []).map((each) => ({ type: each.type ?? 'Exact', name: each.name, value: each.value })),
      ...(read.method === undefined ? {} : { method: read.method }),
    }
  );
};
const ANY_PATH: HttpRouteMatch = { path: { type: 'PathPrefix', value: '/' }, headers: [], queryParams: [] };

const rawBackend = object({
  group: optional(group),
  kind: optional(kind),
  name: required(objectName),
  namespace: optional(dnsLabel),
  port: optional(port),
  weight: optional(integer(0, 1_000_000)),
  filters: optional(list(filter, { max: 16 })),
});
type RawBackend = NonNullable<ReturnType<typeof rawBackend>>;
const backendRef = also(rawBackend, (read, scope) => {
  const service = (read.kind ?? 'Service') === 'Service' && ['', 'core'].includes(read.group ?? '');
  if (service && read.port === undefined) scope.error('required', 'a backend that is a Service needs `port`');
});

function typedBackend(read: RawBackend): BackendRef {
  return {
    kind: qualifiedKind(read.group ?? '', read.kind ?? 'Service', ''),
    name: read.name,
    ...(read.namespace === undefined ? {} : { namespace: read.namespace }),
    port: read.port ?? 0,
    weight: read.weight ?? 1,
  };
}

/** GEP-2257: up to four parts such as `1h30m`, without fractions. */
const duration: Check<number> = (value, scope) => {
  const read = anyText(value, scope);
  if (read === undefined) return undefined;
  if (/^(?:\d{1,5}(?:h|m|s|ms)){1,4}$/.test(read)) return parseDurationMs(read);
  scope.error('duration', `\`${shorten(read)}\` is not a duration`, 'write it as in `10s` or `1m30s`');
  return undefined;
};

const rawRule = object({
  name: optional(subdomain),
  matches: optional(list(match, { max: 64 })),
  filters: optional(list(filter, { max: 16 })),
  backendRefs: optional(list(backendRef, { max: 16 })),
  timeouts: optional(object({ request: optional(duration), backendRequest: optional(duration) })),
  retry: optional(anything),
  sessionPersistence: optional(anything),
});
type RawRule = NonNullable<ReturnType<typeof rawRule>>;

const rule: Check<HttpRouteRule> = (value, scope) => {
  const read = rawRule(value, scope);
  if (!read) return undefined;
  checkRule(read, scope);
  const backends = read.backendRefs ?? [];
  const perBackend = backends.some((each) => (each.filters ?? []).length > 0);
  if (perBackend)
    scope.warn(
      'unsupported-filter',
      'filters of single backends are not supported: requests that this rule matches are answered with 500',
      'put the filters beside `backendRefs`',
    );
  const { request, backendRequest } = read.timeouts ?? {};
  return {
    matches: (read.matches ?? []).length > 0 ? read.matches! : [ANY_PATH],
    filters: [...(read.filters ?? []), ...(perBackend ? [{ type: 'Unsupported' as const, name: 'backendRefs.filters' }] : [])],
    backendRefs: backends.map(typedBackend),
    ...(read.timeouts
      ? {
          timeouts: {
            ...(request === undefined ? {} : { requestMs: request }),
            ...(backendRequest === undefined ? {} : { backendRequestMs: backendRequest }),
          },
        }
      : {}),
  };
};

function checkRule(read: RawRule, scope: Scope): void {
  const filters = read.filters ?? [];
  const types = filters.map((each) => each.type);
  for (const type of new Set(types)) {
    if (type !== 'Unsupported' && types.filter((each) => each === type).length > 1)
      scope.at('filters', () => scope.error('duplicate', `the filter \`${type}\` may stand once`));
  }
  if (types.includes('RequestRedirect')) {
    if (types.includes('URLRewrite')) scope.at('filters', () => scope.error('filter', 'a rule either redirects or rewrites'));
    if ((read.backendRefs ?? []).length > 0)
      scope.at('backendRefs', () => scope.error('filter', 'a rule that redirects has no backends'));
  }
  const prefixOnly = read.matches?.length === 1 && read.matches[0]?.path.type === 'PathPrefix';
  const replacesPrefix = filters.some((each) => 'path' in each && each.path?.type === 'ReplacePrefixMatch');
  if (replacesPrefix && !prefixOnly)
    scope.at('filters', () => scope.error('filter', '`ReplacePrefixMatch` needs exactly one match, of type `PathPrefix`'));
  const { request, backendRequest } = read.timeouts ?? {};
  if (request !== undefined && request > 0 && backendRequest !== undefined && backendRequest > request) {
    scope.at('timeouts', () => scope.error('timeout', '`backendRequest` is longer than `request`'));
  }
  for (const name of ['retry', 'sessionPersistence'] as const) {
    if (read[name] !== undefined) scope.at(name, () => scope.warn('not-acted-on', `\`${name}\` is not acted on`));
  }
}

const SPEC = object({
  parentRefs: optional(list(parentRef, { max: 32 })),
  hostnames: optional(list(hostname, { max: 16 })),
  rules: optional(list(rule, { max: 64 })),
  useDefaultGateways: optional(anyText),
});

export const readHttpRoute: KindReader = (document, scope) => {
  const typed = scope.at('spec', (): HttpRouteSpec | undefined => {
    const spec = SPEC(document.raw['spec'] ?? {}, scope);
    if (!spec) return undefined;
    const rules = (spec.rules ?? []).length > 0 ? spec.rules! : [{ matches: [ANY_PATH], filters: [], backendRefs: [] }];
    return { parentRefs: spec.parentRefs ?? [], hostnames: spec.hostnames ?? [], rules };
  });
  if (!typed) return undefined;
  const route = resourceOf(document, 'HTTPRoute', typed);
  return { resource: route, part: { type: 'httpRoute', route } };
};
