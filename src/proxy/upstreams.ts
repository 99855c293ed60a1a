// Where requests and connections go next: endpoints, and the kept connections to them.
import type { Socket } from 'node:net';
import type { Limits } from '#model/platform.ts';
import type { Address } from '#model/observed.ts';
import type { CircuitPlan } from '#plan/traffic.ts';
import type { ConnectionGate } from '#wire/connection-gate.ts';
import type { IdleConnections } from '#wire/idle-connections.ts';
import { Http1Pool } from '#wire/http1/client.ts';
import { Http2Pool } from '#wire/http2/client.ts';
import type { UpstreamPool } from '#wire/upstream-types.ts';
import type { TimerWheel } from '#wire/timers.ts';
import type { Clock } from '#base/ports.ts';
import type { Metrics } from '#telemetry/metrics.ts';
import { MESH_CLIENT_ALPN } from './alpn.ts';
import type { OutsideDialer, OutsideTarget } from './egress/dial.ts';
import type { Identities } from './identities.ts';
import { type OriginTls, secureOrigin } from './origin-tls.ts';
import type { ProxyPorts } from './ports.ts';
import type { ServingKeys } from './serving-keys.ts';

/** How long a pool that nothing refers to any more is kept, for requests that chose it a moment ago. */
const RETIRE_MS = 10_000;
/** Stands for "never" where a timeout is switched off. */
const FOREVER_MS = 24 * 3_600_000;

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
  /** What the other end speaks; absent for TCP. */
  readonly speaks?: 'http/1.1' | 'h2';
  /** It is outside the mesh; the address's `ip` may then be a name. Only with an empty `peerIdentity`. */
  readonly outside?: OutsideTarget;
  /** TLS to the application itself, inside whatever leads there. */
  readonly origin?: OriginTls;
}

/** The bounds of one destination, where they are not the platform's; its connections are then its own. */
export interface EndpointBounds {
  /** Names the destination and who calls it. */
  readonly group: string;
  readonly circuit: CircuitPlan;
  readonly gate: ConnectionGate;
}

/** What of the proxy connections are made with; the runtime is one. */
export interface UpstreamMeans {
  readonly ports: Pick<ProxyPorts, 'network'>;
  readonly identities: Identities;
  readonly outside: OutsideDialer;
  readonly servingKeys: ServingKeys;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly timers: TimerWheel;
  readonly resting: IdleConnections;
}

export class UpstreamEndpoint {
  readonly key: string;
  readonly target: EndpointTarget;
  /** Requests on their way. */
  active = 0;
  readonly #means: UpstreamMeans;
  readonly #limits: Limits;
  readonly #bounds: EndpointBounds | undefined;
  #pool: UpstreamPool;

  constructor(key: string, target: EndpointTarget, means: UpstreamMeans, limits: Limits, bounds?: EndpointBounds) {
    this.key = key;
    this.target = target;
    this.#means = means;
    this.#bounds = bounds;
    this.#limits = bounds ? boundedLimits(limits, bounds.circuit) : limits;
    this.#pool = this.#newPool();
  }

  /** For people, and for hashing: the same in every worker and every run that places it there. */
  get name(): string {
    const { ip, port } = this.target.address;
    return `${ip}:${port}`;
  }

  get pool(): UpstreamPool {
    return this.#pool;
  }

  get mtls(): boolean {
    return this.target.peerIdentity !== '';
  }

