// A TCP connection through a sidecar: one decision when it opens, another with every new configuration, one event when it ends.
import type { Socket } from 'node:net';
import { messageOf } from '#base/errors.ts';
import type { Attributes, DenyCode, Reason } from '#model/decision.ts';
import type { ExchangeEvent } from '#model/event.ts';
import { type Splice, splice } from '#wire/tcp.ts';
import type { Timer } from '#wire/timers.ts';
import { peekServerName } from '#wire/tls/peek.ts';
import type { Arrival } from './arrival.ts';
import type { AuthzConnection, Verdict } from './authorizer.ts';
import type { Destination } from './destination.ts';
import { boundOutbound } from './egress/outbound-stream.ts';
import type { Egress, Refused, WayOut } from './egress/way-out.ts';
import type { Flow } from './flows.ts';
import { watchLink } from './link-watch.ts';
import { connectionHash } from './hash-key.ts';
import { hostName } from '#plan/route.ts';
import { listenerClosed, mutualTlsRequired, reason } from './reasons.ts';
import type { Runtime } from './runtime.ts';
import type { Service, StreamTarget } from './service.ts';
import { FLOW_IDLE_MS } from './tunnel.ts';

const NONE: readonly string[] = Object.freeze([]);

/** What policy may ask of a connection; what is HTTP's alone is empty. */
class TcpFlow implements Attributes, AuthzConnection, Flow {
  readonly protocol = 'tcp';
  readonly sourceIdentity: string | undefined;
  readonly sourceIp: string;
  readonly remoteIp: string;
  readonly destinationIp: string;
  readonly destinationPort: number;
  sni: string;
  readonly method = '';
  readonly path = '';
  /** Of a connection out of the mesh: where it goes. */
  host = '';
  readonly auth = undefined;

  readonly sourcePort: number;
  readonly listener: string;
  readonly ownIdentity: string;
  readonly proof: Arrival['tls'];
  readonly #arrival: Arrival;
  readonly runtime: Runtime;
  #service: Service;
  readonly #startMs: number;
  /** Chosen once: a connection keeps its backend. */
  #destination: Destination | undefined;
  #upstreamMs = 0;
  #splice: Splice | undefined;
  #shadow: readonly Reason[] = [];
  #ended = false;
  #way: WayOut | undefined;
  #life: Timer | undefined;
  /** The link's count has this connection. */
  #linked = false;

  constructor(arrival: Arrival) {
    const { service, tls, sni } = arrival;
    this.#arrival = arrival;
    this.runtime = arrival.runtime;
    this.#service = service;
    this.listener = service.key;
    this.ownIdentity = service.identity;
    this.proof = tls;
    this.#startMs = this.runtime.clock.monotonicMs();
    this.sourceIdentity = tls === undefined || tls.peerIdentity === '' ? undefined : tls.peerIdentity;
    this.sourceIp = this.remoteIp = arrival.remoteAddress;
    this.sourcePort = arrival.socket.remotePort ?? 0;
    this.destinationIp = service.destinationIp === '' ? arrival.localAddress : service.destinationIp;
    this.destinationPort = service.port;
    this.sni = sni;
  }

  get service(): Service {
    return this.#service;
  }

  header(): undefined {
    return undefined;
  }

  headerValues(): readonly string[] {
    return NONE;
  }

