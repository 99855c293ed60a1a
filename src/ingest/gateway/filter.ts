// HTTPRoute's filters. What cannot be applied is kept as Unsupported: a rule with it answers 500, never unfiltered.
import type { HeaderChange, HttpRouteFilter, PathModifier } from '#model/gateway.ts';
import { also, anything, list, object, oneOf, optional, port, required, text } from '../check.ts';
import type { Check } from '../check.ts';
import type { Scope } from '../scope.ts';
import { headerName, headerValue, preciseHostname } from './common.ts';

const headers = also(list(object({ name: required(headerName), value: required(headerValue) }), { max: 16 }), (read, scope) => {
  const seen = new Set<string>();
  read.forEach(({ name }, i) => {
    if (seen.has(name.toLowerCase())) scope.at(i, () => scope.error('duplicate', `the header \`${name}\` is changed twice`));
    seen.add(name.toLowerCase());
  });
});
const change = object({ set: optional(headers), add: optional(headers), remove: optional(list(headerName, { max: 16 })) });
const path = object({
  type: required(oneOf(['ReplaceFullPath', 'ReplacePrefixMatch'])),
  replaceFullPath: optional(text({ max: 1024 })),
  replacePrefixMatch: optional(text({ max: 1024 })),
});
const pathModifier: Check<PathModifier> = (value, scope) => {
  const read = path(value, scope);
  if (!read) return undefined;
  const [wanted, other] =
    read.type === 'ReplaceFullPath'
      ? (['replaceFullPath', 'replacePrefixMatch'] as const)
      : (['replacePrefixMatch', 'replaceFullPath'] as const);
  const replacement = read[wanted];
  if (read[other] !== undefined) scope.error('path-modifier', `\`${other}\` does not go with type \`${read.type}\``);
  if (replacement !== undefined) return { type: read.type, value: replacement };
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
  requestMirror: optional(anything),
  cors: optional(anything),
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
