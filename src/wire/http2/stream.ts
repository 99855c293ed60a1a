// What a stream is on both sides (RFC 9113 section 5): its windows, what waits to be sent, and how far each direction has come.
import { copyOf } from '../direct-read.ts';
import type { TimerWheel } from '../timers.ts';
import type { HeaderInput } from '../types.ts';
import type { Output } from './output.ts';
import { FRAME_BYTES_MAX, STREAM_WINDOW_MAX } from './constants.ts';
import type { StreamBody, StreamBodyHost } from './stream-body.ts';

/** The way out, as a stream sees it. */
export interface StreamWriter {
  readonly out: Output;
  readonly congested: boolean;
  /** Bytes of DATA that the connection may send. */
  readonly window: number;
  mayWrite(stream: Stream, bytes: number): boolean;
  room(stream: Stream): number;
  beginData(stream: Stream, size: number, ended: boolean): void;
  headers(stream: Stream, first: readonly string[], headers: HeaderInput, ended: boolean): void;
  end(stream: Stream, trailers: HeaderInput | undefined): void;
  enqueue(stream: Stream): void;
  thirst(stream: Stream): void;
  tellWritten(stream: Stream): void;
  schedule(): void;
}

/** The connection, as its streams see it. */
export interface StreamHost {
  readonly timers: TimerWheel;
  readonly writer: StreamWriter;
  readonly peer: { readonly initialWindow: number };
  /** Bytes that may come on a stream that nobody reads. */
  readonly streamWindow: number;
  /** Bytes of DATA were read. */
  paid(bytes: number): void;
}

export abstract class Stream implements StreamBodyHost {
  readonly id: number;
  body: StreamBody | undefined = undefined;
  /** The peer has ended its side, or ours is ended. */
  remoteClosed = false;
  localClosed = false;
  /** Ended both ways, reset or lost: the connection no longer knows it. */
  gone = false;
  /** Why it is gone without having ended, told by `settle`: a reset of either side, or the end of its connection. */
  lostReason = '';
  lostCode = 0;
  /** In the connection's list of streams that something happened to. */
  due = false;
  /** In the connection's round of streams that have something to send. */
  ready = false;
  /** A writer was told to pause. */
  thirsty = false;
  /** Bytes that may be sent, and received, before the other side says more. */
  sendWindow: number;
  receiveWindow: number;
  /** Bytes waiting to be sent. */
  queuedBytes = 0;
  /** Last time that something of the message moved, and that something waiting was sent, in coarse milliseconds. */
  movedMs: number;
  sentMs = 0;
  /** Where the flags of its last frame are in the output, good while the output's epoch is this one. */
  flagsAt = -1;
  flagsEpoch = -1;
  protected readonly connection: StreamHost;
  protected readonly writer: StreamWriter;
  #queue: Buffer[] = [];
  /** Bytes of the first queued chunk that were sent. */
  #offset = 0;
  #endDue = false;
  #trailers: HeaderInput | undefined = undefined;
  /** Bytes that may be on their way or unread: grows while the reader keeps up, and is small again once it pauses. */
  #window: number;

  constructor(connection: StreamHost, id: number) {
    this.connection = connection;
    this.id = id;
    this.writer = connection.writer;
    this.sendWindow = connection.peer.initialWindow;
    this.receiveWindow = this.#window = connection.streamWindow;
    this.movedMs = connection.timers.coarseMs;
  }

  /** Acts on what arrived, after the read: only now may others be called. */
  abstract settle(): void;
  /** Everything that waited is sent, and more may be written. */
  abstract drained(): void;
  /** Takes bytes of a body in; nobody may be called yet. */
  abstract receive(bytes: Buffer, from: number, to: number): void;
  /** The peer ended its side; nobody may be called yet. */
  abstract remoteEnded(): void;
  /** Our side ended: the last frame is written to the output. */
  abstract localEnded(): void;
  abstract bodyWanted(): void;

  get ending(): boolean {
    return this.#endDue || this.localClosed;
  }

