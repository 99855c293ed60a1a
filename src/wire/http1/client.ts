// Connections to one destination, kept and shared: the last one used is used next, waiting requests are bounded, every wait has an end.
import type { Socket } from 'node:net';
import { messageOf } from '#base/errors.ts';
import type { Limits } from '#model/platform.ts';
import type { ConnectionGate, GatedPool } from '../connection-gate.ts';
import type { IdleConnections } from '../idle-connections.ts';
import type { Timer, TimerWheel } from '../timers.ts';
import type { BodyReader } from '../types.ts';
import { type ConnectionPool, UpstreamConnection } from './upstream-connection.ts';
import { UpstreamExchange } from './upstream-exchange.ts';
import type { UpstreamCallbacks, UpstreamHead, UpstreamPool, UpstreamRequest } from '../upstream-types.ts';

/** Connections opened at once: handshakes cost both sides milliseconds each, and whoever is served already must not wait for hundreds of them. */
const CONNECTING_MAX = 16;
/** While requests wait, it is looked this often whether somebody holds connections up, and for how long one may. */
const PRESSURE_LOOK_MS = 250;
const HELD_UP_MS = 2000;
/** One client connection that holds up more than so many has less time. */
const HELD_BY_ONE_MAX = 8;
const HELD_UP_BY_MANY_MS = 500;

export interface PoolOptions {
  /** Opens a connection, TLS included. Must settle: it gives up after `limits.connectTimeoutMs` by itself. */
  readonly connect: () => Promise<Socket>;
  readonly limits: Limits;
  readonly timers: TimerWheel;
  /** For messages: `ecommerce/cart:7070`. */
  readonly name: string;
  /** Bounds that it shares with other pools. */
  readonly gate?: ConnectionGate;
  /** Requests that one connection carries; 0 for no bound. */
  readonly requestsMax?: number;
  /** Age at which a connection takes no further request, ms; 0 for no bound. */
  readonly ageMaxMs?: number;
  /** Bounds how many rest, together with other pools. */
  readonly resting?: IdleConnections;
}

export interface PoolCounts {
  readonly idle: number;
  readonly busy: number;
  readonly connecting: number;
  readonly pending: number;
}

/**
 * Requests to one destination over kept connections. Key pools by everything that a connection proves: address, expected identity, own
 * identity (proxy hardening E 53).
 * @example const pool = new Http1Pool({ connect: () => network.connect(address, 5000), limits, timers, name: 'cart' });
 *   pool.request({ method: 'GET', target: '/', headers: ['host', 'cart'], bodyKind: 'none', length: -1 }, undefined, callbacks);
 */
export class Http1Pool implements ConnectionPool, UpstreamPool, GatedPool {
  readonly limits: Limits;
  readonly timers: TimerWheel;
  readonly name: string;
  readonly requestsMax: number;
  readonly ageMaxMs: number;
  readonly #gate: ConnectionGate | undefined;
  readonly #resting: IdleConnections | undefined;
  readonly #connect: () => Promise<Socket>;
  readonly #connections = new Set<UpstreamConnection>();
  readonly #idle: UpstreamConnection[] = [];
  #pending: UpstreamExchange[] = [];
  #connecting = 0;
  #closing = false;
  readonly #pendingTimer: Timer;
  readonly #pressureTimer: Timer;

  constructor(options: PoolOptions) {
    this.limits = options.limits;
    this.timers = options.timers;
    this.name = options.name;
    this.requestsMax = options.requestsMax ?? 0;
    this.ageMaxMs = options.ageMaxMs ?? 0;
    this.#gate = options.gate;
    this.#resting = options.resting;
    this.#gate?.join(this);
    this.#connect = options.connect;
    this.#pendingTimer = options.timers.timer(() => this.#expirePending());
    this.#pressureTimer = options.timers.timer(() => this.#makeRoom());
  }

  /**
   * Sends one request.
   * @param body piped once when sending starts; undefined or kind none for no body
   * @throws AssertionBug when a header or the target has a byte that would break the message
   */
  request(head: UpstreamHead, body: BodyReader | undefined, callbacks: UpstreamCallbacks): UpstreamRequest {
    const exchange = new UpstreamExchange(head, body, callbacks);
    if (this.#closing) {
      exchange.fail('overload', `\`${this.name}\` is being closed`);
      return exchange;
    }
    const connection = this.#takeIdle();
    if (connection) connection.send(exchange);
    else this.#enqueue(exchange);
    return exchange;
  }

