// What the control plane itself wrote about a resource, in exports of a cluster.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { memberOf, textAt } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { groupOf } from '../group.ts';
import { itemsAt } from '../items.ts';
import type { MeshIndex } from '../mesh-index.ts';

/** Kinds whose conditions Istio or its gateways write. */
const GROUPS: ReadonlySet<string> = new Set([
  'networking.istio.io',
  'security.istio.io',
  'telemetry.istio.io',
  'extensions.istio.io',
  'gateway.networking.k8s.io',
]);
const GATEWAY_TYPES: ReadonlySet<string> = new Set(['Accepted', 'Programmed', 'ResolvedRefs', 'Ready']);
const ISTIO_TYPES: ReadonlySet<string> = new Set(['ZtunnelAccepted', 'WaypointAccepted', 'Reconciled', 'PassedValidation']);

export const CONDITION_ANALYZER = {
  id: 'istio.condition',
  analyzer: 'conditions.ConditionAnalyzer',
  name: 'the control plane does not take the resource',
  severity: 'medium',
  cwe: [16],
  why: 'The resource is there but not in force, in whole or in part: a policy that the data plane refused protects nothing.',
  help: 'read the reason in the condition, and correct the resource',
  references: [messageUrl('NegativeConditionStatus')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    for (const resource of mesh.resources) {
      const group = groupOf(resource.apiVersion);
      if (!GROUPS.has(group) && !(group === '' && resource.kind === 'Service')) continue;
      const status = memberOf(resource.body, 'status');
      if (status === undefined) continue;
      yield* judge(resource, status, ['status']);
      for (const part of ['parents', 'ancestors', 'listeners']) {
        for (const { raw, path } of itemsAt(status, part, ['status'])) yield* judge(resource, raw, path);
      }
    }
  },
} satisfies MeshAnalyzer;

function* judge(resource: Resource, holder: unknown, base: Path): Generator<MeshHit> {
  for (const { raw, path } of itemsAt(holder, 'conditions', base)) {
    const type = textAt(raw, 'type') ?? '';
    if (!isOurs(resource, type)) continue;
    const reason = textAt(raw, 'reason') ?? '';
    if (textAt(raw, 'status') !== 'False' && reason !== 'PartiallyInvalid') continue;
    yield {
      code: 'NegativeConditionStatus',
      at: { resource, path },
      title: `condition \`${type}\` says ${reason === '' ? 'no' : `\`${reason}\``}`,
      detail: type,
    };
  }
}

function isOurs({ apiVersion }: Resource, type: string): boolean {
  if (type.startsWith('istio.io/')) return true;
  return groupOf(apiVersion).endsWith('istio.io') ? ISTIO_TYPES.has(type) : GATEWAY_TYPES.has(type) && groupOf(apiVersion) !== '';
}
