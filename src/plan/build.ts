// System and Observed -> NodePlan. Deterministic: equal inputs give an equal plan and version.
import type { EndpointSlice } from '#model/endpoint-slice.ts';
import type { Observed, Placement } from '#model/observed.ts';
import type { Service, System, Workload } from '#model/system.ts';
import { tellBackendTls } from './backend-tls.ts';
import { Clusters } from './clusters.ts';
import { type EgressDestination, egressDestinations, tellClosed } from './egress.ts';
import { egressPoliciesFor } from './egress-policy.ts';
import { seesService, sidecarFor } from './egress-visible.ts';
import { type EndpointChanges, changedEndpoints, versionOfRest, versionWith, withEndpoints } from './endpoints.ts';
import type {
  BackendPlan,
  Cluster,
  GatewayPlan,
  InboundPort,
  NodePlan,
  OutboundListener,
  ResourceStatus,
  RouteRulePlan,
  WorkloadPlan,
} from './plan.ts';
import { buildGateways } from './gateways.ts';
import { effectiveMtls } from './peer-authentication.ts';
import { replicasOf } from './replicas.ts';
import { policiesFor } from './select.ts';
import { HTTP, clusterId, destinations, servicesOf, workloadPorts } from './services.ts';
import { telemetryFor } from './telemetry.ts';
import { VirtualServices } from './virtual-services.ts';

export interface EndpointTurn {
  /** Version of the plan that the changes are from. */
  readonly from: string;
  readonly plan: NodePlan;
  readonly changes: EndpointChanges;
}

/** A plan, and the way to the same plan with other endpoints. */
export interface Planned {
  readonly plan: NodePlan;
  /** The plan while only who serves is different: health of copies in `observed`, and `slices`; nothing else is looked at. */
  again(observed: Observed, slices: readonly EndpointSlice[]): EndpointTurn;
}

/**
 * Builds what one node proxy needs for the workloads that have a placement.
 * @returns a plan whose `version` is the SHA-256 of the rest of it
 */
export function buildPlan(system: System, observed: Observed): NodePlan {
  return planFor(system, observed).plan;
}

/** As `buildPlan`, for those who will ask again when endpoints come and go. */
export function planFor(system: System, observed: Observed): Planned {
  const closed: { what: string; why: string; at: string }[] = [];
  const ports = destinations(system);
  const placed = system.workloads.filter((workload) => observed.placements[workload.id] !== undefined);
  const clusters = new Clusters(system, observed, ports, placed, closed);
  const virtual = new VirtualServices(system, clusters, closed);
  if (observed.tls) tellBackendTls(system, clusters.all(), system.services, closed);
  const status: ResourceStatus[] = [];
  const outside = new Map<string, Cluster>();
  const leadOut = (namespace: string, host: string, port: number): string | undefined => {
    const found = egressDestinations(system, { namespace, labels: {} }, observed, true).find(
      (one) => one.host === host && one.port === port,
    );
    const [cluster] = found?.clusters ?? [];
    if (cluster) outside.set(cluster.id, cluster);
    return cluster?.id;
  };
  tellClosed(system, observed, closed);
  const workloads = placed.map((workload) => {
    const egress = egressDestinations(system, workload, observed);
    for (const one of egress.flatMap((each) => each.clusters)) outside.set(one.id, one);
    return workloadPlan(system, workload, observed.placements[workload.id]!, ports, clusters, virtual, egress);
  });
  const gateways = buildGateways(system, observed, clusters.all(), closed, status, leadOut).map((gateway) =>
    virtual.withBound(throughRules(gateway, clusters)),
  );
  const body = {
    mesh: system.mesh,
    limits: system.platform.limits,
    ...(system.platform.egressPrivateAddresses.length > 0 && { egressPrivateAddresses: system.platform.egressPrivateAddresses }),
    ...(system.platform.sessionCookie !== '' && { sessionCookie: system.platform.sessionCookie }),
    ...(system.platform.securityHeaders && { securityHeaders: true as const }),
    workloads,
    gateways,
    clusters: [...clusters.all(), ...outside.values()],
    extAuthz: system.mesh.extensionProviders,
    ...(status.length > 0 && { status }),
    closed,
  };
  const rest = versionOfRest(body);
  let plan: NodePlan = { version: versionWith(rest, body.clusters), ...body };
  return {
    plan,
    again(now, slices) {
      const changes = changedEndpoints(plan.clusters, clusters.again(now, slices));
      const from = plan.version;
      const next = withEndpoints(plan, '', changes);
      plan = { ...next, version: versionWith(rest, next.clusters) };
      return { from, plan, changes };
    },
  };
}

