// The serving side of a connection: opens streams for requests, refuses what breaks their rules, and ends when nobody needs it any more.
import type { Socket } from 'node:net';
import { connectionInfo } from '../connection-info.ts';
import { REFUSALS, type RefusalKind } from '../http1/refusals.ts';
import type { ServeOptions } from '../http1/serve-options.ts';
import type { ConnectionInfo, ConnectionState, HttpHandler, ServedConnection } from '../types.ts';
import { Connection } from './connection.ts';
import {
  ENABLE_CONNECT_PROTOCOL,
  ENHANCE_YOUR_CALM,
  INITIAL_WINDOW_SIZE,
  MAX_CONCURRENT_STREAMS,
  MAX_HEADER_LIST_SIZE,
  NO_ERROR,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
  SERVER_WINDOW_BYTES,
  STREAM_CLOSED,
  STREAM_ID_MAX,
  WINDOW_DEFAULT,
} from './constants.ts';
import type { FieldSink } from './hpack-decoder.ts';
import { RequestHead, TrailerBlock } from './message-head.ts';
import { PeerSettings } from './peer-settings.ts';
import { PREFACE } from './preface.ts';
import { ServerStream, type ServerStreamHost } from './server-stream.ts';
import type { Stream } from './stream.ts';

/** Deadlines of streams are looked at this often at least. */
const LOOK_MS = 1000;
/** Time between the warning of a graceful end and the end of new streams (RFC 9113 section 6.8). */
const GOODBYE_MS = 1000;
/** Payload of the ping that follows a warning. */
const GOODBYE = Buffer.from('goodbye.');

export class ServerConnection extends Connection implements ServedConnection, ServerStreamHost {
  readonly info: ConnectionInfo;
  readonly options: ServeOptions;
  readonly #handler: HttpHandler;
  readonly #head: RequestHead;
  readonly #trailers: TrailerBlock;
  readonly #lookMs: number;
  #prefaceLeft = PREFACE.length;
  #lastStreamId = 0;
  #opened = 0;
  /** When the warning of a graceful end was sent, 0 for not. */
  #drainingMs = 0;
  /** No stream above the last one is taken up. */
  #final = false;
  #peerEnded = false;

  constructor(socket: Socket, options: ServeOptions, handler: HttpHandler) {
    super(socket, options.limits, options.timers, new PeerSettings(false), SERVER_WINDOW_BYTES, options.limits.idleTimeoutMs);
    this.options = options;
    this.#lookMs = Math.max(50, Math.min(LOOK_MS, this.limits.idleTimeoutMs / 4, this.limits.requestTimeoutMs / 4));
    this.#handler = handler;
    this.#head = new RequestHead(options.limits);
    this.#trailers = new TrailerBlock(options.limits);
    this.info = connectionInfo(socket, options.tls);
    const { out } = this.writer;
    out.settings([
      [MAX_CONCURRENT_STREAMS, options.limits.streamsPerConnectionMax],
      [INITIAL_WINDOW_SIZE, this.streamWindow],
      [MAX_HEADER_LIST_SIZE, options.limits.headerBytesMax],
      [ENABLE_CONNECT_PROTOCOL, 1],
    ]);
    out.windowUpdate(0, SERVER_WINDOW_BYTES - WINDOW_DEFAULT);
    this.writer.schedule();
    this.timer.arm(Math.min(this.limits.headerTimeoutMs, this.limits.idleTimeoutMs));
  }

  get state(): ConnectionState {
    if (this.gone) return 'closed';
    if (this.closing) return 'closing';
    return this.streams.size > 0 ? 'busy' : 'idle';
  }

  get dateText(): string {
    return this.timers.dateText;
  }

  protected get lastStreamId(): number {
    return this.#lastStreamId;
  }

