// Istio's networking kinds. This version does not act on them: they are checked for shape and kept as written.
import {
  also,
  anyText,
  anything,
  flag,
  integer,
  isObject,
  list,
  object,
  optional,
  port,
  record,
  required,
  word,
} from '../check.ts';
import type { Check, Fields } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader } from '../kind.ts';
import { checkDryRun } from './common.ts';
import { entryProtocol } from './service-entry.ts';

const strings = list(anyText);
const opaque: Check<unknown> = (value, scope) => (isObject(value) ? value : anyObject(value, scope));
const anyObject = object({}, { unknown: 'ignore' });

function kind(fields: Fields, more?: (spec: unknown, scope: Parameters<KindReader>[1]) => void): KindReader {
  const check = object(fields);
  return (document, scope) => {
    checkDryRun(document, undefined, scope);
    const raw = document.raw['spec'] ?? {};
    const spec = scope.at('spec', () => {
      const read = check(raw, scope);
      if (read !== undefined) more?.(read, scope);
      return read;
    });
    return spec === undefined ? undefined : { resource: resourceOf(document, document.kind, raw) };
  };
}

const SUBSET = object({ name: required(word), labels: optional(record(anyText)), trafficPolicy: optional(opaque) });

export const readDestinationRule = kind({
  host: required(word),
  trafficPolicy: optional(
    object({
      loadBalancer: optional(opaque),
      connectionPool: optional(opaque),
      outlierDetection: optional(opaque),
      tls: optional(opaque),
      portLevelSettings: optional(list(opaque)),
      tunnel: optional(opaque),
      proxyProtocol: optional(opaque),
      retryBudget: optional(opaque),
    }),
  ),
  subsets: optional(list(SUBSET)),
  exportTo: optional(strings),
  workloadSelector: optional(object({ matchLabels: optional(record(anyText)) })),
});

const destination = object({
  destination: required(
    object({ host: required(word), subset: optional(anyText), port: optional(object({ number: optional(port) })) }),
  ),
  weight: optional(integer(0, 2_147_483_647)),
  headers: optional(opaque),
});
const HTTP_ROUTE = also(
  object({
    name: optional(anyText),
    match: optional(list(opaque)),
    route: optional(list(destination)),
    redirect: optional(opaque),
    directResponse: optional(opaque),
    delegate: optional(opaque),
    rewrite: optional(opaque),
    timeout: optional(anyText),
    retries: optional(opaque),
    fault: optional(opaque),
    mirror: optional(opaque),
    mirrorPercent: optional(anything),
    mirrorPercentage: optional(opaque),
    mirrors: optional(list(opaque)),
    corsPolicy: optional(opaque),
    headers: optional(opaque),
  }),
  (read, scope) => {
    const ways = [read.route, read.redirect, read.directResponse, read.delegate].filter((way) => way !== undefined).length;
    if (ways !== 1) scope.error('route', 'a route needs exactly one of `route`, `redirect`, `directResponse` and `delegate`');
  },
);
const l4Route = (match: 'optional' | 'required'): Check<unknown> =>
  object({ match: match === 'required' ? required(list(opaque)) : optional(list(opaque)), route: required(list(destination)) });

export const readVirtualService = kind(
  {
    hosts: optional(strings),
    gateways: optional(strings),
    http: optional(list(HTTP_ROUTE)),
    tls: optional(list(l4Route('required'))),
    tcp: optional(list(l4Route('optional'))),
    exportTo: optional(strings),
  },
  (spec, scope) => {
    const { http, tls, tcp } = spec as { http?: unknown; tls?: unknown; tcp?: unknown };
    if (http === undefined && tls === undefined && tcp === undefined)
      scope.error('required', 'a VirtualService needs `http`, `tls` or `tcp`');
  },
);

const server = object({
  port: required(
    object({ number: required(port), protocol: required(entryProtocol), name: optional(anyText), targetPort: optional(port) }),
  ),
  hosts: required(list(word, { min: 1 })),
  tls: optional(object({ mode: optional(anyText), httpsRedirect: optional(flag) }, { unknown: 'ignore' })),
  bind: optional(anyText),
  defaultEndpoint: optional(anyText),
  name: optional(anyText),
});

/** `Gateway` of networking.istio.io: not the Gateway API's kind, and not acted on. */
export const readIstioGateway = kind({ selector: optional(record(anyText)), servers: required(list(server)) });