  /** Sends bytes, now or when the windows allow. @returns whether more is welcome; else `drained` is called */
  put(chunk: Buffer): boolean {
    if (this.gone || this.ending || chunk.length === 0) return true;
    const { writer } = this;
    const nowMs = this.connection.timers.coarseMs;
    if (this.queuedBytes === 0 && writer.mayWrite(this, chunk.length)) {
      this.movedMs = nowMs;
      for (let at = 0; at < chunk.length;) {
        const size = Math.min(chunk.length - at, FRAME_BYTES_MAX);
        writer.beginData(this, size, false);
        writer.out.raw(chunk, at, at + size);
        at += size;
      }
      return !writer.congested || this.#thirst();
    }
    if (this.queuedBytes === 0) this.sentMs = nowMs;
    this.#queue.push(chunk);
    this.queuedBytes += chunk.length;
    writer.enqueue(this);
    return this.#thirst();
  }

  /** As `put`, of bytes that are only good until it returns: what must wait is copied. */
  putView(view: Buffer): boolean {
    const now = this.queuedBytes === 0 ? Math.min(this.writer.room(this), view.length) : 0;
    const open = now === 0 || this.put(view.subarray(0, now));
    return now === view.length ? open : this.put(copyOf(view.subarray(now)));
  }

  #thirst(): false {
    if (!this.thirsty) {
      this.thirsty = true;
      this.writer.thirst(this);
    }
    return false;
  }

  /** Ends our side behind everything that was put. */
  finish(trailers?: HeaderInput): void {
    if (this.gone || this.ending) return;
    if (this.queuedBytes > 0) {
      this.#endDue = true;
      this.#trailers = trailers;
      return;
    }
    this.#end(trailers);
  }

  #end(trailers: HeaderInput | undefined): void {
    this.localClosed = true;
    this.writer.end(this, trailers);
    this.localEnded();
  }

  /** Sends one frame of what waits. The connection's window is open. */
  sendSome(): void {
    const { writer } = this;
    const size = Math.min(this.queuedBytes, FRAME_BYTES_MAX, this.sendWindow, writer.window);
    if (size <= 0) return;
    const last = this.#endDue && size === this.queuedBytes && this.#trailers === undefined;
    writer.beginData(this, size, last);
    this.#copyOut(size);
    this.queuedBytes -= size;
    this.movedMs = this.sentMs = this.connection.timers.coarseMs;
    if (last) {
      this.localClosed = true;
      this.localEnded();
    } else if (this.#endDue && this.queuedBytes === 0) this.#end(this.#trailers);
  }

  #copyOut(size: number): void {
    const queue = this.#queue;
    let left = size;
    let taken = 0;
    while (left > 0) {
      const chunk = queue[taken]!;
      const part = Math.min(left, chunk.length - this.#offset);
      this.writer.out.raw(chunk, this.#offset, this.#offset + part);
      left -= part;
      this.#offset += part;
      if (this.#offset === chunk.length) {
        taken++;
        this.#offset = 0;
      }
    }
    if (taken > 0) this.#queue = queue.slice(taken);
  }

  /** Forgets what waits to be sent. */
  dropQueue(): void {
    this.#queue = [];
    this.queuedBytes = 0;
  }

  /** Bytes were read, or reading goes on: lets the peer send more when half of the window is used up, unless the reader pauses. */
  bodyRead(bytes: number): void {
    const { connection, body } = this;
    connection.paid(bytes);
    if (this.gone || this.remoteClosed) return;
    this.movedMs = connection.timers.coarseMs;
    if (body?.paused === true) {
      this.#window = connection.streamWindow;
      return;
    }
    const used = this.#window - this.receiveWindow - (body?.heldBytes ?? 0);
    if (used < this.#window / 2) return;
    const grown = Math.min(this.#window * 2, STREAM_WINDOW_MAX);
    const more = used + grown - this.#window;
    this.#window = grown;
    this.receiveWindow += more;
    this.writer.out.windowUpdate(this.id, more);
    this.writer.schedule();
  }
}
