// EndpointSlice (discovery.k8s.io/v1): its members stand beside `metadata`, not in a `spec`.
import { IpSet } from '#base/ip-set.ts';
import type { EndpointSlice, SliceEndpoint } from '#model/endpoint-slice.ts';
import { anyText, anything, flag, list, object, oneOf, optional, port, record, required, word } from '../check.ts';
import type { Check } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader } from '../kind.ts';
import { shorten } from '../scope.ts';

const SERVICE_LABEL = 'kubernetes.io/service-name';

const rawEndpoint = object(
  {
    addresses: required(list(word, { min: 1, max: 100 })),
    conditions: optional(object({ ready: optional(flag), serving: optional(flag), terminating: optional(flag) })),
    hostname: optional(anyText),
    nodeName: optional(anyText),
    zone: optional(anyText),
    targetRef: optional(anything),
    hints: optional(anything),
    topology: optional(record(anyText)),
    deprecatedTopology: optional(record(anyText)),
  },
  { unknown: 'warning' },
);
const endpoint: Check<SliceEndpoint> = (value, scope) => {
  const read = rawEndpoint(value, scope);
  if (!read) return undefined;
  const { ready = true, terminating = false } = read.conditions ?? {};
  return {
    addresses: read.addresses,
    ready,
    serving: read.conditions?.serving ?? ready,
    terminating,
    zone: read.zone ?? '',
    hostname: read.hostname ?? '',
  };
};
const slicePort = object(
  {
    name: optional(anyText),
    port: optional(port),
    protocol: optional(oneOf(['TCP', 'UDP', 'SCTP'])),
    appProtocol: optional(anyText),
  },
  { unknown: 'warning' },
);
const TYPES = ['IPv4', 'IPv6', 'FQDN'] as const;
const check = object(
  {
    apiVersion: optional(anything),
    kind: optional(anything),
    metadata: optional(anything),
    addressType: required(oneOf(TYPES)),
    ports: optional(list(slicePort, { max: 20_000 })),
    endpoints: optional(list(endpoint, { max: 1000 })),
  },
  { unknown: 'warning' },
);

function typeOf(address: string): EndpointSlice['addressType'] {
  if (address.includes('/') || IpSet.of([address]) === undefined) return 'FQDN';
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

export const readEndpointSlice: KindReader = (document, scope) => {
  const read = check(document.raw, scope);
  if (!read) return undefined;
  const { addressType, endpoints = [] } = read;
  endpoints.forEach(({ addresses }, i) => {
    const wrong = addresses.find((address) => typeOf(address) !== addressType);
    if (wrong === undefined) return;
    scope.at('endpoints', () =>
      scope.at(i, () => scope.error('address', `\`${shorten(wrong)}\` is no address of type ${addressType}`)),
    );
  });
  const { namespace, name, labels } = document.metadata;
  const resource = resourceOf(document, 'EndpointSlice', undefined);
  const slice: EndpointSlice = {
    namespace,
    name,
    service: labels[SERVICE_LABEL] ?? '',
    addressType,
    ports: (read.ports ?? []).flatMap((each) =>
      each.port === undefined ? [] : [{ name: each.name ?? '', port: each.port, protocol: each.protocol ?? 'TCP' }],
    ),
    endpoints,
    labels,
    resource,
  };
  return { resource, part: { type: 'endpointSlice', slice } };
};
