// Which policies are in force at one enforcement point (Istio: selector, root namespace, targetRefs).
import { formatLocation, formatPath, originOf } from '#model/origin.ts';
import type { Path } from '#model/origin.ts';
import { labelsMatch } from '#model/resource.ts';
import type { LabelSelector, Resource } from '#model/resource.ts';
import type { TargetRef } from '#model/istio.ts';
import type { System } from '#model/system.ts';
import type { Placed, PolicySet } from './plan.ts';

/** Where policy is enforced: a workload's sidecar, or a gateway. */
export interface PolicyPoint {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Set for a Gateway API gateway; targetRefs name it. */
  readonly gateway?: { readonly name: string; readonly className: string };
  /** Services this point also stands in front of, as a waypoint does: `namespace/name`, or a name in the point's own namespace. */
  readonly services?: readonly string[];
}

interface Targetable {
  readonly selector?: LabelSelector;
  readonly targetRefs?: readonly TargetRef[];
}

const WAYPOINT_CLASS = 'istio-waypoint';
/** Deeper than any policy; bounds the walk over a value that did not come through the reader. */
const DEPTH_MAX = 12;
/** As many policies are looked through one by one. */
const FEW = 8;

/**
 * The policies in force at `point`: those of its own namespace and of the root namespace whose selector fits (none: all), or whose
 * targetRefs name it. All of them are united; none is more specific than another. Root namespace first, then as declared.
 */
export function policiesFor(
  system: Pick<System, 'mesh' | 'authorizationPolicies' | 'requestAuthentications'>,
  point: PolicyPoint,
): PolicySet {
  const root = system.mesh.rootNamespace;
  const choose = <R extends Resource<string, Targetable>>(all: readonly R[]): Placed<R>[] => {
    const chosen = mayApply(all, point, root).filter((policy) => isInForce(policy, point, root));
    return [...chosen.filter((p) => p.metadata.namespace === root), ...chosen.filter((p) => p.metadata.namespace !== root)].map(
      place,
    );
  };
  return { authorization: choose(system.authorizationPolicies), requestAuthentication: choose(system.requestAuthentications) };
}

/** Policies without a selector, and those with targetRefs, by '' and the others by namespace and one label of their selector. */
const selecting = new WeakMap<readonly Resource[], ReadonlyMap<string, readonly number[]>>();

function labelKey(namespace: string, name: string, value: string): string {
  return `${namespace}\n${name}\n${value}`;
}

/** Those of the policies that may be in force at a point, in their order: not every policy is held against every workload. */
function mayApply<R extends Resource<string, Targetable>>(all: readonly R[], point: PolicyPoint, root: string): readonly R[] {
  if (all.length <= FEW) return all;
  let index = selecting.get(all);
  if (!index) {
    const made = new Map<string, number[]>();
    for (const [i, { spec, metadata }] of all.entries()) {
      const [label] = (spec.targetRefs ?? []).length > 0 ? [] : Object.entries(spec.selector?.matchLabels ?? {});
      const key = label ? labelKey(metadata.namespace, ...label) : '';
      const list = made.get(key);
      if (list) list.push(i);
      else made.set(key, [i]);
    }
    selecting.set(all, (index = made));
  }
  const found = [...(index.get('') ?? [])];
  for (const namespace of new Set([point.namespace, root]))
    for (const [name, value] of Object.entries(point.labels)) found.push(...(index.get(labelKey(namespace, name, value)) ?? []));
  return found.sort((a, b) => a - b).map((i) => all[i]!);
}

/** Whether one policy is in force at `point`. @param root the mesh's root namespace */
export function isInForce(policy: Resource<string, Targetable>, point: PolicyPoint, root: string): boolean {
  const refs = policy.spec.targetRefs ?? [];
  if (refs.length > 0) return refs.some((ref) => isTarget(ref, policy.metadata.namespace, point, root));
  // A waypoint takes only policies that name it; every other point takes selectors (Istio: waypoint ignores selector policies).
  if (point.gateway?.className === WAYPOINT_CLASS) return false;
  const namespace = policy.metadata.namespace;
  if (namespace !== root && namespace !== point.namespace) return false;
  return policy.spec.selector === undefined || labelsMatch(policy.spec.selector.matchLabels, point.labels);
}

function isTarget(ref: TargetRef, policyNamespace: string, point: PolicyPoint, root: string): boolean {
  switch (`${ref.group === 'core' ? '' : ref.group}/${ref.kind}`) {
    case 'gateway.networking.k8s.io/Gateway':
      return (
        point.gateway !== undefined &&
        ref.name === point.gateway.name &&
        policyNamespace === point.namespace &&
        (!ref.namespace || ref.namespace === point.namespace)
      );
    case 'gateway.networking.k8s.io/GatewayClass':
      return point.gateway !== undefined && ref.name === point.gateway.className && policyNamespace === root;
    case '/Service':
    case 'networking.istio.io/ServiceEntry':
      return (!ref.namespace || ref.namespace === policyNamespace) && standsInFrontOf(point, policyNamespace, ref.name);
    default:
      return false;
  }
}

function standsInFrontOf(point: PolicyPoint, namespace: string, service: string): boolean {
  return (
    point.services?.some((id) => id === `${namespace}/${service}` || (id === service && namespace === point.namespace)) === true
  );
}

/**
 * A resource with the place of every part of its spec, so that a reason can name `file:line:column` where no origin table is.
 * The places are looked up when they are read.
 */
export function place<R extends Resource>(resource: R): Placed<R> {
  let at: Placed<R>['at'] | undefined;
  return {
    resource,
    get at() {
      return (at ??= placesOf(resource));
    },
  };
}

function placesOf(resource: Resource): Placed<Resource>['at'] {
  const at: Record<string, string> = { '': formatLocation(originOf(resource)) };
  const visit = (value: unknown, path: (string | number)[]): void => {
    at[formatPath(path)] = formatLocation(originOf(resource, path));
    if (path.length >= DEPTH_MAX || typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) value.forEach((item, index) => visit(item, [...path, index]));
    else for (const [key, item] of Object.entries(value)) visit(item, [...path, key]);
  };
  if (originOf(resource) !== undefined) visit(resource.spec, ['spec']);
  return at;
}

/** `file:line:column` of a part of a policy, or of the nearest part above it that has a place. */
export function placeOf(placed: Placed<unknown>, path: Path): string {
  for (let length = path.length; length >= 0; length--) {
    const at = placed.at[formatPath(path.slice(0, length))];
    if (at !== undefined) return at;
  }
  return '(no source)';
}
