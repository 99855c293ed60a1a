// One HTTP/2 connection, either side (RFC 9113): acts on frames, and keeps every rule and bound.
//
// A read has two halves. While the bytes are in the shared memory of direct-read.ts, frames only change our own state; then `settle` of each
// stream that something happened to calls handlers and readers. So a request that is reset in the same read is never begun.
import type { Socket } from 'node:net';
import type { Limits } from '#model/platform.ts';
import type { RefusalKind } from '../http1/refusals.ts';
import { readDirectly } from '../direct-read.ts';
import type { Timer, TimerWheel } from '../timers.ts';
import { Budget } from './budget.ts';
import { type ClosedBy, ClosedStreams } from './closed-streams.ts';
import {
  CANCEL,
  COMPRESSION_ERROR,
  ENHANCE_YOUR_CALM,
  FLOW_CONTROL_ERROR,
  NO_ERROR,
  PROTOCOL_ERROR,
  STREAM_WINDOW_MAX,
  WINDOW_DEFAULT,
} from './constants.ts';
import type { FieldSink } from './hpack-decoder.ts';
import type { PeerSettings } from './peer-settings.ts';
import { Receiver, type ReceiverHost } from './receiver.ts';
import type { Stream, StreamHost } from './stream.ts';
import { Writer, type WriterHost } from './writer.ts';

/** Streams that may be reset before they are done, beyond one for each that is done (rapid reset, CVE-2023-44487). */
const RESETS_MAX = 200;
const RESETS_PER_SECOND = 20;

/** Time that a peer gets to read the last words, and bytes it may go on sending meanwhile. */
const LINGER_MS = 1000;
const LINGER_BYTES_MAX = 4 * 1024 * 1024;

/** What a frame's bytes break, by error code. */
const KINDS: Readonly<Record<number, RefusalKind>> = {
  [COMPRESSION_ERROR]: 'compression',
  [FLOW_CONTROL_ERROR]: 'flow-control',
  [ENHANCE_YOUR_CALM]: 'flood',
};

export abstract class Connection implements WriterHost, ReceiverHost, StreamHost {
  readonly socket: Socket;
  readonly limits: Limits;
  readonly timers: TimerWheel;
  readonly writer: Writer;
  readonly peer: PeerSettings;
  readonly closed = new ClosedStreams();
  /** Bytes that a peer may send on a stream that nobody reads, as SETTINGS tell it; no less than it may send before it knows them. */
  readonly streamWindow: number;
  /** The connection ends: what still comes is thrown away. */
  closing = false;
  gone = false;
  readonly streams = new Map<number, Stream>();
  /** When the peer last sent something, in coarse milliseconds. */
  heardMs: number;
  /** Last time that the connection had a stream. */
  protected usedMs: number;
  /** The peer sends no more streams, or takes no more. */
  goawayReceived = false;
  readonly resets: Budget;
  protected readonly receiver: Receiver;
  protected readonly timer: Timer;
  readonly #stopReading: () => void;
  #due: Stream[] = [];
  #reading = false;
  /** Set inside a read, acted on behind it: error codes, -1 for none. */
  #failure = -1;
  #finishDue = -1;
  #noticeDue = false;
  #lingerBytes = 0;

