// The smallest change for a refusal that is in the journal: its attributes are taken from the event, the policies from the plan in force.
import type { Attributes, SmallestChange } from '#model/decision.ts';
import type { Event } from '#model/event.ts';
import type { NodePlan } from '#plan/plan.ts';
import { smallestChange } from '#policy/explain.ts';
import { egressChange } from './egress-change.ts';

/** @returns undefined when the refusal was not about policy, or the point that refused is no longer in the plan */
export function findChange(plan: NodePlan, event: Event): SmallestChange | undefined {
  const egress = egressChange(event);
  if (egress || event.type !== 'exchange') return egress;
  if (event.allowed || !event.code?.startsWith('rbac.') || event.code.startsWith('rbac.custom')) return undefined;
  const point =
    event.role === 'gateway'
      ? plan.gateways.find((one) => one.id === event.workload)
      : plan.workloads.find((one) => one.id === event.workload);
  if (!point) return undefined;
  const attributes: Attributes = {
    protocol: event.protocol,
    sourceIdentity: event.source === '' ? undefined : event.source,
    sourceIp: event.sourceIp,
    remoteIp: event.sourceIp,
    destinationIp: '127.0.0.1',
    destinationPort: event.destinationPort,
    sni: '',
    method: event.method,
    path: event.path,
    host: event.host,
    // Headers and tokens are not journalled: they may hold secrets.
    header: () => undefined,
    headerValues: () => [],
    auth: undefined,
  };
  return smallestChange(point.policies, plan.mesh, { namespace: point.namespace, labels: point.labels }, attributes);
}
