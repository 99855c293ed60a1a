// The destinations of one configuration, each made once for each identity that calls it.
import { isIP } from 'node:net';
import { CullisError } from '#base/errors.ts';
import type { Address } from '#model/observed.ts';
import type { ExtAuthzProvider } from '#model/istio.ts';
import type { Limits } from '#model/platform.ts';
import type { Cluster, External, NodePlan, PolicySet } from '#plan/plan.ts';
import type { OutsideTarget } from './egress/dial.ts';
import { ExtAuthz } from './ext-authz.ts';
import { Destination, type UpstreamEndpoint, type Upstreams } from './upstreams.ts';

const ASKED_MAX = 1024;

export class Destinations {
  readonly #plan: NodePlan;
  readonly #upstreams: Upstreams;
  readonly #clusters: ReadonlyMap<string, Cluster>;
  readonly #made = new Map<string, Destination>();
  /** Hosts below a wildcard that were called, the latest ones. */
  readonly #asked = new Map<string, Destination>();
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
    const endpoints = cluster.endpoints.map(({ address, workload, identity: peerIdentity }) =>
      cluster.external && peerIdentity === ''
        ? this.#outside(cluster, cluster.external, cluster.host, address, identity)
        : this.#endpoint(address, workload, peerIdentity, peerIdentity === '' ? '' : identity, cluster.sni, this.#plan.limits),
    );
    const destination = new Destination(cluster.service, cluster.port, endpoints);
    this.#made.set(key, destination);
    return destination;
  }

  /**
   * A destination outside the mesh, for a host that the caller named.
   * @param host lower case; decides only where the cluster has no endpoints of its own @throws CullisError config.invalid for an unknown cluster
   */
  outside(id: string, identity: string, host: string): Destination {
    const cluster = this.#clusters.get(id);
    if (cluster?.external?.asked !== true) return this.cluster(id, identity);
    const key = `${id} ${identity} ${host}`;
    const made = this.#asked.get(key);
    if (made) return made;
    if (this.#asked.size >= ASKED_MAX) this.#forgetOldest();
    const endpoint = this.#outside(cluster, cluster.external, host, { ip: host, port: cluster.port }, identity);
    const destination = new Destination(host, cluster.port, [endpoint]);
    this.#asked.set(key, destination);
    return destination;
  }

  #forgetOldest(): void {
    const oldest = this.#asked.entries().next();
    if (oldest.done) return;
    const [key, { endpoints }] = oldest.value;
    this.#asked.delete(key);
    for (const endpoint of endpoints) {
      this.used.delete(endpoint);
      this.#upstreams.forget(endpoint);
    }
  }

  #outside(cluster: Cluster, external: External, host: string, address: Address, identity: string): UpstreamEndpoint {
    const target: OutsideTarget = {
      external,
      host,
      http2: cluster.http2 === true,
      privateRanges: this.#plan.egressPrivateAddresses ?? [],
      ...(external.tls?.mode === 'ISTIO_MUTUAL' && { identity: () => this.#upstreams.tlsIdentity(identity) }),
    };
    const endpoint = this.#upstreams.endpoint(
      { address, workload: host, peerIdentity: '', ownIdentity: external.tls?.mode === 'ISTIO_MUTUAL' ? identity : '', sni: '', outside: target },
      this.#plan.limits,
    );
    this.used.add(endpoint);
    return endpoint;
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
