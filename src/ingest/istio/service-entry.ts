// ServiceEntry (networking.istio.io): a destination that is not a Service. Held typed for the data plane, and as written for those who judge it.
import { parseIpRange } from '#base/ip-set.ts';
import { ENTRY_PROTOCOLS, RESOLUTIONS } from '#model/istio-egress.ts';
import type { EntryEndpoint, EntryPort, EntryProtocol, ServiceEntrySpec } from '#model/istio-egress.ts';
import { also, anyText, integer, list, object, oneOf, optional, port, record, required, word } from '../check.ts';
import type { Check } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader } from '../kind.ts';
import { shorten } from '../scope.ts';
import type { Scope } from '../scope.ts';
import { checkDryRun } from './common.ts';

const strings = list(anyText);
/** Istio takes protocols in any case. */
export const entryProtocol: Check<EntryProtocol> = (value, scope) =>
  oneOf(ENTRY_PROTOCOLS)(typeof value === 'string' ? value.toUpperCase() : value, scope);

const entryPort = object({
  number: required(port),
  name: required(word),
  protocol: optional(entryProtocol),
  targetPort: optional(port),
});
const endpoint = object(
  {
    address: optional(anyText),
    ports: optional(record(port)),
    labels: optional(record(anyText)),
    network: optional(anyText),
    locality: optional(anyText),
    weight: optional(integer(0, 4_294_967_295)),
    serviceAccount: optional(anyText),
  },
  { unknown: 'ignore' },
);

/** Istio accepts `*`-prefixed names and full ones. A bare `*` is what a scan wants to see and what the data plane does not honour. */
const host = also(word, (value, scope) => {
  if (value === '*')
    scope.warn(
      'host',
      '`*` is no host of a ServiceEntry (Istio refuses it), and nothing leaves by it',
      'name a domain, as in `*.example.com`',
    );
  else if (value.slice(value.startsWith('*') ? 1 : 0).includes('*'))
    scope.error('host', `\`${shorten(value)}\`: \`*\` stands only for the first label`);
});

const check = object({
  hosts: required(list(host, { min: 1 })),
  addresses: optional(strings),
  ports: optional(list(entryPort)),
  location: optional(oneOf(['MESH_EXTERNAL', 'MESH_INTERNAL'])),
  resolution: optional(oneOf(RESOLUTIONS)),
  endpoints: optional(list(endpoint)),
  workloadSelector: optional(object({ labels: optional(record(anyText)) })),
  exportTo: optional(strings),
  subjectAltNames: optional(strings),
});

export const readServiceEntry: KindReader = (document, scope) => {
  checkDryRun(document, undefined, scope);
  const raw = document.raw['spec'] ?? {};
  const spec = scope.at('spec', (): ServiceEntrySpec | undefined => {
    const read = check(raw, scope);
    if (!read) return undefined;
    const selector = read.workloadSelector?.labels;
    if (read.workloadSelector !== undefined && (read.endpoints ?? []).length > 0)
      scope.error('endpoints', 'only one of `endpoints` and `workloadSelector` may be set');
    const typed: ServiceEntrySpec = {
      hosts: read.hosts,
      addresses: read.addresses ?? [],
      ports: (read.ports ?? []).map((each): EntryPort => ({ ...each, protocol: each.protocol ?? 'TCP' })),
      location: read.location ?? 'MESH_EXTERNAL',
      resolution: read.resolution ?? 'NONE',
      endpoints: (read.endpoints ?? []).map((each): EntryEndpoint => ({
        address: each.address ?? '',
        ports: each.ports ?? {},
        labels: each.labels ?? {},
        weight: each.weight ?? 0,
      })),
      ...(selector && { workloadSelector: selector }),
      exportTo: read.exportTo ?? [],
      subjectAltNames: read.subjectAltNames ?? [],
    };
    consider(typed, scope);
    return typed;
  });
  if (!spec) return undefined;
  const resource = resourceOf(document, document.kind, raw);
  const { namespace, name } = document.metadata;
  return { resource, part: { type: 'serviceEntry', entry: { namespace, name, spec, resource } } };
};

/** What is no mistake of shape, and cannot work as written. */
function consider(spec: ServiceEntrySpec, scope: Scope): void {
  spec.endpoints.forEach((each, i) =>
    scope.at('endpoints', () =>
      scope.at(i, () => {
        if (
          spec.resolution === 'STATIC' &&
          (each.address.includes('/') || !parseIpRange(each.address)) &&
          !each.address.startsWith('unix://')
        )
          scope.warn(
            'endpoint',
            'with `resolution: STATIC` an endpoint is an IP address',
            'write the address, or use `resolution: DNS`',
          );
      }),
    ),
  );
  if (spec.ports.length === 0) scope.warn('ports', 'without `ports` nothing of it can be called');
}
