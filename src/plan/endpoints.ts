// Plans that differ in endpoints only: what changed, and the plan with it.
import { createHash } from 'node:crypto';
import type { Cluster, Endpoint, NodePlan } from './plan.ts';

/** All endpoints of those clusters that have others now, by cluster id. */
export type EndpointChanges = Readonly<Record<string, readonly Endpoint[]>>;

export function changedEndpoints(before: readonly Cluster[], after: readonly Cluster[]): EndpointChanges {
  const known = new Map(before.map((cluster) => [cluster.id, cluster.endpoints]));
  const changes: Record<string, readonly Endpoint[]> = {};
  for (const { id, endpoints } of after) {
    const had = known.get(id);
    if (had !== undefined && JSON.stringify(had) !== JSON.stringify(endpoints)) changes[id] = endpoints;
  }
  return changes;
}

/** The plan with other endpoints. Clusters that are not named stay the same values. */
export function withEndpoints(plan: NodePlan, version: string, changes: EndpointChanges): NodePlan {
  const clusters = plan.clusters.map((cluster) =>
    Object.hasOwn(changes, cluster.id) ? { ...cluster, endpoints: changes[cluster.id]! } : cluster,
  );
  return { ...plan, version, clusters };
}

/** Version of a plan: over everything but endpoints, and over those; so that it costs little when only they change. @param base hex, of the rest */
export function versionWith(base: string, clusters: readonly Cluster[]): string {
  const hash = createHash('sha256').update(base);
  for (const { id, endpoints } of clusters) hash.update(id).update(JSON.stringify(endpoints));
  return hash.digest('hex');
}

/** Hex SHA-256 over a plan without its endpoints. */
export function versionOfRest(body: Omit<NodePlan, 'version'>): string {
  const clusters = body.clusters.map(({ endpoints: _endpoints, ...rest }) => rest);
  return createHash('sha256')
    .update(JSON.stringify({ ...body, clusters }))
    .digest('hex');
}
