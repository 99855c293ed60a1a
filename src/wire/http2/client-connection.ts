// One connection to a destination, shared by requests: opens streams within the peer's limits, and notices when the peer is gone.
import type { Socket } from 'node:net';
import type { Limits } from '#model/platform.ts';
import { connectionInfo } from '../connection-info.ts';
import { REFUSALS, type RefusalKind } from '../http1/refusals.ts';
import type { TimerWheel } from '../timers.ts';
import type { ConnectionInfo } from '../types.ts';
import type { ClientExchange } from './client-exchange.ts';
import { ClientStream, type ClientStreamHost } from './client-stream.ts';
import { Connection } from './connection.ts';
import {
  CLIENT_WINDOW_BYTES,
  ENABLE_PUSH,
  INITIAL_WINDOW_SIZE,
  MAX_HEADER_LIST_SIZE,
  NO_ERROR,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
  STREAM_CLOSED,
  STREAM_ID_MAX,
  WINDOW_DEFAULT,
} from './constants.ts';
import type { FieldSink } from './hpack-decoder.ts';
import { ResponseHead, TrailerBlock } from './message-head.ts';
import { PeerSettings } from './peer-settings.ts';
import { PREFACE } from './preface.ts';
import type { Stream } from './stream.ts';

/** Deadlines of streams are looked at this often at least. */
const LOOK_MS = 1000;
/** A peer that says nothing for so long while requests wait is asked whether it is there. */
const PING_AFTER_MS = 20_000;
/** Asked again after this long when it has sent nothing but answers to pings: servers of gRPC end connections that ask more often. */
const PING_AGAIN_MS = 300_000;
/** Time to answer. */
const PING_WAIT_MS = 10_000;
const PING_PAYLOAD = Buffer.from('cullis??');

/** The pool, as its connections see it. */
export interface ConnectionPool {
  readonly limits: Limits;
  readonly timers: TimerWheel;
  /** The connection can take another request, or its settings changed. */
  roomy(): void;
  /** The connection takes no more requests. */
  retired(): void;
  /** The connection is gone; called once. */
  closedOff(connection: ClientConnection): void;
  /** The request was not processed: send it again. */
  retry(exchange: ClientExchange): void;
}

export class ClientConnection extends Connection implements ClientStreamHost {
  readonly info: Omit<ConnectionInfo, 'tls'>;
  readonly scheme: 'http' | 'https';
  /** In coarse milliseconds. */
  readonly bornMs: number;
  /** The peer's settings are known. */
  settled = false;
  readonly #pool: ConnectionPool;
  readonly #head: ResponseHead;
  readonly #trailers: TrailerBlock;
  #nextId = 1;
  #draining = false;
  #broken = false;
  /** When a ping was sent that is not answered, 0 for none; and the last one. */
  #pingMs = 0;
  #pingedMs = Number.NEGATIVE_INFINITY;
  /** Last time that the peer sent more than an answer to a ping. */
  #spokeMs: number;

