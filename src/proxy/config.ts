// A snapshot compiled: every listener with its policies, routes and destinations, as values. Nothing is opened or changed here.
import { compileRequestAuthentication } from '#authn/request-authentication.ts';
import type { KeySources } from '#authn/jwks.ts';
import { CullisError } from '#base/errors.ts';
import type { Address } from '#model/observed.ts';
import type {
  BackendPlan,
  EgressListener,
  GatewayListenerPlan,
  GatewayPlan,
  InboundPort,
  NodePlan,
  OutboundListener,
  PolicySet,
  RouteRulePlan,
  VirtualHost,
  WorkloadPlan,
} from '#plan/plan.ts';
import { HostMap } from '#plan/host-map.ts';
import { type RouteTable, compileListeners, compileRoutes } from '#plan/route.ts';
import { bothTables, compileVirtualRoutes } from '#plan/virtual-routes.ts';
import { compilePolicies } from '#policy/compile.ts';
import { Backends, type MirrorTarget } from './backends.ts';
import { Egress } from './egress/way-out.ts';
import { type CallerSide, Destinations } from './destinations.ts';
import { Edge } from './edge.ts';
import type { Snapshot } from './ports.ts';
import { RetryRules } from './retry.ts';
import type { Runtime } from './runtime.ts';
import type { Config, Service, StreamTarget } from './service.ts';
import { Sessions } from './sessions.ts';
import { compileTracing } from './tracing.ts';

const NO_POLICIES: PolicySet = { authorization: [], requestAuthentication: [] };

/** Text by which one listener's address differs from another's. */
export function addressKey(address: Address): string {
  return `${address.namespaceOf ?? ''} ${address.ip} ${address.port}`;
}

/**
 * Compiles a snapshot.
 * @throws CullisError config.invalid when two listeners want one address or something named in the plan is missing from it
 */
export function compileConfig(snapshot: Snapshot, runtime: Runtime, keys: KeySources): Config {
  return new Compiler(snapshot, runtime, keys).compile();
}

class Compiler {
  readonly #plan: NodePlan;
  readonly #runtime: Runtime;
  readonly #keys: KeySources;
  readonly #services = new Map<string, Service>();
  readonly #inner = new Map<string, Service>();
  readonly #mirrors = new Map<RouteRulePlan, readonly MirrorTarget[]>();
  readonly #backends = new Map<RouteRulePlan, Backends>();
  readonly #destinations: Destinations;
  readonly #config: Config;
  readonly #open = new Map<string, Enforcement>();

