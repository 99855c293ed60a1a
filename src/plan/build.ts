// System and Observed -> NodePlan. Deterministic: equal inputs give an equal plan and version.
import { createHash } from 'node:crypto';
import { formatLocation, originOf } from '#model/origin.ts';
import type { Observed, Placement } from '#model/observed.ts';
import type { Service, ServicePort, System, Workload } from '#model/system.ts';
import { labelsMatch } from '#model/resource.ts';
import type { Cluster, Endpoint, InboundPort, NodePlan, OutboundListener, WorkloadPlan } from './plan.ts';
import { type EgressDestination, egressDestinations, tellClosed } from './egress.ts';
import { egressPoliciesFor } from './egress-policy.ts';
import { seesService, sidecarFor } from './egress-visible.ts';
import { buildGateways } from './gateways.ts';
import { effectiveMtls } from './peer-authentication.ts';
import { policiesFor } from './select.ts';

/** A port of a workload that can be called: what a container declares, and what a Service aims at. */
export interface WorkloadPort {
  readonly port: number;
  readonly protocol: 'http' | 'tcp';
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

/** Every TCP port of a workload, in ascending order. HTTP/2 and gRPC travel as TCP: this data plane reads HTTP/1. */
export function workloadPorts(system: Pick<System, 'services'>, workload: Workload): WorkloadPort[] {
  const ports = new Map<number, WorkloadPort>();
  for (const container of workload.containers) {
    if (container.init) continue;
    for (const { port, transport } of container.ports)
      if (transport === 'TCP') ports.set(port, { port, protocol: 'tcp', declared: 'tcp' });
  }
  for (const service of servicesOf(system, workload))
    for (const servicePort of service.ports) {
      const port = targetPort(workload, servicePort);
      if (port === undefined || servicePort.protocol === 'udp') continue;
      const known = ports.get(port);
      if (known?.protocol === 'http') continue;
      ports.set(port, { port, protocol: servicePort.protocol === 'http' ? 'http' : 'tcp', declared: servicePort.protocol });
    }
  return [...ports.values()].sort((a, b) => a.port - b.port);
}

/** `ecommerce/cart:7070` */
export function clusterId(service: Service, port: number): string {
  return `${service.id}:${port}`;
}

/** Service ports that a workload may be given an outbound listener for. */
export function destinations(system: Pick<System, 'services'>): { readonly service: Service; readonly port: ServicePort }[] {
  return system.services
    .filter((service) => service.type !== 'ExternalName' && service.selector !== undefined)
    .flatMap((service) => service.ports.filter((port) => port.protocol !== 'udp').map((port) => ({ service, port })));
}

/**
 * Builds what one node proxy needs for the workloads that have a placement.
 * @returns a plan whose `version` is the SHA-256 of the rest of it
 */
export function buildPlan(system: System, observed: Observed): NodePlan {
  const closed: { what: string; why: string; at: string }[] = [];
  const placed = system.workloads.filter((workload) => observed.placements[workload.id] !== undefined);
  const outside = new Map<string, Cluster>();
  tellClosed(system, closed);
  const workloads = placed.map((workload) => {
    const egress = egressDestinations(system, workload, observed);
    for (const one of egress.flatMap(({ clusters }) => clusters)) outside.set(one.id, one);
    return workloadPlan(system, workload, observed.placements[workload.id]!, egress, closed);
  });
  const inside = destinations(system).map(({ service, port }) => cluster(system, service, port, placed, observed));
  const clusters = [...inside, ...outside.values()];
  const gateways = buildGateways(system, observed, clusters, closed);
  const body = {
    mesh: system.mesh,
    limits: system.platform.limits,
    ...(system.platform.egressPrivateAddresses.length > 0 && { egressPrivateAddresses: system.platform.egressPrivateAddresses }),
    ...(system.platform.sessionCookie !== '' && { sessionCookie: system.platform.sessionCookie }),
    workloads,
    gateways,
    clusters,
    extAuthz: system.mesh.extensionProviders,
    closed,
  };
  return { version: createHash('sha256').update(JSON.stringify(body)).digest('hex'), ...body };
}

function workloadPlan(
  system: System,
  workload: Workload,
  placement: Placement,
  egress: readonly EgressDestination[],
  closed: { what: string; why: string; at: string }[],
): WorkloadPlan {
  const inbound: InboundPort[] = [];
  for (const { port, protocol, declared } of workloadPorts(system, workload)) {
    const listen = placement.inbound[port];
    const app = placement.app[port];
    if (!listen || !app) continue;
    const mtls = effectiveMtls(system, workload, port);
    if (declared === 'http2' || declared === 'grpc')
      closed.push({
        what: `${workload.id}:${port}`,
        why: `speaks ${declared}, carried as TCP: rules with HTTP fields cannot match there, so ALLOW rules that have them stay closed`,
        at: formatLocation(originOf(workload.resource)),
      });
    inbound.push({ port, protocol, mtls: mtls.mode, mtlsAt: mtls.at, listen, app });
  }
  const outbound: OutboundListener[] = [];
  const sidecar = sidecarFor(system, workload);
  for (const { service, port } of destinations(system)) {
    const id = clusterId(service, port.port);
    const listen = placement.outbound[id];
    if (listen && seesService(sidecar, service, port.port, workload.namespace)) outbound.push({ cluster: id, listen, authority: `${authorityName(service, workload)}:${port.port}` });
  }
  for (const { key, host, port, listener, clusters } of egress) {
    const listen = placement.outbound[key];
    if (listen) outbound.push({ cluster: clusters[0]!.id, listen, authority: `${host}:${port}`, egress: listener });
  }
  const egressPolicies = egress.length > 0 ? egressPoliciesFor(system, workload, servicesOf(system, workload).map(({ id }) => id)) : [];
  return {
    id: workload.id,
    namespace: workload.namespace,
    name: workload.name,
    labels: workload.labels,
    identity: workload.identity,
    inbound,
    outbound,
    ...(egressPolicies.length > 0 && { egressPolicies }),
    policies: policiesFor(system, { namespace: workload.namespace, labels: workload.labels }),
  };
}

/** The name a program in `workload` would use: short inside its namespace, `name.namespace` across. */
function authorityName(service: Service, workload: Workload): string {
  return service.namespace === workload.namespace ? service.name : `${service.name}.${service.namespace}`;
}

function cluster(system: System, service: Service, port: ServicePort, placed: readonly Workload[], observed: Observed): Cluster {
  const endpoints: Endpoint[] = [];
  for (const workload of placed) {
    if (workload.namespace !== service.namespace || !labelsMatch(service.selector!, workload.labels)) continue;
    const target = targetPort(workload, port);
    const address = target === undefined ? undefined : observed.placements[workload.id]!.inbound[target];
    if (target === undefined || !address) continue;
    const plaintext = effectiveMtls(system, workload, target).mode === 'DISABLE';
    endpoints.push({ workload: workload.id, address, identity: plaintext ? '' : workload.identity });
  }
  return {
    id: clusterId(service, port.port),
    service: service.id,
    host: service.host,
    port: port.port,
    protocol: port.protocol === 'http' ? 'http' : 'tcp',
    sni: `outbound_.${port.port}_._.${service.host}`,
    endpoints,
  };
}
