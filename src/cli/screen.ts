// A screen that is drawn again and again in place, and leaves the terminal as it found it.
import type { CliStream } from './context.ts';

const ESC = '\u001b[';
const ALTERNATE = { on: `${ESC}?1049h${ESC}?25l`, off: `${ESC}?25h${ESC}?1049l` };

export class Screen {
  readonly #stream: CliStream;
  #open = false;

  constructor(stream: CliStream) {
    this.#stream = stream;
  }

  open(): void {
    this.#open = true;
    this.#stream.write(ALTERNATE.on);
  }

  /** Writes over what is there, line by line, and clears what is left: without clearing first nothing flickers. */
  draw(lines: readonly string[]): void {
    if (this.#open) this.#stream.write(`${ESC}H${lines.map((line) => `${line}${ESC}K`).join('\r\n')}${ESC}J`);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#stream.write(ALTERNATE.off);
  }
}
