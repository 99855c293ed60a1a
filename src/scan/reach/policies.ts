// All network policies of a System, and what stands beside them that is not evaluated.
import type { System } from '#model/system.ts';
import type { Resource } from '#model/resource.ts';
import { readAdminPolicy } from './admin-policy.ts';
import { readNetworkPolicy } from './network-policy.ts';
import type { Policy } from './policy.ts';

const POLICY_GROUP = 'policy.networking.k8s.io';

/** Kinds that change who reaches whom, or who may call what, and that are not evaluated here, by group. */
const NOT_EVALUATED: Readonly<Record<string, readonly string[]>> = {
  'cilium.io': ['CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy', 'CiliumEnvoyConfig', 'CiliumClusterwideEnvoyConfig'],
  'crd.projectcalico.org': ['NetworkPolicy', 'GlobalNetworkPolicy'],
  'projectcalico.org': ['NetworkPolicy', 'GlobalNetworkPolicy'],
  'crd.antrea.io': ['NetworkPolicy', 'ClusterNetworkPolicy'],
  'policy.linkerd.io': ['Server', 'AuthorizationPolicy', 'ServerAuthorization', 'MeshTLSAuthentication', 'NetworkAuthentication'],
  'kuma.io': ['MeshTrafficPermission', 'TrafficPermission'],
  'consul.hashicorp.com': ['ServiceIntentions'],
};

function groupOf({ apiVersion }: Resource): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

export function isNetworkPolicy(resource: Resource): boolean {
  const group = groupOf(resource);
  return resource.kind === 'NetworkPolicy' && (group === 'networking.k8s.io' || group === 'extensions');
}

/** Every policy that the kernel evaluates, in the System's order. */
export function policiesOf(system: Pick<System, 'resources'>): readonly Policy[] {
  return system.resources.flatMap((resource) => {
    if (isNetworkPolicy(resource)) return [readNetworkPolicy(resource)];
    if (groupOf(resource) !== POLICY_GROUP) return [];
    const known = ['AdminNetworkPolicy', 'BaselineAdminNetworkPolicy', 'ClusterNetworkPolicy'].includes(resource.kind);
    return known ? [readAdminPolicy(resource)] : [];
  });
}

/** Policies of other products in the System: what they allow or refuse is in no answer. */
export function notEvaluatedOf(system: Pick<System, 'resources'>): readonly Resource[] {
  return system.resources.filter((resource) => NOT_EVALUATED[groupOf(resource)]?.includes(resource.kind) === true);
}
