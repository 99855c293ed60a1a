// The copies of a workload, and which of them take requests.
import { type Observed, type Placement, type Replica, type ReplicaHealth, replicaId } from '#model/observed.ts';

/** All copies of a placed workload, the first one first. */
export function replicasOf(placement: Placement): readonly Replica[] {
  return placement.replicas === undefined ? [placement] : [placement, ...placement.replicas];
}

/**
 * Copies that may be sent requests. One that starts is left out while another is ready; when none is there, all stay: that a caller is
 * refused by the one it reaches says more than that there is nobody.
 */
export function usableReplicas(observed: Observed, workload: string): readonly (Replica & { readonly draining?: true })[] {
  const placement = observed.placements[workload];
  if (!placement) return [];
  const all = replicasOf(placement).map((replica, i) => ({
    replica,
    health: observed.health?.[replicaId(workload, i)] ?? ('ready' satisfies ReplicaHealth),
  }));
  const ready = all.filter(({ health }) => health === 'ready');
  const draining = all
    .filter(({ health }) => health === 'draining')
    .map(({ replica }) => ({ ...replica, draining: true as const }));
  if (ready.length > 0) return [...ready.map(({ replica }) => replica), ...draining];
  const starting = all.filter(({ health }) => health === 'starting');
  if (starting.length > 0) return [...starting.map(({ replica }) => replica), ...draining];
  return all.map(({ replica }) => replica);
}
