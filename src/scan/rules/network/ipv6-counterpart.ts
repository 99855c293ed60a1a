import { ALL_V6, covers, intervalsOf, isV4 } from '../../reach/address.ts';
import type { System } from '#model/system.ts';
import { resourceName } from '../../reach/reasons.ts';
import { textAt, textsAt } from '#base/raw.ts';
import { indented } from '../fix-text.ts';
import type { Hit, SystemRule } from '../../rule.ts';
import { blocksOf } from './blocks.ts';
import { editOf, factsOf, NETWORK_POLICIES } from './facts.ts';
import type { NetworkFacts } from './facts.ts';
import { EGRESS } from './info.ts';

/** Unique local, link-local, and the metadata service of AWS, which is in the first. */
const PRIVATE_V6 = ['fc00::/7', 'fe80::/10'];

export const ipv6 = {
  id: 'network.ipv6-counterpart',
  name: 'Rule for IPv4 without its IPv6 counterpart',
  severity: 'medium',
  cwe: [284, 923],
  why: 'In a cluster with both families a pod has two addresses. What is refused or taken out for IPv4 alone stays open over IPv6.',
  help: 'write the same for IPv6',
  references: [NETWORK_POLICIES, 'https://kubernetes.io/docs/concepts/services-networking/dual-stack/'],
  tags: EGRESS,
  *check(context): Iterable<Hit> {
    const facts = factsOf(context);
    yield* exceptMissing(facts);
    if (isDualStack(facts)) yield* denyMissing(facts);
  },
} satisfies SystemRule;

/** `0.0.0.0/0` with private ranges taken out, beside `::/0` with nothing taken out. */
function* exceptMissing(facts: NetworkFacts): Iterable<Hit> {
  const blocks = blocksOf(facts).filter(({ subjects }) => subjects.length > 0);
  for (const block of blocks) {
    if (block.except.length > 0 || isV4(block.whole) || !covers(block.ranges, [ALL_V6])) continue;
    const twin = blocks.find(
      (each) =>
        each.policy === block.policy && each.direction === block.direction && each.cidr === '0.0.0.0/0' && each.except.length > 0,
    );
    if (!twin) continue;
    const { resource } = block.policy;
    const path = [...block.path, 'ipBlock'];
    yield {
      title: `${resourceName(resource)} takes ${twin.except.length === 1 ? 'a range' : 'ranges'} out of \`0.0.0.0/0\` and nothing out of \`::/0\``,
      at: { resource, path },
      fix: {
        text: 'take private ranges of IPv6 out too',
        yaml: indented({ ipBlock: { cidr: '::/0', except: PRIVATE_V6 } }),
        edits: editOf(resource, [...path, 'except'], PRIVATE_V6),
      },
    };
  }
}

/** A rule of administrators that denies networks of IPv4 alone. */
function* denyMissing({ reach }: NetworkFacts): Iterable<Hit> {
  for (const policy of reach.policies) {
    if (policy.tier === 'namespace') continue;
    for (const rule of policy.egress ?? []) {
      if (rule.action !== 'deny' || rule.peers === 'any') continue;
      const ranges = rule.peers.flatMap((peer) => (peer.kind === 'block' ? peer.ranges : []));
      if (ranges.length === 0 || ranges.some((range) => !isV4(range))) continue;
      // A single address has no counterpart that could be named.
      if (!covers(ranges, intervalsOf(['0.0.0.0/0'])) && !covers(ranges, intervalsOf(['10.0.0.0/8']))) continue;
      yield {
        title: `${resourceName(policy.resource)} denies networks of IPv4 only, and the cluster has both families`,
        at: { resource: policy.resource, path: rule.path },
        fix: { text: 'add the networks of IPv6: `::/0`, or `fc00::/7` for private ones' },
      };
    }
  }
}

function isDualStack({ system, ranges }: { readonly system: System; readonly ranges: NetworkFacts['ranges'] }): boolean {
  if (ranges.some(({ interval }) => isV4(interval)) && ranges.some(({ interval }) => !isV4(interval))) return true;
  return system.services.some(
    ({ resource }) =>
      textsAt(resource.spec, 'ipFamilies').length > 1 || (textAt(resource.spec, 'ipFamilyPolicy') ?? '').endsWith('DualStack'),
  );
}
