/** Reads numbers of a binary format in either byte order; reads beyond the end give 0, so that damaged input needs no checks of its own. */
export class ByteView {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #little: boolean;

  constructor(bytes: Uint8Array, littleEndian: boolean) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#little = littleEndian;
  }

  u8(at: number): number {
    return this.bytes[at] ?? 0;
  }

  u16(at: number): number {
    return at >= 0 && at + 2 <= this.bytes.length ? this.#view.getUint16(at, this.#little) : 0;
  }

  u32(at: number): number {
    return at >= 0 && at + 4 <= this.bytes.length ? this.#view.getUint32(at, this.#little) : 0;
  }

  /** As a double: offsets above 2^53 are damaged anyway. */
  u64(at: number): number {
    return at >= 0 && at + 8 <= this.bytes.length ? Number(this.#view.getBigUint64(at, this.#little)) : 0;
  }

  /** Text up to a NUL. */
  text(at: number, lengthMax = 4096): string {
    if (at < 0 || at >= this.bytes.length) return '';
    const limit = Math.min(this.bytes.length, at + lengthMax);
    let end = this.bytes.indexOf(0, at);
    if (end === -1 || end > limit) end = limit;
    return new TextDecoder().decode(this.bytes.subarray(at, end));
  }
}