  constructor(snapshot: Snapshot, runtime: Runtime, keys: KeySources) {
    const { plan } = snapshot;
    this.#plan = plan;
    this.#runtime = runtime;
    this.#keys = keys;
    this.#destinations = new Destinations(plan, runtime);
    this.#config = {
      version: snapshot.version,
      mesh: plan.mesh,
      limits: plan.limits,
      bundle: snapshot.bundle,
      trustDomains: [plan.mesh.trustDomain, ...plan.mesh.trustDomainAliases],
      sessions: new Sessions(snapshot.sessionKey),
      sessionCookie: plan.sessionCookie ?? '',
      securityHeaders: plan.securityHeaders === true,
      services: this.#services,
      inner: this.#inner,
      servingKeys: servingKeysOf(plan),
      backends: this.#backends,
      mirrors: this.#mirrors,
      destinations: this.#destinations,
      identities: new Set([...plan.workloads, ...plan.gateways].map(({ identity }) => identity)),
    };
  }

  compile(): Config {
    for (const workload of this.#plan.workloads) this.#workload(workload);
    for (const gateway of this.#plan.gateways) this.#gateway(gateway);
    return this.#config;
  }

  #workload(workload: WorkloadPlan): void {
    const enforced = this.#enforcement(workload.policies, workload.namespace, workload.identity);
    for (const port of workload.inbound) this.#add(this.#inbound(workload, port, enforced));
    // The calling side decides nothing: what a workload may call, the receiver says.
    const open = this.#openTo(workload);
    // What is bounded over all connections is counted in one process, so that the bound is exact.
    const counted = workload.egressPolicies?.some(({ limits }) => limits !== undefined) === true;
    const elsewhere = counted && this.#runtime.ports.first === false;
    for (const listener of workload.outbound)
      if (!listener.egress || !elsewhere) this.#add(this.#outbound(workload, listener, open));
  }

  /** Without policies callers differ in nothing but their namespace. */
  #openTo({ namespace, identity }: WorkloadPlan): Enforcement {
    let open = this.#open.get(namespace);
    if (!open) this.#open.set(namespace, (open = this.#enforcement(NO_POLICIES, namespace, identity)));
    return open;
  }

  #inbound(workload: WorkloadPlan, port: InboundPort, enforced: Enforcement): Service {
    const destination = this.#destinations.application(workload.id, port, this.#plan.limits);
    return {
      ...this.#base('sidecar-in', workload.id, workload.identity, port.listen, port.port, port.protocol, workload.id),
      ...enforced,
      // In a namespace the address is the workload's own; policies match on it whatever the listener was bound to.
      destinationIp: port.app.namespaceOf === undefined ? '' : port.app.ip,
      mtls: port.mtls,
      tracing: compileTracing(workload.telemetryIn?.tracing, this.#runtime.ports),
      mtlsAt: port.mtlsAt,
      destination,
    };
  }

  #outbound(workload: WorkloadPlan, listener: OutboundListener, enforced: Enforcement): Service {
    const cluster = this.#destinations.plan(listener.cluster, workload.id);
    const { listen } = listener;
    return {
      ...this.#base('sidecar-out', workload.id, workload.identity, listen, cluster.port, cluster.protocol, cluster.service),
      ...enforced,
      ...(listener.egress
        ? { egress: this.#egress(workload, listener.egress) }
        : { destination: this.#destinations.cluster(cluster.id, workload) }),
      routes: this.#virtualRoutes(listener.virtualServices, 'http', workload),
      authority: listener.authority,
      tracing: compileTracing(workload.telemetryOut?.tracing, this.#runtime.ports),
      ownAuthorities: ownAuthorities(listen),
    };
  }

  #egress(workload: WorkloadPlan, listener: EgressListener): Egress {
    const destinationOf = (cluster: string, host: string) => this.#destinations.outside(cluster, workload, host);
    return new Egress(listener, workload.egressPolicies ?? [], workload.id, this.#runtime.egressAccounts, destinationOf);
  }

  #gateway(gateway: GatewayPlan): void {
    const enforced = this.#enforcement(gateway.policies, gateway.namespace, gateway.identity);
    const { identity, labels, backendCertificate } = gateway;
    const caller: CallerSide = { identity, labels, origin: { ...(backendCertificate && { certificate: backendCertificate }) } };
    // Listeners of one port share a socket and are told apart by host name.
    for (const group of Map.groupBy(gateway.listeners, ({ listen }) => addressKey(listen)).values()) {
      const [first] = group as [GatewayListenerPlan, ...GatewayListenerPlan[]];
      const open = group.filter(({ closed }) => closed === undefined);
      if (
        open.some(
          ({ tls, streams }) => tls !== open[0]!.tls || (!tls && streams !== undefined && open.length > 1 && !open[0]!.mesh),
        )
      ) {
        throw new CullisError(
          'config.invalid',
          `listeners of gateway \`${gateway.id}\` share port ${first.port} in ways that exclude each other`,
        );
      }
      const { tls, streams } = open[0] ?? first;
      const base = (protocol: Service['protocol']): Service => ({
        ...this.#base('gateway', gateway.id, gateway.identity, first.listen, first.port, protocol, gateway.id),
        ...enforced,
        tracing: compileTracing(gateway.telemetry?.tracing, this.#runtime.ports),
      });
      if (open.some(({ mesh }) => mesh !== open[0]!.mesh))
        throw new CullisError(
          'config.invalid',
          `listeners of gateway \`${gateway.id}\` share port ${first.port} with and without the mesh's TLS`,
        );
      const mtls = open[0]?.mesh ? 'STRICT' : 'DISABLE';
      if (!tls && streams) this.#add({ ...base('tcp'), mtls, streams: this.#meshStreams(group, caller) });
      else this.#add(this.#gatewayHttp(group, base, tls, caller));
    }
  }

  #gatewayHttp(
    group: readonly GatewayListenerPlan[],
    base: (protocol: Service['protocol']) => Service,
    tls: boolean,
    caller: CallerSide,
  ): Service {
    const http = group.filter(({ streams }) => streams === undefined);
    const service: Service = {
      ...base('http'),
      mtls: tls ? 'edge' : http[0]?.mesh ? 'STRICT' : 'DISABLE',
      routes: compileListeners(http.map((listener) => ({ ...listener, routes: this.#gatewayRoutes(listener, caller) }))),
      clientDemands: demandsOf(group),
    };
    if (!tls) return service;
    // The edge is part of the service that its listeners lead to.
    const whole: Service & { edge: Edge<Service> | undefined } = { ...service, edge: undefined };
    whole.edge = new Edge(
      group.map((plan) => {
        if (!plan.streams) return { plan, service: whole };
        const inner: Service = {
          ...base('tcp'),
          key: `${whole.key} ${plan.id}`,
          streams: this.#streams(plan, caller),
          clientDemands: demandsOf([plan]),
        };
        this.#inner.set(inner.key, inner);
        return { plan, service: inner };
      }),
    );
    return whole;
  }

  #gatewayRoutes({ virtualHosts, virtualServices, tls }: GatewayListenerPlan, caller: CallerSide): RouteTable {
    for (const { rules } of virtualHosts) for (const rule of rules) this.#rule(rule, caller);
    const routes = compileRoutes(virtualHosts);
    const virtual = this.#virtualRoutes(virtualServices, tls ? 'https' : 'http', caller);
    return virtual ? bothTables(routes, virtual) : routes;
  }

  #virtualRoutes(hosts: readonly VirtualHost[] | undefined, scheme: string, caller: CallerSide): RouteTable | undefined {
    if (!hosts) return undefined;
    for (const { rules } of hosts) for (const rule of rules) this.#rule(rule, caller);
    return compileVirtualRoutes(hosts, scheme);
  }

  /** Listeners of one port behind the mesh's TLS are told apart by the server name, as routes are. */
  #meshStreams(group: readonly GatewayListenerPlan[], caller: CallerSide): HostMap<StreamTarget> {
    const [first] = group as [GatewayListenerPlan];
    const streams = group.flatMap((one) => (one.closed === undefined ? (one.streams ?? []) : []));
    return this.#streams({ ...first, streams }, caller);
  }

  #streams({ streams = [], closed }: GatewayListenerPlan, caller: CallerSide): HostMap<StreamTarget> {
    const table = new HostMap<StreamTarget>();
    if (closed !== undefined) return table;
    for (const { id, at, hostnames, backends } of streams) {
      const target = { id, at, backends: new Backends(this.#choices(backends, caller)) };
      // The first, of the oldest route, has the name.
      for (const name of hostnames) if (table.get(name) === undefined) table.set(name, target);
    }
    return table;
  }

  #rule(rule: RouteRulePlan, caller: CallerSide): void {
    if (this.#backends.has(rule)) return;
    const destinations = this.#destinations;
    this.#backends.set(rule, new Backends(this.#choices(rule.backends, caller), rule.retry && new RetryRules(rule.retry)));
    if (!rule.mirrors) return;
    const mirrors = rule.mirrors.map(({ cluster, fraction }) => ({
      destination: destinations.cluster(cluster, caller),
      fraction,
    }));
    this.#mirrors.set(rule, mirrors);
  }

  #choices(backends: readonly BackendPlan[], caller: CallerSide): ConstructorParameters<typeof Backends>[0] {
    const destinations = this.#destinations;
    return backends.map(({ cluster, weight, filters }) => ({
      weight,
      filters,
      destination: cluster === '' ? undefined : destinations.cluster(cluster, caller),
    }));
  }

  #enforcement(policies: PolicySet, namespace: string, identity: string): Enforcement {
    const { mesh } = this.#plan;
    const authenticator = compileRequestAuthentication(policies.requestAuthentication, {
      fetch: this.#runtime.ports.fetch,
      clock: this.#runtime.clock,
      keys: this.#keys,
    });
    return {
      authorizer: compilePolicies(policies, mesh, { namespace }),
      authenticator: authenticator.active ? authenticator : undefined,
      extAuthz: this.#destinations.extAuthz(policies, identity),
    };
  }

  #base(
    role: Service['role'],
    workload: string,
    identity: string,
    listen: Address,
    port: number,
    protocol: 'http' | 'tcp',
    destinationName: string,
  ): Omit<Service, keyof Enforcement> {
    return {
      key: addressKey(listen),
      role,
      protocol,
      config: this.#config,
      listen,
      workload,
      identity,
      port,
      destinationIp: '',
      mtls: 'DISABLE',
      mtlsAt: '',
      routes: undefined,
      edge: undefined,
      clientDemands: '',
      streams: undefined,
      destination: undefined,
      egress: undefined,
      authority: '',
      ownAuthorities: NO_NAMES,
      destinationName,
      tracing: undefined,
      counters: this.#runtime.countersOf({ role, workload, destination: destinationName, port, protocol }),
    };
  }

  #add(service: Service): void {
    const taken = this.#services.get(service.key);
    if (taken) {
      const { ip, port } = service.listen;
      throw new CullisError(
        'config.invalid',
        `\`${taken.workload}\` and \`${service.workload}\` both want to listen on \`${ip}:${port}\``,
      );
    }
    this.#services.set(service.key, service);
  }
}

