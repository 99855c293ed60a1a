import { isHostNetwork, podSpecOf } from '../../reach/endpoints.ts';
import { resourceName } from '../../reach/reasons.ts';
import { listAt } from '#base/raw.ts';
import type { Resource } from '#model/resource.ts';
import type { Path } from '#model/origin.ts';
import type { Hit, SystemRule } from '../../rule.ts';
import { editOf, factsOf, isClusterNamespace, NETWORK_POLICIES } from './facts.ts';
import { SEGMENTATION } from './info.ts';

export const hostNetwork = {
  id: 'network.host-network',
  name: 'Host network past the NetworkPolicies',
  severity: 'medium',
  cwe: [284, 653],
  why: "A pod on the host's network has the node's address: NetworkPolicies do not hold it, and every pod of that node lets it in, whatever policies say there.",
  help: 'leave `hostNetwork` out; publish single ports with a Service or `hostPort`',
  references: [NETWORK_POLICIES],
  tags: [...SEGMENTATION, 'pss:baseline'],
  *check(context): Iterable<Hit> {
    const facts = factsOf(context);
    for (const workload of facts.pods) {
      if (!isHostNetwork(workload) || isClusterNamespace(workload.namespace)) continue;
      const meant = facts.policies.filter(({ subjects }) => subjects.includes(workload));
      const byName = meant.find(({ policy }) => policy.subject.pods.requirements.length > 0);
      const policy = byName ?? meant[0];
      if (!policy) continue;
      const path = [...specPath(workload.resource), 'hostNetwork'];
      yield {
        title: `${resourceName(policy.policy.resource)} selects \`${workload.id}\`, which uses the host network: it is not held`,
        severity: byName ? 'medium' : 'low',
        at: { resource: workload.resource, path },
        fix: {
          text: 'leave `hostNetwork` out',
          ...(listAt(podSpecOf(workload.resource), 'containers').length > 0 && { edits: editOf(workload.resource, path) }),
        },
      };
    }
  },
} satisfies SystemRule;

function specPath({ kind }: Resource): Path {
  if (kind === 'Pod') return ['spec'];
  return kind === 'CronJob' ? ['spec', 'jobTemplate', 'spec', 'template', 'spec'] : ['spec', 'template', 'spec'];
}
