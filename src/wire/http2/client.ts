// Requests to one destination over few connections that many of them share; waiting requests are bounded, every wait has an end.
import type { Socket } from 'node:net';
import { messageOf } from '#base/errors.ts';
import type { Limits } from '#model/platform.ts';
import type { ConnectionGate, GatedPool } from '../connection-gate.ts';
import type { PoolCounts, PoolOptions } from '../http1/client.ts';
import type { Timer, TimerWheel } from '../timers.ts';
import type { BodyReader } from '../types.ts';
import type { UpstreamCallbacks, UpstreamHead, UpstreamPool, UpstreamRequest } from '../upstream-types.ts';
import { ClientConnection, type ConnectionPool } from './client-connection.ts';
import { ClientExchange } from './client-exchange.ts';

/**
 * Requests to one destination that speaks HTTP/2, by ALPN or with prior knowledge. Key pools as those of HTTP/1, and by protocol.
 * @example const pool = new Http2Pool({ connect: () => network.connect(address, 5000), limits, timers, name: 'cart' });
 *   pool.request({ method: 'GET', target: '/', headers: ['host', 'cart'], bodyKind: 'none', length: -1 }, undefined, callbacks);
 */
export class Http2Pool implements ConnectionPool, UpstreamPool, GatedPool {
  readonly limits: Limits;
  readonly timers: TimerWheel;
  readonly name: string;
  readonly #connect: () => Promise<Socket>;
  readonly #gate: ConnectionGate | undefined;
  readonly #requestsMax: number;
  readonly #ageMaxMs: number;
  readonly #connections = new Set<ClientConnection>();
  #pending: ClientExchange[] = [];
  #connecting = 0;
  #closing = false;
  readonly #pendingTimer: Timer;

  constructor(options: PoolOptions) {
    this.limits = options.limits;
    this.timers = options.timers;
    this.name = options.name;
    this.#connect = options.connect;
    this.#gate = options.gate;
    this.#requestsMax = options.requestsMax ?? 0;
    this.#ageMaxMs = options.ageMaxMs ?? 0;
    this.#gate?.join(this);
    this.#pendingTimer = options.timers.timer(() => this.#expirePending());
  }

  /**
   * Sends one request.
   * @param body piped once when sending starts; undefined or kind none for no body
   * @throws AssertionBug when a header or the target has a byte that may not be, unless the request has to wait first; then it fails
   */
  request(head: UpstreamHead, body: BodyReader | undefined, callbacks: UpstreamCallbacks): UpstreamRequest {
    const exchange = new ClientExchange(head, body, callbacks);
    if (this.#closing) {
      exchange.fail('overload', `\`${this.name}\` is being closed`);
      return exchange;
    }
    const connection = this.#pending.length === 0 ? this.#roomyFor(exchange) : undefined;
    if (connection) this.#send(connection, exchange);
    else this.#enqueue(exchange, false);
    return exchange;
  }

