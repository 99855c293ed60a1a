import type { Workload } from '#model/system.ts';
import { formatSelector } from '../../reach/selector.ts';
import type { Selector } from '../../reach/selector.ts';
import { resourceName } from '../../reach/reasons.ts';
import type { Hit, SystemRule } from '../../rule.ts';
import { editOf, factsOf, NETWORK_POLICIES } from './facts.ts';
import type { NetworkFacts } from './facts.ts';
import { SEGMENTATION } from './info.ts';
import { labelFix } from './label-help.ts';

export const selectsNothing = {
  id: 'network.selects-nothing',
  name: 'NetworkPolicy that selects no pod',
  severity: 'medium',
  cwe: [684, 284],
  why: 'A policy protects the pods that its labels name. When they name none, the pods that it was written for are as open as without it, and it looks as if they were not.',
  help: 'write the labels of the pod template, not those of the Deployment or Service',
  references: [NETWORK_POLICIES],
  tags: SEGMENTATION,
  *check(context): Iterable<Hit> {
    const facts = factsOf(context);
    for (const { policy, subjects } of facts.policies) {
      const { resource, subject } = policy;
      if (subjects.length > 0 || subject.pods.requirements.length === 0) continue;
      const own = facts.pods.filter(({ namespace }) => namespace === resource.metadata.namespace);
      // Of a namespace that is not in the System nothing can be said, but that pods elsewhere have the labels and no policy for them.
      if (own.length === 0 && !facts.pods.some((pod) => matches(subject.pods, pod) && !isNamed(facts, pod))) continue;
      const meant = labelFix(
        subject.pods,
        own.map(({ labels }) => labels),
      );
      const elsewhere = meant ? undefined : facts.pods.find((pod) => matches(subject.pods, pod));
      const path = ['spec', 'podSelector'];
      const at =
        meant && subject.pods.requirements.some(({ key, operator }) => key === meant.key && operator === 'In')
          ? [...path, 'matchLabels', meant.key]
          : path;
      yield {
        title: `${resourceName(resource)} selects no pod: none of \`${resource.metadata.namespace}\` has \`${formatSelector(subject.pods)}\``,
        severity: meant || elsewhere ? 'medium' : 'low',
        at: { resource, path: at },
        fix: meant
          ? {
              text:
                meant.of === 'value'
                  ? `did you mean \`${meant.key}: ${meant.right}\`?`
                  : `did you mean the label \`${meant.right}\`?`,
              ...(meant.of === 'value' && {
                yaml: `podSelector:\n  matchLabels:\n    ${meant.key}: ${meant.right}`,
                edits: editOf(resource, ['spec', 'podSelector', 'matchLabels', meant.key], meant.right),
              }),
            }
          : elsewhere
            ? {
                text: `\`${elsewhere.id}\` has these labels, in another namespace: a policy holds pods of its own namespace only`,
              }
            : { text: 'write labels that the pods have, or remove the policy' },
      };
    }
  },
} satisfies SystemRule;

function matches({ requirements }: Selector, { labels }: Workload): boolean {
  return requirements.every(({ key, values }) => values.includes(labels[key] ?? ''));
}

/** Whether a policy of its own namespace picks the pod out by labels. */
function isNamed({ policies }: NetworkFacts, pod: Workload): boolean {
  return policies.some(({ policy, subjects }) => policy.subject.pods.requirements.length > 0 && subjects.includes(pod));
}
