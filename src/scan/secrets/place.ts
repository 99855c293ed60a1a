/** Turns byte offsets of a UTF-8 text into lines and columns (both from 1, columns in UTF-16 units). Cheap when asked in rising order. */
export class BytePlaces {
  readonly #bytes: Buffer;
  #line = 1;
  #start = 0;
  /** The place that was asked for last: columns of one long line are counted on from it. */
  #last = 0;
  #column = 1;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.#start = this.#last = 3;
  }

  at(offset: number): { readonly line: number; readonly column: number } {
    if (offset < this.#start) {
      this.#line = 1;
      this.#start = 0;
    }
    const before = this.#start;
    for (
      let newline = this.#bytes.indexOf(10, this.#start);
      newline !== -1 && newline < offset;
      newline = this.#bytes.indexOf(10, this.#start)
    ) {
      this.#line++;
      this.#start = newline + 1;
    }
    const isOn = before === this.#start && this.#last >= this.#start && this.#last <= offset;
    let column = isOn ? this.#column : 1;
    for (let i = isOn ? this.#last : this.#start; i < offset; i++) {
      const byte = this.#bytes[i]!;
      if ((byte & 0xc0) !== 0x80) column += byte >= 0xf0 ? 2 : 1;
    }
    this.#last = offset;
    this.#column = column;
    return { line: this.#line, column };
  }

  /** The line around an offset as latin1, at most 2 KB to each side. */
  lineAround(offset: number): string {
    const before = this.#bytes.subarray(Math.max(0, offset - 2048), offset);
    const after = this.#bytes.subarray(offset, offset + 2048);
    const newline = after.indexOf(10);
    return (
      before.toString('latin1', before.lastIndexOf(10) + 1) + after.toString('latin1', 0, newline === -1 ? after.length : newline)
    );
  }
}
