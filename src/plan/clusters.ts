// The destinations of a plan: every service port with its endpoints, once for each DestinationRule that some caller goes by, and for each subset.
import type { EndpointSlice } from '#model/endpoint-slice.ts';
import type { Subset } from '#model/istio-traffic.ts';
import type { Observed } from '#model/observed.ts';
import { formatLocation, originOf, type Path } from '#model/origin.ts';
import { labelsMatch } from '#model/resource.ts';
import type { Service, ServicePort, System, Workload } from '#model/system.ts';
import { backendTls } from './backend-tls.ts';
import { type Caller, type EffectiveRule, effectiveRule, policyForPort } from './destination-rules.ts';
import { localityOf } from './locality.ts';
import { effectiveMtls } from './peer-authentication.ts';
import type { Cluster, Endpoint } from './plan.ts';
import { usableReplicas } from './replicas.ts';
import { HTTP, HTTP2, clusterId, servicesOf, targetPort } from './services.ts';
import { trafficPlan } from './traffic.ts';

type Closed = { what: string; why: string; at: string }[];

/** A service port, and what of it is the same whoever calls. */
interface Base {
  readonly id: string;
  readonly service: Service;
  readonly port: ServicePort;
  readonly protocol: 'http' | 'tcp';
  readonly endpoints: readonly BaseEndpoint[];
}

interface BaseEndpoint extends Endpoint {
  readonly podLabels: Readonly<Record<string, string>>;
  /** The mode that its own PeerAuthentication gives. */
  readonly mtls: 'STRICT' | 'PERMISSIVE' | 'DISABLE' | undefined;
}

/** How a cluster was made, so that it can be made again. */
interface Recipe {
  readonly base: string;
  readonly rule: EffectiveRule | undefined;
  readonly subset: Subset | undefined;
}

export class Clusters {
  readonly #system: System;
  readonly #ports: readonly { readonly service: Service; readonly port: ServicePort }[];
  readonly #served: ReadonlyMap<string, readonly Workload[]>;
  readonly #closed: Closed;
  readonly #material: Observed['tls'];
  #bases: ReadonlyMap<string, Base>;
  readonly #recipes = new Map<string, Recipe>();
  readonly #clusters = new Map<string, Cluster>();
  readonly #told = new Set<string>();
  readonly #byHost = new Map<string, Service>();

