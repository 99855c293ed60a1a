// The way out of a connection: one write a turn of the event loop, one frame a stream in turn, and nothing while the peer does not take it.
import type { Socket } from 'node:net';
import { WriteGuard } from '../http1/write-guard.ts';
import type { TimerWheel } from '../timers.ts';
import type { HeaderInput } from '../types.ts';
import {
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  FRAME_BYTES_MAX,
  FRAME_HEAD_BYTES,
  HEADERS,
  WINDOW_DEFAULT,
} from './constants.ts';
import { HpackEncoder } from './hpack-encoder.ts';
import { EMPTY, Output } from './output.ts';
import type { Stream } from './stream.ts';

/** Bytes put together before the socket is asked to take them. */
const OUTPUT_BYTES_MAX = 64 * 1024;
/** Answers to the peer's frames that may wait for the peer to read; no peer that means well lets them grow. */
const WAITING_BYTES_MAX = 1024 * 1024;
/** Largest buffer that is used again, and that a connection keeps between its requests. */
const SPARE_BYTES_MAX = 4 * OUTPUT_BYTES_MAX;
const IDLE_BYTES_MAX = 4096;

interface Written {
  readonly buffer: Buffer;
  readonly endings: readonly Stream[] | undefined;
}

/** What the writer tells its connection. */
export interface WriterHost {
  readonly socket: Socket;
  readonly timers: TimerWheel;
  /** Everything that waited was sent, or the peer is too slow: the connection cannot go on. */
  stuck(): void;
  /** A DATA frame was put in the output. */
  dataSent(): void;
  /** The last frames of a stream are handed to the kernel. */
  written(stream: Stream, failed: boolean): void;
}

function flushLater(writer: Writer): void {
  writer.flush();
}

export class Writer {
  readonly out = new Output();
  readonly encoder = new HpackEncoder();
  /** Bytes of DATA that may be sent on the connection. */
  window = WINDOW_DEFAULT;
  /** The socket wants a pause. */
  blocked = false;
  readonly #host: WriterHost;
  readonly #guard: WriteGuard;
  #ready: Stream[] = [];
  #thirsty: Stream[] = [];
  #endings: Stream[] | undefined;
  #scheduled = false;
  #closed = false;
  #spare: Buffer | undefined;
  #written: Written[] = [];
  readonly #onWritten = (error?: Error | null): void => this.#afterWrite(error);

  constructor(host: WriterHost, stallMs: number) {
    this.#host = host;
    this.#guard = new WriteGuard(host.socket, host.timers, stallMs, () => host.stuck());
  }

  /** Writing more now would only fill memory. */
  get congested(): boolean {
    return this.blocked || this.out.length >= OUTPUT_BYTES_MAX;
  }

  /** Whether bytes of a stream may go out at once: nobody else waits, and both windows are open for all of them. */
  mayWrite(stream: Stream, bytes: number): boolean {
    return (
      this.#ready.length === 0 &&
      this.out.length + bytes <= OUTPUT_BYTES_MAX &&
      !this.blocked &&
      bytes <= stream.sendWindow &&
      bytes <= this.window
    );
  }

  /** Bytes of a stream that may go out at once. */
  room(stream: Stream): number {
    if (this.#ready.length > 0 || this.blocked) return 0;
    return Math.max(0, Math.min(OUTPUT_BYTES_MAX - this.out.length, stream.sendWindow, this.window));
  }

  /** Writes the head of a DATA frame; its content goes to the output next. */
  beginData(stream: Stream, size: number, ended: boolean): void {
    stream.sendWindow -= size;
    this.window -= size;
    this.out.ensure(size + FRAME_HEAD_BYTES);
    stream.flagsAt = this.out.length + 4;
    stream.flagsEpoch = this.out.epoch;
    this.#host.dataSent();
    this.out.head(size, DATA, ended ? END_STREAM : 0, stream.id);
    this.schedule();
  }

  /**
   * Writes a header block. @param first fields that come before `headers`: names and values in turn, pseudo-headers among them
   * @throws AssertionBug when a field cannot be written; nothing is written then
   */
  headers(stream: Stream, first: readonly string[], headers: HeaderInput, ended: boolean): void {
    const { out, encoder } = this;
    const start = out.length;
    out.head(0, HEADERS, END_HEADERS | (ended ? END_STREAM : 0), stream.id);
    try {
      encoder.begin(out);
      for (let i = 0; i + 1 < first.length; i += 2) encoder.field(out, first[i]!, first[i + 1]!);
      encoder.fields(out, headers);
    } catch (error) {
      out.length = start;
      encoder.rollBack();
      throw error;
    }
    stream.flagsAt = start + 4;
    stream.flagsEpoch = out.epoch;
    const length = out.length - start - FRAME_HEAD_BYTES;
    if (length <= FRAME_BYTES_MAX) {
      out.bytes[start] = length >>> 16;
      out.bytes[start + 1] = length >>> 8;
      out.bytes[start + 2] = length;
    } else this.#split(start, length, stream.id, ended);
    this.schedule();
  }

  /** Puts the heads of CONTINUATION frames into a block that is longer than a frame, from the end to the start. */
  #split(start: number, length: number, streamId: number, ended: boolean): void {
    const { out } = this;
    const more = Math.ceil(length / FRAME_BYTES_MAX) - 1;
    out.ensure(more * FRAME_HEAD_BYTES);
    for (let i = more; i > 0; i--) {
      const from = start + FRAME_HEAD_BYTES + i * FRAME_BYTES_MAX;
      const to = Math.min(from + FRAME_BYTES_MAX, start + FRAME_HEAD_BYTES + length);
      const at = from + (i - 1) * FRAME_HEAD_BYTES;
      out.bytes.copyWithin(at + FRAME_HEAD_BYTES, from, to);
      out.headAt(at, to - from, CONTINUATION, i === more ? END_HEADERS : 0, streamId);
    }
    out.headAt(start, FRAME_BYTES_MAX, HEADERS, ended ? END_STREAM : 0, streamId);
    out.length += more * FRAME_HEAD_BYTES;
  }

