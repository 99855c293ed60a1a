// Where requests and connections go next: destinations, their endpoints, and the kept connections to them.
import type { Socket } from 'node:net';
import type { Limits } from '#model/platform.ts';
import type { Address } from '#model/observed.ts';
import { Http1Pool } from '#wire/http1/client.ts';
import type { TlsIdentity } from '#wire/tls/types.ts';
import type { TimerWheel } from '#wire/timers.ts';
import type { Clock } from '#base/ports.ts';
import type { Metrics } from '#telemetry/metrics.ts';
import type { OutsideDialer, OutsideTarget } from './egress/dial.ts';
import type { Identities } from './identities.ts';
import type { ProxyPorts } from './ports.ts';

/** How long a pool that nothing refers to any more is kept, for requests that chose it a moment ago. */
const RETIRE_MS = 10_000;
/** An endpoint that could not be reached is passed over this long while there are others. */
const EJECT_MS = 2000;

/** Everything that a connection to an endpoint proves; equal targets share connections, others never do (proxy hardening E 53). */
export interface EndpointTarget {
  readonly address: Address;
  /** Workload id at the other end. */
  readonly workload: string;
  /** SPIFFE id that the other end must prove; '' for plaintext. */
  readonly peerIdentity: string;
  /** SPIFFE id that this side shows; '' for plaintext. */
  readonly ownIdentity: string;
  readonly sni: string;
  /** It is outside the mesh; the address's `ip` may then be a name. Only with an empty `peerIdentity`. */
  readonly outside?: OutsideTarget;
}

/** What of the proxy connections are made with; the runtime is one. */
export interface UpstreamMeans {
  readonly ports: Pick<ProxyPorts, 'network'>;
  readonly identities: Identities;
  readonly outside: OutsideDialer;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly timers: TimerWheel;
}

export class UpstreamEndpoint {
  readonly key: string;
  readonly target: EndpointTarget;
  /** Requests on their way. */
  active = 0;
  ejectedUntilMs = 0;
  readonly #means: UpstreamMeans;
  readonly #limits: Limits;
  #pool: Http1Pool;

  constructor(key: string, target: EndpointTarget, means: UpstreamMeans, limits: Limits) {
    this.key = key;
    this.target = target;
    this.#means = means;
    this.#limits = limits;
    this.#pool = this.#newPool();
  }

  get pool(): Http1Pool {
    return this.#pool;
  }

  get mtls(): boolean {
    return this.target.peerIdentity !== '';
  }

  /** A connection of its own: TCP, TLS where the target wants it, and the other end verified. @throws CullisError */
  async dial(): Promise<Socket> {
    const { address, peerIdentity, ownIdentity, sni, workload, outside } = this.target;
    const { connectTimeoutMs } = this.#limits;
    const raw = await (outside
      ? this.#means.outside.dial(address.ip, address.port, outside, connectTimeoutMs)
      : this.#means.ports.network.connect(address, connectTimeoutMs));
    const socket =
      peerIdentity === ''
        ? raw
        : await this.#means.identities.secure(ownIdentity, raw, { identity: peerIdentity, sni, name: workload });
    const open = this.#means.metrics.gauge('cullis_upstream_connections_open', this.mtls ? 'mtls' : 'plain');
    open.add(1);
    socket.once('close', () => open.add(-1));
    return socket;
  }

  eject(): void {
    this.ejectedUntilMs = this.#means.clock.monotonicMs() + EJECT_MS;
  }

  /** Later requests get new connections; those under way end on the old ones. */
  renew(): void {
    const old = this.#pool;
    this.#pool = this.#newPool();
    this.#retire(old);
  }

  retire(): void {
    this.#retire(this.#pool);
  }

  destroy(): void {
    this.#pool.destroy();
  }

  #retire(pool: Http1Pool): void {
    this.#means.timers.timer(() => pool.close()).arm(RETIRE_MS);
  }

