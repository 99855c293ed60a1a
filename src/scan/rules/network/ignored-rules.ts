import { listAt, textsAt } from '#base/raw.ts';
import { resourceName } from '../../reach/reasons.ts';
import { indented } from '../fix-text.ts';
import type { Hit, SystemRule } from '../../rule.ts';
import { editOf, factsOf, NETWORK_POLICIES } from './facts.ts';
import { SEGMENTATION } from './info.ts';

const DIRECTIONS = [
  ['ingress', 'Ingress'],
  ['egress', 'Egress'],
] as const;

export const ignoredRules = {
  id: 'network.ignored-rules',
  name: 'Rules of a direction that `policyTypes` leaves out',
  severity: 'medium',
  cwe: [684, 284],
  why: 'Rules count only for the directions that `policyTypes` names. In the other direction the policy holds nothing: the pods are as open as without it, though rules are written.',
  help: 'add the direction to `policyTypes`, or remove the rules',
  references: [NETWORK_POLICIES],
  tags: SEGMENTATION,
  *check(context): Iterable<Hit> {
    for (const { policy, subjects } of factsOf(context).policies) {
      const { resource } = policy;
      const types = textsAt(resource.spec, 'policyTypes');
      if (types.length === 0 || subjects.length === 0) continue;
      for (const [direction, type] of DIRECTIONS) {
        if (types.includes(type) || listAt(resource.spec, direction).length === 0) continue;
        const all = [...types, type];
        yield {
          title: `${resourceName(resource)} has ${direction} rules, but \`policyTypes\` leaves \`${type}\` out: they have no effect`,
          at: { resource, path: ['spec', direction] },
          fix: {
            text: `add \`${type}\` to \`policyTypes\``,
            yaml: indented({ policyTypes: all }),
            edits: editOf(resource, ['spec', 'policyTypes'], all),
          },
        };
      }
    }
  },
} satisfies SystemRule;