  /** Ends our side of a stream: by trailers, by the flag of its last frame while that is still here, else by an empty DATA frame. */
  end(stream: Stream, trailers: HeaderInput | undefined): void {
    const { out } = this;
    if (trailers && trailers.length > 0) this.headers(stream, [], trailers, true);
    else if (stream.flagsEpoch === out.epoch && stream.flagsAt >= 0) out.bytes[stream.flagsAt]! |= END_STREAM;
    else this.beginData(stream, 0, true);
  }

  /** The stream is told when its last frame, which is in the output now, was written. */
  tellWritten(stream: Stream): void {
    (this.#endings ??= []).push(stream);
  }

  /** Something of the stream waits and both windows may allow it. */
  enqueue(stream: Stream): void {
    if (stream.ready || stream.sendWindow <= 0) return;
    stream.ready = true;
    this.#ready.push(stream);
    this.schedule();
  }

  /** The stream's writer waits for `drained`. */
  thirst(stream: Stream): void {
    this.#thirsty.push(stream);
    this.schedule();
  }

  schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(flushLater, this);
  }

  /** Gives what is there to the socket. */
  flush(): void {
    this.#scheduled = false;
    if (this.#closed) return;
    if (!this.blocked) {
      this.#round();
      if (this.out.length > 0) this.#write();
      this.#refresh();
      if (!this.blocked && this.#ready.length > 0 && this.window > 0) this.schedule();
    } else if (this.out.length > WAITING_BYTES_MAX) this.#host.stuck();
  }

  /** The connection ends: what was put together goes to the socket, whether it wants a pause or not. */
  flushAll(): void {
    if (this.out.length > 0) this.#write();
  }

  drained(): void {
    this.blocked = false;
    this.#guard.clear();
    this.flush();
  }

  /** One frame a stream in turn, until the output is full or nothing can be sent. */
  #round(): void {
    while (this.#ready.length > 0 && !this.congested && this.window > 0) {
      const round = this.#ready;
      this.#ready = [];
      for (let i = 0; i < round.length; i++) {
        const stream = round[i]!;
        if (this.congested || this.window <= 0) {
          this.#ready = [...round.slice(i), ...this.#ready];
          return;
        }
        if (!stream.gone) stream.sendSome();
        if (stream.gone || stream.queuedBytes === 0 || stream.sendWindow <= 0) stream.ready = false;
        else this.#ready.push(stream);
      }
    }
  }

  #write(): void {
    const endings = this.#endings;
    this.#endings = undefined;
    const buffer = this.out.bytes;
    const bytes = this.out.take(this.#spare ?? EMPTY);
    this.#spare = undefined;
    this.#written.push({ buffer, endings });
    if (!this.#host.socket.write(bytes, this.#onWritten)) {
      this.blocked = this.#host.socket.writableNeedDrain;
      if (this.blocked) this.#guard.blocked();
    }
  }

  #afterWrite(error: Error | null | undefined): void {
    const written = this.#written.shift();
    if (!written) return;
    const { buffer } = written;
    if (!this.#closed && buffer.length <= SPARE_BYTES_MAX) {
      if (this.out.bytes === EMPTY) this.out.bytes = buffer;
      else this.#spare = buffer;
    }
    if (written.endings) for (const stream of written.endings) this.#host.written(stream, Boolean(error));
  }

  /** Whoever waited to write may go on. */
  #refresh(): void {
    if (this.congested || this.#thirsty.length === 0) return;
    const thirsty = this.#thirsty;
    this.#thirsty = [];
    for (const stream of thirsty) {
      if (stream.gone || stream.ending) stream.thirsty = false;
      else if (stream.queuedBytes > 0 || this.congested) this.#thirsty.push(stream);
      else {
        stream.thirsty = false;
        stream.drained();
      }
    }
  }

  /** No streams for now: large buffers are let go of. */
  rest(): void {
    this.#spare = undefined;
    if (this.out.length === 0 && this.out.bytes.length > IDLE_BYTES_MAX) this.out.bytes = EMPTY;
  }

  /** No streams for a while. */
  release(): void {
    this.#spare = undefined;
    if (this.out.length === 0) this.out.bytes = EMPTY;
  }

  /** Nothing more is written. */
  close(): void {
    this.#closed = true;
    this.#guard.clear();
    this.#ready = [];
    this.#thirsty = [];
    this.#spare = undefined;
    this.out.take(EMPTY);
    const endings = this.#endings;
    this.#endings = undefined;
    if (endings) for (const stream of endings) this.#host.written(stream, true);
  }
}
