// A TCP connection through a sidecar: one decision when it opens, another with every new configuration, one event when it ends.
import type { Socket } from 'node:net';
import { messageOf } from '#base/errors.ts';
import type { Attributes, DenyCode, Reason } from '#model/decision.ts';
import type { ExchangeEvent } from '#model/event.ts';
import { type Splice, splice } from '#wire/tcp.ts';
import type { Arrival } from './arrival.ts';
import type { Flow } from './flows.ts';
import { hostName } from '#plan/route.ts';
import { listenerClosed, mutualTlsRequired, reason } from './reasons.ts';
import type { Runtime } from './runtime.ts';
import type { Service, StreamTarget } from './service.ts';
import type { Destination } from './upstreams.ts';
import { FLOW_IDLE_MS } from './tunnel.ts';

const NONE: readonly string[] = Object.freeze([]);

/** What policy may ask of a connection; what is HTTP's alone is empty. */
class TcpFlow implements Attributes, Flow {
  readonly protocol = 'tcp';
  readonly sourceIdentity: string | undefined;
  readonly sourceIp: string;
  readonly remoteIp: string;
  readonly destinationIp: string;
  readonly destinationPort: number;
  readonly sni: string;
  readonly method = '';
  readonly path = '';
  readonly host = '';
  readonly auth = undefined;

  readonly listener: string;
  readonly #arrival: Arrival;
  readonly #runtime: Runtime;
  #service: Service;
  readonly #startMs: number;
  /** Chosen once: a connection keeps its backend. */
  #destination: Destination | undefined;
  #upstreamMs = 0;
  #splice: Splice | undefined;
  #shadow: readonly Reason[] = [];
  #ended = false;
  /** The link's count has this connection. */
  #linked = false;

  constructor(arrival: Arrival) {
    const { service, tls, sni } = arrival;
    this.#arrival = arrival;
    this.#runtime = arrival.runtime;
    this.#service = service;
    this.listener = service.key;
    this.#startMs = this.#runtime.clock.monotonicMs();
    this.sourceIdentity = tls === undefined || tls.peerIdentity === '' ? undefined : tls.peerIdentity;
    this.sourceIp = this.remoteIp = arrival.remoteAddress;
    this.destinationIp = service.destinationIp === '' ? arrival.localAddress : service.destinationIp;
    this.destinationPort = service.port;
    this.sni = sni;
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
    this.#destination =
      this.#service.destination ?? this.#target(this.#service)?.backends.choose(this.#runtime.ports.random.unit())?.destination;
    this.#runtime.flows.add(this);
    try {
      this.#join(await this.#dial());
    } catch (error) {
      this.#failed(messageOf(error));
    }
  }

  /** A second endpoint is tried when the first cannot be reached: no byte was sent yet. */
  async #dial(): Promise<Socket> {
    const destination = this.#destination;
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
    this.#splice = splice(socket, upstream, {
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
    const demands = service.clientDemands !== this.#service.clientDemands;
    this.#service = service;
    if (demands) {
      const text = 'the listener demands something else of its clients by now';
      void this.#deny('config.closed', [reason('DEFAULT', 'listener', [], '', '', text)]);
      return;
    }
    const refusal = this.#judge(service) ?? this.#strayed(service);
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
    if (service.streams && !this.#target(service)) {
      const text = this.sni === '' ? 'no route takes connections here' : 'no route is for this server name';
      return { code: 'route.none', reasons: [reason('DEFAULT', 'connection.sni', [], this.sni, '', text)] };
    }
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

  /** Gateway: where connections like this one lead. */
  #target(service: Service): StreamTarget | undefined {
    return service.streams?.find(hostName(this.sni));
  }

  /** A connection whose backend is none of its route's any more does not go on. */
  #strayed(service: Service): { readonly code: DenyCode; readonly reasons: readonly Reason[] } | undefined {
    const target = this.#target(service);
    if (!target || !this.#destination || target.backends.leadsTo(this.#destination)) return undefined;
    const text = 'the route does not lead to this backend any more';
    return { code: 'config.closed', reasons: [reason('DEFAULT', 'route', [], target.id, target.at, text)] };
  }

  async #deny(code: DenyCode, reasons: readonly Reason[]): Promise<void> {
    this.#ended = true;
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
    const text = reason('DEFAULT', 'upstream', [], this.#destination?.name ?? '', '', message);
    const event = this.#event(true, 0, 0, 'upstream.failed', [text]);
    this.#count(event, 'failed');
    this.#runtime.emit.emit(event);
    this.destroy('the destination could not be reached');
  }

  #closed(bytesIn: number, bytesOut: number): void {
    this.#runtime.flows.delete(this);
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
      destination: this.#destination?.name ?? service.destinationName,
      destinationPort: this.#destination?.port ?? service.port,
      method: '',
      host: '',
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

/** Judges a connection and joins it with its destination. */
export function serveTcp(arrival: Arrival): void {
  void new TcpFlow(arrival).run();
}
