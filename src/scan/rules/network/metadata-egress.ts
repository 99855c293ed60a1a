import { covers, intervalsOf, sizeOf } from '../../reach/address.ts';
import { resourceName } from '../../reach/reasons.ts';
import { indented } from '../fix-text.ts';
import type { Hit, SystemRule } from '../../rule.ts';
import { blocksOf, isWorld, rulePort } from './blocks.ts';
import type { Block } from './blocks.ts';
import { editOf, factsOf, names, NETWORK_POLICIES } from './facts.ts';
import type { NetworkFacts } from './facts.ts';
import { EGRESS } from './info.ts';

/** Where clouds answer for a machine's credentials (AWS, Azure, Google, OpenStack; AWS over IPv6; Alibaba). */
const METADATA = ['169.254.169.254/32', 'fd00:ec2::254/128', '100.100.100.200/32'];

export const metadataEgress = {
  id: 'network.metadata-egress',
  name: "Egress to the cloud's metadata service",
  severity: 'medium',
  cwe: [918, 522],
  why: "The metadata service hands the node's credentials to whoever asks from it. One request that an attacker can steer (SSRF) is enough to become the node in the cloud's eyes.",
  help: 'take `169.254.169.254/32` out with `except`',
  references: [NETWORK_POLICIES, 'https://hackingthe.cloud/aws/exploitation/ec2-metadata-ssrf/'],
  tags: EGRESS,
  *check(context): Iterable<Hit> {
    const facts = factsOf(context);
    for (const block of blocksOf(facts)) {
      if (block.direction !== 'egress' || block.subjects.length === 0) continue;
      const reached = METADATA.find((address) => covers(block.ranges, intervalsOf([address])));
      if (reached === undefined || !rulePort(block.rule.ports, 'TCP', 80) || usesMetadata(block, facts)) continue;
      yield hitOf(block, reached);
    }
  },
} satisfies SystemRule;

/** Google's Workload Identity answers at this address, and pods with an account of it need it. */
function usesMetadata({ subjects, ranges }: Block, { system }: NetworkFacts): boolean {
  if (sizeOf(ranges) > 1n) return false;
  return subjects.every(({ namespace, serviceAccount }) =>
    system.resources.some(
      ({ kind, metadata }) =>
        kind === 'ServiceAccount' &&
        metadata.namespace === namespace &&
        metadata.name === serviceAccount &&
        metadata.annotations['iam.gke.io/gcp-service-account'] !== undefined,
    ),
  );
}

function hitOf(block: Block, address: string): Hit {
  const { resource } = block.policy;
  const path = [...block.path, 'ipBlock'];
  const host = address.slice(0, address.indexOf('/'));
  const wide = isWorld(block) || sizeOf([block.whole]) > 1n;
  const except = [...block.except, address.includes('.') && address.startsWith('169') ? '169.254.0.0/16' : address];
  return {
    title: `${resourceName(resource)} lets ${names(block.subjects.map(({ id }) => id))} reach the metadata service at \`${host}\`${wide ? ` by \`${block.cidr}\`` : ''}`,
    at: { resource, path },
    fix: wide
      ? {
          text: `take it out with \`except\``,
          yaml: indented({ ipBlock: { cidr: block.cidr, except } }),
          edits: editOf(resource, [...path, 'except'], except),
        }
      : { text: 'remove this peer; give the workload its own cloud identity instead' },
  };
}
