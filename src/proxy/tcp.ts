// A TCP connection through a sidecar: one decision when it opens, another with every new configuration, one event when it ends.
import type { Socket } from 'node:net';
import { messageOf } from '#base/errors.ts';
import type { Attributes, DenyCode, Reason } from '#model/decision.ts';
import type { ExchangeEvent } from '#model/event.ts';
import { type Splice, splice } from '#wire/tcp.ts';
import type { Timer } from '#wire/timers.ts';
import { peekServerName } from '#wire/tls/peek.ts';
import type { Arrival } from './arrival.ts';
import { boundOutbound } from './egress/outbound-stream.ts';
import type { Egress, Refused, WayOut } from './egress/way-out.ts';
import type { Flow } from './flows.ts';
import { listenerClosed, mutualTlsRequired, reason } from './reasons.ts';
import type { Runtime } from './runtime.ts';
import type { Service } from './service.ts';
import { FLOW_IDLE_MS } from './tunnel.ts';
import type { Destination } from './upstreams.ts';

const NONE: readonly string[] = Object.freeze([]);

/** What policy may ask of a connection; what is HTTP's alone is empty. */
class TcpFlow implements Attributes, Flow {
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

  readonly listener: string;
  readonly #arrival: Arrival;
  readonly #runtime: Runtime;
  #service: Service;
  readonly #startMs: number;
  #upstreamMs = 0;
  #splice: Splice | undefined;
  #shadow: readonly Reason[] = [];
  #ended = false;
  #way: WayOut | undefined;
  #destination: Destination | undefined;
  #life: Timer | undefined;
  /** The link's count has this connection. */
  #linked = false;

  constructor(arrival: Arrival) {
    const { service, tls } = arrival;
    this.#arrival = arrival;
    this.#runtime = arrival.runtime;
    this.#service = service;
    this.listener = service.key;
    this.#startMs = this.#runtime.clock.monotonicMs();
    this.sourceIdentity = tls === undefined || tls.peerIdentity === '' ? undefined : tls.peerIdentity;
    this.sourceIp = this.remoteIp = arrival.remoteAddress;
    this.destinationIp = service.destinationIp === '' ? arrival.localAddress : service.destinationIp;
    this.destinationPort = service.port;
    this.sni = tls?.sni ?? '';
  }

  header(): undefined {
    return undefined;
  }

  headerValues(): readonly string[] {
    return NONE;
  }

