// Sidecar (networking.istio.io): what the workloads of a namespace may see of the mesh and of the world outside.
import { OUTBOUND_MODES } from '#model/istio.ts';
import type { SidecarEgress, SidecarSpec } from '#model/istio-egress.ts';
import { anyText, isObject, list, object, oneOf, optional, record, required } from '../check.ts';
import type { Check } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader } from '../kind.ts';
import { checkDryRun } from './common.ts';

const anyObject = object({}, { unknown: 'ignore' });
const opaque: Check<unknown> = (value, scope) => (isObject(value) ? value : anyObject(value, scope));

const egress = object({
  port: optional(object({}, { unknown: 'ignore' })),
  bind: optional(anyText),
  captureMode: optional(anyText),
  hosts: required(list(anyText)),
});

const check = object({
  workloadSelector: optional(object({ labels: optional(record(anyText)) })),
  ingress: optional(list(opaque)),
  egress: optional(list(egress)),
  outboundTrafficPolicy: optional(object({ mode: optional(oneOf(OUTBOUND_MODES)), egressProxy: optional(opaque) })),
  inboundConnectionPool: optional(opaque),
});

export const readSidecar: KindReader = (document, scope) => {
  checkDryRun(document, undefined, scope);
  const raw = document.raw['spec'] ?? {};
  const spec = scope.at('spec', (): SidecarSpec | undefined => {
    const read = check(raw, scope);
    if (!read) return undefined;
    if (Object.keys(read).length === 0) scope.error('required', 'a Sidecar needs `ingress`, `egress` or another setting');
    const selector = read.workloadSelector?.labels;
    const listeners = isObject(raw) && Array.isArray(raw['egress']) ? (raw['egress'] as readonly unknown[]) : [];
    const unsupported = [
      ...(read.ingress === undefined ? [] : ['ingress']),
      ...(read.inboundConnectionPool === undefined ? [] : ['inboundConnectionPool']),
      ...(read.outboundTrafficPolicy?.egressProxy === undefined ? [] : ['outboundTrafficPolicy.egressProxy']),
      ...((read.egress ?? []).some(({ bind }) => bind !== undefined) ? ['egress.bind'] : []),
    ];
    return {
      ...(selector && { workloadSelector: selector }),
      ...(read.egress && { egress: read.egress.map(({ hosts }, i): SidecarEgress => ({ hosts, ...portOf(listeners[i]) })) }),
      // Istio: a policy that is written without a mode is the proto's default, REGISTRY_ONLY.
      ...(read.outboundTrafficPolicy && { outboundTrafficPolicy: read.outboundTrafficPolicy.mode ?? 'REGISTRY_ONLY' }),
      unsupported,
    };
  });
  if (!spec) return undefined;
  const resource = resourceOf(document, document.kind, raw);
  const { namespace, name } = document.metadata;
  return { resource, part: { type: 'sidecar', sidecar: { namespace, name, spec, resource } } };
};

function portOf(listener: unknown): { readonly port?: number } {
  const port = isObject(listener) ? listener['port'] : undefined;
  const number = isObject(port) ? port['number'] : undefined;
  return typeof number === 'number' ? { port: number } : {};
}
