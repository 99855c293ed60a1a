import { isHostNetwork } from '../../reach/endpoints.ts';
import { declaredFlows } from '../../reach/flows.ts';
import { objectAt, textAt } from '#base/raw.ts';
import { declaredPorts } from '../../reach/reach.ts';
import { allowDns, defaultDeny, synthesiseNetwork } from '../../reach/synthesise.ts';
import type { Resource } from '#model/resource.ts';
import type { Workload } from '#model/system.ts';
import type { Hit, SystemRule } from '../../rule.ts';
import { indented } from '../fix-text.ts';
import { createEdits, factsOf, isClusterNamespace, names, NETWORK_POLICIES, NSA_HARDENING } from './facts.ts';
import type { NetworkFacts } from './facts.ts';
import { SEGMENTATION } from './info.ts';
import { isMeshOnly } from './mesh-guard.ts';

const YAML_MAX = 12;

export const noPolicy = {
  id: 'network.no-policy',
  name: 'Workloads that no NetworkPolicy selects',
  severity: 'medium',
  cwe: [284, 923],
  why: 'A pod that no NetworkPolicy selects takes connections from every pod of the cluster: one compromised workload reaches all ports of it.',
  help: 'close the namespace by default and allow the flows that are needed',
  references: [NETWORK_POLICIES, NSA_HARDENING],
  tags: SEGMENTATION,
  *check(context): Iterable<Hit> {
    const facts = factsOf(context);
    const open = unheldOf(facts).filter((workload) => !isMeshOnly(facts, workload));
    if (open.length === 0) return;
    const made = Map.groupBy(synthesiseNetwork(facts.system, declaredFlows(facts.reach)), (policy) =>
      textAt(objectAt(policy, 'metadata'), 'namespace'),
    );
    const pods = Map.groupBy(facts.pods, (pod) => pod.namespace);
    for (const [namespace, workloads] of Map.groupBy(open, (workload) => workload.namespace)) {
      const stores = workloads.filter(({ id }) => facts.stores.has(id));
      const ids = workloads.map(({ id }) => id);
      const all = pods.get(namespace)?.length ?? 0;
      const scope = workloads.length === all ? 'no workload' : `${workloads.length} of ${all} workloads`;
      const [first] = workloads as [Workload, ...Workload[]];
      const declared = namespaceResource(facts, namespace);
      const resource = declared ?? first.resource;
      const own = made.get(namespace) ?? [];
      const policies = own.length > 0 ? own : [defaultDeny(namespace), allowDns(namespace)];
      const exposed = facts.exposures.size > 0 && stores.length > 0;
      yield {
        title:
          workloads.length === all
            ? `no workload of namespace \`${namespace}\` is selected by a NetworkPolicy`
            : `${scope} of namespace \`${namespace}\` are selected by no NetworkPolicy: ${names(ids)}`,
        message: messageOf(ids, stores, exposed),
        severity: exposed ? 'high' : workloads.some((each) => declaredPorts(facts.system, each).length > 0) ? 'medium' : 'low',
        at: { resource },
        detail: namespace,
        ...(declared === undefined && { about: `Namespace /${namespace}` }),
        fix: {
          text: `close \`${namespace}\` by default and allow what calls and routes of the System declare; look through it before it is applied`,
          yaml: policies.slice(0, YAML_MAX).map(indented).join('\n---\n'),
          edits: createEdits(first.resource, `network-policies-${namespace}.yaml`, policies),
        },
      };
    }
  },
} satisfies SystemRule;

function messageOf(ids: readonly string[], stores: readonly Workload[], exposed: boolean): string {
  const open = `Every pod of the cluster reaches every port of ${names(ids)}.`;
  if (stores.length === 0) return open;
  const behind = names(stores.map(({ id }) => id));
  return exposed
    ? `${open} Among them ${behind} ${stores.length === 1 ? 'holds' : 'hold'} data, and other workloads are exposed to outside: whoever gets into one of those stands at the store.`
    : `${open} Among them ${behind} ${stores.length === 1 ? 'holds' : 'hold'} data.`;
}

/** Pods that no policy of any kind holds on the way in; policies that are not evaluated may hold those of their namespaces. */
export function unheldOf({ pods, reach, system }: NetworkFacts): readonly Workload[] {
  const blind = reach.notEvaluated.filter(({ kind }) => kind.includes('NetworkPolicy'));
  const everywhere = blind.some(({ kind }) => kind.includes('Global') || kind.includes('Cluster'));
  if (everywhere) return [];
  const elsewhere = new Set(blind.map(({ metadata }) => metadata.namespace));
  const index = new Map(system.workloads.map(({ id }, i) => [id, i]));
  return pods.filter((workload) => {
    if (isClusterNamespace(workload.namespace) || elsewhere.has(workload.namespace) || isHostNetwork(workload)) return false;
    // A job that listens nowhere is closed by itself.
    if ((workload.kind === 'Job' || workload.kind === 'CronJob') && workload.containers.every(({ ports }) => ports.length === 0))
      return false;
    return !reach.kernel.isHeld('ingress', index.get(workload.id)!);
  });
}

const declaredNamespaces = new WeakMap<NetworkFacts, ReadonlyMap<string, Resource>>();

/** The document of a namespace. */
export function namespaceResource(facts: NetworkFacts, namespace: string): Resource | undefined {
  let known = declaredNamespaces.get(facts);
  if (!known) {
    const found = facts.system.resources.filter(({ kind }) => kind === 'Namespace').toReversed();
    declaredNamespaces.set(facts, (known = new Map(found.map((resource) => [resource.metadata.name, resource]))));
  }
  return known.get(namespace);
}