/** Each caller's own DestinationRule decides how its backends are reached. */
function throughRules(gateway: GatewayPlan, clusters: Clusters): GatewayPlan {
  const through = <T extends Pick<BackendPlan, 'cluster'>>(backend: T): T =>
    clusters.has(backend.cluster) ? { ...backend, cluster: clusters.for(gateway, backend.cluster) } : backend;
  const rule = (one: RouteRulePlan): RouteRulePlan => ({
    ...one,
    backends: one.backends.map(through),
    ...(one.mirrors && { mirrors: one.mirrors.map(through) }),
  });
  return {
    ...gateway,
    listeners: gateway.listeners.map((listener) => ({
      ...listener,
      virtualHosts: listener.virtualHosts.map((host) => ({ ...host, rules: host.rules.map(rule) })),
      ...(listener.streams && {
        streams: listener.streams.map((stream) => ({ ...stream, backends: stream.backends.map(through) })),
      }),
    })),
  };
}

function workloadPlan(
  system: System,
  workload: Workload,
  placement: Placement,
  ports: ReturnType<typeof destinations>,
  clusters: Clusters,
  virtual: VirtualServices,
  egress: readonly EgressDestination[],
): WorkloadPlan {
  const inbound: InboundPort[] = [];
  for (const { port, protocol, http2 } of workloadPorts(system, workload)) {
    const mtls = effectiveMtls(system, workload, port);
    for (const replica of replicasOf(placement)) {
      const listen = replica.inbound[port];
      const app = replica.app[port];
      if (listen && app) inbound.push({ port, protocol, ...(http2 && { http2 }), mtls: mtls.mode, mtlsAt: mtls.at, listen, app });
    }
  }
  const outbound: OutboundListener[] = [];
  const sidecar = sidecarFor(system, workload);
  const listensOf = (key: string) => [placement, ...(placement.replicas ?? [])].flatMap((each) => each.outbound?.[key] ?? []);
  for (const { service, port } of ports) {
    const id = clusterId(service, port.port);
    const listens = listensOf(id);
    if (listens.length === 0 || !seesService(sidecar, service, port.port, workload.namespace)) continue;
    const cluster = clusters.for(workload, id);
    const authority = `${authorityName(service, workload)}:${port.port}`;
    const rules = HTTP.has(port.protocol) ? virtual.forCall(workload, service.host.toLowerCase(), port.port) : undefined;
    for (const listen of listens) outbound.push({ cluster, listen, authority, ...(rules && { virtualServices: rules }) });
  }
  for (const { key, host, port, listener, clusters: own } of egress)
    for (const listen of listensOf(key))
      outbound.push({ cluster: own[0]!.id, listen, authority: `${host}:${port}`, egress: listener });
  const services = servicesOf(system, workload).map(({ id }) => id);
  const egressPolicies = egress.length > 0 ? egressPoliciesFor(system, workload, services) : [];
  const point = { namespace: workload.namespace, labels: workload.labels };
  const [received, made] = [telemetryFor(system, point, 'SERVER'), telemetryFor(system, point, 'CLIENT')];
  return {
    id: workload.id,
    namespace: workload.namespace,
    name: workload.name,
    labels: workload.labels,
    identity: workload.identity,
    inbound,
    outbound,
    ...(egressPolicies.length > 0 && { egressPolicies }),
    policies: policiesFor(system, point),
    ...(received && { telemetryIn: received }),
    ...(made && { telemetryOut: made }),
  };
}

/** The name a program in `workload` would use: short inside its namespace, `name.namespace` across. */
function authorityName(service: Service, workload: Workload): string {
  return service.namespace === workload.namespace ? service.name : `${service.name}.${service.namespace}`;
}
