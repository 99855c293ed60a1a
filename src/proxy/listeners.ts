// The open listeners. A slot stays open while configurations change; what it serves is swapped under it.
import type { Socket } from 'node:net';
import type { Portion } from '#base/portions.ts';
import { messageOf } from '#base/errors.ts';
import type { DenyCode, Reason } from '#model/decision.ts';
import type { Limits } from '#model/platform.ts';
import { REFUSALS, type RefusalKind } from '#wire/http1/refusals.ts';
import type { ServeOptions } from '#wire/http1/serve-options.ts';
import { serveHttp1 } from '#wire/http1/server.ts';
import { serveHttp2 } from '#wire/http2/server.ts';
import { type TlsAcceptor, tlsAcceptor } from '#wire/tls/accept.ts';
import type { ServedConnection, HttpRequest, HttpResponder, Listener } from '#wire/types.ts';
import { MESH_HTTP_ALPN, httpVersionOf } from './alpn.ts';
import { Arrival, plainAddress } from './arrival.ts';
import { EdgeAcceptors } from './edge-acceptors.ts';
import type { EdgeListener } from './edge.ts';
import { Exchange } from './exchange.ts';
import { watchLink } from './link-watch.ts';
import { PeerWatch } from './peer-watch.ts';
import { resumeSecured, runConnection, runRequest } from './pipeline.ts';
import { listenerClosed, reason } from './reasons.ts';
import { refuse } from './refuse.ts';
import { type ConnectionRefusals, emitInvalid } from './refuse-connection.ts';
import type { Runtime } from './runtime.ts';
import type { Service } from './service.ts';

/** Whether a listener cannot be what it says without a certificate of its own. */
function needsIdentity({ role, mtls }: Service): boolean {
  return role === 'sidecar-in' && mtls !== 'DISABLE';
}

/** Connections that may wait for a listener that is open and not yet in force. */
const EARLY_MAX = 1024;

/** What is known of a connection while it is served. */
type Served = Pick<Arrival, 'socket' | 'tls' | 'remoteAddress'> & { readonly limits: Limits };

export class Slot {
  /** Undefined once the listener is no longer part of the configuration. */
  service: Service | undefined;
  readonly #runtime: Runtime;
  readonly #refusals: ConnectionRefusals;
  readonly #sockets = new Set<Socket>();
  /** Connections that this listener may have, over all workers. */
  readonly #places: Portion;
  readonly #connections = new PeerWatch();
  /** Why this side may not be spoken for at the moment: everything is refused. */
  #fault: Reason | undefined;
  #last: Service;
  #listener: Listener | undefined;
  /** Connections that came before the configuration of this listener was in force. */
  #early: Socket[] | undefined = [];
  readonly #edge: EdgeAcceptors;
  #acceptor: { readonly key: string; readonly tls: TlsAcceptor } | undefined;

