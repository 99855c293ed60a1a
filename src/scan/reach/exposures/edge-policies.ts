// Policies attached to gateways and routes (targetRefs) by which the edge demands who calls.
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import { listAt, memberOf, objectAt, textAt } from '#base/raw.ts';

/** Kinds that authenticate, by group, and which part of their spec does. */
const KINDS: readonly { readonly group: string; readonly kind: string; demands(spec: unknown): boolean }[] = [
  {
    group: 'gateway.envoyproxy.io',
    kind: 'SecurityPolicy',
    demands: (spec) => ['jwt', 'oidc', 'basicAuth', 'apiKeyAuth', 'extAuth'].some((name) => objectAt(spec, name) !== undefined),
  },
  {
    group: 'gateway.envoyproxy.io',
    kind: 'ClientTrafficPolicy',
    demands: (spec) => {
      const validation = objectAt(objectAt(spec, 'tls'), 'clientValidation');
      return validation !== undefined && memberOf(validation, 'optional') !== true;
    },
  },
  { group: 'kuadrant.io', kind: 'AuthPolicy', demands: () => true },
  { group: 'cullis.dev', kind: 'AuthenticationPolicy', demands: () => true },
  {
    group: 'networking.gke.io',
    kind: 'GCPBackendPolicy',
    demands: (spec) => memberOf(objectAt(objectAt(spec, 'default'), 'iap'), 'enabled') === true,
  },
];

/** Every policy of the System by which an edge demands who calls. */
export function demandingPolicies(system: Pick<System, 'resources'>): readonly Resource[] {
  return system.resources.filter((policy) => {
    const rows = BY_KIND.get(policy.kind);
    return rows?.some((row) => policy.apiVersion.startsWith(`${row.group}/`) && row.demands(policy.spec)) === true;
  });
}

const BY_KIND = Map.groupBy(KINDS, ({ kind }) => kind);

/** Those of `policies` that name one of `targets`, from the target's own namespace. */
export function authenticatingPolicies(policies: readonly Resource[], targets: readonly Resource[]): readonly Resource[] {
  return policies.filter((policy) => {
    const refs = [...listAt(policy.spec, 'targetRefs'), memberOf(policy.spec, 'targetRef')];
    return refs.some((ref) =>
      targets.some(
        ({ kind, metadata }) =>
          textAt(ref, 'kind') === kind &&
          textAt(ref, 'name') === metadata.name &&
          policy.metadata.namespace === metadata.namespace,
      ),
    );
  });
}