  /** @param ports all that can be called @param placed workloads that run here */
  constructor(
    system: System,
    observed: Observed,
    ports: readonly { readonly service: Service; readonly port: ServicePort }[],
    placed: readonly Workload[],
    closed: Closed,
  ) {
    this.#system = system;
    this.#ports = ports;
    this.#served = servedBy(system, placed);
    this.#closed = closed;
    this.#material = observed.tls;
    this.#bases = this.#basesOf(observed, system.endpointSlices);
    for (const { service } of ports) this.#byHost.set(service.host.toLowerCase(), service);
    // Everything is there for its own namespace, whether or not somebody calls it.
    for (const { id, service } of this.#bases.values()) this.for({ namespace: service.namespace, labels: {} }, id);
    this.#tellUnmatched();
  }

  #basesOf(observed: Observed, endpointSlices: readonly EndpointSlice[]): ReadonlyMap<string, Base> {
    const slices = Map.groupBy(endpointSlices, ({ namespace, service }) => `${namespace}/${service}`);
    return new Map(
      this.#ports.map(({ service, port }) => {
        const id = clusterId(service, port.port);
        const own = (this.#served.get(service.id) ?? []).flatMap((workload) =>
          placedEndpoints(this.#system, workload, port, observed),
        );
        const endpoints = own.length > 0 ? own : slicedEndpoints(service, port, slices.get(service.id) ?? [], observed);
        return [id, { id, service, port, protocol: HTTP.has(port.protocol) ? 'http' : 'tcp', endpoints }];
      }),
    );
  }

  /** All clusters with the endpoints of now. */
  again(observed: Observed, slices: readonly EndpointSlice[]): Cluster[] {
    this.#bases = this.#basesOf(observed, slices);
    return [...this.#recipes].map(([name, { base, rule, subset }]) => this.#make(name, this.#bases.get(base)!, rule, subset));
  }

  all(): Cluster[] {
    return [...this.#clusters.values()];
  }

  /** The service with this full name. */
  service(host: string): Service | undefined {
    return this.#byHost.get(host);
  }

  has(id: string): boolean {
    return this.#bases.has(id);
  }

  /**
   * The cluster by which `caller` reaches a service port.
   * @param id of the service port: `shop/cart:80`
   * @returns '' for a service port or subset that does not exist
   */
  for(caller: Caller, id: string, subsetName?: string): string {
    const base = this.#bases.get(id);
    if (!base) return '';
    const { service } = base;
    const rule = effectiveRule(this.#system, caller, service.host.toLowerCase(), service.namespace);
    const subset = subsetName === undefined ? undefined : rule?.subsets.find(({ name }) => name === subsetName);
    if (subsetName !== undefined && !subset) return '';
    const usual = effectiveRule(
      this.#system,
      { namespace: service.namespace, labels: {} },
      service.host.toLowerCase(),
      service.namespace,
    );
    const suffix = rule?.id === usual?.id ? '' : `@${rule?.id ?? '-'}`;
    const name = `${id}${subsetName === undefined ? '' : `/${subsetName}`}${suffix}`;
    if (!this.#clusters.has(name)) {
      this.#recipes.set(name, { base: id, rule, subset });
      this.#clusters.set(name, this.#make(name, base, rule, subset));
    }
    return name;
  }

  #make(id: string, base: Base, rule: EffectiveRule | undefined, subset: Subset | undefined): Cluster {
    const { service, port, protocol } = base;
    const originate = backendTls(this.#system, this.#material, service, port);
    const policy = rule && policyForPort(rule, port.port, subset);
    const traffic = rule && policy && trafficPlan(rule.id, policy.part, policy.retryBudget);
    const chosen = subset ? base.endpoints.filter(({ podLabels }) => labelsMatch(subset.labels, podLabels)) : base.endpoints;
    const refusal = rule && this.#refusal(rule, subset, policy?.part.tls?.mode);
    const mode = policy?.part.tls?.mode;
    const compared = policy?.part.loadBalancer?.locality?.failoverPriority.map((label) => label.split('=', 1)[0]!) ?? [];
    const endpoints = refusal === undefined ? chosen.map((one) => this.#endpoint(one, rule, mode, compared)) : [];
    return {
      id,
      service: service.id,
      host: service.host,
      port: port.port,
      protocol,
      ...(HTTP2.has(port.protocol) && { http2: true as const }),
      sni: `outbound_.${port.port}_.${subset?.name ?? ''}_.${service.host}`,
      ...(traffic && { traffic }),
      ...(originate && { originate }),
      endpoints,
    };
  }

  #endpoint(
    base: BaseEndpoint,
    rule: EffectiveRule | undefined,
    mode: string | undefined,
    compared: readonly string[],
  ): Endpoint {
    const { podLabels, mtls, identity, ...endpoint } = base;
    const labels = Object.fromEntries(
      compared.flatMap((name) => (Object.hasOwn(podLabels, name) ? [[name, podLabels[name]!]] : [])),
    );
    const plaintext = mode === 'DISABLE' || (mode !== 'ISTIO_MUTUAL' && mtls === 'DISABLE');
    if (rule && mode === 'DISABLE' && mtls === 'STRICT')
      this.#tell(
        rule,
        'tls',
        `speaks plaintext to \`${base.workload}\`, which takes mutual TLS only (PeerAuthentication STRICT)`,
      );
    if (rule && mode === 'ISTIO_MUTUAL' && mtls === 'DISABLE')
      this.#tell(
        rule,
        'tls',
        `wants mutual TLS of \`${base.workload}\`, which takes plaintext only (PeerAuthentication DISABLE)`,
      );
    return {
      ...endpoint,
      identity: plaintext ? '' : identity,
      ...(compared.length > 0 && { labels }),
    };
  }

  /** Why nothing may be sent under this rule; what cannot be honoured is closed, not passed over. */
  #refusal(rule: EffectiveRule, subset: Subset | undefined, mode: string | undefined): string | undefined {
    const unsupported = [...(rule.trafficPolicy?.unsupported ?? []), ...(subset?.trafficPolicy?.unsupported ?? [])];
    const [first] = unsupported;
    const why =
      first !== undefined
        ? `\`${first}\` is not served, so its destinations are closed`
        : mode === 'SIMPLE' || mode === 'MUTUAL'
          ? `\`tls.mode: ${mode}\` towards a service of the mesh, whose sidecars take the mesh's own TLS: its destinations are closed`
          : undefined;
    if (why !== undefined) this.#tell(rule, first ?? 'tls', why);
    return why;
  }

  #tell(rule: EffectiveRule, part: string, why: string): void {
    const what = `DestinationRule ${rule.id}`;
    const key = `${what} ${why}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#closed.push({ what, why, at: this.#placeOf(rule, ['spec', 'trafficPolicy', part]) });
  }

  #placeOf({ rules }: EffectiveRule, path: Path): string {
    return formatLocation(rules[0] && originOf(rules[0].resource, path));
  }

  /** A balancer that means nothing here, told once for each rule. */
  #tellUnmatched(): void {
    for (const rule of this.#system.destinationRules) {
      const parts = [rule.spec.trafficPolicy, ...rule.spec.subsets.map((subset) => subset.trafficPolicy)];
      if (parts.some((part) => part?.loadBalancer?.simple === 'PASSTHROUGH'))
        this.#closed.push({
          what: `DestinationRule ${rule.namespace}/${rule.name}`,
          why: "`PASSTHROUGH` needs the address that the caller asked for, which is the service's own here: LEAST_REQUEST is used",
          at: formatLocation(originOf(rule.resource, ['spec', 'trafficPolicy', 'loadBalancer'])),
        });
    }
  }
}

/** Workloads by the services that select them. */
function servedBy(system: System, placed: readonly Workload[]): ReadonlyMap<string, readonly Workload[]> {
  const served = new Map<string, Workload[]>();
  for (const workload of placed)
    for (const service of servicesOf(system, workload)) {
      const list = served.get(service.id);
      if (list) list.push(workload);
      else served.set(service.id, [workload]);
    }
  return served;
}

function placedEndpoints(system: System, workload: Workload, port: ServicePort, observed: Observed): BaseEndpoint[] {
  const target = targetPort(workload, port);
  if (target === undefined) return [];
  const mtls = effectiveMtls(system, workload, target).mode;
  const locality = localityOf(workload.labels);
  return usableReplicas(observed, workload.id).flatMap(({ inbound, draining }): BaseEndpoint[] => {
    const address = inbound[target];
    if (!address) return [];
    return [
      {
        workload: workload.id,
        address,
        identity: workload.identity,
        ...(locality !== '' && { locality }),
        ...(draining && { draining }),
        podLabels: workload.labels,
        mtls,
      },
    ];
  });
}

/** Endpoints that somebody else found; they have no sidecar of ours, so they are spoken to in plaintext. */
function slicedEndpoints(
  service: Service,
  port: ServicePort,
  slices: readonly EndpointSlice[],
  observed: Observed,
): BaseEndpoint[] {
  return slices.flatMap((slice) => {
    // A slice's port belongs to the service's port of the same name (EndpointPort.name).
    const found = slice.ports.find(({ name, protocol }) => name === port.name && protocol === 'TCP');
    if (!found) return [];
    return slice.endpoints.flatMap((endpoint): BaseEndpoint[] => {
      const [first] = endpoint.addresses;
      const draining = endpoint.terminating && endpoint.serving;
      if (first === undefined || (!endpoint.ready && !draining)) return [];
      const ips = slice.addressType === 'FQDN' ? (observed.resolved?.[first] ?? []) : [first];
      return ips.map((ip) => ({
        workload: service.id,
        address: { ip, port: found.port },
        identity: '',
        ...(endpoint.zone !== '' && { locality: `/${endpoint.zone}` }),
        ...(draining && { draining: true as const }),
        podLabels: slice.labels,
        mtls: undefined,
      }));
    });
  });
}