  async run(): Promise<void> {
    // From here on a new configuration is heard of, also while an external authorizer is asked.
    this.runtime.flows.add(this);
    const refusal = this.#judge(this.#service) ?? (await this.#ask(this.#service));
    if (this.#ended) return;
    if (refusal) return this.#deny(refusal.code, refusal.reasons);
    this.#destination =
      this.#service.destination ?? this.#target(this.#service)?.backends.choose(this.runtime.ports.random.unit())?.destination;
    const barred = this.#service.egress && (await this.#leave(this.#service.egress));
    if (this.#ended) return;
    if (barred) return this.#deny(barred.code, barred.reasons);
    try {
      this.#join(await this.#dial());
    } catch (error) {
      this.#failed(messageOf(error));
    }
  }

  /** Which way out of the mesh it takes, and whether it may. */
  async #leave(out: Egress): Promise<Refused | undefined> {
    const { service, socket } = this.#arrival;
    this.host = service.destinationName;
    if (out.protocol === 'tls') {
      const timeoutMs = service.config.limits.tlsHandshakeTimeoutMs;
      const hello = await peekServerName(socket, { timers: this.runtime.timers, timeoutMs });
      this.host = this.sni = hello.ok ? hello.name : '';
      if (!hello.ok) return notNamed(out, '', hello.why);
    }
    const way = this.#wayOf(out);
    if (!way) return notNamed(out, this.host, '');
    this.#way = way;
    this.#destination = way.destinationOf(this.host);
    return way.open(this.#startMs, this.host);
  }

  #wayOf(out: Egress): WayOut | undefined {
    return out.protocol === 'tls' ? out.match(this.host) : out.only;
  }

  /** A second endpoint is tried when the first cannot be reached: no byte was sent yet. */
  async #dial(): Promise<Socket> {
    const destination = this.#destination;
    if (!destination) throw new Error('the destination has no endpoint');
    const { circuit } = destination;
    if (!circuit.connections.take() && !(await circuit.connections.acquire())) {
      this.runtime.metrics.counter('cullis_upstream_overflows_total', destination.name).inc();
      throw new Error('the destination has as many connections as it may (DestinationRule maxConnections)');
    }
    try {
      const socket = await this.#dialOne(destination);
      socket.once('close', () => circuit.connectionGone());
      return socket;
    } catch (error) {
      circuit.connectionGone();
      throw error;
    }
  }

  async #dialOne(destination: Destination): Promise<Socket> {
    const { clock } = this.runtime;
    const hash = connectionHash(destination, this.sourceIp);
    const first = destination.pick(this.#startMs, undefined, hash);
    if (!first) throw new Error('the destination has no healthy endpoint');
    try {
      return await first.dial();
    } catch (error) {
      destination.report(first, 'connect', clock);
      const other = destination.pick(clock.monotonicMs(), [first], hash);
      if (!other) throw error;
      return await other.dial();
    }
  }

  #join(upstream: Socket): void {
    const { socket } = this.#arrival;
    if (this.#ended) {
      upstream.destroy();
      return;
    }
    this.#upstreamMs = this.runtime.clock.monotonicMs() - this.#startMs;
    this.#link('open');
    watchLink(this.runtime, this.#service, socket, this.#arrival.tls);
    const way = this.#way;
    if (way && way.connectionMs > 0) {
      this.#life = this.runtime.timers.timer(() => void this.#deny('egress.limit', [livedTooLong(way)]));
      this.#life.arm(way.connectionMs);
    }
    this.#splice = splice(socket, upstream, {
      ...(way && { outbound: this.#bounded(way) }),
      timers: this.runtime.timers,
      idleTimeoutMs: FLOW_IDLE_MS,
      onClose: ({ bytesAToB, bytesBToA }) => this.#closed(bytesAToB, bytesBToA),
    });
  }

