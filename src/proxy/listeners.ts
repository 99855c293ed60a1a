// The open listeners. A slot stays open while configurations change; what it serves is swapped under it.
import type { Socket } from 'node:net';
import { messageOf } from '#base/errors.ts';
import type { DenyCode, Reason } from '#model/decision.ts';
import { REFUSALS, type RefusalKind } from '#wire/http1/refusals.ts';
import { serveHttp1 } from '#wire/http1/server.ts';
import { type TlsAcceptor, tlsAcceptor } from '#wire/tls/accept.ts';
import type { ServedConnection, HttpRequest, HttpResponder, Listener } from '#wire/types.ts';
import { Arrival, plainAddress } from './arrival.ts';
import { EdgeAcceptors } from './edge-acceptors.ts';
import type { EdgeListener } from './edge.ts';
import { Exchange } from './exchange.ts';
import { MESH_ALPN } from './identities.ts';
import { resumeSecured, runConnection, runRequest } from './pipeline.ts';
import { listenerClosed, reason } from './reasons.ts';
import { refuse } from './refuse.ts';
import { type ConnectionRefusals, emitInvalid } from './refuse-connection.ts';
import type { Runtime } from './runtime.ts';
import type { Service } from './service.ts';

/** Connections that may wait for a listener that is open and not yet in force. */
const EARLY_MAX = 1024;

export class Slot {
  /** Undefined once the listener is no longer part of the configuration. */
  service: Service | undefined;
  readonly #runtime: Runtime;
  readonly #refusals: ConnectionRefusals;
  readonly #sockets = new Set<Socket>();
  readonly #connections = new Set<ServedConnection>();
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
    if (this.#last.identity === identity) this.#acceptor?.tls.setIdentity(this.#runtime.identities.tlsIdentity(identity));
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
    this.#acceptorFor(a.service).accept(a.socket);
  }

  edgeHandshake(a: Arrival, listener: EdgeListener, serverName: string): void {
    const { tlsHandshakeTimeoutMs } = a.service.config.limits;
    const why = this.#edge.accept(a.socket, listener, serverName, tlsHandshakeTimeoutMs);
    if (why === undefined) return;
    a.service.counters.handshakes.failed.inc();
    this.refuse(a, 'config.closed', [reason('DEFAULT', 'certificate', [], listener.id, '', why)]);
  }

  serveHttp(a: Arrival): void {
    const { service } = a;
    const connection = serveHttp1(
      a.socket,
      {
        limits: service.config.limits,
        timers: this.#runtime.timers,
        ...(a.tls && { tls: a.tls }),
        onClose: () => this.#connections.delete(connection),
        onError: (kind, status) => this.#invalid(a, kind, status),
        onBug: (error) => this.#bug(error),
      },
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
    if (!service || this.#sockets.size >= service.config.limits.connectionsMax) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    const { connections, connectionsOpen } = service.counters;
    connections.inc();
    connectionsOpen.add(1);
    socket.once('close', () => {
      this.#sockets.delete(socket);
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
    } else runRequest(x);
  }

  #acceptorFor(service: Service): TlsAcceptor {
    const key = `${service.identity} ${service.mtls === 'edge'} ${service.protocol}`;
    if (this.#acceptor?.key === key) return this.#acceptor.tls;
    this.#acceptor?.tls.close();
    const { identities } = this.#runtime;
    const edge = service.mtls === 'edge';
    const tls = tlsAcceptor({
      identity: identities.tlsIdentity(service.identity),
      minVersion: edge ? 'TLSv1.2' : 'TLSv1.3',
      clientCertificate: edge ? 'none' : 'required',
      verifyPeer: (chain) => identities.verify(chain, 'client'),
      alpn: edge ? ['http/1.1'] : service.protocol === 'http' ? [MESH_ALPN, 'http/1.1'] : [],
      handshakeTimeoutMs: service.config.limits.tlsHandshakeTimeoutMs,
      onConnection: (socket, info) => this.#secured(socket, info),
      onRefused: (why, address) => this.#refused(why, address),
    });
    this.#acceptor = { key, tls };
    return tls;
  }

  #secured(socket: Socket, tls: NonNullable<Arrival['tls']>): void {
    const { service } = this;
    if (!service) {
      socket.destroy();
      return;
    }
    service.counters.handshakes.ok.inc();
    resumeSecured(new Arrival(this.#runtime, this, service, socket, tls));
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

  #invalid(a: Arrival, kind: RefusalKind, status: number): string {
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
    for (const connection of this.#connections) connection.close();
  }
}
