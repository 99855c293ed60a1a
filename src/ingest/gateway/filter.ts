// HTTPRoute's filters. What cannot be applied is kept as Unsupported: a rule with it answers 500, never unfiltered.
import type { CorsPolicy, Fraction, HeaderChange, HttpRouteFilter, PathModifier } from '#model/gateway.ts';
import { also, anything, flag, integer, list, object, oneOf, optional, port, required, text } from '../check.ts';
import type { Check } from '../check.ts';
import type { Scope } from '../scope.ts';
import { headerName, headerValue, preciseHostname } from './common.ts';
import { streamBackend } from './refs.ts';

const headers = also(list(object({ name: required(headerName), value: required(headerValue) }), { max: 16 }), (read, scope) => {
  const seen = new Set<string>();
  read.forEach(({ name }, i) => {
    if (seen.has(name.toLowerCase())) scope.at(i, () => scope.error('duplicate', `the header \`${name}\` is changed twice`));
    seen.add(name.toLowerCase());
  });
});
const change = object({ set: optional(headers), add: optional(headers), remove: optional(list(headerName, { max: 16 })) });
/** It becomes part of a request line or a Location: one path, nothing that could end it, no query of its own. */
const replacement = text({
  max: 1024,
  pattern: /^[!"$-.0-;=@A-Z[\]^_`a-z{|}~%/&]*$/,
  meaning: 'a path of printable ASCII without `?`, `#`, `\\`, `<`, `>` or spaces',
});
const path = object({
  type: required(oneOf(['ReplaceFullPath', 'ReplacePrefixMatch'])),
  replaceFullPath: optional(replacement),
  replacePrefixMatch: optional(replacement),
});
const pathModifier: Check<PathModifier> = (value, scope) => {
  const read = path(value, scope);
  if (!read) return undefined;
  const [wanted, other] =
    read.type === 'ReplaceFullPath'
      ? (['replaceFullPath', 'replacePrefixMatch'] as const)
      : (['replacePrefixMatch', 'replaceFullPath'] as const);
  const written = read[wanted];
  if (read[other] !== undefined) scope.error('path-modifier', `\`${other}\` does not go with type \`${read.type}\``);
  if (written !== undefined) return { type: read.type, value: written };
  scope.error('required', `type \`${read.type}\` needs \`${wanted}\``);
  return undefined;
};
const redirect = object({
  scheme: optional(oneOf(['http', 'https'])),
  hostname: optional(preciseHostname),
  path: optional(pathModifier),
  port: optional(port),
  statusCode: optional(statusCode),
});
const rewrite = object({ hostname: optional(preciseHostname), path: optional(pathModifier) });

const STATUS_CODES = [301, 302, 303, 307, 308] as const;
function statusCode(value: unknown, scope: Scope): (typeof STATUS_CODES)[number] | undefined {
  const found = STATUS_CODES.find((code) => code === value);
  if (found === undefined) scope.error('value', '`statusCode` must be 301, 302, 303, 307 or 308');
  return found;
}

const fraction = also(
  object({ numerator: required(integer(0, 2 ** 31 - 1)), denominator: optional(integer(1, 2 ** 31 - 1)) }),
  ({ numerator, denominator = 100 }, scope) => {
    if (numerator > denominator) scope.error('fraction', '`numerator` is greater than `denominator`');
  },
);
const mirror = also(
  object({ backendRef: required(streamBackend), percent: optional(integer(0, 100)), fraction: optional(fraction) }),
  (read, scope) => {
    if (read.percent !== undefined && read.fraction !== undefined)
      scope.error('fraction', 'a mirror has either `percent` or `fraction`');
  },
);

/** `*`, or a scheme and a host that may begin with `*.`, with or without a port (Fetch, "origin header", plus Gateway API's wildcard). */
const origin = text({
  min: 1,
  max: 253,
  pattern:
    /^(?:\*|[a-z][a-z0-9+.-]*:\/\/(?:\*|(?:\*\.)?[A-Za-z0-9](?:[-A-Za-z0-9]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[-A-Za-z0-9]*[A-Za-z0-9])?)*)(?::\d{1,5})?)$/,
  meaning: '`*`, or an origin as in `https://*.example.com`',
});
const cors = object({
  allowOrigins: optional(list(origin, { max: 64 })),
  allowCredentials: optional(flag),
  allowMethods: optional(list(headerName, { max: 9 })),
  allowHeaders: optional(list(headerName, { max: 64 })),
  exposeHeaders: optional(list(headerName, { max: 64 })),
  maxAge: optional(integer(1, 2 ** 31 - 1)),
});

