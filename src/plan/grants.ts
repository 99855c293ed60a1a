// ReferenceGrants: whether an object may refer to one of another namespace (gateway.networking.k8s.io ReferenceGrant).
import type { System } from '#model/system.ts';

const GATEWAY_GROUP = 'gateway.networking.k8s.io';

/**
 * Whether a reference is allowed: inside one namespace always, across only where a grant in the target's namespace names both sides.
 * @param from kind of the Gateway API's group, and its namespace @param to kind of the core group
 */
export function granted(
  system: Pick<System, 'referenceGrants'>,
  from: { readonly kind: string; readonly namespace: string },
  to: { readonly kind: string; readonly namespace: string; readonly name: string },
): boolean {
  if (from.namespace === to.namespace) return true;
  return system.referenceGrants.some(
    ({ metadata, spec }) =>
      metadata.namespace === to.namespace &&
      spec.from.some((one) => one.group === GATEWAY_GROUP && one.kind === from.kind && one.namespace === from.namespace) &&
      spec.to.some(
        (one) =>
          (one.group === '' || one.group === 'core') &&
          one.kind === to.kind &&
          (one.name === undefined || one.name === '' || one.name === to.name),
      ),
  );
}
