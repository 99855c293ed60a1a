// The destinations of one configuration, each made once for each identity that calls it.
import { isIP } from 'node:net';
import { CullisError } from '#base/errors.ts';
import type { Address } from '#model/observed.ts';
import type { ExtAuthzProvider } from '#model/istio.ts';
import type { Limits } from '#model/platform.ts';
import type { Cluster, InboundPort, NodePlan, PolicySet } from '#plan/plan.ts';
import type { ExtAuthz } from './authorizer.ts';
import { HttpAuthorizer } from './ext-authz.ts';
import { GrpcAuthorizer } from './ext-authz-grpc.ts';
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

  /**
   * A service of the mesh, called as `identity`.
   * @param grpc it is spoken to with HTTP/2 even when its port does not say so @throws CullisError config.invalid for an unknown cluster
   */
  cluster(id: string, identity: string, grpc = false): Destination {
    const key = `${id} ${identity} ${grpc}`;
    const made = this.#made.get(key);
    if (made) return made;
    const cluster = this.#clusters.get(id);
    if (!cluster) throw new CullisError('config.invalid', `the plan names the unknown cluster \`${id}\``);
    const { sni } = cluster;
    const http2 = grpc || cluster.http2 === true;
    const endpoints = cluster.endpoints.map(({ address, workload, identity: peerIdentity }) => {
      const ownIdentity = peerIdentity === '' ? '' : identity;
      return this.#endpoint({ address, workload, peerIdentity, ownIdentity, sni, http2 }, this.#plan.limits);
    });
    const destination = new Destination(cluster.service, cluster.port, endpoints);
    this.#made.set(key, destination);
    return destination;
  }

  /** The application behind a sidecar, in plaintext on its own address. */
  application(workload: string, port: InboundPort, limits: Limits): Destination {
    return new Destination(workload, port.port, [this.#endpoint(plaintext(workload, port.app, port.http2), limits)]);
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

  #authorizer(provider: ExtAuthzProvider, identity: string): Destination | undefined {
    const service = provider.service.split('/').at(-1)!.toLowerCase();
    const cluster = this.#plan.clusters.find(({ host, port }) => host.toLowerCase() === service && port === provider.port);
    // The provider says what it speaks, whatever the port is named.
    if (cluster) return this.cluster(cluster.id, identity, provider.protocol === 'grpc');
    const ip = service === 'localhost' ? '127.0.0.1' : service;
    if (isIP(ip) === 0) return undefined;
    return new Destination(provider.service, provider.port, [
      this.#endpoint(plaintext(provider.service, { ip, port: provider.port }, provider.protocol === 'grpc'), this.#plan.limits),
    ]);
  }

  #endpoint(target: EndpointTarget, limits: Limits): UpstreamEndpoint {
    const endpoint = this.#upstreams.endpoint(target, limits);
    this.used.add(endpoint);
    return endpoint;
  }
}

function plaintext(workload: string, address: Address, http2 = false): EndpointTarget {
  return { address, workload, peerIdentity: '', ownIdentity: '', sni: '', http2 };
}
