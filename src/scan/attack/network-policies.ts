// NetworkPolicies as the attack graph needs them beside reachability: who is held by which, and which callers they name.
import type { Resource } from '#model/resource.ts';
import type { System, Workload } from '#model/system.ts';
import { workloadsMatching } from '#plan/matching.ts';
import { listAt, memberOf, numberAt, objectAt, textAt, textsAt } from '#base/raw.ts';
import { labelsOf, readSelector, selects } from '../reach/selector.ts';
import type { Selector } from '../reach/selector.ts';
import { evidenceAt } from './evidence.ts';
import type { RequiredFlow } from './model.ts';

interface Policy {
  readonly resource: Resource;
  readonly pods: Selector;
  readonly ingress: boolean;
  readonly egress: boolean;
}

/** Callers that one rule may name; a rule that takes in more is no declaration of anything. */
const NAMED_MAX = 20;

export class NetworkPolicies {
  readonly #byNamespace: ReadonlyMap<string, readonly Policy[]>;

  constructor(system: System) {
    const policies = system.resources.flatMap((resource): Policy[] => {
      if (resource.kind !== 'NetworkPolicy' || !resource.apiVersion.startsWith('networking.k8s.io/')) return [];
      const types = textsAt(resource.spec, 'policyTypes');
      return [
        {
          resource,
          pods: readSelector(objectAt(resource.spec, 'podSelector')),
          ingress: types.length === 0 || types.includes('Ingress'),
          egress: types.length === 0 ? memberOf(resource.spec, 'egress') !== undefined : types.includes('Egress'),
        },
      ];
    });
    this.#byNamespace = Map.groupBy(policies, ({ resource }) => resource.metadata.namespace);
  }

  /** Policies that isolate a workload's pods in one direction. */
  holding({ namespace, labels }: Workload, direction: 'ingress' | 'egress'): readonly Resource[] {
    return (this.#byNamespace.get(namespace) ?? []).flatMap((policy) =>
      policy[direction] && selects(policy.pods, labels) ? [policy.resource] : [],
    );
  }

  /** Whoever writes a rule that names certain pods as callers declares that they call. Rules for whole namespaces, ranges or everybody declare nothing. */
  namedCallers(system: System): readonly RequiredFlow[] {
    const spaces = new Map(system.namespaces.map(({ name, labels }) => [name, labels]));
    const inhabited = [...new Set(system.workloads.map(({ namespace }) => namespace))];
    const near = (namespace: string, selector: Selector): readonly Workload[] =>
      workloadsMatching(system, namespace, labelsOf(selector)).filter(({ labels }) => selects(selector, labels));
    const flows: RequiredFlow[] = [];
    for (const [namespace, policies] of this.#byNamespace)
      for (const { resource, pods, ingress } of policies) {
        if (!ingress) continue;
        const subjects = near(namespace, pods);
        if (subjects.length === 0 || subjects.length > NAMED_MAX) continue;
        for (const [r, rule] of listAt(resource.spec, 'ingress').entries())
          for (const [p, peer] of listAt(rule, 'from').entries()) {
            const named = readSelector(objectAt(peer, 'podSelector'));
            if (named.requirements.length === 0) continue;
            const other = objectAt(peer, 'namespaceSelector');
            const selector = other && readSelector(other);
            const callers = (selector ? inhabited : [namespace]).flatMap((space) => {
              const inside = !selector || selects(selector, spaces.get(space) ?? {});
              return inside ? near(space, named) : [];
            });
            if (callers.length > NAMED_MAX) continue;
            const why = `NetworkPolicy ${resource.metadata.name} names it`;
            const evidence = evidenceAt(why, resource, ['spec', 'ingress', r, 'from', p]);
            for (const target of subjects)
              for (const { port, transport } of portsOf(rule, target))
                for (const { id } of callers) flows.push({ from: id, to: target.id, port, transport, why, evidence });
          }
      }
    return flows;
  }
}

/** The declared ports of a workload that a rule speaks of. */
function portsOf(rule: unknown, target: Workload): readonly Pick<RequiredFlow, 'port' | 'transport'>[] {
  const own = target.containers.flatMap(({ ports, init }) => (init ? [] : ports));
  const written = listAt(rule, 'ports');
  if (written.length === 0) return own;
  return own.filter(({ name, port, transport }) =>
    written.some((each) => {
      const first = numberAt(each, 'port');
      const last = numberAt(each, 'endPort') ?? first;
      if ((textAt(each, 'protocol') ?? 'TCP') !== transport) return false;
      if (first !== undefined) return first <= port && port <= last!;
      const wanted = textAt(each, 'port');
      return wanted === undefined || wanted === name;
    }),
  );
}
