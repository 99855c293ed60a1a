// What arrives on a connection: each frame held to the rules of its type (RFC 9113 section 6), and every kind of flood to its bound. All of it runs
// inside a read, so it changes state and calls nobody.
import type { Limits } from '#model/platform.ts';
import type { TimerWheel } from '../timers.ts';
import { BlockAssembly } from './block-assembly.ts';
import { Budget } from './budget.ts';
import type { ClosedBy, ClosedStreams } from './closed-streams.ts';
import {
  ACK,
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
import type { PeerSettings } from './peer-settings.ts';
import type { Stream } from './stream.ts';
import type { Writer } from './writer.ts';

/** Frames that bring nothing: so many at once, and so many a second. Streams and DATA earn more. */
const IDLE_FRAMES_MAX = 1000;
const IDLE_FRAMES_PER_SECOND = 100;
const SETTINGS_COST = 5;
/** Smaller pieces of a body than the head of a gRPC message are counted like frames that bring nothing. */
const TINY_DATA_BYTES = 5;
const EARNED_BY_STREAM = 4;
const EARNED_BY_DATA = 1;

/** A list of fields that is so many times too large ends the connection; a smaller one is answered with 431 (HPACK bomb). */
const LISTS_MAX = 4;

/** A block that nobody needs is read all the same, because it changes the table. */
const IGNORED: FieldSink = { field() {} };

/** The connection, as what arrives on it sees it. */
export interface ReceiverHost {
  readonly limits: Limits;
  readonly timers: TimerWheel;
  readonly peer: PeerSettings;
  readonly writer: Writer;
  readonly streams: ReadonlyMap<number, Stream>;
  readonly closed: ClosedStreams;
  readonly resets: Budget;
  readonly closing: boolean;
  /** When the peer last sent something, in coarse milliseconds. */
  readonly heardMs: number;
  goawayReceived: boolean;
  /** Where the fields of a block go; a stream that may not come is refused here. */
  blockSink(streamId: number): FieldSink | undefined;
  /** The block was read into its sink. */
  blockRead(streamId: number, ended: boolean): void;
  /** Whether a stream of this number was never opened. */
  isIdle(streamId: number): boolean;
  goaway(lastStreamId: number, code: number): void;
  pingAcknowledged(): void;
  /** The peer's settings changed. */
  settingsChanged(): void;
  /** Something happened to the stream that is told behind the read. */
  touch(stream: Stream): void;
  /** The stream is no longer one of the connection's. */
  drop(stream: Stream, by: ClosedBy): void;
  /** The stream is told, behind the read, that it is lost. */
  lose(stream: Stream, reason: string, code: number): void;
  /** Resets a stream for what it did. */
  streamError(streamId: number, code: number): void;
  /** The connection cannot go on. */
  broken(code: number): void;
}

export class Receiver implements FrameHandler {
  readonly #connection: ReceiverHost;
  readonly #reader = new FrameReader(this);
  readonly #idleFrames: Budget;
  readonly #decoder = new HpackDecoder(TABLE_BYTES_DEFAULT);
  readonly #block: BlockAssembly;
  #settled = false;
  readonly #windowBytes: number;
  #window: number;
  #unpaid = 0;
  #dataStream: Stream | undefined;
  #dataOverhead = 0;
  /** Since when a frame is held that is not whole, and which one. */
  #heldSinceMs = 0;
  #heldFrame = 0;

  /** @param windowBytes bytes of DATA that may be unread on all streams together */
  constructor(connection: ReceiverHost, windowBytes: number) {
    this.#connection = connection;
    this.#windowBytes = this.#window = windowBytes;
    this.#idleFrames = new Budget(connection.timers, IDLE_FRAMES_MAX, IDLE_FRAMES_PER_SECOND);
    // A block that is somewhat too large is read and answered with 431; beyond that the connection is not worth the memory.
    this.#block = new BlockAssembly(2 * connection.limits.headerBytesMax + 4096);
  }

  get stopped(): boolean {
    return this.#reader.stopped;
  }

  stop(): void {
    this.#reader.stopped = true;
  }

  feed(bytes: Buffer): void {
    this.#reader.feed(bytes);
    if (this.#reader.heldFrame === this.#heldFrame) return;
    this.#heldFrame = this.#reader.heldFrame;
    this.#heldSinceMs = this.#heldFrame === 0 ? 0 : this.#connection.heardMs;
  }

  /** Nothing goes on for a while: memory is let go of. */
  release(): void {
    this.#decoder.release();
  }

  /** Since when something is awaited that has to come whole, a frame or a header block; 0 for nothing. */
  get partialSinceMs(): number {
    return this.#block.streamId === 0 ? this.#heldSinceMs : this.#block.sinceMs;
  }

  broken(code: number): void {
    this.#connection.broken(code);
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
        if ((flags & ACK) !== 0) this.#connection.pingAcknowledged();
        else if (this.#spend(1)) this.#connection.writer.out.ping(ACK, bytes, from);
        return;
      case RST_STREAM:
        this.#reset(streamId, bytes.readUInt32BE(from));
        return;
      case PRIORITY:
        if (this.#spend(1)) this.#priority(streamId, bytes, from, to);
        return;
      case GOAWAY:
        if (!this.#spend(1)) return;
        this.#connection.goawayReceived = true;
        this.#connection.goaway(bytes.readUInt32BE(from) & 0x7f_ff_ff_ff, bytes.readUInt32BE(from + 4));
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
      this.#block.begin(streamId, ended, this.#connection.heardMs);
      if (!this.#block.append(bytes, from, to)) this.broken(ENHANCE_YOUR_CALM);
    }
    if (selfDependent && !this.#reader.stopped) this.#connection.streamError(streamId, PROTOCOL_ERROR);
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
    const sink = this.#connection.blockSink(streamId);
    if (this.#reader.stopped) return;
    const error = this.#decoder.decode(bytes, from, to, sink ?? IGNORED, LISTS_MAX * this.#connection.limits.headerBytesMax);
    if (error !== NO_ERROR) this.broken(error);
    else if (sink) this.#connection.blockRead(streamId, ended);
  }

  #windowUpdate(streamId: number, increment: number): void {
    if (streamId === 0) {
      if (increment === 0) return this.broken(PROTOCOL_ERROR);
      this.#connection.writer.window += increment;
      if (this.#connection.writer.window > WINDOW_MAX) return this.broken(FLOW_CONTROL_ERROR);
      this.#connection.writer.schedule();
      return;
    }
    const stream = this.#connection.streams.get(streamId);
    if (!stream) {
      if (this.#connection.isIdle(streamId)) this.broken(PROTOCOL_ERROR);
      return;
    }
    if (increment === 0) return this.#connection.streamError(streamId, PROTOCOL_ERROR);
    stream.sendWindow += increment;
    if (stream.sendWindow > WINDOW_MAX) this.#connection.streamError(streamId, FLOW_CONTROL_ERROR);
    else if (stream.queuedBytes > 0) this.#connection.writer.enqueue(stream);
  }

  #settings(flags: number, bytes: Buffer, from: number, to: number): void {
    if ((flags & ACK) !== 0) return;
    const { peer, writer } = this.#connection;
    const windowBefore = peer.initialWindow;
    const error = peer.read(bytes, from, to);
    if (error !== NO_ERROR) return this.broken(error);
    writer.encoder.resize(peer.tableBytes);
    writer.out.settingsAck();
    const change = peer.initialWindow - windowBefore;
    if (change !== 0) {
      for (const stream of this.#connection.streams.values()) {
        stream.sendWindow += change;
        if (stream.sendWindow > WINDOW_MAX) return this.broken(FLOW_CONTROL_ERROR);
        if (stream.queuedBytes > 0) writer.enqueue(stream);
      }
    }
    this.#connection.settingsChanged();
  }

  #reset(streamId: number, code: number): void {
    const stream = this.#connection.streams.get(streamId);
    if (!stream) {
      if (this.#connection.isIdle(streamId)) this.broken(PROTOCOL_ERROR);
      else this.#spend(1);
      return;
    }
    this.#connection.drop(stream, 'peer');
    this.#connection.lose(stream, 'the peer reset the stream', code);
    if (!this.#connection.resets.spend(1)) this.broken(ENHANCE_YOUR_CALM);
  }

  /** Priorities are read and not followed (section 5.3.2 withdraws them). */
  #priority(streamId: number, bytes: Buffer, from: number, to: number): void {
    if (to - from !== 5) this.#connection.streamError(streamId, FRAME_SIZE_ERROR);
    else if ((bytes.readUInt32BE(from) & 0x7f_ff_ff_ff) === streamId) this.#connection.streamError(streamId, PROTOCOL_ERROR);
  }

  dataBegins(streamId: number, length: number, ended: boolean): void {
    this.#dataStream = undefined;
    this.#dataOverhead = length;
    if (this.#block.streamId !== 0 || !this.#settled) return this.broken(PROTOCOL_ERROR);
    this.#window -= length;
    if (this.#window < 0) return this.broken(FLOW_CONTROL_ERROR);
    if (length < TINY_DATA_BYTES && !ended) {
      if (!this.#spend(1)) return;
    } else this.#idleFrames.earn(EARNED_BY_DATA);
    const stream = this.#connection.streams.get(streamId);
    if (!stream) {
      if (this.#connection.isIdle(streamId)) return this.broken(PROTOCOL_ERROR);
      const by = this.#connection.closed.of(streamId);
      if (by === 'peer') this.broken(STREAM_CLOSED);
      else if (by === undefined) this.#connection.streamError(streamId, STREAM_CLOSED);
      else this.#spend(1);
      return;
    }
    if (stream.remoteClosed) return this.#connection.streamError(streamId, STREAM_CLOSED);
    stream.receiveWindow -= length;
    if (stream.receiveWindow < 0) return this.#connection.streamError(streamId, FLOW_CONTROL_ERROR);
    this.#dataStream = stream;
  }

  data(bytes: Buffer, from: number, to: number): void {
    const stream = this.#dataStream;
    if (!stream || stream.gone) return;
    this.#dataOverhead -= to - from;
    stream.receive(bytes, from, to);
    this.#connection.touch(stream);
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
    this.#connection.touch(stream);
  }

  /** Bytes of DATA were read, or will never be: the peer may send as many again. */
  paid(bytes: number): void {
    this.#unpaid += bytes;
    if (this.#unpaid < this.#windowBytes / 2 || this.#connection.closing) return;
    this.#window += this.#unpaid;
    this.#connection.writer.out.windowUpdate(0, this.#unpaid);
    this.#connection.writer.schedule();
    this.#unpaid = 0;
  }

  /** A stream did something useful. */
  streamEarned(): void {
    this.#idleFrames.earn(EARNED_BY_STREAM);
  }

  /** DATA was sent: the peer answers it with window updates. */
  dataSent(): void {
    this.#idleFrames.earn(2 * EARNED_BY_DATA);
  }
}
