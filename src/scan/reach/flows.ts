// Flows that a System says it needs: calls that environments name, and the ways in that it opens.
import type { Workload } from '#model/system.ts';
import { targetPort } from '#plan/services.ts';
import type { Exposure, Transport } from './face.ts';
import type { SystemReach } from './reach.ts';
import { workloadsBehind } from './exposures/services.ts';

/** A flow that must stay possible. */
export interface WantedFlow {
  /** Workload id, `internet`, or an address range. */
  readonly from: string;
  /** Workload id, or an address range outside. */
  readonly to: string;
  /** Port of the pod. */
  readonly port: number;
  /** TCP when absent. */
  readonly transport?: Transport;
  /** Set for a way in through the edge: who sends the packets then. */
  readonly exposure?: Exposure;
}

/** Declared calls, from Service ports to pod ports, and exposures. */
export function declaredFlows(reach: SystemReach): readonly WantedFlow[] {
  const { system } = reach;
  const found = new Map<string, WantedFlow>();
  const services = new Map(system.services.map((service) => [service.id, service]));
  const behind = new Map<string, readonly Workload[]>();
  for (const call of system.calls) {
    const service = services.get(call.to);
    const port = service?.ports.find((each) => each.port === call.port);
    if (!service || !port) continue;
    const targets = behind.get(service.id) ?? workloadsBehind(system, service);
    behind.set(service.id, targets);
    for (const target of targets) {
      const at = targetPort(target, port);
      if (at === undefined || target.id === call.from) continue;
      const transport = port.protocol === 'udp' ? 'UDP' : 'TCP';
      found.set(`${call.from} ${target.id} ${transport} ${at}`, { from: call.from, to: target.id, port: at, transport });
    }
  }
  const entries = reach.exposures().map((exposure): WantedFlow => ({
    from: 'internet',
    to: exposure.to,
    port: exposure.port,
    transport: exposure.transport ?? 'TCP',
    exposure,
  }));
  return [...found.values(), ...entries];
}
