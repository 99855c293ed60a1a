// Cuts a connection's bytes into frames (RFC 9113 section 4). DATA passes on piece by piece as it arrives, every other frame when it is whole.
import {
  CONTINUATION,
  DATA,
  END_STREAM,
  FRAME_BYTES_MAX,
  FRAME_HEAD_BYTES,
  FRAME_SIZE_ERROR,
  GOAWAY,
  HEADERS,
  PADDED,
  PING,
  PRIORITY,
  PROTOCOL_ERROR,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from './constants.ts';

/** Whoever acts on frames. All of it is called while the shared memory of the read is in place, so nobody else may be called from there. */
export interface FrameHandler {
  /** A whole frame other than DATA. `to - from` is its payload's length. */
  frame(type: number, flags: number, streamId: number, bytes: Buffer, from: number, to: number): void;
  /** A DATA frame begins. @param length of the payload with padding, which is what flow control counts */
  dataBegins(streamId: number, length: number, ended: boolean): void;
  /** Bytes of its content. */
  data(bytes: Buffer, from: number, to: number): void;
  dataEnds(ended: boolean): void;
  /** The connection cannot go on. */
  broken(code: number): void;
}

const LENGTH_UNREAD = -1;

export class FrameReader {
  /** Nothing more is read. */
  stopped = false;
  readonly #handler: FrameHandler;
  #held: Buffer | undefined;
  #heldLength = 0;
  #heldNumber = 0;
  #type = 0;
  #flags = 0;
  #streamId = 0;
  #length = 0;
  /** Of the DATA frame under way: content and padding still to come. */
  #inData = false;
  #content = 0;
  #padding = 0;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** Number of the frame that is held because it is not whole, 0 for none. The pieces of DATA are not held. */
  get heldFrame(): number {
    return this.#heldLength > 0 ? this.#heldNumber : 0;
  }

  feed(bytes: Buffer): void {
    let at = 0;
    const end = bytes.length;
    while (at < end && !this.stopped) {
      if (this.#inData) at = this.#feedData(bytes, at, end);
      else if (this.#heldLength > 0) at = this.#feedHeld(bytes, at, end);
      else if (end - at < FRAME_HEAD_BYTES) {
        this.#hold(bytes, at, end, FRAME_HEAD_BYTES);
        return;
      } else {
        if (!this.#head(bytes, at)) return;
        const payload = at + FRAME_HEAD_BYTES;
        if (this.#inData) at = payload;
        else if (end - payload < this.#length) {
          this.#hold(bytes, at, end, FRAME_HEAD_BYTES + this.#length);
          return;
        } else {
          at = payload + this.#length;
          this.#handler.frame(this.#type, this.#flags, this.#streamId, bytes, payload, at);
        }
      }
    }
  }

  #hold(bytes: Buffer, from: number, to: number, whole: number): void {
    if (this.#heldLength === 0) this.#heldNumber++;
    if (!this.#held || this.#held.length < whole) {
      const held = Buffer.allocUnsafeSlow(whole);
      this.#held?.copy(held, 0, 0, this.#heldLength);
      this.#held = held;
    }
    bytes.copy(this.#held, this.#heldLength, from, to);
    this.#heldLength += to - from;
  }

  /** Completes first the head of a held frame, then its payload. */
  #feedHeld(bytes: Buffer, from: number, end: number): number {
    let at = from;
    if (this.#heldLength < FRAME_HEAD_BYTES) {
      const stop = Math.min(end, at + FRAME_HEAD_BYTES - this.#heldLength);
      this.#hold(bytes, at, stop, FRAME_HEAD_BYTES);
      at = stop;
      if (this.#heldLength < FRAME_HEAD_BYTES || !this.#head(this.#held!, 0)) return at;
      if (this.#inData) {
        this.#release();
        return at;
      }
    }
    const whole = FRAME_HEAD_BYTES + this.#length;
    const stop = Math.min(end, at + whole - this.#heldLength);
    this.#hold(bytes, at, stop, whole);
    if (this.#heldLength < whole) return stop;
    const held = this.#held!;
    this.#release();
    this.#handler.frame(this.#type, this.#flags, this.#streamId, held, FRAME_HEAD_BYTES, whole);
    return stop;
  }

  #release(): void {
    this.#held = undefined;
    this.#heldLength = 0;
  }

  /** Reads a frame's head and what can be judged by it alone. @returns false when the connection is broken */
  #head(bytes: Buffer, at: number): boolean {
    const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    const type = bytes[at + 3]!;
    const flags = bytes[at + 4]!;
    // The reserved bit is ignored.
    const streamId = bytes.readUInt32BE(at + 5) & 0x7f_ff_ff_ff;
    this.#length = length;
    this.#type = type;
    this.#flags = flags;
    this.#streamId = streamId;
    if (length > FRAME_BYTES_MAX) return this.#broken(FRAME_SIZE_ERROR);
    const wrong = headError(type, flags, streamId, length);
    if (wrong !== 0) return this.#broken(wrong);
    if (type === DATA) {
      this.#inData = true;
      this.#content = (flags & PADDED) === 0 ? length : LENGTH_UNREAD;
      this.#padding = 0;
      this.#handler.dataBegins(streamId, length, (flags & END_STREAM) !== 0);
      if (this.stopped) return false;
      if (this.#content === 0) this.#endData();
    }
    return true;
  }

  #feedData(bytes: Buffer, from: number, end: number): number {
    let at = from;
    if (this.#content === LENGTH_UNREAD) {
      this.#padding = bytes[at++]!;
      this.#content = this.#length - 1 - this.#padding;
      if (this.#content < 0) {
        this.#broken(PROTOCOL_ERROR);
        return end;
      }
    }
    if (this.#content > 0) {
      const stop = Math.min(end, at + this.#content);
      if (stop > at) this.#handler.data(bytes, at, stop);
      this.#content -= stop - at;
      at = stop;
    }
    if (this.#content === 0) {
      const stop = Math.min(end, at + this.#padding);
      this.#padding -= stop - at;
      at = stop;
      if (this.#padding === 0) this.#endData();
    }
    return at;
  }

  #endData(): void {
    this.#inData = false;
    if (!this.stopped) this.#handler.dataEnds((this.#flags & END_STREAM) !== 0);
  }

  #broken(code: number): false {
    this.stopped = true;
    this.#release();
    this.#handler.broken(code);
    return false;
  }
}

/** What a frame's head must agree with (section 6). @returns the error code, 0 when it may be */
function headError(type: number, flags: number, streamId: number, length: number): number {
  switch (type) {
    case DATA:
      if (streamId === 0) return PROTOCOL_ERROR;
      return (flags & PADDED) !== 0 && length === 0 ? FRAME_SIZE_ERROR : 0;
    case HEADERS:
    case PUSH_PROMISE:
    case CONTINUATION:
      return streamId === 0 ? PROTOCOL_ERROR : 0;
    case PRIORITY:
      // A wrong size is an error of the stream only (section 6.3).
      return streamId === 0 ? PROTOCOL_ERROR : 0;
    case SETTINGS:
      if (streamId !== 0) return PROTOCOL_ERROR;
      return length % 6 !== 0 || ((flags & 1) !== 0 && length > 0) ? FRAME_SIZE_ERROR : 0;
    case GOAWAY:
      if (streamId !== 0) return PROTOCOL_ERROR;
      return length < 8 ? FRAME_SIZE_ERROR : 0;
    case PING:
      if (streamId !== 0) return PROTOCOL_ERROR;
      return length === 8 ? 0 : FRAME_SIZE_ERROR;
    case RST_STREAM:
      if (streamId === 0) return PROTOCOL_ERROR;
      return length === 4 ? 0 : FRAME_SIZE_ERROR;
    case WINDOW_UPDATE:
      return length === 4 ? 0 : FRAME_SIZE_ERROR;
    default:
      return 0;
  }
}
