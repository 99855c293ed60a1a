// One connection to a destination: sends a request, reads its answer strictly, and is used again only when nothing about it is in doubt.
import { challengesConnection } from './connection-auth.ts';
import type { Socket } from 'node:net';
import { messageOf } from '#base/errors.ts';
import type { Limits } from '#model/platform.ts';
import { DirectReader, copyOf, giveBack, lentCopy } from '../direct-read.ts';
import type { IdleConnection } from '../idle-connections.ts';
import type { Timer, TimerWheel } from '../timers.ts';
import { answerIdleMs } from '../stream-idle.ts';
import { announcedTrailers } from '../trailer-fields.ts';
import type { BodyReader } from '../types.ts';
import { Backlog } from './backlog.ts';
import { type BodyHost, IncomingBody, UNTIL_CLOSE, emptyBody } from './body.ts';
import { CHUNKED, UNFRAMED } from './framing.ts';
import { ResponseParser } from './parse.ts';
import { REFUSALS, type RefusalKind } from './refusals.ts';
import type { ExchangeCarrier, UpstreamExchange } from './upstream-exchange.ts';
import type { UpstreamError } from '../upstream-types.ts';

/** 1xx answers that may come before the final one. */
const INTERIM_MAX = 8;
/** A connection is left this long before the destination says it would close it. */
const KEEP_ALIVE_MARGIN_MS = 1000;

/** A client that sends a body slower than this holds the connection up, where others wait for it. */
const SLOW_BYTES_PER_SECOND = 4096;

/** The pool, as its connections see it. */
export interface ConnectionPool {
  readonly limits: Limits;
  readonly timers: TimerWheel;
  /** Requests that one connection carries; 0 for no bound. */
  readonly requestsMax: number;
  /** Age at which a connection takes no further request, ms; 0 for no bound. */
  readonly ageMaxMs: number;
  /** The connection may carry another request. */
  released(connection: UpstreamConnection): void;
  /** The connection is gone; called once. */
  closed(connection: UpstreamConnection): void;
  /** A kept connection turned out to be dead before any answer: send the request on a fresh one. */
  retry(exchange: UpstreamExchange): void;
}

