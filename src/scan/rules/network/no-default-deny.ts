import type { Hit, SystemRule } from '../../rule.ts';
import { indented } from '../fix-text.ts';
import { createEdits, factsOf, isClusterNamespace, NETWORK_POLICIES, NSA_HARDENING } from './facts.ts';
import type { PolicyFact } from './facts.ts';
import { SEGMENTATION } from './info.ts';
import { unheldOf } from './no-policy.ts';

export const noDefaultDeny = {
  id: 'network.no-default-deny',
  name: 'Namespace without default deny',
  severity: 'low',
  cwe: [276, 284],
  why: 'Policies name their pods one by one; a pod that is added, or whose label changes, is open until somebody writes a policy for it. A policy that selects all pods and allows nothing turns this round.',
  help: 'add a policy with an empty `podSelector` and no rules',
  references: [NETWORK_POLICIES, NSA_HARDENING],
  tags: SEGMENTATION,
  *check(context): Iterable<Hit> {
    const facts = factsOf(context);
    const { reach, system } = facts;
    const index = new Map(system.workloads.map(({ id }, i) => [id, i]));
    const unheld = new Set(unheldOf(facts).map(({ namespace }) => namespace));
    const baseline = (direction: 'ingress' | 'egress', namespace: string): boolean =>
      facts.pods
        .filter((pod) => pod.namespace === namespace)
        .every(({ id }) => reach.kernel.side(direction, index.get(id)!).baseline.some(({ rule }) => rule.action === 'deny'));
    for (const [namespace, own] of Map.groupBy(facts.policies, ({ policy }) => policy.resource.metadata.namespace)) {
      // A namespace of which nothing else is in the System cannot be judged.
      if (isClusterNamespace(namespace) || !facts.pods.some((pod) => pod.namespace === namespace)) continue;
      const lacks = (direction: 'ingress' | 'egress'): boolean =>
        !own.some((fact) => isDefault(fact, direction)) && !baseline(direction, namespace);
      const missing = [...(lacks('ingress') ? ['Ingress'] : []), ...(lacks('egress') ? ['Egress'] : [])];
      if (missing.length === 0) continue;
      const open = missing.includes('Ingress') && unheld.has(namespace);
      const policy = {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'default-deny', namespace },
        spec: { podSelector: {}, policyTypes: missing },
      };
      const [first] = own as [PolicyFact, ...PolicyFact[]];
      yield {
        title: `namespace \`${namespace}\` has NetworkPolicies but no default deny for ${missing.join(' and ').toLowerCase()}`,
        severity: open ? 'medium' : 'low',
        at: { resource: first.policy.resource },
        detail: `${namespace} ${missing.join()}`,
        fix: {
          text: missing.includes('Egress')
            ? 'add a default deny; allow DNS and what else the pods call first, or they stop working'
            : 'add a default deny; pods that no policy names are closed from then on',
          yaml: indented(policy),
          edits: createEdits(first.policy.resource, `network-policies-${namespace}.yaml`, [policy]),
        },
      };
    }
  },
} satisfies SystemRule;

/** Selects every pod in this direction: whatever it allows, nothing is open for want of a policy. */
function isDefault({ policy }: PolicyFact, direction: 'ingress' | 'egress'): boolean {
  return policy.subject.pods.requirements.length === 0 && policy[direction] !== undefined;
}