const MEMBERS = {
  RequestHeaderModifier: 'requestHeaderModifier',
  ResponseHeaderModifier: 'responseHeaderModifier',
  RequestMirror: 'requestMirror',
  RequestRedirect: 'requestRedirect',
  URLRewrite: 'urlRewrite',
  CORS: 'cors',
  ExternalAuth: 'externalAuth',
  ExtensionRef: 'extensionRef',
} as const;
type FilterType = keyof typeof MEMBERS;

const raw = object({
  type: required(oneOf(Object.keys(MEMBERS) as FilterType[])),
  requestHeaderModifier: optional(change),
  responseHeaderModifier: optional(change),
  requestRedirect: optional(redirect),
  urlRewrite: optional(rewrite),
  requestMirror: optional(mirror),
  cors: optional(cors),
  externalAuth: optional(anything),
  extensionRef: optional(anything),
});
type Raw = NonNullable<ReturnType<typeof raw>>;

export const filter: Check<HttpRouteFilter> = (value, scope) => {
  const read = raw(value, scope);
  if (!read) return undefined;
  for (const [type, member] of Object.entries(MEMBERS)) {
    if (type !== read.type && read[member] !== undefined)
      scope.error('filter', `\`${member}\` does not go with type \`${read.type}\``);
  }
  if (read[MEMBERS[read.type]] !== undefined) return typed(read, scope);
  scope.error('required', `type \`${read.type}\` needs \`${MEMBERS[read.type]}\``);
  return undefined;
};

function typed(read: Raw, scope: Scope): HttpRouteFilter {
  switch (read.type) {
    case 'RequestHeaderModifier':
      return { type: read.type, change: headerChange(read.requestHeaderModifier!) };
    case 'ResponseHeaderModifier':
      return { type: read.type, change: headerChange(read.responseHeaderModifier!) };
    case 'URLRewrite':
      return { type: read.type, ...read.urlRewrite! };
    case 'RequestRedirect':
      return { type: read.type, ...read.requestRedirect!, statusCode: read.requestRedirect!.statusCode ?? 302 };
    case 'RequestMirror': {
      const { backendRef, percent, fraction: share } = read.requestMirror!;
      return { type: read.type, backend: backendRef, fraction: fractionOf(percent, share) };
    }
    case 'CORS':
      return { type: read.type, cors: corsPolicy(read.cors!) };
    default:
      scope.warn(
        'unsupported-filter',
        `the filter \`${read.type}\` is not supported: requests that this rule matches are answered with 500`,
      );
      return { type: 'Unsupported', name: read.type };
  }
}

function headerChange({ set = [], add = [], remove = [] }: NonNullable<ReturnType<typeof change>>): HeaderChange {
  return { set, add, remove };
}

function fractionOf(
  percent: number | undefined,
  share: { readonly numerator: number; readonly denominator?: number } | undefined,
): Fraction {
  if (share) return { numerator: share.numerator, denominator: share.denominator ?? 100 };
  return { numerator: percent ?? 100, denominator: 100 };
}

/** Without `allowMethods` those that need no preflight; five seconds of memory for browsers (HTTPCORSFilter). */
function corsPolicy(read: NonNullable<ReturnType<typeof cors>>): CorsPolicy {
  return {
    allowOrigins: read.allowOrigins ?? [],
    allowCredentials: read.allowCredentials ?? false,
    allowMethods: read.allowMethods ?? [],
    allowHeaders: read.allowHeaders ?? [],
    exposeHeaders: read.exposeHeaders ?? [],
    maxAgeSeconds: read.maxAge ?? 5,
  };
}

/** What goes together in one list of filters. @param backends how many the list stands before */
export function checkFilters(filters: readonly HttpRouteFilter[], backends: number, scope: Scope): void {
  const types = filters.map((each) => each.type);
  for (const type of new Set(types)) {
    if (type !== 'Unsupported' && type !== 'RequestMirror' && types.filter((each) => each === type).length > 1)
      scope.at('filters', () => scope.error('duplicate', `the filter \`${type}\` may stand once`));
  }
  if (!types.includes('RequestRedirect')) return;
  if (types.includes('URLRewrite')) scope.at('filters', () => scope.error('filter', 'a rule either redirects or rewrites'));
  if (backends > 0) scope.at('backendRefs', () => scope.error('filter', 'a rule that redirects has no backends'));
}
