// Bytes on their way to the socket: frames are put together in one buffer a connection and leave in one write a turn.
import { ACK, FRAME_HEAD_BYTES, GOAWAY, PING, RST_STREAM, SETTINGS, WINDOW_UPDATE } from './constants.ts';

const CAPACITY_MIN = 1024;

export class Output {
  bytes: Buffer = EMPTY;
  length = 0;
  /** Counts the buffers that were taken: what was written in an earlier one can no longer be changed. */
  epoch = 0;

  /** Makes room for `more` bytes. */
  ensure(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(CAPACITY_MIN, needed, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  /** Takes out what was gathered. @param spare a buffer to go on with, EMPTY to start anew when there is something to say */
  take(spare: Buffer): Buffer {
    const { bytes, length } = this;
    this.bytes = spare;
    this.length = 0;
    this.epoch++;
    return bytes.subarray(0, length);
  }

  /** Writes the head of a frame. */
  head(length: number, type: number, flags: number, streamId: number): void {
    this.ensure(FRAME_HEAD_BYTES);
    this.headAt(this.length, length, type, flags, streamId);
    this.length += FRAME_HEAD_BYTES;
  }

  headAt(at: number, length: number, type: number, flags: number, streamId: number): void {
    const { bytes } = this;
    bytes[at] = length >>> 16;
    bytes[at + 1] = length >>> 8;
    bytes[at + 2] = length;
    bytes[at + 3] = type;
    bytes[at + 4] = flags;
    bytes[at + 5] = streamId >>> 24;
    bytes[at + 6] = streamId >>> 16;
    bytes[at + 7] = streamId >>> 8;
    bytes[at + 8] = streamId;
  }

  raw(bytes: Uint8Array, from: number, to: number): void {
    this.ensure(to - from);
    this.bytes.set(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to), this.length);
    this.length += to - from;
  }

  settings(pairs: readonly (readonly [id: number, value: number])[]): void {
    this.head(pairs.length * 6, SETTINGS, 0, 0);
    this.ensure(pairs.length * 6);
    for (const [id, value] of pairs) {
      this.bytes.writeUInt16BE(id, this.length);
      this.bytes.writeUInt32BE(value, this.length + 2);
      this.length += 6;
    }
  }

  settingsAck(): void {
    this.head(0, SETTINGS, ACK, 0);
  }

  /** @param payload eight bytes at `from` of `bytes` */
  ping(flags: number, bytes: Uint8Array, from: number): void {
    this.head(8, PING, flags, 0);
    this.raw(bytes, from, from + 8);
  }

  windowUpdate(streamId: number, increment: number): void {
    this.head(4, WINDOW_UPDATE, 0, streamId);
    this.#word(increment);
  }

  reset(streamId: number, code: number): void {
    this.head(4, RST_STREAM, 0, streamId);
    this.#word(code);
  }

  goaway(lastStreamId: number, code: number): void {
    this.head(8, GOAWAY, 0, 0);
    this.#word(lastStreamId);
    this.#word(code);
  }

  #word(value: number): void {
    this.ensure(4);
    this.bytes.writeUInt32BE(value >>> 0, this.length);
    this.length += 4;
  }
}

export const EMPTY = Buffer.alloc(0);