  get counts(): PoolCounts {
    const idle = this.#idle.length;
    const pending = this.#pending.reduce((sum, exchange) => sum + (exchange.open ? 1 : 0), 0);
    return { idle, busy: this.#connections.size - idle, connecting: this.#connecting, pending };
  }

  get waiting(): number {
    return this.#pending.length;
  }

  roomFreed(): void {
    this.#open();
  }

  /** Takes no more requests, ends idle connections now and busy ones after their answer. */
  close(): void {
    this.#closing = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
    this.#failPending('overload', `\`${this.name}\` is being closed`);
    if (this.#connections.size + this.#connecting === 0) this.#gate?.leave(this);
  }

  destroy(): void {
    this.close();
    for (const connection of this.#connections) connection.destroy();
  }

  released(connection: UpstreamConnection): void {
    if (this.#closing) {
      connection.destroy();
      return;
    }
    const next = this.#nextPending();
    if (next) {
      connection.send(next);
      return;
    }
    connection.idle = true;
    this.#idle.push(connection);
    connection.rest();
    this.#resting?.add(connection);
  }

  closed(connection: UpstreamConnection): void {
    this.#connections.delete(connection);
    this.#gate?.connectionGone();
    if (connection.idle) {
      const at = this.#idle.indexOf(connection);
      if (at >= 0) this.#idle.splice(at, 1);
      connection.idle = false;
      this.#resting?.remove(connection);
    }
    if (this.#closing && this.#connections.size + this.#connecting === 0) this.#gate?.leave(this);
    this.#open();
  }

  retry(exchange: UpstreamExchange): void {
    // Kept connections that died together would each eat the one retry, so the request waits for a fresh one.
    this.#enqueue(exchange, true);
  }

  #takeIdle(): UpstreamConnection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      if (!connection) return undefined;
      connection.idle = false;
      this.#resting?.remove(connection);
      if (connection.usable) return connection;
      connection.destroy();
    }
  }

  #enqueue(exchange: UpstreamExchange, first = false): void {
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
    else this.#queue(exchange);
    if (!this.#pendingTimer.armed) this.#pendingTimer.arm(this.limits.connectTimeoutMs);
    if (!this.#pressureTimer.armed) this.#pressureTimer.arm(PRESSURE_LOOK_MS);
    this.#open();
  }

  /** Clients take turns: one that asks for much at once does not stand before one that asks for little. */
  #queue(exchange: UpstreamExchange): void {
    const pending = this.#pending;
    const { client } = exchange;
    if (client !== undefined) for (const waiting of pending) if (waiting.client === client) exchange.turn++;
    let at = pending.length;
    while (at > 0 && pending[at - 1]!.turn > exchange.turn) at--;
    pending.splice(at, 0, exchange);
  }

  /**
   * Requests wait, and no connection can be opened for them: those whose clients take or send nothing make room, of those that hold up the most first. Otherwise a few slow
   * clients would shut out everybody else for as long as they like (proxy hardening F 56).
   */
  #makeRoom(): void {
    const wanted = this.#pending.reduce((sum, exchange) => sum + (exchange.open ? 1 : 0), 0) - this.#connecting;
    if (this.#pending.length === 0) return;
    this.#pressureTimer.arm(PRESSURE_LOOK_MS);
    if (wanted <= 0) return;
    const nowMs = this.timers.coarseMs;
    const held: { readonly connection: UpstreamConnection; readonly ms: number }[] = [];
    const counts = new Map<object, number>();
    for (const connection of this.#connections) {
      const ms = connection.heldUpMs(nowMs);
      if (ms < HELD_UP_BY_MANY_MS) continue;
      held.push({ connection, ms });
      const { client } = connection;
      if (client) counts.set(client, (counts.get(client) ?? 0) + 1);
    }
    const heldBy = ({ connection }: (typeof held)[number]): number => counts.get(connection.client ?? connection) ?? 1;
    held.sort((a, b) => heldBy(b) - heldBy(a) || b.ms - a.ms);
    const leaving = held.filter((one) => one.ms >= HELD_UP_MS || heldBy(one) > HELD_BY_ONE_MAX).slice(0, wanted);
    for (const { connection } of leaving) connection.evict();
  }

  #nextPending(): UpstreamExchange | undefined {
    for (;;) {
      const exchange = this.#pending.shift();
      if (!exchange || exchange.open) return exchange;
    }
  }

  /** Opens as many connections as there are requests waiting for one, within the limit. */
  #open(): void {
    while (
      !this.#closing &&
      this.#connecting < Math.min(this.#pending.length, CONNECTING_MAX) &&
      this.#connections.size + this.#connecting < this.limits.upstreamConnectionsMax &&
      this.#gate?.mayConnect(this, this.#connections.size + this.#connecting) !== false
    ) {
      this.#connecting++;
      void this.#connectOne();
    }
  }

  async #connectOne(): Promise<void> {
    let socket: Socket;
    try {
      socket = await this.#connect();
    } catch (error) {
      this.#connectFailed(error);
      return;
    }
    this.#connected(socket);
  }

  #connected(socket: Socket): void {
    this.#connecting--;
    if (this.#closing || socket.destroyed) {
      socket.destroy();
      this.#gate?.connectionGone();
      this.#open();
      return;
    }
    const connection = new UpstreamConnection(this, socket);
    this.#connections.add(connection);
    this.released(connection);
    if (this.#pending.length > 0) this.#open();
  }

  #connectFailed(error: unknown): void {
    this.#connecting--;
    this.#gate?.connectionGone();
    // One failure answers one request; the others have attempts of their own under way, or get one now.
    this.#nextPending()?.fail('connect', messageOf(error));
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
      if (exchange.open && exchange.pendingUntilMs <= nowMs) {
        exchange.fail(
          this.#connecting > 0 ? 'connect' : 'overload',
          `no connection to \`${this.name}\` became free or was opened in time`,
        );
      }
    }
  }

  #failPending(kind: 'overload', message: string): void {
    const waiting = this.#pending;
    this.#pending = [];
    this.#pendingTimer.clear();
    this.#pressureTimer.clear();
    for (const exchange of waiting) exchange.fail(kind, message);
  }
}
