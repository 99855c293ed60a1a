// Workloads that policies select, and that no proxy stands in front of.
import type { Resource } from '#model/resource.ts';
import { selected } from '#policy/lint/context.ts';
import { Memberships } from '../../reach/membership.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { ACCESS_TAGS, ISTIO_SECURITY, meshIndex, nameOf, names } from './common.ts';

export const outsideMesh = {
  id: 'mesh.outside-mesh',
  name: 'Policies for a workload outside the mesh',
  severity: 'high',
  cwe: [862, 693],
  why: 'Policies are enforced by the proxy. Without one the workload takes every call, in clear, whatever the policies say.',
  help: 'let the workload into the mesh, or guard it by a NetworkPolicy',
  references: [ISTIO_SECURITY],
  tags: ACCESS_TAGS,
  *check(context: ScanContext): Generator<Hit> {
    const { system, lint } = context;
    const policies: readonly Resource[] = [...system.authorizationPolicies, ...system.requestAuthentications];
    if (policies.length === 0 || !meshIndex(context).inUse) return;
    const memberships = new Memberships(system);
    const told = new Map<Resource, { readonly by: Set<string>; readonly ids: Set<string>; readonly text: string }>();
    for (const policy of [...system.authorizationPolicies, ...system.requestAuthentications]) {
      // A policy for the whole mesh or namespace also takes in what was left out on purpose.
      const meant = policy.spec.selector !== undefined || policy.metadata.namespace !== system.mesh.rootNamespace;
      if (!meant) continue;
      for (const { workload, ports } of selected(lint, policy)) {
        const member = memberships.of(workload);
        if (member.kind !== 'none' || member.assumed || ports.length === 0) continue;
        // Where a whole namespace is out, its label is the place; the workload's own word is there otherwise.
        const at = member.reason.resource ?? workload.resource;
        const entry = told.get(at) ?? { by: new Set(), ids: new Set(), text: member.reason.text };
        entry.by.add(nameOf(policy));
        entry.ids.add(workload.id);
        told.set(at, entry);
      }
    }
    for (const [resource, { by, ids, text }] of told) {
      yield {
        title: `${names([...by])} ${by.size > 1 ? 'are' : 'is'} not enforced on ${names([...ids])}: ${text}`,
        at: { resource },
        fix: { text: 'let it into the mesh', yaml: 'metadata:\n  labels:\n    sidecar.istio.io/inject: "true"\n' },
      };
    }
  },
} satisfies SystemRule;
