import { resourceName } from '../../reach/reasons.ts';
import type { Hit, SystemRule } from '../../rule.ts';
import { autoscalersOf } from './autoscalers.ts';
import type { Autoscaler } from './autoscalers.ts';
import { blocksOf, isWorld, judgePrivate } from './blocks.ts';
import type { Block } from './blocks.ts';
import { factsOf, NETWORK_POLICIES } from './facts.ts';
import { SEGMENTATION } from './info.ts';

export const autoscaledRange = {
  id: 'network.autoscaled-range',
  name: 'CIDR range that autoscaled pods or nodes fall into',
  severity: 'medium',
  cwe: [284, 923],
  why: 'An autoscaler adds pods or nodes whose addresses lie in the range: they get what the rule allows without anybody having decided it.',
  help: 'name the peers by label, which new pods do not have by chance',
  references: [NETWORK_POLICIES],
  tags: SEGMENTATION,
  *check(context): Iterable<Hit> {
    const facts = factsOf(context);
    const scalers = autoscalersOf(facts.system);
    if (scalers.length === 0) return;
    for (const block of blocksOf(facts)) {
      if (block.subjects.length === 0 || isWorld(block)) continue;
      const judged = judgePrivate(block, facts);
      if (judged.verdict === 'stands-for') {
        const scaled = judged.calls.map(({ from, to }) => (block.direction === 'ingress' ? from : to));
        const scaler = scalers.find(({ target }) => target !== undefined && scaled.includes(target));
        if (scaler) yield standsFor(block, scaler);
        continue;
      }
      if (judged.verdict !== 'pods' && judged.verdict !== 'nodes') continue;
      // Pods come to nodes that are added as well.
      const scaler = scalers.find(({ of }) => of === judged.verdict) ?? (judged.verdict === 'pods' ? scalers[0] : undefined);
      if (!scaler) continue;
      const { resource } = block.policy;
      yield {
        title: `\`${block.cidr}\` in ${resourceName(resource)} overlaps the ${judged.range.of}' range \`${judged.range.cidr}\`, where ${resourceName(scaler.by)} adds ${scaler.of}`,
        at: { resource, path: [...block.path, 'ipBlock', 'cidr'] },
        fix: {
          text: 'use `podSelector` and `namespaceSelector` for pods; for machines outside choose a range apart from the cluster',
        },
      };
    }
  },
} satisfies SystemRule;

function standsFor(block: Block, scaler: Autoscaler): Hit {
  const { resource } = block.policy;
  return {
    title: `\`${block.cidr}\` in ${resourceName(resource)} stands for \`${scaler.target ?? ''}\`, to which ${resourceName(scaler.by)} adds pods at other addresses`,
    at: { resource, path: [...block.path, 'ipBlock', 'cidr'] },
    fix: { text: 'use `podSelector` and `namespaceSelector`: an address of a pod is given to another pod after it ends' },
  };
}
