const NEWLINE = 0x0a;

/**
 * Cuts a stream of bytes into lines of UTF-8, each at most `lineBytesMax` bytes without its line end. Holds no more than one unfinished line.
 *
 * @example
 * const splitter = new LineSplitter(1024);
 * splitter.push(Buffer.from('a\nb')); // ['a']
 */
export class LineSplitter {
  readonly #lineBytesMax: number;
  #parts: Uint8Array[] = [];
  #held = 0;

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /** @returns the lines that `chunk` finished, or undefined when one is too long; the stream must then be given up */
  push(chunk: Uint8Array): string[] | undefined {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      if (!this.#hold(chunk.subarray(start, end))) return undefined;
      lines.push(this.#take());
      start = end + 1;
    }
    return this.#hold(chunk.subarray(start)) ? lines : undefined;
  }

  #hold(part: Uint8Array): boolean {
    this.#held += part.length;
    if (this.#held > this.#lineBytesMax) {
      this.#parts = [];
      return false;
    }
    // Copied: the stream may use its buffer again.
    if (part.length > 0) this.#parts.push(part.slice());
    return true;
  }

  #take(): string {
    const text = Buffer.concat(this.#parts).toString('utf8');
    this.#parts = [];
    this.#held = 0;
    return text;
  }
}
