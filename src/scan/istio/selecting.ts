// Resources of which one at a time may speak for a pod: Sidecar, Telemetry.
import { canonicalJson } from '#base/canonical-json.ts';
import type { Path } from '#model/origin.ts';
import { labelsMatch } from '#model/resource.ts';
import type { Resource } from '#model/resource.ts';
import type { MeshHit } from './analyzer.ts';
import { Budget } from './budget.ts';
import type { MessageName } from './codes.ts';
import type { MeshIndex } from './mesh-index.ts';

export interface Selecting {
  readonly resource: Resource;
  /** Empty: all pods of the namespace. */
  readonly labels: Readonly<Record<string, string>>;
  readonly path: Path;
}

/** Those without a selector, where a namespace has several. */
export function* severalDefaults(all: readonly Selecting[], code: MessageName): Generator<MeshHit> {
  const defaults = all.filter(({ labels }) => Object.keys(labels).length === 0);
  for (const group of Map.groupBy(defaults, ({ resource }) => resource.metadata.namespace).values()) {
    if (group.length < 2) continue;
    for (const { resource } of group) {
      const others = group
        .slice(0, 4)
        .filter((each) => each.resource !== resource)
        .map((each) => `\`${each.resource.metadata.name}\``);
      yield {
        code,
        at: { resource },
        title: `\`${resource.metadata.name}\` and ${others.slice(0, 3).join(', ')} are both for the whole of namespace \`${resource.metadata.namespace}\``,
      };
    }
  }
}

/** Those whose selector picks nothing, and those that pick a pod that another one picks too. */
export function* selections(mesh: MeshIndex, all: readonly Selecting[], conflict: MessageName): Generator<MeshHit> {
  const chosen = all.filter(({ labels }) => Object.keys(labels).length > 0);
  // Equal selectors are told by their text; only different ones need to be compared by their pods.
  const groups = Map.groupBy(chosen, ({ resource, labels }) => canonicalJson([resource.metadata.namespace, labels]));
  const byNamespace = Map.groupBy(groups.values(), ([first]) => first!.resource.metadata.namespace);
  const budget = new Budget();
  for (const group of groups.values()) {
    const [{ labels, resource: first }] = group as [Selecting];
    const { namespace } = first.metadata;
    const pods = mesh.podsWith(labels, namespace);
    if (pods.length === 0) {
      if (mesh.knows(namespace)) for (const each of group) yield picksNothing(each);
      continue;
    }
    const others = (byNamespace.get(namespace) ?? [])
      .filter(
        ([other]) =>
          other!.labels !== labels &&
          !budget.isSpent &&
          pods.some((pod) => budget.take() && labelsMatch(other!.labels, pod.labels)),
      )
      .flatMap((other) => other.slice(0, 3));
    for (const { resource, path } of group) {
      const rivals = [...group.slice(0, 4), ...others].filter((each) => each.resource !== resource);
      if (rivals.length === 0) continue;
      yield {
        code: conflict,
        at: { resource, path },
        title: `\`${resource.metadata.name}\` picks pods that ${rivals
          .slice(0, 3)
          .map((each) => `\`${each.resource.metadata.name}\``)
          .join(', ')} picks too`,
      };
    }
  }
}

function picksNothing({ resource, labels, path }: Selecting): MeshHit {
  const text = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return {
    code: 'ReferencedResourceNotFound',
    at: { resource, path },
    title: `no pod of namespace \`${resource.metadata.namespace}\` carries ${text.join(',')}`,
  };
}
