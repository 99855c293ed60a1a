// Endpoints that came and went, as events.
import type { EndpointEvent } from '#model/event.ts';
import type { EndpointChanges } from '#plan/endpoints.ts';
import type { Endpoint, NodePlan } from '#plan/plan.ts';

export type EndpointFacts = Omit<EndpointEvent, 'type' | 'id' | 'timeMs' | 'node'>;

/** Told of one change; a mesh that comes up at once would else fill the journal. */
const EVENTS_MAX = 200;

export function endpointEvents(before: NodePlan, changes: EndpointChanges): EndpointFacts[] {
  const events: EndpointFacts[] = [];
  for (const cluster of before.clusters) {
    const now = changes[cluster.id];
    // One event for each endpoint of a service, not for each subset that it is in.
    if (!now || cluster.id !== `${cluster.service}:${cluster.port}`) continue;
    const had = new Set(cluster.endpoints.filter(isOpen).map(nameOf));
    const has = new Set(now.filter(isOpen).map(nameOf));
    const destination = cluster.id;
    for (const one of now)
      if (isOpen(one) && !had.has(nameOf(one)))
        events.push({ action: 'added', destination, workload: one.workload, address: nameOf(one), detail: 'it takes requests' });
    for (const one of cluster.endpoints)
      if (isOpen(one) && !has.has(nameOf(one)))
        events.push({
          action: 'removed',
          destination,
          workload: one.workload,
          address: nameOf(one),
          detail: 'it takes no more requests',
        });
  }
  return events.slice(0, EVENTS_MAX);
}

const isOpen = ({ draining }: Endpoint): boolean => draining !== true;
const nameOf = ({ address }: Endpoint): string => `${address.ip}:${address.port}`;