  /** @param streams streams that the destination will probably allow, until it says so */
  constructor(pool: ConnectionPool, socket: Socket, streams: number) {
    super(socket, pool.limits, pool.timers, new PeerSettings(true), CLIENT_WINDOW_BYTES, pool.limits.upstreamTimeoutMs);
    this.#pool = pool;
    this.peer.streamsMax = streams;
    this.#head = new ResponseHead(pool.limits);
    this.#trailers = new TrailerBlock(pool.limits);
    this.info = connectionInfo(socket, undefined);
    this.scheme = 'encrypted' in socket ? 'https' : 'http';
    this.#spokeMs = this.bornMs = this.heardMs;
    const { out } = this.writer;
    out.raw(PREFACE, 0, PREFACE.length);
    out.settings([
      [ENABLE_PUSH, 0],
      [INITIAL_WINDOW_SIZE, this.streamWindow],
      [MAX_HEADER_LIST_SIZE, pool.limits.headerBytesMax],
    ]);
    out.windowUpdate(0, CLIENT_WINDOW_BYTES - WINDOW_DEFAULT);
    this.writer.schedule();
    this.timer.arm(this.#lookMs());
  }

  /** Requests that it was given. */
  get used(): number {
    return (this.#nextId - 1) / 2;
  }

  /** Streams under way. */
  get active(): number {
    return this.streams.size;
  }

  /** No request may be sent on it any more. */
  get retired(): boolean {
    return this.closing || this.gone || this.goawayReceived || this.#draining || this.#broken || this.#nextId > STREAM_ID_MAX;
  }

  get room(): boolean {
    return (
      !this.retired &&
      this.streams.size < Math.min(this.peer.streamsMax, this.limits.streamsPerConnectionMax) &&
      this.socket.writable
    );
  }

  /** It served a request before: when it breaks now, it may have been dead for a while. */
  get stale(): boolean {
    return this.#nextId > 3;
  }

  /** Whether the peer offers extended CONNECT; undefined while that is not known. */
  get offersConnect(): boolean | undefined {
    return this.settled ? this.peer.connectProtocol : undefined;
  }

  /** Sends a request. `room` is true. @throws AssertionBug as ClientStream.start */
  send(exchange: ClientExchange): void {
    const stream = new ClientStream(this, this.#nextId, exchange);
    this.#nextId += 2;
    this.streams.set(stream.id, stream);
    try {
      stream.start();
    } catch (error) {
      // Its number is spent, and nothing of it was sent: to the peer it was skipped.
      stream.gone = true;
      this.streams.delete(stream.id);
      throw error;
    }
    const nowMs = this.timers.coarseMs;
    if (this.streams.size === 1) this.timer.arm(this.#lookMs());
    if (nowMs - this.heardMs >= PING_AFTER_MS) this.#ping(nowMs);
  }

  /** Takes no more requests; ends when those under way are answered. */
  drain(): void {
    this.#draining = true;
    if (this.streams.size === 0) this.finish(NO_ERROR);
  }

  destroy(): void {
    this.socket.destroy();
    this.stuck();
  }

  retry(exchange: ClientExchange): void {
    this.#pool.retry(exchange);
  }

  protected takePreface(): number {
    return 0;
  }

  /** The peer sent something of an answer. */
  spoke(): void {
    this.#spokeMs = this.heardMs;
  }

  protected get lastStreamId(): number {
    return 0;
  }

  isIdle(streamId: number): boolean {
    return streamId >= this.#nextId || streamId % 2 === 0;
  }

  blockSink(streamId: number): FieldSink | undefined {
    this.spoke();
    const stream = this.streams.get(streamId) as ClientStream | undefined;
    if (!stream) {
      if (this.isIdle(streamId)) this.broken(PROTOCOL_ERROR);
      else if (this.closed.of(streamId) === 'peer') this.broken(STREAM_CLOSED);
      return undefined;
    }
    if (stream.remoteClosed) {
      this.streamError(streamId, STREAM_CLOSED);
      return undefined;
    }
    const reader = stream.answered ? this.#trailers : this.#head;
    reader.begin();
    return reader;
  }

  blockRead(streamId: number, ended: boolean): void {
    const stream = this.streams.get(streamId) as ClientStream;
    if (stream.answered) {
      const error = this.#trailers.finish() ?? (ended ? undefined : 'trailer');
      if (error === undefined) {
        stream.remoteClosed = true;
        stream.trailersRead(this.#trailers.flat);
      } else stream.refuse(error);
    } else {
      const error = this.#head.finish() ?? stream.headRead(this.#head, ended);
      if (error !== undefined) stream.refuse(error);
    }
    this.touch(stream);
  }

  finished(stream: Stream): void {
    this.receiver.streamEarned();
    this.done(stream);
  }

  written(): void {}

  goaway(lastStreamId: number): void {
    for (const stream of this.streams.values()) {
      if (stream.id <= lastStreamId) continue;
      // Not processed and never will be (section 6.8).
      this.drop(stream, 'us');
      this.lose(stream, 'the destination is going away', REFUSED_STREAM);
    }
    this.notice();
    if (this.streams.size === 0) this.finish(NO_ERROR);
  }

  settingsChanged(): void {
    this.settled = true;
    this.notice();
  }

  pingAcknowledged(): void {
    this.#pingMs = 0;
  }

  protected rested(): void {
    if (this.#draining || this.goawayReceived) this.finish(NO_ERROR);
  }

  override drop(stream: Stream, by: 'us' | 'peer'): void {
    super.drop(stream, by);
    this.notice();
  }

  protected override noticed(): void {
    if (this.retired) this.#pool.retired();
    else this.#pool.roomy();
  }

  #lookMs(): number {
    return Math.max(50, Math.min(LOOK_MS, this.limits.upstreamTimeoutMs / 4));
  }

  protected look(nowMs: number): number {
    if (this.#pingMs !== 0 && nowMs - this.#pingMs >= PING_WAIT_MS) {
      this.destroy();
      return LOOK_MS;
    }
    if (this.streams.size === 0) {
      const leftMs = this.limits.idleTimeoutMs - (nowMs - this.usedMs);
      if (leftMs <= 0) this.finish(NO_ERROR);
      return Math.max(0, this.#pingMs === 0 ? leftMs : Math.min(leftMs, LOOK_MS));
    }
    for (const stream of this.streams.values()) (stream as ClientStream).look(nowMs);
    if (!this.closing && nowMs - this.heardMs >= PING_AFTER_MS) this.#ping(nowMs);
    return this.#lookMs();
  }

  #ping(nowMs: number): void {
    if (this.#pingMs !== 0) return;
    if (this.#spokeMs <= this.#pingedMs && nowMs - this.#pingedMs < PING_AGAIN_MS) return;
    this.#pingMs = this.#pingedMs = nowMs;
    this.writer.out.ping(0, PING_PAYLOAD, 0);
    this.writer.schedule();
  }

  protected peerEnded(): void {
    this.socket.destroy();
  }

  protected broke(kind: RefusalKind): void {
    // Whoever is told may ask again at once, and must not be sent here.
    this.#broken = true;
    for (const stream of this.streams.values()) (stream as ClientStream).fail('protocol', REFUSALS[kind].text, PROTOCOL_ERROR);
  }

  protected ended(): void {
    this.#pool.closedOff(this);
  }
}