type Enforcement = { readonly [K in 'authorizer' | 'authenticator' | 'extAuthz']: Service[K] };
const NO_NAMES: ReadonlySet<string> = new Set();

/** The ways to write a listener's own address as authority. */
function ownAuthorities(listen: Address): ReadonlySet<string> {
  const hosts = [listen.ip.includes(':') ? `[${listen.ip}]` : listen.ip, 'localhost', '127.0.0.1', '[::1]'];
  return new Set(hosts.flatMap((host) => (listen.port === 80 ? [host, `${host}:80`] : [`${host}:${listen.port}`])));
}

function demandsOf(listeners: readonly GatewayListenerPlan[]): string {
  const demands = listeners.flatMap(({ id, secure }) => (secure?.clients ? [[id, secure.clients]] : []));
  return demands.length === 0 ? '' : JSON.stringify(demands);
}

function servingKeysOf({ gateways, clusters }: NodePlan): ReadonlySet<string> {
  const shown = gateways.flatMap(({ listeners, backendCertificate }) => [
    ...listeners.flatMap(({ secure }) => secure?.certificates ?? []),
    ...(backendCertificate ? [backendCertificate] : []),
  ]);
  const outside = clusters.flatMap(({ external }) => external?.tls?.certificate ?? []);
  return new Set([...shown, ...outside].map(({ keyId }) => keyId));
}