  #newPool(): Http1Pool {
    return new Http1Pool({
      connect: () => this.dial(),
      limits: this.#limits,
      timers: this.#means.timers,
      name: this.target.workload,
    });
  }
}

/** One destination as a listener or a route sees it. */
export class Destination {
  /** Service or workload id, for events and metrics. */
  readonly name: string;
  readonly port: number;
  readonly endpoints: readonly UpstreamEndpoint[];
  #next = 0;

  constructor(name: string, port: number, endpoints: readonly UpstreamEndpoint[]) {
    this.name = name;
    this.port = port;
    this.endpoints = endpoints;
  }

  /**
   * The endpoint with the fewest requests under way, in turn among equals. Ejected ones are passed over while another is left.
   * @param tried one that just failed @returns undefined when there is none (left)
   */
  pick(nowMs: number, tried?: UpstreamEndpoint): UpstreamEndpoint | undefined {
    const { endpoints } = this;
    if (endpoints.length === 1) return endpoints[0] === tried ? undefined : endpoints[0];
    let best: UpstreamEndpoint | undefined;
    let bestLoad = Infinity;
    const start = this.#next++ % Math.max(1, endpoints.length);
    for (let i = 0; i < endpoints.length; i++) {
      const endpoint = endpoints[(start + i) % endpoints.length]!;
      if (endpoint === tried) continue;
      const load = endpoint.active + (endpoint.ejectedUntilMs > nowMs ? 1e9 : 0);
      if (load >= bestLoad) continue;
      best = endpoint;
      bestLoad = load;
    }
    return best;
  }
}

/** All endpoints of the proxy, shared by configurations so that a swap keeps connections. */
export class Upstreams {
  readonly #means: UpstreamMeans;
  readonly #endpoints = new Map<string, UpstreamEndpoint>();

  constructor(means: UpstreamMeans) {
    this.#means = means;
  }

  /** The endpoint of a target, made when it is new. Limits are part of the key: a pool keeps those it began with. */
  endpoint(target: EndpointTarget, limits: Limits): UpstreamEndpoint {
    const { address, peerIdentity, ownIdentity, sni, workload, outside } = target;
    const key = JSON.stringify([
      address.ip,
      address.port,
      address.namespaceOf ?? '',
      workload,
      peerIdentity,
      ownIdentity,
      sni,
      outside && [outside.external, outside.host, outside.http2, outside.privateRanges],
      limits,
    ]);
    let endpoint = this.#endpoints.get(key);
    if (!endpoint) {
      endpoint = new UpstreamEndpoint(key, target, this.#means, limits);
      this.#endpoints.set(key, endpoint);
    }
    return endpoint;
  }

  /** Lets go of one endpoint; requests that chose it end on it. */
  forget(endpoint: UpstreamEndpoint): void {
    if (this.#endpoints.delete(endpoint.key)) endpoint.retire();
  }

  /** Own certificate of an identity, as it is now. @throws CullisError trust.rejected */
  tlsIdentity(identity: string): TlsIdentity {
    return this.#means.identities.tlsIdentity(identity);
  }

  /** Lets go of every endpoint that the configuration in force does not use. */
  keepOnly(used: ReadonlySet<UpstreamEndpoint>): void {
    for (const [key, endpoint] of this.#endpoints) {
      if (used.has(endpoint)) continue;
      this.#endpoints.delete(key);
      endpoint.retire();
    }
  }

  /** New connections from now on: `identity` has a new certificate, or (absent) other roots are trusted. */
  renew(identity?: string): void {
    for (const endpoint of this.#endpoints.values()) {
      if (endpoint.mtls && (identity === undefined || endpoint.target.ownIdentity === identity)) endpoint.renew();
    }
  }

  destroy(): void {
    for (const endpoint of this.#endpoints.values()) endpoint.destroy();
    this.#endpoints.clear();
  }
}
