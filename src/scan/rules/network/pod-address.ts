import { resourceName } from '../../reach/reasons.ts';
import type { Hit, SystemRule } from '../../rule.ts';
import { autoscalersOf } from './autoscalers.ts';
import { blocksOf, isWorld, judgePrivate } from './blocks.ts';
import { factsOf, names, NETWORK_POLICIES } from './facts.ts';
import { SEGMENTATION } from './info.ts';

export const podAddress = {
  id: 'network.pod-address',
  name: '`ipBlock` over addresses of pods',
  severity: 'medium',
  cwe: [291, 923],
  why: "A pod's address is given to another pod after it ends, and network plugins may rewrite it before a policy looks. A rule over pod addresses lets in whoever has the address next.",
  help: 'name pods by label',
  references: [NETWORK_POLICIES],
  tags: SEGMENTATION,
  *check(context): Iterable<Hit> {
    const facts = factsOf(context);
    // With an autoscaler the stronger sentence is said by `network.autoscaled-range`.
    const scalers = autoscalersOf(facts.system);
    for (const block of blocksOf(facts)) {
      if (block.subjects.length === 0 || isWorld(block)) continue;
      const judged = judgePrivate(block, facts);
      const { resource } = block.policy;
      let over: string;
      if (judged.verdict === 'pods' && scalers.length === 0) over = `lies over pod addresses (\`${judged.range.cidr}\`)`;
      else if (judged.verdict === 'stands-for') {
        const meant = [...new Set(judged.calls.map(({ from, to }) => (block.direction === 'ingress' ? from : to)))];
        if (scalers.some(({ target }) => target !== undefined && meant.includes(target))) continue;
        over = `stands for ${names(meant)}, whose addresses change`;
      } else continue;
      yield {
        title: `\`${block.cidr}\` in ${resourceName(resource)} ${over}`,
        at: { resource, path: [...block.path, 'ipBlock', 'cidr'] },
        fix: { text: 'use `podSelector` and `namespaceSelector` instead of the range' },
      };
    }
  },
} satisfies SystemRule;