  /** Connections by what they do; `pending` counts requests. */
  get counts(): PoolCounts {
    let idle = 0;
    for (const connection of this.#connections) if (connection.active === 0) idle++;
    const pending = this.#pending.reduce((sum, exchange) => sum + (exchange.open ? 1 : 0), 0);
    return { idle, busy: this.#connections.size - idle, connecting: this.#connecting, pending };
  }

  get waiting(): number {
    return this.#pending.length;
  }

  roomFreed(): void {
    this.#open();
  }

  close(): void {
    this.#closing = true;
    for (const connection of this.#connections) connection.drain();
    const waiting = this.#pending;
    this.#pending = [];
    this.#pendingTimer.clear();
    for (const exchange of waiting) exchange.fail('overload', `\`${this.name}\` is being closed`);
    this.#leaveGate();
  }

  #leaveGate(): void {
    if (this.#closing && this.#connections.size + this.#connecting === 0) this.#gate?.leave(this);
  }

  destroy(): void {
    this.close();
    for (const connection of this.#connections) connection.destroy();
  }

  roomy(): void {
    if (this.#pending.length === 0) return;
    this.#serve();
    this.#open();
  }

  retired(): void {
    this.#open();
  }

  closedOff(connection: ClientConnection): void {
    if (!this.#connections.delete(connection)) return;
    this.#gate?.connectionGone();
    this.#leaveGate();
    this.#open();
  }

  retry(exchange: ClientExchange): void {
    if (this.#closing) exchange.fail('overload', `\`${this.name}\` is being closed`);
    else this.#enqueue(exchange, true);
  }

  /** A connection that can take the request now. An upgrade needs one whose peer has said that it offers it. */
  #roomyFor(exchange: ClientExchange): ClientConnection | undefined {
    for (const connection of this.#connections) {
      if (!connection.room) continue;
      if (this.#ageMaxMs > 0 && this.timers.coarseMs - connection.bornMs >= this.#ageMaxMs) connection.drain();
      else if (exchange.upgrade === '' || connection.settled) return connection;
    }
    return undefined;
  }

  #enqueue(exchange: ClientExchange, first: boolean): void {
    if (this.#pending.length >= this.limits.upstreamPendingMax) {
      this.#pending = this.#pending.filter((waiting) => waiting.open);
      if (this.#pending.length >= this.limits.upstreamPendingMax) {
        exchange.fail('overload', `too many requests wait for \`${this.name}\``);
        return;
      }
    }
    if (this.#gate?.mayWait === false) {
      exchange.fail('overload', `too many requests wait for \`${this.name}\``);
      return;
    }
    exchange.pendingUntilMs = this.timers.coarseMs + this.limits.connectTimeoutMs;
    if (first) this.#pending.unshift(exchange);
    else this.#pending.push(exchange);
    if (!this.#pendingTimer.armed) this.#pendingTimer.arm(this.limits.connectTimeoutMs);
    this.#serve();
    this.#open();
  }

  /** Sends what waits as far as connections have room. */
  #serve(): void {
    while (this.#pending.length > 0) {
      const exchange = this.#pending[0]!;
      const connection = exchange.open ? this.#roomyFor(exchange) : undefined;
      if (exchange.open && !connection) return;
      this.#pending.shift();
      if (!connection) continue;
      try {
        this.#send(connection, exchange);
      } catch (error) {
        exchange.fail('protocol', messageOf(error));
      }
    }
  }

  #send(connection: ClientConnection, exchange: ClientExchange): void {
    if (exchange.upgrade !== '' && connection.offersConnect !== true)
      exchange.fail('protocol', `\`${this.name}\` does not switch protocols over HTTP/2`);
    else {
      connection.send(exchange);
      if (this.#requestsMax > 0 && connection.used >= this.#requestsMax) connection.drain();
    }
  }

  /** Opens as many connections as the waiting requests need, within the limit. */
  #open(): void {
    const open = this.#pending.reduce((sum, exchange) => sum + (exchange.open ? 1 : 0), 0);
    const needed = Math.ceil(open / this.#streamsMax());
    while (
      !this.#closing &&
      this.#connecting < needed &&
      !this.#mustWait() &&
      this.#connections.size + this.#connecting < this.limits.upstreamConnectionsMax &&
      this.#gate?.mayConnect(this, this.#connections.size + this.#connecting) !== false
    ) {
      this.#connecting++;
      void this.#connectOne();
    }
  }

  /** What waits only waits for the peer's settings on a connection that is there, or for a peer that allows no stream at all. */
  #mustWait(): boolean {
    for (const connection of this.#connections) {
      if (connection.room ? !connection.settled : !connection.retired && connection.active === 0) return true;
    }
    return false;
  }

  /** Streams that a new connection will probably take. */
  #streamsMax(): number {
    let most = 100;
    for (const connection of this.#connections) if (connection.settled) most = Math.min(most, connection.peer.streamsMax);
    return Math.max(1, Math.min(most, this.limits.streamsPerConnectionMax));
  }

  async #connectOne(): Promise<void> {
    let socket: Socket;
    try {
      socket = await this.#connect();
    } catch (error) {
      this.#connectFailed(error);
      return;
    }
    this.#connecting--;
    if (this.#closing || socket.destroyed) {
      socket.destroy();
      this.#gate?.connectionGone();
      this.#leaveGate();
      this.#open();
      return;
    }
    this.#connections.add(new ClientConnection(this, socket, this.#streamsMax()));
    this.#serve();
    this.#open();
  }

  /** One failure answers those that would have gone over the one connection. */
  #connectFailed(error: unknown): void {
    this.#connecting--;
    this.#gate?.connectionGone();
    const failed = this.#pending.splice(0, this.#streamsMax());
    for (const exchange of failed) exchange.fail('connect', messageOf(error));
    this.#open();
  }

  #expirePending(): void {
    const nowMs = this.timers.coarseMs;
    let next = Number.POSITIVE_INFINITY;
    const waiting = this.#pending;
    this.#pending = waiting.filter((exchange) => exchange.open && exchange.pendingUntilMs > nowMs);
    for (const exchange of this.#pending) next = Math.min(next, exchange.pendingUntilMs);
    if (next !== Number.POSITIVE_INFINITY) this.#pendingTimer.arm(next - nowMs);
    for (const exchange of waiting) {
      if (!exchange.open || exchange.pendingUntilMs > nowMs) continue;
      const kind = this.#connecting > 0 ? 'connect' : 'overload';
      exchange.fail(kind, `no connection to \`${this.name}\` had room or was opened in time`);
    }
  }
}
