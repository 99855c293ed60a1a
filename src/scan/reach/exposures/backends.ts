// From a backend as a route names it to the ports of pods.
import type { Service, System, Workload } from '#model/system.ts';
import { targetPort } from '#plan/services.ts';
import type { Transport } from '../face.ts';
import { transportOf, workloadsBehind } from './services.ts';

export interface Backend {
  readonly target: Workload;
  readonly port: number;
  readonly transport: Transport;
  readonly service: { readonly id: string; readonly port: number };
  /** As the Service says, for whether TLS reaches the pod. */
  readonly protocol: Service['ports'][number]['protocol'];
}

/**
 * Pods behind a Service's port.
 * @param port number or name of the Service port; undefined: every port when it has just one
 * @param narrow keeps only some of the workloads
 */
export function backendsOf(
  system: System,
  serviceId: string,
  port: number | string | undefined,
  narrow: (workload: Workload) => boolean = () => true,
): readonly Backend[] {
  const service = system.services.find(({ id }) => id === serviceId);
  if (!service) return [];
  const chosen = service.ports.flatMap((each, index) => {
    const wanted = port === undefined ? service.ports.length === 1 : each.port === port || each.name === port;
    return wanted ? [{ each, index }] : [];
  });
  return workloadsBehind(system, service)
    .filter(narrow)
    .flatMap((target) =>
      chosen.flatMap(({ each, index }) => {
        const at = targetPort(target, each);
        if (at === undefined) return [];
        const transport = transportOf(service, index);
        return [{ target, port: at, transport, service: { id: service.id, port: each.port }, protocol: each.protocol }];
      }),
    );
}
