// A header block that comes in more than one frame (RFC 9113 section 4.3), bounded before it is whole (CONTINUATION flood, CVE-2024-27919).
import { FRAME_BYTES_MAX } from './constants.ts';

/** Frames that a block may come in beyond those that its bytes need. */
const SPARE_FRAMES = 8;

export class BlockAssembly {
  /** Stream whose block is under way, 0 for none. */
  streamId = 0;
  ended = false;
  sinceMs = 0;
  readonly #bytesMax: number;
  #frames = 0;
  #bytes: Buffer | undefined;
  #length = 0;

  /** @param bytesMax bound of the block as it is on the wire */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  begin(streamId: number, ended: boolean, nowMs: number): void {
    this.streamId = streamId;
    this.ended = ended;
    this.sinceMs = nowMs;
    this.#frames = 0;
    this.#length = 0;
  }

  /** @returns false when it is too much */
  append(bytes: Buffer, from: number, to: number): boolean {
    const length = this.#length + to - from;
    if (length > this.#bytesMax || ++this.#frames > SPARE_FRAMES + Math.ceil(length / FRAME_BYTES_MAX)) return false;
    if (!this.#bytes || this.#bytes.length < length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(2 * length, 1024));
      this.#bytes?.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    bytes.copy(this.#bytes, this.#length, from, to);
    this.#length = length;
    return true;
  }

  /** The block is whole: takes it out. */
  take(): Buffer {
    const bytes = this.#bytes!.subarray(0, this.#length);
    this.#bytes = undefined;
    this.streamId = 0;
    return bytes;
  }
}
