// One HTTP/2 connection, either side (RFC 9113): acts on frames, and keeps every rule and bound.
//
// A read has two halves. While the bytes are in the shared memory of direct-read.ts, frames only change our own state; then `settle` of each
// stream that something happened to calls handlers and readers. So a request that is reset in the same read is never begun.
import type { Socket } from 'node:net';
import type { Limits } from '#model/platform.ts';
import type { RefusalKind } from '../http1/refusals.ts';
import { readDirectly } from '../direct-read.ts';
import type { Timer, TimerWheel } from '../timers.ts';
import { BlockAssembly } from './block-assembly.ts';
import { Budget } from './budget.ts';
import { type ClosedBy, ClosedStreams } from './closed-streams.ts';
import {
  ACK,
  CANCEL,
  COMPRESSION_ERROR,
  CONNECTION_WINDOW_BYTES,
  CONTINUATION,
  END_HEADERS,
  END_STREAM,
  ENHANCE_YOUR_CALM,
  FLOW_CONTROL_ERROR,
  FRAME_SIZE_ERROR,
  GOAWAY,
  HAS_PRIORITY,
  HEADERS,
  NO_ERROR,
  PADDED,
  PING,
  PRIORITY,
  PROTOCOL_ERROR,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS,
  STREAM_CLOSED,
  TABLE_BYTES_DEFAULT,
  WINDOW_MAX,
  WINDOW_UPDATE,
} from './constants.ts';
import { type FrameHandler, FrameReader } from './frame-reader.ts';
import { type FieldSink, HpackDecoder } from './hpack-decoder.ts';
import { PeerSettings } from './peer-settings.ts';
import type { Stream } from './stream.ts';
import { Writer, type WriterHost } from './writer.ts';

/** Frames that bring nothing: so many at once, and so many a second. Streams and DATA earn more. */
const IDLE_FRAMES_MAX = 1000;
const IDLE_FRAMES_PER_SECOND = 100;
const SETTINGS_COST = 5;
/** Smaller pieces of a body than the head of a gRPC message are counted like frames that bring nothing. */
const TINY_DATA_BYTES = 5;
const EARNED_BY_STREAM = 4;
const EARNED_BY_DATA = 1;
/** Streams that may be reset before they are done, beyond one for each that is done (rapid reset, CVE-2023-44487). */
const RESETS_MAX = 200;
const RESETS_PER_SECOND = 20;

/** Time that a peer gets to read the last words, and bytes it may go on sending meanwhile. */
const LINGER_MS = 1000;
const LINGER_BYTES_MAX = 4 * 1024 * 1024;

/** A block that nobody needs is read all the same, because it changes the table. */
const IGNORED: FieldSink = { field() {} };

/** What a frame's bytes break, by error code. */
const KINDS: Readonly<Record<number, RefusalKind>> = {
  [COMPRESSION_ERROR]: 'compression',
  [FLOW_CONTROL_ERROR]: 'flow-control',
  [ENHANCE_YOUR_CALM]: 'flood',
};

export abstract class Connection implements FrameHandler, WriterHost {
  readonly socket: Socket;
  readonly limits: Limits;
  readonly timers: TimerWheel;
  readonly writer: Writer;
  readonly peer: PeerSettings;
  readonly closed = new ClosedStreams();
  /** The connection ends: what still comes is thrown away. */
  closing = false;
  gone = false;
  protected readonly streams = new Map<number, Stream>();
  /** When the peer last sent something, in coarse milliseconds. */
  protected heardMs: number;
  /** Last time that the connection had a stream. */
  protected usedMs: number;
  /** The peer sends no more streams, or takes no more. */
  protected goawayReceived = false;
  protected readonly resets: Budget;
  protected readonly reader = new FrameReader(this);
  protected readonly timer: Timer;
  readonly #idleFrames: Budget;
  readonly #decoder = new HpackDecoder(TABLE_BYTES_DEFAULT);
  readonly #block: BlockAssembly;
  readonly #stopReading: () => void;
  #due: Stream[] = [];
  #reading = false;
  #settled = false;
  /** Set inside a read, acted on behind it: error codes, -1 for none. */
  #failure = -1;
  #finishDue = -1;
  #noticeDue = false;
  #receiveWindow = CONNECTION_WINDOW_BYTES;
  #unpaid = 0;
  #dataStream: Stream | undefined;
  #dataOverhead = 0;
  #lingerBytes = 0;
  #partialSinceMs = 0;