  /** @param window bytes of DATA that may be unread on all streams @param stallMs as WriteGuard */
  constructor(socket: Socket, limits: Limits, timers: TimerWheel, peer: PeerSettings, window: number, stallMs: number) {
    this.socket = socket;
    this.limits = limits;
    this.timers = timers;
    this.peer = peer;
    this.writer = new Writer(this, stallMs);
    this.resets = new Budget(timers, RESETS_MAX, RESETS_PER_SECOND);
    this.streamWindow = Math.min(Math.max(limits.bufferBytesMax, WINDOW_DEFAULT), STREAM_WINDOW_MAX);
    this.receiver = new Receiver(this, window);
    this.heardMs = this.usedMs = timers.coarseMs;
    this.timer = timers.timer(() => this.#sweep());
    socket.allowHalfOpen = true;
    socket.setNoDelay(true);
    socket.on('end', () => this.peerEnded());
    socket.on('drain', () => this.writer.drained());
    socket.on('close', () => this.#socketClosed());
    socket.on('error', ignore);
    this.#stopReading = readDirectly(socket, (bytes) => this.#take(bytes));
  }

  abstract blockSink(streamId: number): FieldSink | undefined;
  abstract blockRead(streamId: number, ended: boolean): void;
  abstract isIdle(streamId: number): boolean;
  abstract goaway(lastStreamId: number, code: number): void;
  /** Takes the bytes before the first frame. @returns how many, -1 when they are wrong */
  protected abstract takePreface(bytes: Buffer): number;
  abstract pingAcknowledged(): void;
  abstract settingsChanged(): void;
  /** Looks at all deadlines. @returns milliseconds until the next look */
  protected abstract look(nowMs: number): number;
  protected abstract peerEnded(): void;
  /** The connection broke a rule. */
  protected abstract broke(kind: RefusalKind, code: number): void;
  /** The last stream that was taken up, for GOAWAY. */
  protected abstract get lastStreamId(): number;
  /** No stream is left. */
  protected abstract rested(): void;
  /** The socket is gone. */
  protected abstract ended(): void;
  /** Tells others, behind a read, what `notice` was called for. */
  protected noticed(): void {}
  abstract written(stream: Stream, failed: boolean): void;

  #sweep(): void {
    if (this.gone) return;
    if (this.closing) {
      this.socket.destroy();
      return;
    }
    const nowMs = this.timers.coarseMs;
    const { partialSinceMs } = this.receiver;
    if (partialSinceMs !== 0 && nowMs - partialSinceMs >= this.limits.headerTimeoutMs) {
      this.#fail(PROTOCOL_ERROR, 'header-timeout');
      return;
    }
    const nextMs = this.look(nowMs);
    if (this.streams.size === 0) {
      this.writer.release();
      this.receiver.release();
    }
    if (!this.closing && !this.gone) this.timer.arm(nextMs);
  }

  /** @param bytes a view that is good until anything else is called */
  #take(bytes: Buffer): void {
    if (this.closing || this.gone) {
      this.#lingerBytes += bytes.length;
      if (this.#lingerBytes > LINGER_BYTES_MAX) this.socket.destroy();
      return;
    }
    this.heardMs = this.timers.coarseMs;
    this.#reading = true;
    const from = this.takePreface(bytes);
    if (from < 0) this.broken(PROTOCOL_ERROR);
    else this.receiver.feed(from === 0 ? bytes : bytes.subarray(from));
    this.#reading = false;
    this.#settle();
  }

  /** The second half of a read. */
  #settle(): void {
    const due = this.#due;
    if (due.length > 0) {
      this.#due = [];
      for (const stream of due) {
        stream.due = false;
        stream.settle();
      }
    }
    if (this.#failure >= 0) this.#fail(this.#failure, KINDS[this.#failure] ?? 'frame');
    else if (this.#finishDue >= 0) this.finish(this.#finishDue);
    else if (this.writer.out.length > 0) this.writer.schedule();
    if (!this.#noticeDue) return;
    this.#noticeDue = false;
    this.noticed();
  }

  /** Something changed that others are told of behind the read, by `noticed`. */
  protected notice(): void {
    if (this.#reading) this.#noticeDue = true;
    else this.noticed();
  }

  /** Something happened to the stream that is told behind the read. */
  touch(stream: Stream): void {
    if (stream.due) return;
    stream.due = true;
    this.#due.push(stream);
  }

  /** The connection cannot go on: told behind the read. */
  broken(code: number): void {
    this.receiver.stop();
    if (this.#failure < 0) this.#failure = code;
  }

  /** Bytes of DATA were read, or will never be: the peer may send as many again. */
  paid(bytes: number): void {
    this.receiver.paid(bytes);
  }

  dataSent(): void {
    this.receiver.dataSent();
  }

  /** Refuses what a stream did: resets it, whatever its state. */
  streamError(streamId: number, code: number): void {
    const stream = this.streams.get(streamId);
    if (stream) this.cancel(stream, code, 'a rule of HTTP/2 was broken');
    else {
      this.closed.add(streamId, 'us');
      this.writer.out.reset(streamId, code);
    }
    if (!this.resets.spend(1)) this.broken(ENHANCE_YOUR_CALM);
  }

  /** Resets a stream of ours. @param reason '' when nobody is to be told */
  cancel(stream: Stream, code: number, reason: string): void {
    if (stream.gone) return;
    this.drop(stream, 'us');
    if (!this.closing) {
      this.writer.out.reset(stream.id, code);
      this.writer.schedule();
    }
    if (reason !== '') this.lose(stream, reason, code);
  }

  /** The stream is no longer one of the connection's. */
  drop(stream: Stream, by: ClosedBy): void {
    stream.gone = true;
    stream.dropQueue();
    this.streams.delete(stream.id);
    this.closed.add(stream.id, by);
    if (this.streams.size > 0 || this.gone) return;
    this.usedMs = this.timers.coarseMs;
    this.writer.rest();
    this.rested();
  }

  /** Both sides of the stream ended. */
  protected done(stream: Stream): void {
    this.resets.earn(1);
    this.drop(stream, 'peer');
  }

  stuck(): void {
    this.socket.destroy();
    this.#socketClosed();
  }

  /** Ends the connection for a broken rule: GOAWAY, a moment to read it, and nothing that comes is read any more. */
  #fail(code: number, kind: RefusalKind): void {
    if (this.closing || this.gone) return;
    this.broke(kind, code);
    this.finish(code);
  }

  /** Says goodbye and ends; streams under way are lost. */
  protected finish(code: number): void {
    if (this.closing || this.gone) return;
    if (this.#reading) {
      this.#finishDue = code;
      return;
    }
    this.receiver.stop();
    this.writer.out.goaway(this.lastStreamId, code);
    this.writer.flush();
    this.closing = true;
    this.#loseStreams('the connection was ended', code);
    this.writer.flushAll();
    this.writer.close();
    // Answers that are on their way may take their time; the last word after a broken rule may not.
    this.timer.arm(code === NO_ERROR ? this.limits.idleTimeoutMs : LINGER_MS);
    this.socket.end(() => {
      if (!this.gone) this.timer.arm(LINGER_MS);
    });
  }

  #loseStreams(reason: string, code: number): void {
    const streams = [...this.streams.values()];
    this.streams.clear();
    for (const stream of streams) {
      stream.gone = true;
      stream.dropQueue();
      this.lose(stream, reason, code);
    }
  }

  /** The stream is told that it is lost, behind the read that is under way. */
  lose(stream: Stream, reason: string, code: number): void {
    if (stream.lostReason !== '') return;
    stream.lostReason = reason;
    stream.lostCode = code;
    this.touch(stream);
    if (!this.#reading) this.#settle();
  }

  #socketClosed(): void {
    if (this.gone) return;
    this.gone = true;
    this.closing = true;
    this.timer.clear();
    this.#stopReading();
    this.#loseStreams('the connection was closed', CANCEL);
    this.writer.close();
    this.ended();
  }
}

function ignore(): void {
  // `close` follows every socket error and does the work.
}