  close(): void {
    if (this.closing || this.gone || this.#drainingMs !== 0) return;
    this.#drainingMs = this.timers.coarseMs;
    const { out } = this.writer;
    // First a warning: streams that are on their way are still taken up.
    out.goaway(STREAM_ID_MAX, NO_ERROR);
    out.ping(0, GOODBYE, 0);
    this.writer.schedule();
    this.timer.arm(GOODBYE_MS);
  }

  destroy(): void {
    this.socket.destroy();
  }

  protected takePreface(bytes: Buffer): number {
    if (this.#prefaceLeft === 0) return 0;
    const start = PREFACE.length - this.#prefaceLeft;
    const length = Math.min(bytes.length, this.#prefaceLeft);
    for (let i = 0; i < length; i++) if (bytes[i] !== PREFACE[start + i]) return -1;
    this.#prefaceLeft -= length;
    return length;
  }

  isIdle(streamId: number): boolean {
    return streamId % 2 === 0 || (streamId > this.#lastStreamId && !this.#final);
  }

  blockSink(streamId: number): FieldSink | undefined {
    const stream = this.streams.get(streamId);
    if (stream) {
      if (stream.remoteClosed) {
        this.streamError(streamId, STREAM_CLOSED);
        return undefined;
      }
      this.#trailers.begin();
      return this.#trailers;
    }
    if (streamId % 2 === 0) this.broken(PROTOCOL_ERROR);
    else if (streamId <= this.#lastStreamId) {
      const by = this.closed.of(streamId);
      if (by !== 'us' && !this.#final) this.broken(by === 'peer' ? STREAM_CLOSED : PROTOCOL_ERROR);
    } else if (this.#final) {
      // It may be sent again elsewhere: GOAWAY said that it was not taken up.
      this.closed.add(streamId, 'us');
      return undefined;
    } else {
      this.#lastStreamId = streamId;
      if (this.streams.size >= this.limits.streamsPerConnectionMax) this.streamError(streamId, REFUSED_STREAM);
      else {
        this.#head.begin();
        return this.#head;
      }
    }
    return undefined;
  }

  blockRead(streamId: number, ended: boolean): void {
    const stream = this.streams.get(streamId);
    if (stream) {
      const error = this.#trailers.finish();
      if (error !== undefined || !ended) this.streamError(streamId, PROTOCOL_ERROR);
      else {
        stream.remoteClosed = true;
        (stream as ServerStream).trailersRead(this.#trailers.flat);
        this.touch(stream);
      }
      return;
    }
    const error = this.#head.finish(ended);
    const opened = new ServerStream(this, streamId, this.#head, ended, error);
    this.streams.set(streamId, opened);
    this.receiver.streamEarned();
    this.touch(opened);
    if (this.streams.size === 1) this.timer.arm(this.#lookMs);
    if (++this.#opened >= this.limits.requestsPerConnectionMax) this.close();
  }

  /** Gives a request to the handler. */
  dispatch(stream: ServerStream): void {
    try {
      this.#handler(stream.request, stream);
    } catch (error) {
      const instance = this.options.onBug?.(error);
      stream.fail(500, instance);
      if (!this.options.onBug) throw error;
    }
  }

  /** Tells of a message that broke a rule. @returns reference for the caller */
  refused(kind: RefusalKind): string | undefined {
    return this.options.onError?.(kind, REFUSALS[kind].status, this.info);
  }

  /** A request was answered here: as good as reset, though the stream ended in order. */
  refusedOne(): void {
    if (!this.resets.spend(2)) this.broken(ENHANCE_YOUR_CALM);
  }

  protected broke(kind: RefusalKind): void {
    this.refused(kind);
  }

  /** A stream's own end, in order. */
  finished(stream: Stream): void {
    this.done(stream);
  }

  written(stream: Stream, failed: boolean): void {
    (stream as ServerStream).answerWritten(failed);
  }

  goaway(): void {
    // A client that goes opens no more streams; those under way are answered.
    if (this.streams.size === 0) this.finish(NO_ERROR);
  }

  settingsChanged(): void {}

  pingAcknowledged(): void {
    if (this.#drainingMs !== 0) this.#refuseNew();
  }

  #refuseNew(): void {
    if (this.#final) return;
    this.#final = true;
    if (this.streams.size === 0) this.finish(NO_ERROR);
    else {
      this.writer.out.goaway(this.#lastStreamId, NO_ERROR);
      this.writer.schedule();
    }
  }

  protected rested(): void {
    if (this.#final || this.goawayReceived || this.#peerEnded) this.finish(NO_ERROR);
  }

  protected look(nowMs: number): number {
    if (this.#drainingMs !== 0 && nowMs - this.#drainingMs >= GOODBYE_MS) this.#refuseNew();
    if (this.streams.size === 0) {
      const { idleTimeoutMs, headerTimeoutMs } = this.limits;
      const timeoutMs = this.#opened === 0 ? Math.min(idleTimeoutMs, headerTimeoutMs) : idleTimeoutMs;
      const leftMs = timeoutMs - (nowMs - this.usedMs);
      if (leftMs <= 0) this.finish(NO_ERROR);
      return this.#drainingMs === 0 ? leftMs : Math.min(leftMs, GOODBYE_MS);
    }
    for (const stream of this.streams.values()) (stream as ServerStream).look(nowMs);
    return this.#lookMs;
  }

  protected peerEnded(): void {
    if (this.closing) {
      this.socket.destroy();
      return;
    }
    this.#peerEnded = true;
    if (this.streams.size === 0) this.finish(NO_ERROR);
    else for (const stream of this.streams.values()) (stream as ServerStream).truncated();
  }

  protected ended(): void {
    this.options.onClose?.();
  }
}