  constructor(socket: Socket, limits: Limits, timers: TimerWheel, peer: PeerSettings, stallMs: number) {
    this.socket = socket;
    this.limits = limits;
    this.timers = timers;
    this.peer = peer;
    this.writer = new Writer(this, stallMs);
    this.resets = new Budget(timers, RESETS_MAX, RESETS_PER_SECOND);
    this.#idleFrames = new Budget(timers, IDLE_FRAMES_MAX, IDLE_FRAMES_PER_SECOND);
    // Huffman and indexes only make a block smaller than its fields; what is larger than all limits together is not worth keeping.
    this.#block = new BlockAssembly(limits.headerBytesMax + 4096);
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

  /** Where the fields of a block go; a stream that may not come is refused here. */
  protected abstract blockSink(streamId: number, ended: boolean): FieldSink | undefined;
  /** The block was read into its sink. */
  protected abstract blockRead(streamId: number, ended: boolean): void;
  /** Whether a stream of this number was never opened. */
  protected abstract isIdle(streamId: number): boolean;
  protected abstract goaway(lastStreamId: number, code: number): void;
  /** Takes the bytes before the first frame. @returns how many, -1 when they are wrong */
  protected abstract takePreface(bytes: Buffer): number;
  protected abstract pingAcknowledged(): void;
  /** Peer's settings changed. */
  protected abstract settingsChanged(): void;
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
    const blockSinceMs = this.#block.streamId === 0 ? this.#partialSinceMs : this.#block.sinceMs;
    if (blockSinceMs !== 0 && nowMs - blockSinceMs >= this.limits.headerTimeoutMs) {
      this.#fail(PROTOCOL_ERROR, 'header-timeout');
      return;
    }
    const nextMs = this.look(nowMs);
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
    else this.reader.feed(from === 0 ? bytes : bytes.subarray(from));
    this.#reading = false;
    this.#partialSinceMs = this.reader.inside ? this.#partialSinceMs || this.heardMs : 0;
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
  protected touch(stream: Stream): void {
    if (stream.due) return;
    stream.due = true;
    this.#due.push(stream);
  }

  broken(code: number): void {
    this.reader.stopped = true;
    if (this.#failure < 0) this.#failure = code;
  }

  frame(type: number, flags: number, streamId: number, bytes: Buffer, from: number, to: number): void {
    if (this.#block.streamId !== 0 && (type !== CONTINUATION || streamId !== this.#block.streamId)) {
      this.broken(PROTOCOL_ERROR);
      return;
    }
    if (!this.#settled) {
      // The first frame is SETTINGS (section 3.4).
      if (type !== SETTINGS || (flags & ACK) !== 0) {
        this.broken(PROTOCOL_ERROR);
        return;
      }
      this.#settled = true;
    }
    switch (type) {
      case HEADERS:
        this.#headers(flags, streamId, bytes, from, to);
        return;
      case CONTINUATION:
        this.#continuation(flags, bytes, from, to);
        return;
      case WINDOW_UPDATE:
        if (this.#spend(1)) this.#windowUpdate(streamId, bytes.readUInt32BE(from) & 0x7f_ff_ff_ff);
        return;
      case SETTINGS:
        if (this.#spend(SETTINGS_COST)) this.#settings(flags, bytes, from, to);
        return;
      case PING:
        if ((flags & ACK) !== 0) this.pingAcknowledged();
        else if (this.#spend(1)) this.writer.out.ping(ACK, bytes, from);
        return;
      case RST_STREAM:
        this.#reset(streamId, bytes.readUInt32BE(from));
        return;
      case PRIORITY:
        if (this.#spend(1)) this.#priority(streamId, bytes, from, to);
        return;
      case GOAWAY:
        if (!this.#spend(1)) return;
        this.goawayReceived = true;
        this.goaway(bytes.readUInt32BE(from) & 0x7f_ff_ff_ff, bytes.readUInt32BE(from + 4));
        return;
      case PUSH_PROMISE:
        // Nobody may push to us: clients never, servers were told so.
        this.broken(PROTOCOL_ERROR);
        return;
      default:
        // Unknown types are ignored (section 4.1), and paid for.
        this.#spend(1);
    }
  }

  #spend(tokens: number): boolean {
    if (this.#idleFrames.spend(tokens)) return true;
    this.broken(ENHANCE_YOUR_CALM);
    return false;
  }

  #headers(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    let from = start;
    let to = end;
    if ((flags & PADDED) !== 0) {
      if (from >= to) return this.broken(FRAME_SIZE_ERROR);
      to -= bytes[from++]!;
    }
    let selfDependent = false;
    if ((flags & HAS_PRIORITY) !== 0) {
      if (to - from < 5) return this.broken(to < from ? PROTOCOL_ERROR : FRAME_SIZE_ERROR);
      selfDependent = (bytes.readUInt32BE(from) & 0x7f_ff_ff_ff) === streamId;
      from += 5;
    }
    if (to < from) return this.broken(PROTOCOL_ERROR);
    const ended = (flags & END_STREAM) !== 0;
    if ((flags & END_HEADERS) !== 0) this.#readBlock(streamId, ended, bytes, from, to);
    else {
      this.#block.begin(streamId, ended, this.heardMs);
      if (!this.#block.append(bytes, from, to)) this.broken(ENHANCE_YOUR_CALM);
    }
    if (selfDependent && !this.reader.stopped) this.streamError(streamId, PROTOCOL_ERROR);
  }

  #continuation(flags: number, bytes: Buffer, from: number, to: number): void {
    const block = this.#block;
    if (block.streamId === 0) return this.broken(PROTOCOL_ERROR);
    if (!block.append(bytes, from, to)) return this.broken(ENHANCE_YOUR_CALM);
    if ((flags & END_HEADERS) === 0) return;
    const { streamId, ended } = block;
    const whole = block.take();
    this.#readBlock(streamId, ended, whole, 0, whole.length);
  }

  #readBlock(streamId: number, ended: boolean, bytes: Buffer, from: number, to: number): void {
    const sink = this.blockSink(streamId, ended);
    if (this.reader.stopped) return;
    if (!this.#decoder.decode(bytes, from, to, sink ?? IGNORED)) this.broken(COMPRESSION_ERROR);
    else if (sink) this.blockRead(streamId, ended);
  }

  #windowUpdate(streamId: number, increment: number): void {
    if (streamId === 0) {
      if (increment === 0) return this.broken(PROTOCOL_ERROR);
      this.writer.window += increment;
      if (this.writer.window > WINDOW_MAX) return this.broken(FLOW_CONTROL_ERROR);
      this.writer.schedule();
      return;
    }
    const stream = this.streams.get(streamId);
    if (!stream) {
      if (this.isIdle(streamId)) this.broken(PROTOCOL_ERROR);
      return;
    }
    if (increment === 0) return this.streamError(streamId, PROTOCOL_ERROR);
    stream.sendWindow += increment;
    if (stream.sendWindow > WINDOW_MAX) this.streamError(streamId, FLOW_CONTROL_ERROR);
    else if (stream.queuedBytes > 0) this.writer.enqueue(stream);
  }

  #settings(flags: number, bytes: Buffer, from: number, to: number): void {
    if ((flags & ACK) !== 0) return;
    const { peer, writer } = this;
    const windowBefore = peer.initialWindow;
    const error = peer.read(bytes, from, to);
    if (error !== NO_ERROR) return this.broken(error);
    writer.encoder.resize(peer.tableBytes);
    writer.out.settingsAck();
    const change = peer.initialWindow - windowBefore;
    if (change !== 0) {
      for (const stream of this.streams.values()) {
        stream.sendWindow += change;
        if (stream.sendWindow > WINDOW_MAX) return this.broken(FLOW_CONTROL_ERROR);
        if (stream.queuedBytes > 0) writer.enqueue(stream);
      }
    }
    this.settingsChanged();
  }

  #reset(streamId: number, code: number): void {
    const stream = this.streams.get(streamId);
    if (!stream) {
      if (this.isIdle(streamId)) this.broken(PROTOCOL_ERROR);
      else this.#spend(1);
      return;
    }
    this.drop(stream, 'peer');
    this.lose(stream, 'the peer reset the stream', code);
    if (!this.resets.spend(1)) this.broken(ENHANCE_YOUR_CALM);
  }

  /** Priorities are read and not followed (section 5.3.2 withdraws them). */
  #priority(streamId: number, bytes: Buffer, from: number, to: number): void {
    if (to - from !== 5) this.streamError(streamId, FRAME_SIZE_ERROR);
    else if ((bytes.readUInt32BE(from) & 0x7f_ff_ff_ff) === streamId) this.streamError(streamId, PROTOCOL_ERROR);
  }

  dataBegins(streamId: number, length: number, ended: boolean): void {
    this.#dataStream = undefined;
    this.#dataOverhead = length;
    if (this.#block.streamId !== 0 || !this.#settled) return this.broken(PROTOCOL_ERROR);
    this.#receiveWindow -= length;
    if (this.#receiveWindow < 0) return this.broken(FLOW_CONTROL_ERROR);
    if (length < TINY_DATA_BYTES && !ended) {
      if (!this.#spend(1)) return;
    } else this.#idleFrames.earn(EARNED_BY_DATA);
    const stream = this.streams.get(streamId);
    if (!stream) {
      if (this.isIdle(streamId)) return this.broken(PROTOCOL_ERROR);
      const by = this.closed.of(streamId);
      if (by === 'peer') this.broken(STREAM_CLOSED);
      else if (by === undefined) this.streamError(streamId, STREAM_CLOSED);
      else this.#spend(1);
      return;
    }
    if (stream.remoteClosed) return this.streamError(streamId, STREAM_CLOSED);
    stream.receiveWindow -= length;
    if (stream.receiveWindow < 0) return this.streamError(streamId, FLOW_CONTROL_ERROR);
    this.#dataStream = stream;
  }

  data(bytes: Buffer, from: number, to: number): void {
    const stream = this.#dataStream;
    if (!stream || stream.gone) return;
    this.#dataOverhead -= to - from;
    stream.receive(bytes, from, to);
    this.touch(stream);
  }

  dataEnds(ended: boolean): void {
    const stream = this.#dataStream;
    this.#dataStream = undefined;
    const overhead = this.#dataOverhead;
    this.#dataOverhead = 0;
    if (!stream || stream.gone) {
      this.paid(overhead);
      return;
    }
    // Padding is read as soon as it is here.
    if (overhead > 0) stream.bodyRead(overhead);
    if (!ended) return;
    stream.remoteClosed = true;
    stream.remoteEnded();
    this.touch(stream);
  }

  /** Bytes of DATA were read, or will never be: the peer may send as many again. */
  paid(bytes: number): void {
    this.#unpaid += bytes;
    if (this.#unpaid < CONNECTION_WINDOW_BYTES / 2 || this.closing) return;
    this.#receiveWindow += this.#unpaid;
    this.writer.out.windowUpdate(0, this.#unpaid);
    this.writer.schedule();
    this.#unpaid = 0;
  }

  /** A stream did something useful. */
  protected earn(): void {
    this.#idleFrames.earn(EARNED_BY_STREAM);
  }

  /** DATA was sent: the peer answers it with window updates. */
  dataSent(): void {
    this.#idleFrames.earn(2 * EARNED_BY_DATA);
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
    this.reader.stopped = true;
    this.writer.out.goaway(this.lastStreamId, code);
    this.writer.flush();
    this.closing = true;
    this.#loseStreams('the connection was ended', code);
    this.writer.close();
    this.socket.end();
    this.timer.arm(LINGER_MS);
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
  protected lose(stream: Stream, reason: string, code: number): void {
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