  async run(): Promise<void> {
    const refusal = this.#judge(this.#service);
    if (refusal) return this.#deny(refusal.code, refusal.reasons);
    if (this.#service.egress) {
      const barred = await this.#leave(this.#service.egress);
      if (barred) return this.#deny(barred.code, barred.reasons);
      if (this.#arrival.socket.destroyed) return;
    }
    this.#runtime.flows.add(this);
    try {
      this.#join(await this.#dial());
    } catch (error) {
      this.#failed(messageOf(error));
    }
  }

  /** Which way out of the mesh it takes, and whether it may. */
  async #leave(out: Egress): Promise<Refused | undefined> {
    const { service, socket } = this.#arrival;
    let way = out.only;
    this.host = service.destinationName;
    if (out.protocol === 'tls') {
      const hello = await peekServerName(socket, { timers: this.#runtime.timers, timeoutMs: service.config.limits.tlsHandshakeTimeoutMs });
      this.host = this.sni = hello.ok ? hello.name : '';
      const named = hello.ok ? out.match(hello.name) : undefined;
      if (!named) return notNamed(out, hello.ok ? hello.name : '', hello.ok ? '' : hello.why);
      way = named;
    }
    this.#way = way;
    this.#destination = way.destinationOf(this.host);
    return way.open(this.#startMs, this.host);
  }

  /** A second endpoint is tried when the first cannot be reached: no byte was sent yet. */
  async #dial(): Promise<Socket> {
    const destination = this.#destination ?? this.#service.destination;
    const first = destination?.pick(this.#startMs);
    if (!destination || !first) throw new Error('the destination has no endpoint');
    try {
      return await first.dial();
    } catch (error) {
      first.eject();
      const other = destination.pick(this.#startMs, first);
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
    this.#upstreamMs = this.#runtime.clock.monotonicMs() - this.#startMs;
    this.#link('open');
    const { workload } = this.#service;
    const way = this.#way;
    const port = this.#service.port;
    if (way && way.connectionMs > 0) {
      this.#life = this.#runtime.timers.timer(() => void this.#deny('egress.limit', [livedTooLong(way)]));
      this.#life.arm(way.connectionMs);
    }
    this.#splice = splice(socket, upstream, {
      ...(way && { outbound: boundOutbound(this.#runtime, way, { workload, host: this.host, port }, (why) => void this.#deny(why.code, why.reasons)) }),
      timers: this.#runtime.timers,
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
    this.#service = service;
    const refusal = this.#judge(service);
    if (refusal) void this.#deny(refusal.code, refusal.reasons);
  }

  destroy(why: string): void {
    if (this.#splice) this.#splice.destroy(why);
    else {
      this.#runtime.flows.delete(this);
      this.#arrival.socket.destroy();
    }
  }

  #judge(service: Service): { readonly code: DenyCode; readonly reasons: readonly Reason[] } | undefined {
    if (service.mtls === 'STRICT' && this.sourceIdentity === undefined)
      return { code: 'mtls.required', reasons: [mutualTlsRequired(service.mtlsAt)] };
    if (service.role === 'sidecar-in' && this.#runtime.ports.policyOff?.(service.workload) === true) return undefined;
    const custom = service.authorizer.custom(this);
    if (custom.kind === 'deny') return { code: 'rbac.custom-denied', reasons: custom.reasons };
    if (custom.kind === 'check') {
      const text = 'external authorization over gRPC is not available, so what it would decide is refused';
      return { code: 'rbac.custom-unavailable', reasons: [reason('CUSTOM', 'provider', custom.providers, '', '', text)] };
    }
    const decision = service.authorizer.authorize(this);
    this.#shadow = decision.shadow;
    return decision.allow ? undefined : decision;
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
      await this.#runtime.emit.emitDurably(event);
    } catch (error) {
      this.#runtime.log('error', 'a denial could not be written to the journal', { id: event.id, error: messageOf(error) });
    }
    this.destroy('not allowed');
  }

  #failed(message: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#service.counters.upstreamFailed('connect');
    const text = reason('DEFAULT', 'upstream', [], this.#service.destination?.name ?? '', '', message);
    const event = this.#event(true, 0, 0, 'upstream.failed', [text]);
    this.#count(event, 'failed');
    this.#runtime.emit.emit(event);
    this.destroy('the destination could not be reached');
  }

  #closed(bytesIn: number, bytesOut: number): void {
    this.#runtime.flows.delete(this);
    this.#life?.clear();
    if (this.#ended) return;
    this.#ended = true;
    const event = this.#event(true, bytesIn, bytesOut);
    this.#count(event, 'done');
    this.#runtime.emit.emit(event);
  }

  #count(event: ExchangeEvent, outcome: 'denied' | 'failed' | 'done'): void {
    this.#service.counters.exchange(event.source, 0, event.durationMs, event.upstreamMs, event.bytesIn, event.bytesOut);
    this.#link(outcome);
  }

  /** Counted once, as soon as it is open: a connection may stay so for days. */
  #link(what: 'open' | 'denied' | 'failed' | 'done'): void {
    const { counters, role } = this.#service;
    const link = role === 'sidecar-out' ? undefined : counters.link(this.sourceIdentity ?? '');
    if (!link) return;
    if (what === 'denied') link.denied++;
    if (what === 'failed') link.failed++;
    link.lastMs = this.#runtime.clock.nowMs();
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
    const { clock, node, nextEventId } = this.#runtime;
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
      destination: (this.#destination ?? service.destination)?.name ?? service.destinationName,
      destinationPort: (this.#destination ?? service.destination)?.port ?? service.port,
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
  const text =
    why === '' ? `this way out is for ${hosts.map((host) => `\`${host}\``).join(', ')} only` : `the TLS client does not say whom it calls: ${why}`;
  return { code: 'egress.host', reasons: [reason('DEFAULT', 'connection.sni', hosts, name, '', text)] };
}

function livedTooLong(way: WayOut): Reason {
  const bound = way.bounds.find(({ policy }) => policy.limits?.connectionMs === way.connectionMs);
  const text = `a connection out of the mesh may live for ${way.connectionMs / 1000} s`;
  return { ...reason('DENY', 'limits.connectionDuration', [String(way.connectionMs)], '', bound?.policy.at ?? '', text), policy: bound?.policy.id ?? '' };
}

/** Judges a connection and joins it with its destination. */
export function serveTcp(arrival: Arrival): void {
  void new TcpFlow(arrival).run();
}
