import type { Workload } from '#model/system.ts';
import type { Hit, SystemRule } from '../../rule.ts';
import { indented } from '../fix-text.ts';
import { allowDns, defaultDeny } from '../../reach/synthesise.ts';
import { factsOf, names, NETWORK_POLICIES } from './facts.ts';
import { SEGMENTATION } from './info.ts';
import { isMeshOnly } from './mesh-guard.ts';
import { namespaceResource, unheldOf } from './no-policy.ts';

export const meshOnly = {
  id: 'network.mesh-only',
  name: 'Workloads that the mesh alone protects',
  severity: 'info',
  cwe: [653],
  why: 'The mesh refuses strangers, but packets still arrive: UDP, ports past the sidecar and a container that leaves its sidecar out are not held by it. A NetworkPolicy below is the second layer.',
  help: 'add NetworkPolicies beside the AuthorizationPolicies',
  references: [NETWORK_POLICIES, 'https://istio.io/latest/docs/ops/best-practices/security/'],
  tags: SEGMENTATION,
  *check(context): Iterable<Hit> {
    const facts = factsOf(context);
    const guarded = unheldOf(facts).filter((workload) => isMeshOnly(facts, workload));
    for (const [namespace, workloads] of Map.groupBy(guarded, (workload) => workload.namespace)) {
      const [first] = workloads as [Workload, ...Workload[]];
      yield {
        title: `only the mesh protects ${names(workloads.map(({ id }) => id))}: no NetworkPolicy selects them`,
        at: { resource: namespaceResource(facts, namespace) ?? first.resource },
        detail: namespace,
        fix: {
          text: `close \`${namespace}\` by default and allow the declared flows`,
          yaml: [defaultDeny(namespace), allowDns(namespace)].map(indented).join('\n---\n'),
        },
      };
    }
  },
} satisfies SystemRule;
