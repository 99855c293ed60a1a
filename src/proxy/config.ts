// A snapshot compiled: every listener with its policies, routes and destinations, as values. Nothing is opened or changed here.
import { compileRequestAuthentication } from '#authn/request-authentication.ts';
import type { KeySources } from '#authn/jwks.ts';
import { CullisError } from '#base/errors.ts';
import type { Address } from '#model/observed.ts';
import type {
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
import { type RouteTable, compileRoutes } from '#plan/route.ts';
import { bothTables, compileVirtualRoutes } from '#plan/virtual-routes.ts';
import { compilePolicies } from '#policy/compile.ts';
import { Backends } from './backends.ts';
import { Counters } from './counters.ts';
import { Egress } from './egress/way-out.ts';
import { type CallerSide, Destinations } from './destinations.ts';
import type { Snapshot } from './ports.ts';
import { RetryRules } from './retry.ts';
import type { Runtime } from './runtime.ts';
import type { Config, Service } from './service.ts';
import { Sessions } from './sessions.ts';

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
  readonly #backends = new Map<RouteRulePlan, Backends>();
  readonly #config: Config;

  constructor(snapshot: Snapshot, runtime: Runtime, keys: KeySources) {
    const { plan } = snapshot;
    this.#plan = plan;
    this.#runtime = runtime;
    this.#keys = keys;
    this.#config = {
      version: snapshot.version,
      mesh: plan.mesh,
      limits: plan.limits,
      bundle: snapshot.bundle,
      trustDomains: [plan.mesh.trustDomain, ...plan.mesh.trustDomainAliases],
      sessions: new Sessions(snapshot.sessionKey),
      sessionCookie: plan.sessionCookie ?? '',
      services: this.#services,
      backends: this.#backends,
      destinations: new Destinations(plan, runtime),
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
    const open = this.#enforcement(NO_POLICIES, workload.namespace, workload.identity);
    // What is bounded over all connections is counted in one process, so that the bound is exact.
    const counted = workload.egressPolicies?.some(({ limits }) => limits !== undefined) === true;
    const elsewhere = counted && this.#runtime.ports.first === false;
    for (const listener of workload.outbound)
      if (!listener.egress || !elsewhere) this.#add(this.#outbound(workload, listener, open));
  }

  #inbound(workload: WorkloadPlan, port: InboundPort, enforced: Enforcement): Service {
    const destination = this.#config.destinations.application(workload.id, port, this.#plan.limits);
    return {
      ...this.#base('sidecar-in', workload.id, workload.identity, port.listen, port.port, port.protocol, workload.id),
      ...enforced,
      // In a namespace the address is the workload's own; policies match on it whatever the listener was bound to.
      destinationIp: port.app.namespaceOf === undefined ? '' : port.app.ip,
      mtls: port.mtls,
      mtlsAt: port.mtlsAt,
      destination,
    };
  }

  #outbound(workload: WorkloadPlan, listener: OutboundListener, enforced: Enforcement): Service {
    const cluster = this.#config.destinations.plan(listener.cluster, workload.id);
    const { listen } = listener;
    return {
      ...this.#base('sidecar-out', workload.id, workload.identity, listen, cluster.port, cluster.protocol, cluster.service),
      ...enforced,
      ...(listener.egress
        ? { egress: this.#egress(workload, listener.egress) }
        : { destination: this.#config.destinations.cluster(cluster.id, workload) }),
      routes: this.#virtualRoutes(listener.virtualServices, 'http', workload),
      authority: listener.authority,
      ownAuthorities: ownAuthorities(listen),
    };
  }

  #egress(workload: WorkloadPlan, listener: EgressListener): Egress {
    const { destinations } = this.#config;
    const destinationOf = (cluster: string, host: string) => destinations.outside(cluster, workload, host);
    return new Egress(listener, workload.egressPolicies ?? [], workload.id, this.#runtime.egressAccounts, destinationOf);
  }

  #gateway(gateway: GatewayPlan): void {
    const enforced = this.#enforcement(gateway.policies, gateway.namespace, gateway.identity);
    // Listeners of one port share a socket and are told apart by host name.
    for (const group of Map.groupBy(gateway.listeners, ({ listen }) => addressKey(listen)).values()) {
      const [first] = group as [(typeof group)[number]];
      if (group.some(({ tls }) => tls !== first.tls)) {
        throw new CullisError(
          'config.invalid',
          `listeners of gateway \`${gateway.id}\` share port ${first.port} with and without TLS`,
        );
      }
      for (const { virtualHosts } of group)
        for (const { rules } of virtualHosts) for (const rule of rules) this.#rule(rule, gateway);
      this.#add({
        ...this.#base('gateway', gateway.id, gateway.identity, first.listen, first.port, 'http', gateway.id),
        ...enforced,
        mtls: first.tls ? 'edge' : 'DISABLE',
        routes: this.#gatewayRoutes(group, first.tls, gateway),
      });
    }
  }

  #gatewayRoutes(group: readonly GatewayListenerPlan[], tls: boolean, caller: CallerSide): RouteTable {
    const routes = compileRoutes(group.flatMap(({ virtualHosts }) => virtualHosts));
    const own = group.flatMap(({ virtualServices }) => virtualServices ?? []);
    const virtual = this.#virtualRoutes(own.length > 0 ? own : undefined, tls ? 'https' : 'http', caller);
    return virtual ? bothTables(routes, virtual) : routes;
  }

  #virtualRoutes(hosts: readonly VirtualHost[] | undefined, scheme: string, caller: CallerSide): RouteTable | undefined {
    if (!hosts) return undefined;
    for (const { rules } of hosts) for (const rule of rules) this.#rule(rule, caller);
    return compileVirtualRoutes(hosts, scheme);
  }

  #rule(rule: RouteRulePlan, caller: CallerSide): void {
    if (this.#backends.has(rule)) return;
    const { destinations } = this.#config;
    const choices = rule.backends.map(({ cluster, weight }) => ({
      weight,
      destination: cluster === '' ? undefined : destinations.cluster(cluster, caller),
    }));
    this.#backends.set(rule, new Backends(choices, rule.retry && new RetryRules(rule.retry)));
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
      extAuthz: this.#config.destinations.extAuthz(policies, identity),
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
    const { metrics, links } = this.#runtime;
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
      destination: undefined,
      egress: undefined,
      authority: '',
      ownAuthorities: NO_NAMES,
      destinationName,
      counters: new Counters(metrics, links, { role, workload, destination: destinationName, port, protocol }),
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
