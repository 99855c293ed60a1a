import type { Path } from '#model/origin.ts';
import { formatSelector, selects } from '../../reach/selector.ts';
import type { Selector } from '../../reach/selector.ts';
import { resourceName } from '../../reach/reasons.ts';
import type { Hit, SystemRule } from '../../rule.ts';
import { factsOf, NETWORK_POLICIES } from './facts.ts';
import type { NetworkFacts } from './facts.ts';
import { SEGMENTATION } from './info.ts';
import { labelFix } from './label-help.ts';

export const unknownPeer = {
  id: 'network.unknown-peer',
  name: 'Peer by labels that nothing has',
  severity: 'low',
  cwe: [684],
  why: 'The rule lets nobody through, so the callers that it was written for are cut off; what usually follows is a policy that allows everyone. Whoever may set these labels on a namespace or pod of their own gets in.',
  help: 'write labels that the namespace or the pods have; every namespace has `kubernetes.io/metadata.name`',
  references: [NETWORK_POLICIES],
  tags: SEGMENTATION,
  *check(context): Iterable<Hit> {
    const facts = factsOf(context);
    for (const { policy, subjects } of facts.policies) {
      if (subjects.length === 0) continue;
      for (const direction of ['ingress', 'egress'] as const) {
        const side = direction === 'ingress' ? 'from' : 'to';
        for (const rule of policy[direction] ?? []) {
          if (rule.peers === 'any') continue;
          for (const [i, peer] of rule.peers.entries()) {
            if (peer.kind !== 'pods') continue;
            const path: Path = [...rule.path, side, i];
            const hit =
              peer.namespaces === 'own'
                ? podHit(facts, peer.pods, policy.resource.metadata.namespace)
                : (namespaceHit(facts, peer.namespaces) ?? foreignPodHit(facts, peer.namespaces, peer.pods));
            if (hit)
              yield {
                title: `${resourceName(policy.resource)}: ${hit.title}`,
                at: { resource: policy.resource, path: [...path, hit.member] },
                fix: { text: hit.help },
              };
          }
        }
      }
    }
  },
} satisfies SystemRule;

interface Problem {
  readonly title: string;
  readonly help: string;
  readonly member: 'podSelector' | 'namespaceSelector';
}

/** Names that older guides give namespaces as a label, which nobody sets by itself. */
const NAME_KEYS = new Set(['name', 'namespace', 'ns', 'kubernetes.io/name']);

function namespaceHit({ system }: NetworkFacts, selector: Selector): Problem | undefined {
  if (selector.requirements.length === 0 || system.namespaces.some(({ labels }) => selects(selector, labels))) return undefined;
  const written = formatSelector(selector);
  const title = `no namespace has \`${written}\``;
  const byName = selector.requirements.find(
    ({ key, operator, values }) =>
      NAME_KEYS.has(key) && operator === 'In' && values.some((value) => system.namespaces.some(({ name }) => name === value)),
  );
  if (byName)
    return {
      title,
      help: `the namespace is there, the label is not: write \`kubernetes.io/metadata.name: ${byName.values[0]}\``,
      member: 'namespaceSelector',
    };
  // A namespace of another team is no mistake: only what is near to a label of a known one is told.
  const meant = labelFix(
    selector,
    system.namespaces.map(({ labels }) => labels),
  );
  return meant
    ? {
        title,
        help:
          meant.of === 'value' ? `did you mean \`${meant.key}: ${meant.right}\`?` : `did you mean the label \`${meant.right}\`?`,
        member: 'namespaceSelector',
      }
    : undefined;
}

function podHit({ pods }: NetworkFacts, selector: Selector, namespace: string): Problem | undefined {
  return selectorHit(
    pods.filter((pod) => pod.namespace === namespace).map(({ labels }) => labels),
    selector,
    `no pod of \`${namespace}\``,
  );
}

function foreignPodHit({ pods, system }: NetworkFacts, namespaces: Selector, selector: Selector): Problem | undefined {
  const chosen = new Set(system.namespaces.filter(({ labels }) => selects(namespaces, labels)).map(({ name }) => name));
  const inside = pods.filter((pod) => chosen.has(pod.namespace));
  return selectorHit(
    inside.map(({ labels }) => labels),
    selector,
    'no pod of the namespaces',
  );
}

function selectorHit(labels: readonly Readonly<Record<string, string>>[], selector: Selector, who: string): Problem | undefined {
  if (labels.length === 0 || selector.requirements.length === 0 || labels.some((each) => selects(selector, each)))
    return undefined;
  const meant = labelFix(selector, labels);
  if (!meant) return undefined;
  const help =
    meant.of === 'value' ? `did you mean \`${meant.key}: ${meant.right}\`?` : `did you mean the label \`${meant.right}\`?`;
  return { title: `${who} has \`${formatSelector(selector)}\``, help, member: 'podSelector' };
}
