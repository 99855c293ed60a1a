// The pods of a system: each workload's pod as written, whatever makes it, and how places in it map to the document.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { System, Workload } from '#model/system.ts';
import { composePod } from './compose-pod.ts';
import { AlikePods } from './pss/alike.ts';
import { podOf } from './pss/pod.ts';
import type { Pod } from './pss/pod.ts';
import { objectAt, recordAt } from '#base/raw.ts';

export interface PodTemplate {
  readonly workload: Workload;
  readonly resource: Resource;
  readonly pod: Pod;
  /** A pod that the Pod Security Standards judge the same, with the same words at the same places: asked in its stead, they judge it once. */
  readonly judged: Pod;
  /** From a place in the pod (`['spec', 'containers', 0]`) to the place in the document. */
  readonly at: (path: Path) => Path;
  /** Whether Kubernetes runs it; of a Compose service only what has a meaning there is in `pod`. */
  readonly kubernetes: boolean;
}

const TEMPLATES: Readonly<Record<string, Path>> = {
  Pod: [],
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  ReplicationController: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

const worked = new WeakMap<System, readonly PodTemplate[]>();

/** Every workload whose pod is written in a way that is known; asking again costs nothing. */
export function podTemplates(system: System): readonly PodTemplate[] {
  let templates = worked.get(system);
  if (!templates) {
    const alike = new AlikePods();
    templates = system.workloads.flatMap((workload) => templateOf(workload, alike) ?? []);
    worked.set(system, templates);
  }
  return templates;
}

/** The pod of one workload. */
export function templateOf(workload: Workload, alike = new AlikePods()): PodTemplate | undefined {
  const { resource } = workload;
  const compose = composePod(resource);
  if (compose) return { workload, resource, ...compose, judged: alike.of(compose.pod), kubernetes: false };
  const base = Object.hasOwn(TEMPLATES, resource.kind) ? TEMPLATES[resource.kind]! : undefined;
  if (!base) return undefined;
  if (base.length === 0) {
    const pod = podOf(resource.spec, resource.metadata.annotations);
    return { workload, resource, pod, judged: alike.of(pod), at: same, kubernetes: true };
  }
  let template: unknown = resource.spec;
  for (const key of base.slice(1)) template = objectAt(template, String(key));
  const pod = podOf(objectAt(template, 'spec'), recordAt(objectAt(template, 'metadata'), 'annotations'));
  return { workload, resource, pod, judged: alike.of(pod), at: (path) => [...base, ...path], kubernetes: true };
}

const same = (path: Path): Path => path;
