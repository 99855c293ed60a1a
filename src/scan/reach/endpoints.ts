// The System's workloads as the network sees them.
import type { ContainerPort, System, Workload } from '#model/system.ts';
import type { Resource } from '#model/resource.ts';
import { merge, PRIVATE } from './address.ts';
import type { Interval } from './address.ts';
import type { Endpoint } from './matching.ts';
import { knownRanges, podAddresses } from './places.ts';
import { listAt, memberOf, objectAt, textAt } from '#base/raw.ts';
import type { RawObject } from '#base/raw.ts';

/** The pod's spec inside a workload's resource; undefined for a workload that is no pod. */
export function podSpecOf({ kind, spec }: Resource): RawObject | undefined {
  if (kind === 'Pod') return objectAt({ spec }, 'spec');
  const template = kind === 'CronJob' ? objectAt(objectAt(spec, 'jobTemplate'), 'spec') : spec;
  return objectAt(objectAt(template, 'template'), 'spec');
}

export function isHostNetwork(workload: Workload): boolean {
  return memberOf(podSpecOf(workload.resource), 'hostNetwork') === true;
}

/** Ports of the containers that stay: init containers go, unless they restart always (native sidecars). */
export function listeningPorts(workload: Workload): readonly ContainerPort[] {
  const staying = new Set(
    listAt(podSpecOf(workload.resource), 'initContainers').flatMap((container) =>
      textAt(container, 'restartPolicy') === 'Always' ? [textAt(container, 'name')] : [],
    ),
  );
  return workload.containers.flatMap((container) => (container.init && !staying.has(container.name) ? [] : container.ports));
}

/** Workloads of the System in its order. Pods without a known address may be anywhere in the pod ranges, else in private ranges. */
export function endpointsOf(system: System): readonly Endpoint[] {
  const namespaces = new Map(system.namespaces.map(({ name, labels }) => [name, labels]));
  const slices = podAddresses(system);
  const known = knownRanges(system);
  const inRange = (of: 'pods' | 'nodes'): readonly Interval[] => {
    const stated = merge(known.filter((range) => range.of === of).map(({ interval }) => interval));
    return stated.length > 0 ? stated : PRIVATE;
  };
  const [pods, nodes] = [inRange('pods'), inRange('nodes')];
  return system.workloads.map((workload): Endpoint => {
    const hostNetwork = isHostNetwork(workload);
    return {
      id: workload.id,
      namespace: workload.namespace,
      namespaceLabels: namespaces.get(workload.namespace) ?? { 'kubernetes.io/metadata.name': workload.namespace },
      labels: workload.labels,
      ports: listeningPorts(workload),
      hostNetwork,
      addresses: slices.get(workload.id) ?? (hostNetwork ? nodes : pods),
      guessed: !slices.has(workload.id) && (hostNetwork ? nodes : pods) === PRIVATE,
    };
  });
}