  reconsider(service: Service | undefined): void {
    if (this.#ended) return;
    if (service?.protocol !== 'tcp') {
      void this.#deny('config.closed', [listenerClosed()]);
      return;
    }
    const demands = service.clientDemands !== this.#service.clientDemands;
    this.#service = service;
    if (demands) {
      const text = 'the listener demands something else of its clients by now';
      void this.#deny('config.closed', [reason('DEFAULT', 'listener', [], '', '', text)]);
      return;
    }
    const refusal = this.#judge(service) ?? this.#strayed(service);
    if (refusal) void this.#deny(refusal.code, refusal.reasons);
    else void this.#askAgain(service);
  }

  /** The authorizers of a new configuration, if it has some; an answer that comes after yet another configuration decides nothing. */
  async #askAgain(service: Service): Promise<void> {
    const refusal = await this.#ask(service);
    if (refusal && !this.#ended && this.#service === service) await this.#deny(refusal.code, refusal.reasons);
  }

  deny(code: DenyCode, reasons: readonly Reason[]): void {
    if (!this.#ended) void this.#deny(code, reasons);
  }

  destroy(why: string): void {
    if (this.#splice) this.#splice.destroy(why);
    else {
      this.runtime.flows.delete(this);
      this.#arrival.socket.destroy();
    }
  }

  #judge(service: Service): { readonly code: DenyCode; readonly reasons: readonly Reason[] } | undefined {
    if (service.mtls === 'STRICT' && this.sourceIdentity === undefined)
      return { code: 'mtls.required', reasons: [mutualTlsRequired(service.mtlsAt)] };
    if (service.streams && !this.#target(service)) {
      const text = this.sni === '' ? 'no route takes connections here' : 'no route is for this server name';
      return { code: 'route.none', reasons: [reason('DEFAULT', 'connection.sni', [], this.sni, '', text)] };
    }
    if (service.role === 'sidecar-in' && this.runtime.ports.policyOff?.(service.workload) === true) return undefined;
    const custom = service.authorizer.custom(this);
    if (custom.kind === 'deny') return { code: 'rbac.custom-denied', reasons: custom.reasons };
    const decision = service.authorizer.authorize(this);
    this.#shadow = decision.shadow;
    return decision.allow ? undefined : decision;
  }

  /** Every external authorizer that a CUSTOM policy names must allow. */
  async #ask(service: Service): Promise<{ readonly code: DenyCode; readonly reasons: readonly Reason[] } | undefined> {
    if (service.role === 'sidecar-in' && this.runtime.ports.policyOff?.(service.workload) === true) return undefined;
    const custom = service.authorizer.custom(this);
    if (custom.kind !== 'check') return undefined;
    for (const name of custom.providers) {
      const asked = service.extAuthz.get(name);
      const verdict: Verdict = asked?.checkConnection
        ? await asked.checkConnection(this)
        : { kind: 'unavailable', why: 'the external authorizer is not known here, or cannot be asked about TCP' };
      if (verdict.kind === 'allow') continue;
      if (verdict.kind === 'deny') {
        const text = `the external authorizer \`${name}\` refused the connection`;
        return { code: 'rbac.custom-denied', reasons: [reason('CUSTOM', 'provider', [name], '', '', text)] };
      }
      if (asked?.provider.failOpen === true) {
        const fields = { provider: name, why: verdict.why };
        this.runtime.log('warn', 'an external authorizer failed and is configured to fail open', fields);
        continue;
      }
      return { code: 'rbac.custom-unavailable', reasons: [reason('CUSTOM', 'provider', [name], '', '', verdict.why)] };
    }
    return undefined;
  }

  /** Gateway: where connections like this one lead. */
  #target(service: Service): StreamTarget | undefined {
    return service.streams?.find(hostName(this.sni));
  }

  /** A connection whose backend is none of its route's any more does not go on. */
  #strayed(service: Service): { readonly code: DenyCode; readonly reasons: readonly Reason[] } | undefined {
    if (this.#way && (!service.egress || !this.#wayOf(service.egress)))
      return service.egress ? notNamed(service.egress, this.host, '') : { code: 'config.closed', reasons: [listenerClosed()] };
    const target = this.#target(service);
    if (!target || !this.#destination || target.backends.leadsTo(this.#destination)) return undefined;
    const text = 'the route does not lead to this backend any more';
    return { code: 'config.closed', reasons: [reason('DEFAULT', 'route', [], target.id, target.at, text)] };
  }

  /** What the workload sends, counted and searched on its way. */
  #bounded(way: WayOut): ReturnType<typeof boundOutbound> {
    const { workload, port } = this.#service;
    const caller = { workload, host: this.host, port };
    return boundOutbound(this.runtime, way, caller, ({ code, reasons }) => void this.#deny(code, reasons));
  }

  async #deny(code: DenyCode, reasons: readonly Reason[]): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#life?.clear();
    // Nothing more passes while the refusal is being written.
    this.#arrival.socket.pause();
    this.#service.counters.denied(code, reasons);
    const bytes = this.#splice;
    const event = this.#event(false, bytes?.bytesAToB ?? 0, bytes?.bytesBToA ?? 0, code, reasons);
    this.#count(event, 'denied');
    try {
      await this.runtime.emit.emitDurably(event);
    } catch (error) {
      this.runtime.log('error', 'a denial could not be written to the journal', { id: event.id, error: messageOf(error) });
    }
    this.destroy('not allowed');
  }

