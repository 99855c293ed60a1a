// Services and the workloads behind them: which selects which, and which port leads where.
import { labelsMatch } from '#model/resource.ts';
import type { Service, ServicePort, System, Workload } from '#model/system.ts';

/** A port of a workload that can be called: what a container declares, and what a Service aims at. */
export interface WorkloadPort {
  readonly port: number;
  readonly protocol: 'http' | 'tcp';
  /** The application speaks HTTP/2 there. */
  readonly http2: boolean;
  /** The service port's own protocol, `tcp` when no Service aims here. */
  readonly declared: ServicePort['protocol'];
}

/** Workload port that a service port leads to, or undefined when it names a container port that the workload lacks. */
export function targetPort(workload: Workload, port: ServicePort): number | undefined {
  if (typeof port.targetPort === 'number') return port.targetPort;
  for (const container of workload.containers)
    for (const declared of container.ports) if (declared.name === port.targetPort) return declared.port;
  return undefined;
}

/** Services by namespace and the rarest label of their selector, so that not every workload is held against every service. */
const selecting = new WeakMap<readonly Service[], ReadonlyMap<string, readonly number[]>>();

function selectingIn(services: readonly Service[]): ReadonlyMap<string, readonly number[]> {
  const known = selecting.get(services);
  if (known) return known;
  const keys = services.map(({ namespace, selector }) =>
    selector ? Object.entries(selector).map((label) => labelKey(namespace, label)) : undefined,
  );
  const counts = new Map<string, number>();
  for (const key of keys.flatMap((each) => each ?? [])) counts.set(key, (counts.get(key) ?? 0) + 1);
  const rarer = (a: string, b: string): string => (counts.get(b)! < counts.get(a)! ? b : a);
  const index = new Map<string, number[]>();
  for (const [i, own] of keys.entries()) {
    if (!own) continue;
    const key = own.length === 0 ? services[i]!.namespace : own.reduce(rarer);
    const list = index.get(key);
    if (list) list.push(i);
    else index.set(key, [i]);
  }
  selecting.set(services, index);
  return index;
}

function labelKey(namespace: string, [key, value]: readonly [string, string]): string {
  return `${namespace}\n${key}\n${value}`;
}

/** Services whose selector takes in this workload. */
export function servicesOf(system: Pick<System, 'services'>, workload: Workload): Service[] {
  const index = selectingIn(system.services);
  const found = [...(index.get(workload.namespace) ?? [])];
  for (const label of Object.entries(workload.labels)) found.push(...(index.get(labelKey(workload.namespace, label)) ?? []));
  return found
    .sort((a, b) => a - b)
    .flatMap((i) => {
      const service = system.services[i]!;
      return labelsMatch(service.selector!, workload.labels) ? [service] : [];
    });
}

/** Service ports whose bytes are HTTP, and of these the ones that are HTTP/2 (Istio's protocol selection: gRPC is HTTP/2, gRPC-Web comes in either). */
export const HTTP: ReadonlySet<ServicePort['protocol']> = new Set(['http', 'http2', 'grpc']);
export const HTTP2: ReadonlySet<ServicePort['protocol']> = new Set(['http2', 'grpc']);

/** Every TCP port of a workload, in ascending order. Where Services disagree, the first that says HTTP decides. */
export function workloadPorts(system: Pick<System, 'services'>, workload: Workload): WorkloadPort[] {
  const ports = new Map<number, WorkloadPort>();
  for (const container of workload.containers) {
    if (container.init) continue;
    for (const { port, transport } of container.ports)
      if (transport === 'TCP') ports.set(port, { port, protocol: 'tcp', http2: false, declared: 'tcp' });
  }
  for (const service of servicesOf(system, workload))
    for (const servicePort of service.ports) {
      const port = targetPort(workload, servicePort);
      if (port === undefined || servicePort.protocol === 'udp') continue;
      const known = ports.get(port);
      if (known?.protocol === 'http') continue;
      const declared = servicePort.protocol;
      ports.set(port, { port, protocol: HTTP.has(declared) ? 'http' : 'tcp', http2: HTTP2.has(declared), declared });
    }
  return [...ports.values()].sort((a, b) => a.port - b.port);
}

/** `ecommerce/cart:7070` */
export function clusterId(service: Service, port: number): string {
  return `${service.id}:${port}`;
}

/** Service ports that a workload may be given an outbound listener for. */
export function destinations(
  system: Pick<System, 'services' | 'endpointSlices'>,
): { readonly service: Service; readonly port: ServicePort }[] {
  const sliced = new Set(system.endpointSlices.map(({ namespace, service }) => `${namespace}/${service}`));
  return system.services
    .filter((service) => service.type !== 'ExternalName' && (service.selector !== undefined || sliced.has(service.id)))
    .flatMap((service) => service.ports.filter((port) => port.protocol !== 'udp').map((port) => ({ service, port })));
}
