// The destinations of one configuration, each made once for each identity and place that calls it.
import { isIP } from 'node:net';
import { CullisError } from '#base/errors.ts';
import type { Address, ServingCertificate } from '#model/observed.ts';
import type { ExtAuthzProvider } from '#model/istio.ts';
import type { Limits } from '#model/platform.ts';
import { localityOf } from '#plan/locality.ts';
import type { Cluster, Endpoint, External, ExternalTls, InboundPort, NodePlan, PolicySet } from '#plan/plan.ts';
import type { ExtAuthz } from './authorizer.ts';
import type { Origin } from './balance/strata.ts';
import type { Group } from './balance/groups.ts';
import { Destination, type Placed } from './destination.ts';
import type { TlsIdentity } from '#wire/tls/types.ts';
import type { OutsideTarget } from './egress/dial.ts';
import { EndpointWatch } from './endpoint-watch.ts';
import { HttpAuthorizer } from './ext-authz.ts';
import { GrpcAuthorizer } from './ext-authz-grpc.ts';
import type { OriginTls } from './origin-tls.ts';
import type { Runtime } from './runtime.ts';
import type { EndpointTarget, UpstreamEndpoint } from './upstreams.ts';

/** Who calls: what its connections prove, and where it is. */
export interface CallerSide {
  readonly identity: string;
  readonly labels: Readonly<Record<string, string>>;
  /** A gateway: it speaks TLS to applications that a BackendTLSPolicy is for, and shows this certificate. */
  readonly origin?: { readonly certificate?: ServingCertificate };
}

interface Made {
  readonly destination: Destination;
  readonly cluster: string;
  readonly caller: CallerSide;
  readonly group: Group;
  readonly grpc: boolean;
}

/** Hosts below wildcards that are known at a time. */
const ASKED_MAX = 1024;
const NO_LABELS: Readonly<Record<string, string>> = {};

export class Destinations {
  readonly #plan: NodePlan;
  readonly #runtime: Runtime;
  readonly #clusters: Map<string, Cluster>;
  readonly #made = new Map<string, Made>();
  /** Endpoints of applications and of authorizers outside the mesh, which no cluster names. */
  readonly #fixed = new Set<UpstreamEndpoint>();
  readonly #groupKeys = new Set<string>();
  /** Clusters of hosts below a wildcard that were called, the latest ones last. */
  readonly #asked = new Set<string>();

  constructor(plan: NodePlan, runtime: Runtime) {
    this.#plan = plan;
    this.#runtime = runtime;
    this.#clusters = new Map(plan.clusters.map((cluster) => [cluster.id, cluster]));
  }

  /** @throws CullisError config.invalid for an unknown cluster */
  plan(id: string, who: string): Cluster {
    const cluster = this.#clusters.get(id);
    if (!cluster) throw new CullisError('config.invalid', `the plan of \`${who}\` names the unknown cluster \`${id}\``);
    return cluster;
  }

  /**
   * A service of the mesh.
   * @param grpc it is spoken to with HTTP/2 even when its port does not say so @throws CullisError config.invalid for an unknown cluster
   */
  cluster(id: string, caller: CallerSide, grpc = false): Destination {
    const cluster = this.plan(id, caller.identity);
    const origin: Origin = { locality: localityOf(caller.labels), labels: caller.labels };
    const compared = cluster.traffic?.balance.locality?.failoverPriority.map((one) => caller.labels[one] ?? '') ?? [];
    const tls = originOf(cluster, caller, grpc);
    const groupKey = [
      id,
      caller.identity,
      ...(grpc ? ['grpc'] : []),
      ...(tls ? [JSON.stringify(tls)] : []),
      origin.locality,
      ...compared,
    ].join(' ');
    const made = this.#made.get(groupKey);
    if (made) return made.destination;
    const group = this.#group(groupKey);
    const runtime = this.#runtime;
    const destination = new Destination(
      {
        name: cluster.service,
        port: cluster.port,
        ...(cluster.external && { outside: cluster.host }),
        traffic: cluster.traffic,
        origin,
        group,
        seed: runtime.ports.random.unit() * 0x1_0000_0000,
        watch: new EndpointWatch(runtime),
      },
      this.#placed(cluster, caller, group, groupKey, grpc),
      runtime.clock.monotonicMs(),
    );
    this.#made.set(groupKey, { destination, cluster: id, caller, group, grpc });
    return destination;
  }

