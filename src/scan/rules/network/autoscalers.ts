// What adds pods and nodes by itself.
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import { memberOf, objectAt, textAt } from '#base/raw.ts';

export interface Autoscaler {
  readonly of: 'pods' | 'nodes';
  readonly by: Resource;
  /** Name of the workload, for pods. */
  readonly target?: string;
}

/** Kinds that scale, by kind and group; '' stands for any group. */
const KINDS: readonly (readonly [kind: string, group: RegExp, of: Autoscaler['of']])[] = [
  ['NodePool', /^karpenter\.sh$/, 'nodes'],
  ['Provisioner', /^karpenter\.sh$/, 'nodes'],
  ['EC2NodeClass', /^karpenter\.k8s\.aws$/, 'nodes'],
  ['MachineAutoscaler', /^autoscaling\.openshift\.io$/, 'nodes'],
  ['ClusterAutoscaler', /^autoscaling\.openshift\.io$/, 'nodes'],
  ['HorizontalPodAutoscaler', /^autoscaling$/, 'pods'],
  ['ScaledObject', /^keda\.sh$/, 'pods'],
];
const IMAGE = /(?:^|\/)cluster-autoscaler(?:[:@-]|$)/;
const LIMIT_ANNOTATION = 'cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size';

/** Those of nodes first: they widen what a range takes in the most. */
export function autoscalersOf(system: System): readonly Autoscaler[] {
  const found: Autoscaler[] = [];
  for (const resource of system.resources) {
    const group = resource.apiVersion.split('/')[0] ?? '';
    const row = KINDS.find(([kind, groups]) => kind === resource.kind && groups.test(group));
    const target = row?.[2] === 'pods' ? textAt(objectAt(resource.spec, 'scaleTargetRef'), 'name') : undefined;
    if (row)
      found.push({
        of: row[2],
        by: resource,
        ...(target !== undefined && { target: `${resource.metadata.namespace}/${target}` }),
      });
    else if (resource.metadata.annotations[LIMIT_ANNOTATION] !== undefined) found.push({ of: 'nodes', by: resource });
    else if (resource.kind === 'ContainerNodePool' && memberOf(resource.spec, 'autoscaling') !== undefined) {
      found.push({ of: 'nodes', by: resource });
    }
  }
  for (const { containers, resource } of system.workloads) {
    if (containers.some(({ image }) => IMAGE.test(image))) found.push({ of: 'nodes', by: resource });
  }
  return found.sort((a, b) => (a.of < b.of ? -1 : a.of > b.of ? 1 : 0));
}
