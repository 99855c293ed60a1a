// Resources of which one at a time may speak for a pod: Sidecar, Telemetry.
import type { Path } from '#model/origin.ts';
import { labelsMatch } from '#model/resource.ts';
import type { Resource } from '#model/resource.ts';
import type { MeshHit } from './analyzer.ts';
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
      const others = group.filter((each) => each.resource !== resource).map((each) => `\`${each.resource.metadata.name}\``);
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
  for (const { resource, labels, path } of chosen) {
    const { namespace, name } = resource.metadata;
    const pods = mesh.podsIn(namespace).filter((pod) => labelsMatch(labels, pod.labels));
    if (pods.length === 0) {
      if (!mesh.knows(namespace)) continue;
      const text = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
      yield {
        code: 'ReferencedResourceNotFound',
        at: { resource, path },
        title: `no pod of namespace \`${namespace}\` carries ${text.join(',')}`,
      };
      continue;
    }
    const rivals = chosen.filter(
      (other) =>
        other.resource !== resource &&
        other.resource.metadata.namespace === namespace &&
        pods.some((pod) => labelsMatch(other.labels, pod.labels)),
    );
    if (rivals.length === 0) continue;
    yield {
      code: conflict,
      at: { resource, path },
      title: `\`${name}\` picks pods that ${rivals
        .slice(0, 3)
        .map((each) => `\`${each.resource.metadata.name}\``)
        .join(', ')} picks too`,
    };
  }
}
