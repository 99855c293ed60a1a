// Istio's ServiceEntry, Sidecar and Gateway: checked for shape and kept as written.
import { anyText, flag, isObject, list, object, oneOf, optional, port, record, required, word } from '../check.ts';
import type { Check, Fields } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader } from '../kind.ts';
import { checkDryRun } from './common.ts';

const workloadSelector = object({ labels: optional(record(anyText)) });
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

const PROTOCOLS = [
  'HTTP',
  'HTTPS',
  'GRPC',
  'GRPC-WEB',
  'HTTP2',
  'MONGO',
  'TCP',
  'TLS',
  'REDIS',
  'MYSQL',
  'UDP',
  'HTTP_PROXY',
] as const;
const upperProtocol: Check<string> = (value, scope) =>
  oneOf(PROTOCOLS)(typeof value === 'string' ? value.toUpperCase() : value, scope);
const servicePort = object({
  number: required(port),
  name: required(word),
  protocol: optional(upperProtocol),
  targetPort: optional(port),
});

export const readServiceEntry = kind(
  {
    hosts: required(list(word, { min: 1 })),
    addresses: optional(strings),
    ports: optional(list(servicePort)),
    location: optional(oneOf(['MESH_EXTERNAL', 'MESH_INTERNAL'])),
    resolution: optional(oneOf(['NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS'])),
    endpoints: optional(list(opaque)),
    workloadSelector: optional(workloadSelector),
    exportTo: optional(strings),
    subjectAltNames: optional(strings),
  },
  (spec, scope) => {
    const { endpoints, workloadSelector: chosen } = spec as { endpoints?: readonly unknown[]; workloadSelector?: unknown };
    if (chosen !== undefined && (endpoints ?? []).length > 0)
      scope.error('endpoints', 'only one of `endpoints` and `workloadSelector` may be set');
  },
);

export const readSidecar = kind(
  {
    workloadSelector: optional(workloadSelector),
    ingress: optional(list(opaque)),
    egress: optional(
      list(object({ port: optional(opaque), bind: optional(anyText), captureMode: optional(anyText), hosts: required(strings) })),
    ),
    outboundTrafficPolicy: optional(opaque),
    inboundConnectionPool: optional(opaque),
  },
  (spec, scope) => {
    if (Object.keys(spec as object).length === 0)
      scope.error('required', 'a Sidecar needs `ingress`, `egress` or another setting');
  },
);

const server = object({
  port: required(
    object({ number: required(port), protocol: required(upperProtocol), name: optional(anyText), targetPort: optional(port) }),
  ),
  hosts: required(list(word, { min: 1 })),
  tls: optional(object({ mode: optional(anyText), httpsRedirect: optional(flag) }, { unknown: 'ignore' })),
  bind: optional(anyText),
  defaultEndpoint: optional(anyText),
  name: optional(anyText),
});

/** `Gateway` of networking.istio.io: not the Gateway API's kind, and not acted on. */
export const readIstioGateway = kind({ selector: optional(record(anyText)), servers: required(list(server)) });