  /**
   * A destination outside the mesh, for a host that the caller named.
   * @param host lower case; decides only where the cluster has no endpoints of its own @throws CullisError config.invalid for an unknown cluster
   */
  outside(id: string, caller: CallerSide, host: string): Destination {
    const cluster = this.plan(id, caller.identity);
    if (cluster.external?.asked !== true) return this.cluster(id, caller);
    const own = `${id} ${host}`;
    if (!this.#clusters.has(own)) {
      if (this.#asked.size >= ASKED_MAX) this.#forgetOldest();
      const endpoints = [{ workload: host, address: { ip: host, port: cluster.port }, identity: '' }];
      this.#clusters.set(own, { ...cluster, id: own, service: host, host, endpoints });
      this.#asked.add(own);
    }
    return this.cluster(own, caller);
  }

  #forgetOldest(): void {
    const [oldest] = this.#asked;
    if (oldest === undefined) return;
    this.#asked.delete(oldest);
    this.#clusters.delete(oldest);
    const { upstreams, groups } = this.#runtime;
    for (const [groupKey, { cluster, destination }] of this.#made) {
      if (cluster !== oldest) continue;
      this.#made.delete(groupKey);
      this.#groupKeys.delete(groupKey);
      for (const endpoint of destination.endpoints) upstreams.forget(endpoint);
    }
    groups.keepOnly(this.#groupKeys);
  }

  #outside(cluster: Cluster, external: External, { identity }: CallerSide): OutsideTarget {
    return {
      external,
      host: cluster.host,
      http2: cluster.http2 === true,
      privateRanges: this.#plan.egressPrivateAddresses ?? [],
      ...(external.tls && external.tls.mode !== 'SIMPLE' && { identity: () => this.#shown(external.tls!, identity) }),
    };
  }

  /** The certificate that a server outside is shown. */
  #shown({ mode, certificate, at }: ExternalTls, identity: string): TlsIdentity {
    if (mode === 'ISTIO_MUTUAL') return this.#runtime.identities.tlsIdentity(identity);
    const privateKeyPem = certificate && this.#runtime.servingKeys.get(certificate.keyId);
    if (!certificate || privateKeyPem === undefined)
      throw new CullisError('trust.rejected', `the key pair that ${at} names cannot be had here`);
    return { certChainPem: certificate.chainPem, privateKeyPem };
  }

  /** The application behind a sidecar, in plaintext on its own address. */
  application(workload: string, { port, app, http2 }: InboundPort, limits: Limits): Destination {
    return this.#single(workload, port, app, workload, limits, http2 === true);
  }

  /** The external authorizers that the policies name, asked as `identity`; one that cannot be reached by this plan is left out and so refuses. */
  extAuthz(policies: PolicySet, identity: string): ReadonlyMap<string, ExtAuthz> {
    const found = new Map<string, ExtAuthz>();
    for (const { resource } of policies.authorization) {
      const name = resource.spec.action === 'CUSTOM' ? resource.spec.provider?.name : undefined;
      const provider = name === undefined ? undefined : this.#plan.extAuthz.find((one) => one.name === name);
      if (!provider || found.has(provider.name)) continue;
      const destination = this.#authorizer(provider, identity);
      if (!destination) continue;
      const { protocol } = provider;
      found.set(
        provider.name,
        protocol === 'grpc' ? new GrpcAuthorizer(provider, destination) : new HttpAuthorizer(provider, destination),
      );
    }
    return found;
  }

  /** Every endpoint that this configuration uses. */
  used(): ReadonlySet<UpstreamEndpoint> {
    const used = new Set(this.#fixed);
    for (const { destination } of this.#made.values()) for (const endpoint of destination.endpoints) used.add(endpoint);
    return used;
  }

  /** It is in force from now on: records and bounds of what it does not use are let go. */
  activate(): void {
    const { upstreams, groups } = this.#runtime;
    const used = this.used();
    for (const { destination, group } of this.#made.values()) {
      destination.activate();
      group.keepOnly(new Set(destination.endpoints));
    }
    groups.keepOnly(this.#groupKeys);
    upstreams.keepOnly(used);
  }

  /** Looks at who is out of turn. */
  tick(nowMs: number): void {
    for (const { destination } of this.#made.values()) destination.tick(nowMs);
  }

  /** Endpoints that came or went, by cluster id; nothing else changes. */
  replace(changes: Readonly<Record<string, readonly Endpoint[]>>): void {
    const nowMs = this.#runtime.clock.monotonicMs();
    for (const [id, endpoints] of Object.entries(changes)) {
      const cluster = this.#clusters.get(id);
      if (cluster) this.#clusters.set(id, { ...cluster, endpoints });
    }
    for (const [groupKey, { destination, cluster: id, caller, group, grpc }] of this.#made) {
      if (!Object.hasOwn(changes, id)) continue;
      destination.place(this.#placed(this.#clusters.get(id)!, caller, group, groupKey, grpc), nowMs);
      group.keepOnly(new Set(destination.endpoints));
    }
    this.#runtime.upstreams.keepOnly(this.used());
  }

  #placed(cluster: Cluster, caller: CallerSide, group: Group, groupKey: string, grpc: boolean): Placed[] {
    const { limits } = this.#plan;
    const speaks = grpc || cluster.http2 === true ? 'h2' : cluster.protocol === 'http' ? 'http/1.1' : undefined;
    const origin = originOf(cluster, caller, grpc);
    // A policy that cannot be honoured leads nowhere, never around TLS.
    if (origin?.policy.fault !== undefined) return [];
    const bounds = cluster.traffic && { group: groupKey, circuit: cluster.traffic.circuit, gate: group.circuit };
    return cluster.endpoints.map((one) => {
      const { address, workload, identity: peerIdentity } = one;
      const ownIdentity = peerIdentity === '' ? '' : caller.identity;
      const { external } = cluster;
      const outward = external !== undefined && peerIdentity === '';
      const target = {
        address,
        workload,
        peerIdentity,
        ownIdentity: outward ? caller.identity : ownIdentity,
        sni: cluster.sni,
        ...(speaks && { speaks }),
        ...(outward && { outside: this.#outside(cluster, external, caller) }),
        ...(origin && { origin }),
      } satisfies EndpointTarget;
      return {
        endpoint: this.#runtime.upstreams.endpoint(target, limits, bounds),
        weight: one.weight ?? 1,
        locality: one.locality ?? '',
        labels: one.labels ?? NO_LABELS,
        draining: one.draining ?? false,
      };
    });
  }

  #authorizer(provider: ExtAuthzProvider, identity: string): Destination | undefined {
    const service = provider.service.split('/').at(-1)!.toLowerCase();
    const cluster = this.#plan.clusters.find(({ host, port }) => host.toLowerCase() === service && port === provider.port);
    const caller = { identity, labels: NO_LABELS };
    const grpc = provider.protocol === 'grpc';
    // The provider says what it speaks, whatever the port is named.
    if (cluster) return this.cluster(cluster.id, caller, grpc);
    const ip = service === 'localhost' ? '127.0.0.1' : service;
    if (isIP(ip) === 0) return undefined;
    const address = { ip, port: provider.port };
    return this.#single(provider.service, provider.port, address, provider.service, this.#plan.limits, grpc);
  }

  #single(name: string, port: number, address: Address, workload: string, limits: Limits, http2: boolean): Destination {
    const { upstreams, clock } = this.#runtime;
    const target: EndpointTarget = {
      address,
      workload,
      peerIdentity: '',
      ownIdentity: '',
      sni: '',
      ...(http2 && { speaks: 'h2' }),
    };
    const endpoint = upstreams.endpoint(target, limits);
    this.#fixed.add(endpoint);
    const group = this.#group(`= ${name} ${address.namespaceOf ?? ''} ${address.ip} ${address.port}`);
    const placed = [{ endpoint, weight: 1, locality: '', labels: NO_LABELS, draining: false }];
    return new Destination({ name, port, group, seed: 0 }, placed, clock.monotonicMs());
  }

  #group(key: string): Group {
    this.#groupKeys.add(key);
    return this.#runtime.groups.of(key);
  }
}

/** TLS to the application itself, where the caller is one that opens it. */
function originOf(cluster: Cluster, { origin }: CallerSide, grpc: boolean): OriginTls | undefined {
  const policy = cluster.originate;
  if (!policy || !origin) return undefined;
  const http2 = grpc || cluster.http2 === true;
  return { policy, alpn: cluster.protocol === 'http' ? [http2 ? 'h2' : 'http/1.1'] : [], ...origin };
}
