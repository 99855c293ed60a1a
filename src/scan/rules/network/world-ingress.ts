import { resourceName } from '../../reach/reasons.ts';
import type { Hit, SystemRule } from '../../rule.ts';
import { indented } from '../fix-text.ts';
import { blocksOf, isWorld } from './blocks.ts';
import { callersOf } from './callers.ts';
import { editOf, factsOf, names, NETWORK_POLICIES } from './facts.ts';
import { SEGMENTATION } from './info.ts';

export const worldIngress = {
  id: 'network.world-ingress',
  name: 'Whole address range let in to a workload that nothing exposes',
  severity: 'medium',
  cwe: [284, 923],
  why: 'The range takes in the internet, and with most network plugins every pod of the cluster too. Nothing in the System sends outside traffic to this workload, so the rule serves nobody but an attacker.',
  help: 'name the callers with `podSelector` and `namespaceSelector`',
  references: [NETWORK_POLICIES],
  tags: SEGMENTATION,
  *check(context): Iterable<Hit> {
    const facts = factsOf(context);
    for (const block of blocksOf(facts)) {
      if (block.direction !== 'ingress' || !isWorld(block)) continue;
      const idle = block.subjects.filter(({ id }) => !facts.needed.has(id));
      if (idle.length === 0) continue;
      const stores = idle.filter(({ id }) => facts.stores.has(id));
      const callers = callersOf(facts, idle);
      const { resource } = block.policy;
      yield {
        title: `${resourceName(resource)} lets \`${block.cidr}\` in to ${names(idle.map(({ id }) => id))}, which nothing exposes`,
        severity: stores.length > 0 ? 'high' : 'medium',
        at: { resource, path: [...block.path, 'ipBlock', 'cidr'] },
        fix: {
          text:
            callers.length > 0 ? 'let in the workloads that call it instead' : 'let in the callers by label instead of the range',
          ...(callers.length > 0 && { yaml: indented({ from: callers }) }),
          ...(callers.length > 0 && { edits: editOf(resource, [...block.rule.path, 'from'], callers) }),
        },
      };
    }
  },
} satisfies SystemRule;
