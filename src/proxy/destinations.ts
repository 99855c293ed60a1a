// The destinations of one configuration, each made once for each identity that calls it.
import { isIP } from 'node:net';
import { CullisError } from '#base/errors.ts';
import type { Address } from '#model/observed.ts';
import type { ExtAuthzProvider } from '#model/istio.ts';
import type { Limits } from '#model/platform.ts';
import type { Cluster, GatewayPlan, NodePlan, PolicySet } from '#plan/plan.ts';
import { ExtAuthz } from './ext-authz.ts';
import type { OriginTls } from './origin-tls.ts';
import { Destination, type EndpointTarget, type UpstreamEndpoint, type Upstreams } from './upstreams.ts';

export class Destinations {
  readonly #plan: NodePlan;
  readonly #upstreams: Upstreams;
  readonly #clusters: ReadonlyMap<string, Cluster>;
  readonly #made = new Map<string, Destination>();
  /** Every endpoint that this configuration uses. */
  readonly used = new Set<UpstreamEndpoint>();

  constructor(plan: NodePlan, upstreams: Upstreams) {
    this.#plan = plan;
    this.#upstreams = upstreams;
    this.#clusters = new Map(plan.clusters.map((cluster) => [cluster.id, cluster]));
  }

  /** A service of the mesh, called as `identity`. @throws CullisError config.invalid for an unknown cluster */
  cluster(id: string, identity: string): Destination {
    const key = `${id} ${identity}`;
    const made = this.#made.get(key);
    if (made) return made;
    const cluster = this.#clusters.get(id);
    if (!cluster) throw new CullisError('config.invalid', `the plan names the unknown cluster \`${id}\``);
    const destination = new Destination(cluster.service, cluster.port, this.#endpointsOf(cluster, identity));
    this.#made.set(key, destination);
    return destination;
  }

  /** As a gateway calls it: where a BackendTLSPolicy says so, with TLS to the application itself. One that cannot be honoured leads nowhere. */
  behindGateway(id: string, gateway: Pick<GatewayPlan, 'identity' | 'backendCertificate'>): Destination {
    const cluster = this.#clusters.get(id);
    const policy = cluster?.originate;
    if (!cluster || !policy) return this.cluster(id, gateway.identity);
    const { identity, backendCertificate: certificate } = gateway;
    const key = JSON.stringify([id, identity, certificate?.keyId, 'tls']);
    const made = this.#made.get(key);
    if (made) return made;
    const alpn = cluster.protocol === 'http' ? [cluster.http2 === true ? 'h2' : 'http/1.1'] : [];
    const origin: OriginTls = { policy, alpn, ...(certificate && { certificate }) };
    const endpoints = policy.fault === undefined ? this.#endpointsOf(cluster, identity, origin) : [];
    const destination = new Destination(cluster.service, cluster.port, endpoints);
    this.#made.set(key, destination);
    return destination;
  }

  #endpointsOf(cluster: Cluster, identity: string, origin?: OriginTls): UpstreamEndpoint[] {
    return cluster.endpoints.map(({ address, workload, identity: peerIdentity }) => {
      const target: EndpointTarget = {
        address,
        workload,
        peerIdentity,
        ownIdentity: peerIdentity === '' ? '' : identity,
        sni: cluster.sni,
        ...(origin && { origin }),
      };
      const endpoint = this.#upstreams.endpoint(target, this.#plan.limits);
      this.used.add(endpoint);
      return endpoint;
    });
  }

  /** The application behind a sidecar, in plaintext on its own address. */
  application(workload: string, port: number, address: Address, limits: Limits): Destination {
    return new Destination(workload, port, [this.#endpoint(address, workload, '', '', '', limits)]);
  }

  /** The external authorizers that the policies name, asked as `identity`; one that cannot be reached by this plan is left out and so refuses. */
  extAuthz(policies: PolicySet, identity: string): ReadonlyMap<string, ExtAuthz> {
    const found = new Map<string, ExtAuthz>();
    for (const { resource } of policies.authorization) {
      const name = resource.spec.action === 'CUSTOM' ? resource.spec.provider?.name : undefined;
      const provider = name === undefined ? undefined : this.#plan.extAuthz.find((one) => one.name === name);
      if (!provider || found.has(provider.name)) continue;
      const destination = this.#authorizer(provider, identity);
      if (destination) found.set(provider.name, new ExtAuthz(provider, destination));
    }
    return found;
  }

  #authorizer(provider: ExtAuthzProvider, identity: string): Destination | undefined {
    const service = provider.service.split('/').at(-1)!.toLowerCase();
    const cluster = this.#plan.clusters.find(({ host, port }) => host.toLowerCase() === service && port === provider.port);
    if (cluster) return this.cluster(cluster.id, identity);
    const ip = service === 'localhost' ? '127.0.0.1' : service;
    if (isIP(ip) === 0) return undefined;
    return new Destination(provider.service, provider.port, [
      this.#endpoint({ ip, port: provider.port }, provider.service, '', '', '', this.#plan.limits),
    ]);
  }

  #endpoint(
    address: Address,
    workload: string,
    peerIdentity: string,
    ownIdentity: string,
    sni: string,
    limits: Limits,
  ): UpstreamEndpoint {
    const endpoint = this.#upstreams.endpoint({ address, workload, peerIdentity, ownIdentity, sni }, limits);
    this.used.add(endpoint);
    return endpoint;
  }
}
