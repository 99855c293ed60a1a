import { originOf } from '#model/origin.ts';
import { sizeOf } from '../../reach/address.ts';
import { resourceName } from '../../reach/reasons.ts';
import type { Hit, SystemRule } from '../../rule.ts';
import { indented } from '../fix-text.ts';
import { autoscalersOf } from './autoscalers.ts';
import { blocksOf, isWorld, judgePrivate } from './blocks.ts';
import type { Block, PrivateVerdict } from './blocks.ts';
import { peerOf } from './callers.ts';
import { editOf, factsOf, names, NETWORK_POLICIES } from './facts.ts';
import type { NetworkFacts } from './facts.ts';
import { SEGMENTATION } from './info.ts';

export const cidrTooWide = {
  id: 'network.cidr-too-wide',
  name: 'CIDR range wider than the pods and nodes that it means',
  severity: 'medium',
  cwe: [284, 923],
  why: 'A range of a private network takes in whatever gets an address there: other pods, nodes that an autoscaler adds, machines of other teams, a VPN. None of them was meant.',
  help: 'name pods by label, or narrow the range to what is behind it',
  references: [NETWORK_POLICIES],
  tags: SEGMENTATION,
  *check(context): Iterable<Hit> {
    const facts = factsOf(context);
    for (const block of blocksOf(facts)) {
      if (block.subjects.length === 0 || isWorld(block)) continue;
      const judged = judgePrivate(block, facts);
      if (judged.verdict === 'too-wide' || judged.verdict === 'guessed-wide') yield hitOf(block, judged, facts);
    }
  },
} satisfies SystemRule;

type Wide = Extract<PrivateVerdict, { readonly verdict: 'too-wide' | 'guessed-wide' }>;

function hitOf(block: Block, judged: Wide, facts: NetworkFacts): Hit {
  const { resource } = block.policy;
  const side = block.direction === 'ingress' ? 'from' : 'to';
  const path = [...block.path, 'ipBlock', 'cidr'];
  const peers = peersMeant(block, facts);
  const store = block.direction === 'ingress' && block.subjects.some(({ id }) => facts.stores.has(id));
  const scaler = autoscalersOf(facts.system)[0];
  const grows = scaler ? ` ${resourceName(scaler.by)} adds ${scaler.of}, which get addresses in it as well.` : '';
  const fix =
    peers.length > 0
      ? {
          text: 'name the workloads by label',
          yaml: indented({ [side]: peers }),
          edits: editOf(resource, [...block.rule.path, side], peers),
        }
      : undefined;
  const name = `\`${block.cidr}\` in ${resourceName(resource)}`;
  const serves = block.direction === 'ingress' || judged.verdict === 'too-wide' || judged.calls.length > 0;
  const outer = judged.verdict === 'guessed-wide' && judged.meant;
  const severity = store ? ('high' as const) : serves && !outer ? ('medium' as const) : ('low' as const);
  const common = { severity, at: { resource, path } };
  if (judged.verdict === 'too-wide') {
    const [known] = judged.means;
    const means = judged.means.slice(0, 3).map(({ cidr, of }) => `the ${of}' range \`${cidr}\``);
    const narrow =
      judged.means.length === 1 && known
        ? { text: `narrow it to \`${known.cidr}\`, or better name the pods by label`, edits: editOf(resource, path, known.cidr) }
        : undefined;
    return {
      ...common,
      title: `${name} is wider than ${means.join(' and ')}`,
      message: `It takes in ${sizeOf(block.ranges)} addresses, among them every pod or node of ${means.join(' and ')} and much that is neither.${grows}`,
      fix: fix ?? narrow ?? { text: 'name the peers by label' },
      related: judged.means.slice(0, 3).flatMap(({ by, cidr }) => relatedOf(by, `${resourceName(by)} says \`${cidr}\``)),
    };
  }
  const calls = judged.calls.map((call) => (block.direction === 'ingress' ? call.from : call.to));
  const meant = calls.length > 0 ? `, where ${names([...new Set(calls)])} ${calls.length === 1 ? 'is' : 'are'} meant` : '';
  return {
    ...common,
    title: `${name} takes in ${sizeOf(block.ranges)} addresses of a private network${meant}`,
    message: `Pods and nodes of the cluster have addresses in private networks, so a range this wide lets ${block.direction === 'ingress' ? 'most of them in' : 'this workload out to most of them'}.${grows}`,
    fix: fix ?? { text: 'name pods by label, or narrow the range to the machines behind it' },
  };
}

/** Peers by what environments declare, when that is all the rule serves. */
function peersMeant(block: Block, facts: NetworkFacts): readonly unknown[] {
  const ids = new Set(block.subjects.map(({ id }) => id));
  const others = new Set(
    facts.flows.flatMap(({ from, to }) =>
      block.direction === 'ingress' ? (ids.has(to) ? [from] : []) : ids.has(from) ? [to] : [],
    ),
  );
  const only = block.rule.peers !== 'any' && block.rule.peers.length === 1;
  if (!only) return [];
  return facts.pods
    .filter(({ id }) => others.has(id))
    .slice(0, 20)
    .map((workload) => peerOf(facts, workload, block.policy.resource.metadata.namespace));
}

function relatedOf(
  resource: Block['policy']['resource'],
  message: string,
): { readonly location: NonNullable<ReturnType<typeof originOf>>; readonly message: string }[] {
  const location = originOf(resource);
  return location ? [{ location, message }] : [];
}