  constructor(runtime: Runtime, refusals: ConnectionRefusals, service: Service) {
    this.#runtime = runtime;
    this.#refusals = refusals;
    this.service = this.#last = service;
    this.#edge = new EdgeAcceptors(runtime, {
      secured: (socket, tls, alpn) => this.#edgeSecured(socket, tls, alpn),
      refused: (why, address) => this.#refused(why, address),
    });
    this.#places = runtime.portions.of(`listener ${service.key}`, service.config.limits.connectionsMax);
  }

  get key(): string {
    return this.#last.key;
  }

  /** @throws CullisError listen.failed */
  async open(): Promise<void> {
    this.#listener = await this.#runtime.ports.network.listen(this.#last.listen, (socket) => this.#arrived(socket));
  }

  /** From now on the configuration is in force, and connections are served. */
  start(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const socket of early) this.#arrived(socket);
  }

  /** Serves another configuration from the next connection and request on. */
  swap(service: Service): void {
    const before = this.#last;
    this.service = this.#last = service;
    this.#edge.keepOnly(service.edge);
    const demands = before.clientDemands !== service.clientDemands;
    if (demands || before.protocol !== service.protocol || (before.mtls !== service.mtls && service.mtls !== 'PERMISSIVE'))
      this.#endConnections();
  }

  /** New handshakes show another certificate. */
  renew(identity: string): void {
    if (this.#last.identity !== identity) return;
    this.#fault = undefined;
    if (!this.#acceptor) return;
    this.#acceptor.tls.setIdentity(this.#runtime.identities.tlsIdentity(identity));
    this.#connections.drain(this.#runtime.clock.monotonicMs());
  }

  /** Asks of both sides of every connection whether they are still believed. */
  judge(): void {
    const { identities, clock } = this.#runtime;
    const service = this.#last;
    const fault =
      needsIdentity(service) || identities.trust.revocationOf(service.identity)
        ? identities.ownFault(service.identity)
        : undefined;
    if (fault !== undefined && this.#fault === undefined) {
      this.#connections.destroy((connection) => this.#ended(service, connection, fault));
      // With it goes the key.
      this.#acceptor?.tls.close();
      this.#acceptor = undefined;
    }
    this.#fault = fault;
    this.#connections.judge(identities.trust, clock.nowMs(), clock.monotonicMs(), (connection, why) =>
      this.#ended(service, connection, why),
    );
  }

  /** Every connection ends with the answer it is at; the peer comes back and is verified anew. */
  refreshConnections(): void {
    this.#endConnections();
  }

  /** Stops accepting. Open connections end with the answer they are at. */
  async close(): Promise<void> {
    this.service = undefined;
    await this.#listener?.close();
    this.#endConnections();
    this.#acceptor?.tls.close();
    this.#edge.close();
  }

  destroy(): void {
    for (const socket of this.#early ?? []) socket.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Requests and connections that have not ended. */
  get openCount(): number {
    return this.#sockets.size;
  }

  refuse(a: Arrival, code: DenyCode, reasons: readonly Reason[]): void {
    this.#refusals.refuse(this.#runtime, a.service, a.remoteAddress, code, reasons, () => {
      if ('resetAndDestroy' in a.socket && !('encrypted' in a.socket)) a.socket.resetAndDestroy();
      else a.socket.destroy();
    });
  }

  handshake(a: Arrival): void {
    let acceptor: TlsAcceptor;
    try {
      acceptor = this.#acceptorFor(a.service);
    } catch (error) {
      // Without a key there is nothing to shake hands with.
      const reasons = [reason('PEER_AUTHENTICATION', 'certificate', [], a.service.identity, '', messageOf(error))];
      this.refuse(a, 'mtls.identity', reasons);
      return;
    }
    acceptor.accept(a.socket);
  }

  edgeHandshake(a: Arrival, listener: EdgeListener<Service>, serverName: string): void {
    const { tlsHandshakeTimeoutMs } = a.service.config.limits;
    const why = this.#edge.accept(a.socket, listener, serverName, tlsHandshakeTimeoutMs);
    if (why === undefined) return;
    a.service.counters.handshakes.failed.inc();
    this.refuse(a, 'config.closed', [reason('DEFAULT', 'certificate', [], listener.id, '', why)]);
  }

  /** The version is what the handshake settled; where it settled none, HTTP/1 unless the client begins with HTTP/2's preface. */
  serveHttp(a: Arrival): void {
    watchLink(this.#runtime, a.service, a.socket, a.tls);
    const version = httpVersionOf(a.alpn);
    const { socket, tls, remoteAddress } = a;
    // Not the arrival itself: a connection that stays would keep the whole configuration that it came under.
    const served = { socket, tls, remoteAddress, limits: a.service.config.limits };
    if (version === '2') this.#serveHttp2(served);
    else this.#serveHttp1(served, version === undefined);
  }

  #serveHttp2(a: Served): void {
    const connection = serveHttp2(
      a.socket,
      this.#serving(a, () => this.#connections.delete(connection)),
      (request, responder) => this.#request(request, responder),
    );
    this.#connections.add(connection);
  }

  #serving(a: Served, onClose: () => void): ServeOptions {
    return {
      limits: a.limits,
      timers: this.#runtime.timers,
      ...(a.tls && { tls: a.tls }),
      onClose,
      onError: (kind, status) => this.#invalid(a, kind, status),
      onBug: (error) => this.#bug(error),
    };
  }

  #serveHttp1(a: Served, mayBeHttp2: boolean): void {
    const onHttp2 = (): void => {
      this.#connections.delete(connection);
      this.#serveHttp2(a);
    };
    const connection = serveHttp1(
      a.socket,
      { ...this.#serving(a, () => this.#connections.delete(connection)), ...(mayBeHttp2 && { onHttp2 }) },
      (request, responder) => this.#request(request, responder),
    );
    this.#connections.add(connection);
    // A caller that ends its side while it waits has given up, as nginx, Envoy and Node's own server take it. To go on would let strangers
    // start work that nobody waits for, and a cancelled call would not be cancelled at the next hop.
    a.socket.on('end', () => {
      if (connection.state === 'busy') connection.destroy();
    });
  }

  #arrived(socket: Socket): void {
    socket.on('error', () => {});
    const { service } = this;
    if (this.#early) {
      if (this.#early.length < EARLY_MAX) this.#early.push(socket);
      else socket.destroy();
      return;
    }
    if (!service) {
      socket.destroy();
      return;
    }
    this.#places.max = service.config.limits.connectionsMax;
    if (this.#places.take()) this.#admit(socket, service);
    else void this.#await(socket);
  }

  /** This worker's part of the listener's connections is used up; others may have room. */
  async #await(socket: Socket): Promise<void> {
    const taken = await this.#places.acquire();
    const { service } = this;
    if (taken && service && !socket.destroyed) return this.#admit(socket, service);
    if (taken) this.#places.give();
    socket.destroy();
  }

  #admit(socket: Socket, service: Service): void {
    if (this.#fault) {
      const reasons = [this.#fault];
      this.#places.give();
      this.#refusals.refuse(this.#runtime, service, plainAddress(socket.remoteAddress), 'mtls.identity', reasons, () =>
        socket.destroy(),
      );
      return;
    }
    this.#sockets.add(socket);
    const { connections, connectionsOpen } = service.counters;
    connections.inc();
    connectionsOpen.add(1);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#places.give();
      connectionsOpen.add(-1);
    });
    runConnection(new Arrival(this.#runtime, this, service, socket));
  }

  #request(request: HttpRequest, responder: HttpResponder): void {
    const x = new Exchange(this.#runtime, this.service ?? this.#last, request, responder);
    if (this.service === undefined)
      void refuse(x, { status: 503, code: 'config.closed', reasons: [listenerClosed()], close: true });
    else if (!this.#runtime.leaseHolds()) {
      const reasons = [
        reason('DEFAULT', 'lease', [], '', '', 'the configuration is too old and the control plane has not renewed it'),
      ];
      void refuse(x, { status: 503, code: 'config.closed', reasons, close: true });
    } else if (this.#fault) void refuse(x, { status: 403, code: 'mtls.identity', reasons: [this.#fault], close: true });
    else runRequest(x);
  }

  #acceptorFor(service: Service): TlsAcceptor {
    const key = `${service.identity} ${service.protocol}`;
    if (this.#acceptor?.key === key) return this.#acceptor.tls;
    this.#acceptor?.tls.close();
    const { identities } = this.#runtime;
    const tls = tlsAcceptor({
      identity: identities.tlsIdentity(service.identity),
      minVersion: 'TLSv1.3',
      clientCertificate: 'required',
      verifyPeer: (chain) => identities.verify(chain, 'client'),
      alpn: service.protocol === 'http' ? MESH_HTTP_ALPN : [],
      handshakeTimeoutMs: service.config.limits.tlsHandshakeTimeoutMs,
      onConnection: (socket, info, alpn) => this.#secured(socket, info, alpn),
      onRefused: (why, address) => this.#refused(why, address),
    });
    this.#acceptor = { key, tls };
    return tls;
  }

  #secured(socket: Socket, tls: NonNullable<Arrival['tls']>, alpn: string): void {
    const { service } = this;
    if (!service) {
      socket.destroy();
      return;
    }
    service.counters.handshakes.ok.inc();
    resumeSecured(new Arrival(this.#runtime, this, service, socket, tls, alpn));
  }

  /** The listener is looked up again: the handshake may have outlived the configuration that began it. */
  #edgeSecured(socket: Socket, tls: NonNullable<Arrival['tls']>, alpn: string): void {
    const listener = this.service?.edge?.find(tls.sni);
    if (listener === undefined || listener.closed !== undefined) {
      socket.destroy();
      return;
    }
    listener.service.counters.handshakes.ok.inc();
    resumeSecured(new Arrival(this.#runtime, this, listener.service, socket, tls, alpn));
  }

  #refused(why: string, address: string): void {
    const service = this.service ?? this.#last;
    service.counters.handshakes.failed.inc();
    const reasons = [reason('PEER_AUTHENTICATION', 'certificate', [], '', service.mtlsAt, why)];
    this.#refusals.refuse(this.#runtime, service, plainAddress(address), 'mtls.identity', reasons, () => {});
  }

  #ended(service: Service, { info }: ServedConnection, why: Reason): void {
    this.#refusals.refuse(this.#runtime, service, info.remoteAddress, 'mtls.identity', [why], () => {}, info.tls);
  }

  #invalid(a: Served, kind: RefusalKind, status: number): string {
    const service = this.service ?? this.#last;
    service.counters.invalid(kind);
    return emitInvalid(this.#runtime, service, a.remoteAddress, a.tls?.peerIdentity ?? '', status, REFUSALS[kind].text);
  }

  #bug(error: unknown): string {
    const id = this.#runtime.nextEventId();
    this.#runtime.log('error', 'a request met a bug', {
      id,
      error: messageOf(error),
      stack: error instanceof Error ? error.stack : undefined,
    });
    return id;
  }

  #endConnections(): void {
    this.#connections.close();
  }
}
