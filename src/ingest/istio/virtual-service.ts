// VirtualService (networking.istio.io): the document stays as written for those who judge it, and is held typed for the data plane.
import type {
  Fault,
  TextMatch,
  VirtualDestination,
  VirtualHeaders,
  VirtualHttpRoute,
  VirtualMatch,
  VirtualMirror,
  VirtualRedirect,
  VirtualRetries,
  VirtualServiceSpec,
  WeightedDestination,
} from '#model/istio-routing.ts';
import {
  also,
  anyText,
  anything,
  flag,
  integer,
  isObject,
  list,
  object,
  oneOf,
  optional,
  port,
  record,
  required,
  word,
} from '../check.ts';
import type { Check } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader } from '../kind.ts';
import type { Scope } from '../scope.ts';
import { checkDryRun } from './common.ts';
import { defined, duration, headerChange, percent, percentValue } from './values.ts';

const strings = list(anyText);
const text = object({ exact: optional(anyText), prefix: optional(anyText), regex: optional(anyText) });
const KINDS = ['exact', 'prefix', 'regex'] as const;

/** Istio's StringMatch; `{}` is the value being there. */
const textMatch: Check<TextMatch> = (value, scope) => {
  const read = text(value, scope);
  if (!read) return undefined;
  const said = KINDS.filter((kind) => read[kind] !== undefined);
  if (said.length > 1) scope.error('match', `only one of ${said.map((kind) => `\`${kind}\``).join(' and ')} may be set`);
  const [kind] = said;
  return kind === undefined ? { kind: 'present', value: '' } : { kind, value: read[kind]! };
};

const rawMatch = object({
  name: optional(anyText),
  uri: optional(textMatch),
  scheme: optional(textMatch),
  method: optional(textMatch),
  authority: optional(textMatch),
  headers: optional(record(textMatch)),
  withoutHeaders: optional(record(textMatch)),
  queryParams: optional(record(textMatch)),
  port: optional(port),
  sourceLabels: optional(record(anyText)),
  sourceNamespace: optional(anyText),
  gateways: optional(strings),
  ignoreUriCase: optional(flag),
  statPrefix: optional(anyText),
});
const match: Check<VirtualMatch> = (value, scope) => {
  const read = rawMatch(value, scope);
  if (!read) return undefined;
  const uri = read.uri && read.ignoreUriCase === true ? { ...read.uri, ignoreCase: true as const } : read.uri;
  return defined<VirtualMatch>({
    uri,
    scheme: read.scheme,
    method: read.method,
    authority: read.authority,
    headers: lowerNames(read.headers),
    withoutHeaders: lowerNames(read.withoutHeaders),
    queryParams: read.queryParams ?? {},
    port: read.port,
    sourceLabels: read.sourceLabels ?? {},
    sourceNamespace: read.sourceNamespace,
    gateways: read.gateways ?? [],
  });
};

function lowerNames(matches: Readonly<Record<string, TextMatch>> = {}): Readonly<Record<string, TextMatch>> {
  return Object.fromEntries(Object.entries(matches).map(([name, value]) => [name.toLowerCase(), value]));
}

const rawDestination = object({
  host: required(word),
  subset: optional(anyText),
  port: optional(object({ number: optional(port) })),
});
const destination: Check<VirtualDestination> = (value, scope) => {
  const read = rawDestination(value, scope);
  return read && defined<VirtualDestination>({ host: read.host, subset: read.subset || undefined, port: read.port?.number });
};
const headers: Check<VirtualHeaders> = (value, scope) => {
  const read = object({ request: optional(headerChange), response: optional(headerChange) })(value, scope);
  return read && defined<VirtualHeaders>({ request: read.request, response: read.response });
};
const rawWeighted = object({
  destination: required(destination),
  weight: optional(integer(0, 2_147_483_647)),
  headers: optional(headers),
});

const rawRetries = object({
  attempts: optional(integer(0, 1000)),
  perTryTimeout: optional(duration(0)),
  retryOn: optional(anyText),
  retryRemoteLocalities: optional(flag),
  retryIgnorePreviousHosts: optional(flag),
  backoff: optional(duration()),
});
const retries: Check<VirtualRetries> = (value, scope) => {
  const read = rawRetries(value, scope);
  if (!read) return undefined;
  return defined<VirtualRetries>({
    attempts: read.attempts ?? 0,
    perTryTimeoutMs: read.perTryTimeout === 0 ? undefined : read.perTryTimeout,
    retryOn: read.retryOn === undefined || read.retryOn === '' ? undefined : read.retryOn.split(',').map((each) => each.trim()),
    retryRemoteLocalities: read.retryRemoteLocalities,
    backoffMs: read.backoff,
  });
};

const rawFault = object({
  delay: optional(
    object({
      percent: optional(percent),
      percentage: optional(percentValue),
      fixedDelay: optional(duration()),
      exponentialDelay: optional(duration()),
    }),
  ),
  abort: optional(
    object({
      percent: optional(percent),
      percentage: optional(percentValue),
      httpStatus: optional(integer(200, 599)),
      grpcStatus: optional(anyText),
      http2Error: optional(anyText),
    }),
  ),
});
const fault: Check<Fault> = (value, scope) => {
  const read = rawFault(value, scope);
  if (!read) return undefined;
  const { delay, abort } = read;
  // Without a share the fault is for all (Istio, HTTPFaultInjection).
  const shareOf = (part: { readonly percent?: number; readonly percentage?: number }): number =>
    part.percentage ?? part.percent ?? 100;
  if (delay && delay.fixedDelay === undefined) scope.error('required', 'a delay needs `fixedDelay`');
  if (abort && (abort.httpStatus === undefined) === (abort.grpcStatus === undefined))
    scope.error('required', 'an abort needs `httpStatus` or `grpcStatus`, and not both');
  return defined<Fault>({
    delay: delay && { percent: shareOf(delay), ms: delay.fixedDelay ?? 0 },
    abort: abort && {
      percent: shareOf(abort),
      ...(abort.httpStatus === undefined ? {} : { httpStatus: abort.httpStatus }),
      ...(abort.grpcStatus === undefined ? {} : { grpcStatus: abort.grpcStatus }),
    },
  });
};

const REDIRECTS = [301, 302, 303, 307, 308];
const rawRedirect = object({
  uri: optional(anyText),
  authority: optional(anyText),
  port: optional(port),
  derivePort: optional(oneOf(['FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT'])),
  scheme: optional(anyText),
  redirectCode: optional(integer(300, 399)),
});
const redirect: Check<VirtualRedirect> = (value, scope) => {
  const read = rawRedirect(value, scope);
  if (!read) return undefined;
  const { redirectCode = 301, ...rest } = read;
  if (!REDIRECTS.includes(redirectCode)) scope.error('value', '`redirectCode` must be 301, 302, 303, 307 or 308');
  return { redirectCode, ...rest };
};

const body = object({ string: optional(anyText), bytes: optional(anyText) });
const direct: Check<{ readonly status: number; readonly body: string }> = (value, scope) => {
  const read = object({ status: required(integer(200, 599)), body: optional(body) })(value, scope);
  if (!read) return undefined;
  const bytes = read.body?.bytes;
  return {
    status: read.status,
    body: read.body?.string ?? (bytes === undefined ? '' : Buffer.from(bytes, 'base64').toString('latin1')),
  };
};

const rewrite = object({ uri: optional(anyText), authority: optional(anyText), uriRegexRewrite: optional(anything) });
const rawRoute = also(
  object({
    name: optional(anyText),
    match: optional(list(match)),
    route: optional(list(rawWeighted)),
    redirect: optional(redirect),
    directResponse: optional(direct),
    delegate: optional(anything),
    rewrite: optional(rewrite),
    timeout: optional(duration(0)),
    retries: optional(retries),
    fault: optional(fault),
    mirror: optional(destination),
    mirrorPercent: optional(anything),
    mirrorPercentage: optional(percentValue),
    mirrors: optional(list(object({ destination: required(destination), percentage: optional(percentValue) }))),
    corsPolicy: optional(anything),
    headers: optional(headers),
  }),
  (read, scope) => {
    const ways = [read.route, read.redirect, read.directResponse, read.delegate].filter((way) => way !== undefined).length;
    if (ways !== 1) scope.error('route', 'a route needs exactly one of `route`, `redirect`, `directResponse` and `delegate`');
  },
);
type RawRoute = NonNullable<ReturnType<typeof rawRoute>>;

const httpRoute: Check<VirtualHttpRoute> = (value, scope) => {
  const read = rawRoute(value, scope);
  return read && routeOf(read);
};

function routeOf(read: RawRoute): VirtualHttpRoute {
  const { rewrite: change } = read;
  const mirrorShare = read.mirrorPercentage ?? (typeof read.mirrorPercent === 'number' ? read.mirrorPercent : 100);
  const mirrors: VirtualMirror[] = [
    ...(read.mirror ? [{ destination: read.mirror, percent: mirrorShare }] : []),
    ...(read.mirrors ?? []).map((each) => ({ destination: each.destination, percent: each.percentage ?? 100 })),
  ];
  const routes = read.route ?? [];
  return defined<VirtualHttpRoute>({
    name: read.name ?? '',
    match: read.match ?? [],
    // One destination without a weight takes all; among several, no weight is none.
    route: routes.map((each): WeightedDestination => ({ ...each, weight: each.weight ?? (routes.length === 1 ? 100 : 0) })),
    redirect: read.redirect,
    directResponse: read.directResponse,
    rewrite: change && defined({ uri: change.uri, authority: change.authority }),
    timeoutMs: read.timeout,
    retries: read.retries,
    fault: read.fault,
    mirrors,
    headers: read.headers,
    unsupported: [
      ...(read.delegate === undefined ? [] : ['delegate']),
      ...(change?.uriRegexRewrite === undefined ? [] : ['rewrite.uriRegexRewrite']),
      ...(read.corsPolicy === undefined ? [] : ['corsPolicy']),
    ],
  });
}

const l4Route = (matched: 'optional' | 'required'): Check<unknown> =>
  object({
    match: matched === 'required' ? required(list(opaque)) : optional(list(opaque)),
    route: required(list(rawWeighted)),
  });
const anyObject = object({}, { unknown: 'ignore' });
const opaque: Check<unknown> = (value, scope) => (isObject(value) ? value : anyObject(value, scope));
const check = object({
  hosts: optional(strings),
  gateways: optional(strings),
  http: optional(list(httpRoute)),
  tls: optional(list(l4Route('required'))),
  tcp: optional(list(l4Route('optional'))),
  exportTo: optional(strings),
});

function specOf(raw: unknown, scope: Scope): VirtualServiceSpec | undefined {
  const read = check(raw, scope);
  if (!read) return undefined;
  const { http, tls, tcp } = read;
  if (http === undefined && tls === undefined && tcp === undefined)
    scope.error('required', 'a VirtualService needs `http`, `tls` or `tcp`');
  return {
    hosts: read.hosts ?? [],
    gateways: read.gateways ?? [],
    exportTo: read.exportTo ?? [],
    http: http ?? [],
    tlsRoutes: tls?.length ?? 0,
    tcpRoutes: tcp?.length ?? 0,
  };
}

export const readVirtualService: KindReader = (document, scope) => {
  checkDryRun(document, undefined, scope);
  const raw = document.raw['spec'] ?? {};
  const spec = scope.at('spec', () => specOf(raw, scope));
  if (!spec) return undefined;
  const resource = resourceOf(document, document.kind, raw);
  const { namespace, name } = document.metadata;
  return { resource, part: { type: 'virtualService', service: { namespace, name, spec, resource } } };
};