  #failed(message: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#service.counters.upstreamFailed('connect');
    const text = reason('DEFAULT', 'upstream', [], this.#destination?.name ?? '', '', message);
    const event = this.#event(true, 0, 0, 'upstream.failed', [text]);
    this.#count(event, 'failed');
    this.runtime.emit.emit(event);
    this.destroy('the destination could not be reached');
  }

  #closed(bytesIn: number, bytesOut: number): void {
    this.runtime.flows.delete(this);
    this.#life?.clear();
    if (this.#ended) return;
    this.#ended = true;
    const event = this.#event(true, bytesIn, bytesOut);
    this.#count(event, 'done');
    this.runtime.emit.emit(event);
  }

  #count(event: ExchangeEvent, outcome: 'denied' | 'failed' | 'done'): void {
    this.#service.counters.exchange(event.source, 0, event.durationMs, event.upstreamMs, event.bytesIn, event.bytesOut);
    this.#link(outcome, event.code);
  }

  /** Counted once, as soon as it is open: a connection may stay so for days. */
  #link(what: 'open' | 'denied' | 'failed' | 'done', code: DenyCode = 'rbac.denied'): void {
    const { counters, role } = this.#service;
    const link = role === 'sidecar-out' ? undefined : counters.link(this.sourceIdentity ?? '');
    if (!link) return;
    if (what === 'denied') link.deny(code);
    if (what === 'failed') link.failed++;
    link.lastMs = this.runtime.clock.nowMs();
    if (this.#linked) return;
    this.#linked = true;
    link.requests++;
    link.mtls = this.sourceIdentity !== undefined;
    link.tlsProtocol = this.#arrival.tls?.protocol ?? '';
    // How long a connection was used says nothing about how fast the link is; how long it took to open does.
    link.time(this.#upstreamMs);
  }

  #event(allowed: boolean, bytesIn: number, bytesOut: number, code?: DenyCode, reasons?: readonly Reason[]): ExchangeEvent {
    const service = this.#service;
    const { clock, node, nextEventId } = this.runtime;
    return {
      type: 'exchange',
      id: nextEventId(),
      timeMs: clock.nowMs(),
      node,
      role: service.role,
      protocol: 'tcp',
      workload: service.workload,
      source: this.sourceIdentity ?? (service.role === 'sidecar-out' ? service.identity : ''),
      sourceIp: this.sourceIp,
      destination: this.#destination?.name ?? service.destination?.name ?? service.destinationName,
      destinationPort: this.#destination?.port ?? service.destination?.port ?? service.port,
      method: '',
      host: this.host,
      path: '',
      status: 0,
      allowed,
      ...(code !== undefined && { code }),
      ...(reasons !== undefined && { reasons }),
      ...(this.#shadow.length > 0 && { shadow: this.#shadow }),
      mtls: this.sourceIdentity !== undefined,
      tlsProtocol: this.#arrival.tls?.protocol ?? '',
      requestId: '',
      traceId: '',
      sessionId: '',
      durationMs: clock.monotonicMs() - this.#startMs,
      bytesIn,
      bytesOut,
      upstreamMs: this.#upstreamMs,
    };
  }
}

function notNamed(out: Egress, name: string, why: string): Refused {
  const hosts = out.hosts();
  const only = `this way out is for ${hosts.map((host) => `\`${host}\``).join(', ')} only`;
  const text = why === '' ? only : `the TLS client does not say whom it calls: ${why}`;
  return { code: 'egress.host', reasons: [reason('DEFAULT', 'connection.sni', hosts, name, '', text)] };
}

function livedTooLong(way: WayOut): Reason {
  const bound = way.bounds.find(({ policy }) => policy.limits?.connectionMs === way.connectionMs);
  const text = `a connection out of the mesh may live for ${way.connectionMs / 1000} s`;
  return {
    ...reason('DENY', 'limits.connectionDuration', [String(way.connectionMs)], '', bound?.policy.at ?? '', text),
    policy: bound?.policy.id ?? '',
  };
}

/** Judges a connection and joins it with its destination. */
export function serveTcp(arrival: Arrival): void {
  void new TcpFlow(arrival).run();
}
