// Which EgressPolicies are in force for a workload, and about which of its calls.
import type { EgressPolicy } from '#model/istio-egress.ts';
import { formatLocation, originOf } from '#model/origin.ts';
import type { System, Workload } from '#model/system.ts';
import { labelsMatch } from '#model/resource.ts';
import type { EgressPolicyPlan } from './plan.ts';

/** All that apply, in the order of their ids: of the workload's namespace, of the root namespace, and those that name a ServiceEntry it may call. @param services ids of those behind which the workload stands */
export function egressPoliciesFor(system: System, workload: Workload, services: readonly string[]): EgressPolicyPlan[] {
  return system.egressPolicies
    .flatMap((policy) => {
      const entries = appliesTo(system, policy, workload, services);
      if (entries === undefined) return [];
      const { namespace, name } = policy.metadata;
      const { limits, inspect } = policy.spec;
      return [
        {
          id: `${namespace}/${name}`,
          at: formatLocation(originOf(policy)),
          ...(entries.length > 0 && { entries }),
          ...(limits && { limits }),
          ...(inspect && { inspect }),
        },
      ];
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** @returns the entries it is about, an empty list for every call, undefined when it does not apply */
function appliesTo(
  system: System,
  { metadata, spec }: EgressPolicy,
  workload: Workload,
  behind: readonly string[],
): readonly string[] | undefined {
  const { namespace } = metadata;
  const everywhere = namespace === system.mesh.rootNamespace;
  const refs = spec.targetRefs ?? [];
  if (refs.length === 0) {
    if (!everywhere && namespace !== workload.namespace) return undefined;
    return spec.selector === undefined || labelsMatch(spec.selector.matchLabels, workload.labels) ? [] : undefined;
  }
  const services = refs.filter(({ kind }) => kind === 'Service').map(({ name }) => `${namespace}/${name}`);
  if (services.some((id) => behind.includes(id))) return [];
  const entries = refs.filter(({ kind }) => kind === 'ServiceEntry').map(({ name }) => `${namespace}/${name}`);
  return entries.length > 0 ? entries : undefined;
}
