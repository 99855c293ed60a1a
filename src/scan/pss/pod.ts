// A pod as the Pod Security Standards look at it: its spec as written, and every container of it with its place.
import type { Path } from '#model/origin.ts';
import { asObject, listAt, memberOf, objectAt, textAt } from '#base/raw.ts';
import type { RawObject } from '#base/raw.ts';

export interface PodContainer {
  readonly name: string;
  readonly raw: RawObject;
  /** From the pod: `['spec', 'initContainers', 0]`. */
  readonly path: Path;
  readonly securityContext: RawObject | undefined;
}

export interface Pod {
  readonly spec: RawObject;
  readonly annotations: Readonly<Record<string, string>>;
  readonly securityContext: RawObject | undefined;
  /** Init containers, containers and ephemeral containers. */
  readonly containers: readonly PodContainer[];
  /** `spec.os.name: windows` */
  readonly windows: boolean;
  /** `hostUsers: false`: root inside is nobody outside. */
  readonly ownUsers: boolean;
}

const LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/**
 * @param spec a PodSpec as written; what does not fit is passed over
 * @param annotations of the pod, not of what makes it
 */
export function podOf(spec: unknown, annotations: Readonly<Record<string, string>> = {}): Pod {
  return {
    spec: asObject(spec) ?? {},
    annotations,
    securityContext: objectAt(spec, 'securityContext'),
    containers: LISTS.flatMap((list) =>
      listAt(spec, list).flatMap((each, index) => {
        const raw = asObject(each);
        if (!raw) return [];
        const path = ['spec', list, index];
        return [{ name: textAt(raw, 'name') ?? String(index), raw, path, securityContext: objectAt(raw, 'securityContext') }];
      }),
    ),
    windows: textAt(objectAt(spec, 'os'), 'name') === 'windows',
    ownUsers: memberOf(spec, 'hostUsers') === false,
  };
}

/** A security context of the pod or of a container, with its place. */
export interface PlacedContext {
  /** `pod` or `` container `name` ``. */
  readonly owner: string;
  readonly context: RawObject;
  readonly path: Path;
}

/** Those that are written, the pod's first. */
export function securityContexts(pod: Pod): readonly PlacedContext[] {
  const found: PlacedContext[] = [];
  if (pod.securityContext) found.push({ owner: 'pod', context: pod.securityContext, path: ['spec', 'securityContext'] });
  for (const { name, path, securityContext } of pod.containers) {
    if (securityContext)
      found.push({ owner: `container \`${name}\``, context: securityContext, path: [...path, 'securityContext'] });
  }
  return found;
}
