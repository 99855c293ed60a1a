// The pod template of a workload as it was written, with the path to each part of it.
import type { Path } from '#model/origin.ts';
import type { Workload } from '#model/system.ts';
import { composePod } from '../compose-pod.ts';
import { asObject, listAt, memberOf } from '#base/raw.ts';
import type { RawObject } from '#base/raw.ts';

const TEMPLATE: Path = ['spec', 'template', 'spec'];
const PATHS: Readonly<Record<string, Path>> = { Pod: ['spec'], CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'] };

export interface RawContainer {
  readonly raw: RawObject;
  readonly name: string;
  /** From the root of the resource. */
  readonly path: Path;
  readonly init: boolean;
}

export interface RawPod {
  readonly spec: RawObject;
  /** From the root of the resource to the pod's spec. */
  readonly path: Path;
  readonly containers: readonly RawContainer[];
  /** Whether Kubernetes runs it. A Compose service is given in the words of a pod. */
  readonly kubernetes: boolean;
  /** From a place in this pod to the place in the document. */
  readonly at: (path: Path) => Path;
}

const same = (path: Path): Path => path;
const EMPTY: RawPod = { spec: {}, path: TEMPLATE, containers: [], kubernetes: false, at: same };

/** The pod of a workload; empty for a workload that is made from another form of document. */
export function rawPod(workload: Workload): RawPod {
  const compose = composePod(workload.resource);
  if (compose) {
    const { pod, at } = compose;
    const own = pod.containers.map(({ raw, name, path }) => ({ raw, name, path, init: false }));
    return { spec: pod.spec, path: ['spec'], containers: own, kubernetes: false, at };
  }
  const path = PATHS[workload.kind] ?? TEMPLATE;
  let value: unknown = { spec: workload.resource.spec };
  for (const part of path) value = memberOf(value, String(part));
  const spec = asObject(value);
  if (!spec) return EMPTY;
  const containers: RawContainer[] = [];
  for (const member of ['initContainers', 'containers'] as const)
    for (const [i, each] of listAt(spec, member).entries()) {
      const raw = asObject(each);
      const name = raw && typeof raw['name'] === 'string' ? raw['name'] : String(i);
      if (raw) containers.push({ raw, name, path: [...path, member, i], init: member === 'initContainers' });
    }
  return { spec, path, containers, kubernetes: true, at: same };
}