export class UpstreamConnection implements ExchangeCarrier, BodyHost, IdleConnection {
  readonly socket: Socket;
  /** It is in the pool's list of idle connections. */
  idle = false;
  older: IdleConnection | undefined = undefined;
  newer: IdleConnection | undefined = undefined;
  gone = false;
  readonly #pool: ConnectionPool;
  readonly #parser: ResponseParser;
  readonly #backlog = new Backlog();
  readonly #timer: Timer;
  #exchange: UpstreamExchange | undefined;
  #body: IncomingBody | undefined;
  /** The answer's head was given to the caller. */
  #answering = false;
  #interims = 0;
  #used = 0;
  #heard = false;
  #keepAlive = true;
  #idleMs: number;
  /** How long the destination may be silent. */
  #silenceMs: number;
  /** In the pool's coarse milliseconds; Infinity when it may grow as old as it likes. */
  readonly #retireAtMs: number;
  #feedEnd = 0;
  /** How often what was fed is in use for longer. */
  #keeps = 0;
  /** Since when whoever reads the answer takes nothing, coarse milliseconds; 0 while it does. */
  #pausedMs = 0;
  #sentMs = 0;
  /** Bytes of this request's body that went out. */
  #bodySent = 0;
  #error = 'the destination closed the connection';
  readonly #reader: DirectReader;
  readonly #onEnd = (): void => this.#ended();
  readonly #onDrain = (): void => this.#drained();
  readonly #onError = (error: Error): void => {
    this.#error = messageOf(error);
  };
  readonly #onClose = (): void => this.#closed();

  constructor(pool: ConnectionPool, socket: Socket) {
    this.socket = socket;
    this.#pool = pool;
    this.#parser = new ResponseParser(pool.limits);
    this.#timer = pool.timers.timer(() => this.#timedOut());
    this.#idleMs = pool.limits.idleTimeoutMs;
    this.#silenceMs = pool.limits.upstreamTimeoutMs;
    this.#retireAtMs = pool.ageMaxMs > 0 ? pool.timers.coarseMs + pool.ageMaxMs : Infinity;
    socket.setNoDelay(true);
    socket.on('end', this.#onEnd);
    socket.on('drain', this.#onDrain);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
    this.#reader = new DirectReader(socket, (bytes) => this.#take(bytes));
  }

  /** Whether a request may be written on it now. */
  get usable(): boolean {
    return !this.gone && this.socket.writable && !this.socket.readableEnded;
  }

  send(exchange: UpstreamExchange): void {
    this.#exchange = exchange;
    this.#answering = false;
    this.#interims = 0;
    this.#heard = false;
    this.#pausedMs = 0;
    this.#sentMs = this.#pool.timers.coarseMs;
    this.#bodySent = 0;
    this.#used++;
    this.#silenceMs = this.#pool.limits.upstreamTimeoutMs;
    this.#timer.arm(this.#silenceMs);
    exchange.start(this);
  }

  rest(): void {
    this.#timer.arm(Math.min(this.#idleMs, this.#retireAtMs - this.#pool.timers.coarseMs));
  }

  destroy(): void {
    this.socket.destroy();
    this.#closed();
  }

  /** Whose request it carries. */
  get client(): object | undefined {
    return this.#exchange?.client;
  }

  /** How long its client has held it up, by not reading the answer or by sending a body slower than `SLOW_BYTES_PER_SECOND`; 0 when it does not. */
  heldUpMs(nowMs: number): number {
    if (this.#pausedMs > 0) return nowMs - this.#pausedMs;
    const exchange = this.#exchange;
    if (exchange === undefined || exchange.sent || this.socket.writableNeedDrain) return 0;
    const ms = nowMs - this.#sentMs;
    return this.#bodySent * 1000 < ms * SLOW_BYTES_PER_SECOND ? ms : 0;
  }

  /** Others need the place more than a client that holds it up. */
  evict(): void {
    this.#fail('overload', 'its client held the connection up while others waited for one');
  }

  drop(): void {
    this.#exchange = undefined;
    this.#body = undefined;
    this.destroy();
  }

  requestMoved(bytes: number): void {
    this.#bodySent += bytes;
    this.#timer.arm(this.#silenceMs);
  }

  requestSent(): void {
    const exchange = this.#exchange;
    if (exchange) exchange.sent = true;
  }

  requestBroken(reason: string): void {
    this.#fail('reset', reason);
  }

  bodyPaused(paused: boolean): void {
    if (this.gone) return;
    this.#pausedMs = paused ? this.#pool.timers.coarseMs : 0;
    if (paused) {
      this.#timer.clear();
      this.socket.pause();
    } else {
      this.#timer.arm(this.#silenceMs);
      this.socket.resume();
    }
  }

  bodyKept(): void {
    this.#keeps++;
    this.#reader.keep();
  }

  bodyWanted(): void {}

  bodyCompleted(at: number): void {
    this.#complete(at < this.#feedEnd);
  }

  /** @param bytes a view that is good until anything else is called; heads are read in place, everything else is copied before */
  #take(bytes: Buffer): void {
    if (this.gone) return;
    const exchange = this.#exchange;
    if (!exchange) {
      // An answer to nothing would be read as the answer to the next request.
      this.destroy();
      return;
    }
    this.#heard = true;
    // A head that drips has the time that silence has, and no more.
    if (this.#answering) {
      this.#timer.arm(this.#silenceMs);
      const own = this.#reader.own;
      const loan = own ? undefined : lentCopy(bytes);
      if (this.#body) this.#body.views = own || loan !== undefined;
      const keeps = this.#keeps;
      this.#feed(own ? bytes : (loan ?? copyOf(bytes)), 0, bytes.length);
      if (loan && keeps === this.#keeps) giveBack(loan);
      return;
    }
    this.#backlog.append(bytes);
    this.#readHeads(exchange);
    this.#backlog.own();
  }

  #feed(bytes: Buffer, from: number, end: number): void {
    const body = this.#body;
    if (!body) return;
    this.#feedEnd = end;
    if (body.feed(bytes, from, end) < 0) this.#refuse(body.error);
    this.#reader.lease(this.#body?.isLong ?? false, this.#body?.kind === 'chunked');
  }

  #readHeads(exchange: UpstreamExchange): void {
    const backlog = this.#backlog;
    const parser = this.#parser;
    while (this.#exchange === exchange && backlog.length > 0 && backlog.worthParsing(this.#pool.limits.headerBytesMax)) {
      const after = parser.parse(backlog.bytes, backlog.start, backlog.end);
      if (after === 0) backlog.lookedAll();
      if (after < 0) this.#refuse(parser.error);
      if (after <= 0) return;
      backlog.consumeTo(after);
      if (parser.status >= 200) {
        const loan = backlog.borrow();
        const keeps = this.#keeps;
        const body = this.#answer(exchange, loan !== undefined);
        if (loan && keeps === this.#keeps && body?.holds !== true) giveBack(loan);
        if (body) body.holdsViews = false;
        return;
      }
      backlog.own();
      if (!this.#interim(exchange)) return;
    }
  }

  /** @returns whether reading goes on */
  #interim(exchange: UpstreamExchange): boolean {
    const parser = this.#parser;
    if (parser.framing !== UNFRAMED) return this.#refuse('length-conflict');
    if (parser.status === 101) {
      if (exchange.upgrade === '' || parser.upgradeProtocol() !== exchange.upgrade) return this.#refuse('upgrade-unasked');
      this.#handOver(exchange);
      return false;
    }
    if (++this.#interims > INTERIM_MAX) return this.#refuse('interim-flood');
    this.#timer.arm(this.#silenceMs);
    if (parser.status !== 100) exchange.callbacks.onInterim?.(parser.status, parser.headers);
    return true;
  }

  /** @param lent the memory of the backlog is used again unless it is kept or held @returns the body that it begins */
  #answer(exchange: UpstreamExchange, lent: boolean): IncomingBody | undefined {
    const { status, framing, headers, connection, minorVersion } = this.#parser;
    const backlog = this.#backlog;
    this.#answering = true;
    this.#keepAlive = !connection.close && (minorVersion === 1 || connection.keepAlive);
    if (exchange.bindsConnection || (status === 401 && challengesConnection(headers.all('www-authenticate'))))
      this.#keepAlive = false;
    const keptMs = this.#parser.keepAliveMs();
    if (keptMs >= 0) this.#idleMs = Math.min(this.#pool.limits.idleTimeoutMs, Math.max(0, keptMs - KEEP_ALIVE_MARGIN_MS));
    let body: BodyReader;
    let incoming: IncomingBody | undefined;
    if (exchange.isHead || status === 204 || status === 304) {
      body = emptyBody(framing >= 0 && status !== 204 ? framing : -1);
      this.#complete(backlog.length > 0);
    } else if (framing === 0) {
      body = emptyBody(0);
      this.#complete(backlog.length > 0);
    } else {
      incoming = this.#incoming(framing, framing === CHUNKED ? announcedTrailers(headers) : undefined);
      incoming.holdsViews = lent;
      body = this.#body = incoming;
      this.#timer.arm(this.#silenceMs);
      if (framing < 0) {
        this.#silenceMs = answerIdleMs(this.#pool.limits, headers.get('content-type'));
        this.#timer.arm(this.#silenceMs);
      }
      if (backlog.length > 0) this.#feed(backlog.bytes, backlog.start, backlog.end);
    }
    backlog.clear();
    // Given up, or refused for what its body began with.
    if (!exchange.open) return incoming;
    exchange.open = false;
    exchange.callbacks.onHead(status, headers, body);
    return incoming;
  }

  #incoming(framing: number, trailers: ReadonlySet<string> | undefined): IncomingBody {
    const { bufferBytesMax } = this.#pool.limits;
    if (framing === UNFRAMED) this.#keepAlive = false;
    const length = framing >= 0 ? framing : -1;
    const form = framing === UNFRAMED ? UNTIL_CLOSE : framing;
    return new IncomingBody(this, form, length, Number.POSITIVE_INFINITY, bufferBytesMax, trailers);
  }

  /** The answer is whole. @param surplus bytes came behind it */
  #complete(surplus: boolean): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#body = undefined;
    this.#answering = false;
    this.#timer.clear();
    if (!exchange) return;
    // After an answer before the end of the request the rest is not sent, and the connection would be out of step.
    exchange.release();
    if (exchange.sent && !surplus && this.#keepAlive && this.usable && this.#mayGoOn()) this.#pool.released(this);
    else this.destroy();
  }

  #mayGoOn(): boolean {
    const { requestsMax, timers } = this.#pool;
    return (requestsMax === 0 || this.#used < requestsMax) && timers.coarseMs < this.#retireAtMs;
  }

  #handOver(exchange: UpstreamExchange): void {
    const socket = this.socket;
    exchange.open = false;
    exchange.release();
    this.#exchange = undefined;
    this.#reader.stop();
    socket.off('end', this.#onEnd);
    socket.off('drain', this.#onDrain);
    socket.pause();
    this.#timer.clear();
    if (exchange.callbacks.onUpgrade) exchange.callbacks.onUpgrade(this.#parser.headers, socket, this.#backlog.take());
    else socket.destroy();
  }

  #refuse(kind: RefusalKind): false {
    this.#fail('protocol', REFUSALS[kind].text);
    return false;
  }

  /** Ends the connection and tells whoever waits. */
  #fail(kind: UpstreamError['kind'], message: string): void {
    const exchange = this.#exchange;
    const body = this.#body;
    this.#exchange = undefined;
    this.#body = undefined;
    this.destroy();
    if (!exchange) return;
    if (exchange.open) exchange.fail(kind, message);
    else {
      exchange.detach();
      body?.fail(message);
    }
  }

  #timedOut(): void {
    if (this.#exchange) this.#fail('timeout', 'the destination did not answer in time');
    else this.destroy();
  }

  #ended(): void {
    if (this.gone) return;
    if (this.#body?.finishAtClose() === true) return;
    this.#lost('the destination closed the connection');
  }

  #drained(): void {
    this.#exchange?.drained();
  }

  #closed(): void {
    if (this.gone) return;
    this.gone = true;
    this.#timer.clear();
    this.#backlog.clear();
    this.#pool.closed(this);
    if (this.#exchange) this.#lost(this.#error);
  }

  /** The connection broke under a request. */
  #lost(message: string): void {
    const exchange = this.#exchange;
    if (exchange?.open === true && this.#used > 1 && !this.#heard && !exchange.retried && exchange.replayable) {
      this.#exchange = undefined;
      this.destroy();
      exchange.rewind();
      this.#pool.retry(exchange);
      return;
    }
    this.#fail('reset', message);
  }
}
