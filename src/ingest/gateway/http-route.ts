// HTTPRoute (gateway.networking.k8s.io/v1, v1beta1, v1alpha2).
import type { HttpRouteMatch, HttpRouteRule, HttpRouteSpec } from '#model/gateway.ts';
import { also, anyText, anything, integer, list, object, oneOf, optional, text } from '../check.ts';
import type { Check } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader } from '../kind.ts';
import { subdomain } from '../metadata.ts';
import { shorten } from '../scope.ts';
import type { Scope } from '../scope.ts';
import { headerName, headerValue, hostname } from './common.ts';
import { checkFilters, filter } from './filter.ts';
import { duration, httpBackend, parentRefs, valueMatches } from './route-parts.ts';

/** Header conditions: names compare without case. */
export const headerMatches = valueMatches(headerName, headerValue, (name) => name.toLowerCase());

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
const rawMatch = object({
  path: optional(path),
  headers: optional(headerMatches),
  queryParams: optional(valueMatches(text({ min: 1, max: 256 }), text({ min: 1, max: 1024 }), (name) => name)),
  method: optional(oneOf(METHODS)),
});
const match: Check<HttpRouteMatch> = (value, scope) => {
  const read = rawMatch(value, scope);
  return (
    read && {
      path: { type: read.path?.type ?? 'PathPrefix', value: read.path?.value ?? '/' },
      headers: read.headers ?? [],
      queryParams: read.queryParams ?? [],
      ...(read.method === undefined ? {} : { method: read.method }),
    }
  );
};
const ANY_PATH: HttpRouteMatch = { path: { type: 'PathPrefix', value: '/' }, headers: [], queryParams: [] };

/** Times a request may be sent again (GEP-1731 leaves the maximum open). */
const ATTEMPTS_MAX = 100;
const retry = object({
  codes: optional(list(integer(400, 599), { max: 64 })),
  attempts: optional(integer(0, ATTEMPTS_MAX)),
  backoff: optional(duration),
});

const rawRule = object({
  name: optional(subdomain),
  matches: optional(list(match, { max: 64 })),
  filters: optional(list(filter, { max: 16 })),
  backendRefs: optional(list(httpBackend, { max: 16 })),
  timeouts: optional(object({ request: optional(duration), backendRequest: optional(duration) })),
  retry: optional(retry),
  sessionPersistence: optional(anything),
});
type RawRule = NonNullable<ReturnType<typeof rawRule>>;

const rule: Check<HttpRouteRule> = (value, scope) => {
  const read = rawRule(value, scope);
  if (!read) return undefined;
  checkRule(read, scope);
  const { request, backendRequest } = read.timeouts ?? {};
  const { codes, attempts, backoff } = read.retry ?? {};
  return {
    ...(read.name === undefined ? {} : { name: read.name }),
    matches: (read.matches ?? []).length > 0 ? read.matches! : [ANY_PATH],
    filters: read.filters ?? [],
    backendRefs: read.backendRefs ?? [],
    ...(read.timeouts
      ? {
          timeouts: {
            ...(request === undefined ? {} : { requestMs: request }),
            ...(backendRequest === undefined ? {} : { backendRequestMs: backendRequest }),
          },
        }
      : {}),
    ...(read.retry
      ? {
          retry: {
            codes: codes ?? [],
            ...(attempts === undefined ? {} : { attempts }),
            ...(backoff === undefined ? {} : { backoffMs: backoff }),
          },
        }
      : {}),
  };
};

function checkRule(read: RawRule, scope: Scope): void {
  const filters = read.filters ?? [];
  checkFilters(filters, (read.backendRefs ?? []).length, scope);
  (read.backendRefs ?? []).forEach((each, i) =>
    scope.at('backendRefs', () => scope.at(i, () => checkFilters(each.filters ?? [], 1, scope))),
  );
  const prefixOnly = read.matches?.length === 1 && read.matches[0]?.path.type === 'PathPrefix';
  const all = [...filters, ...(read.backendRefs ?? []).flatMap((each) => each.filters ?? [])];
  const replacesPrefix = all.some((each) => 'path' in each && each.path?.type === 'ReplacePrefixMatch');
  if (replacesPrefix && !prefixOnly)
    scope.at('filters', () => scope.error('filter', '`ReplacePrefixMatch` needs exactly one match, of type `PathPrefix`'));
  const { request, backendRequest } = read.timeouts ?? {};
  if (request !== undefined && request > 0 && backendRequest !== undefined && backendRequest > request) {
    scope.at('timeouts', () => scope.error('timeout', '`backendRequest` is longer than `request`'));
  }
  if (read.sessionPersistence !== undefined)
    scope.at('sessionPersistence', () => scope.warn('not-acted-on', '`sessionPersistence` is not acted on'));
}

const SPEC = object({
  parentRefs: optional(parentRefs),
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
