// SecurityPolicies of Envoy Gateway: whoever wrote one wants nobody let through without what it demands. None of that is served by way of this kind, so
// what it targets is closed (proxy hardening G 64).
import { listAt, memberOf, objectAt, recordAt, textAt } from '#base/raw.ts';
import type { Gateway, Route } from '#model/gateway.ts';
import { labelsMatch, type Resource } from '#model/resource.ts';

/** Members of its `spec` that let some requests through and others not. `cors` is left out: browsers refuse where it is missing. */
const DEMANDS = ['oidc', 'jwt', 'basicAuth', 'apiKeyAuth', 'extAuth', 'authorization'] as const;

export class ForeignPolicies {
  readonly #policies: readonly Resource[];

  constructor(resources: readonly Resource[]) {
    this.#policies = resources.filter(
      ({ apiVersion, kind, spec }) =>
        kind === 'SecurityPolicy' &&
        apiVersion.startsWith('gateway.envoyproxy.io/') &&
        DEMANDS.some((name) => memberOf(spec, name) !== undefined),
    );
  }

  /** The first policy for a route at a gateway, whatever part of either it names, and what it demands. */
  of(gateway: Gateway, route: Route): { readonly policy: Resource; readonly demand: string } | undefined {
    const policy = this.#policies.find((one) => targets(one, gateway) || targets(one, route));
    return policy && { policy, demand: DEMANDS.find((name) => memberOf(policy.spec, name) !== undefined)! };
  }
}

function targets({ metadata, spec }: Resource, object: Pick<Resource, 'kind' | 'metadata'>): boolean {
  if (object.metadata.namespace !== metadata.namespace) return false;
  const single = objectAt(spec, 'targetRef');
  const named = [...listAt(spec, 'targetRefs'), ...(single ? [single] : [])];
  if (named.some((ref) => textAt(ref, 'kind') === object.kind && textAt(ref, 'name') === object.metadata.name)) return true;
  return listAt(spec, 'targetSelectors').some(
    (each) => textAt(each, 'kind') === object.kind && labelsMatch(recordAt(each, 'matchLabels'), object.metadata.labels),
  );
}