  /** A connection of its own: TCP, TLS where the target wants it, and the other end verified. @throws CullisError */
  async dial(): Promise<Socket> {
    const { address, peerIdentity, ownIdentity, sni, workload, speaks, origin, outside } = this.target;
    const { connectTimeoutMs } = this.#limits;
    const alpn = speaks && { alpn: MESH_CLIENT_ALPN[speaks] };
    const raw = await (outside
      ? this.#means.outside.dial(address.ip, address.port, outside, connectTimeoutMs)
      : this.#means.ports.network.connect(address, connectTimeoutMs));
    const link =
      peerIdentity === ''
        ? raw
        : await this.#means.identities.secure(ownIdentity, raw, { identity: peerIdentity, sni, name: workload, ...alpn });
    const keepAliveMs = this.#bounds?.circuit.keepAliveMs;
    if (keepAliveMs !== undefined) raw.setKeepAlive(true, keepAliveMs);
    const socket = origin ? await secureOrigin(link, origin, this.#means.servingKeys, this.#limits.tlsHandshakeTimeoutMs) : link;
    const open = this.#means.metrics.gauge('cullis_upstream_connections_open', this.mtls ? 'mtls' : 'plain');
    open.add(1);
    socket.once('close', () => open.add(-1));
    return socket;
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

  #retire(pool: UpstreamPool): void {
    this.#means.timers.timer(() => pool.close()).arm(RETIRE_MS);
  }

  #newPool(): UpstreamPool {
    const options = {
      connect: () => this.dial(),
      limits: this.#limits,
      timers: this.#means.timers,
      resting: this.#means.resting,
      name: this.target.workload,
      ...(this.#bounds && {
        gate: this.#bounds.gate,
        requestsMax: this.#bounds.circuit.requestsPerConnectionMax ?? 0,
        ageMaxMs: this.#bounds.circuit.connectionAgeMaxMs ?? 0,
      }),
    };
    return this.target.speaks === 'h2' ? new Http2Pool(options) : new Http1Pool(options);
  }
}

/** A destination's own bounds take the place of the platform's. */
function boundedLimits(limits: Limits, circuit: CircuitPlan): Limits {
  const { connectionsMax, pendingMax, connectTimeoutMs, idleTimeoutMs } = circuit;
  return {
    ...limits,
    ...(connectionsMax !== undefined && { upstreamConnectionsMax: connectionsMax }),
    ...(pendingMax !== undefined && { upstreamPendingMax: pendingMax }),
    ...(connectTimeoutMs !== undefined && { connectTimeoutMs }),
    ...(idleTimeoutMs !== undefined && { idleTimeoutMs: idleTimeoutMs === 0 ? FOREVER_MS : idleTimeoutMs }),
  };
}

/** All endpoints of the proxy, shared by configurations so that a swap keeps connections. */
export class Upstreams {
  readonly #means: UpstreamMeans;
  readonly #endpoints = new Map<string, UpstreamEndpoint>();
  readonly #limitsKeys = new WeakMap<Limits, number>();
  readonly #limitsNumbers = new Map<string, number>();

  constructor(means: UpstreamMeans) {
    this.#means = means;
  }

  /**
   * The endpoint of a target, made when it is new. Limits are part of the key: a pool keeps those it began with. So are a destination's own
   * bounds, and the destination with them.
   */
  endpoint(target: EndpointTarget, limits: Limits, bounds?: EndpointBounds): UpstreamEndpoint {
    const { address, peerIdentity, ownIdentity, sni, workload, speaks = '', origin, outside } = target;
    const own = bounds ? `${bounds.group}\n${JSON.stringify(bounds.circuit)}` : '';
    const beyond = outside ? JSON.stringify([outside.external, outside.host, outside.privateRanges]) : '';
    const key = `${address.ip}\n${address.port}\n${address.namespaceOf ?? ''}\n${workload}\n${peerIdentity}\n${ownIdentity}\n${sni}\n${speaks}\n${beyond}\n${origin ? JSON.stringify(origin) : ''}\n${this.#limitsKey(limits)}\n${own}`;
    let endpoint = this.#endpoints.get(key);
    if (!endpoint) {
      endpoint = new UpstreamEndpoint(key, target, this.#means, limits, bounds);
      this.#endpoints.set(key, endpoint);
    }
    return endpoint;
  }

  /** A short name for limits, of which there are few: the key of every endpoint has it. */
  #limitsKey(limits: Limits): number {
    let key = this.#limitsKeys.get(limits);
    if (key === undefined) {
      const text = JSON.stringify(limits);
      key = this.#limitsNumbers.get(text) ?? this.#limitsNumbers.size;
      this.#limitsNumbers.set(text, key);
      this.#limitsKeys.set(limits, key);
    }
    return key;
  }

  /** Lets go of one endpoint; requests that chose it end on it. */
  forget(endpoint: UpstreamEndpoint): void {
    if (this.#endpoints.delete(endpoint.key)) endpoint.retire();
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
