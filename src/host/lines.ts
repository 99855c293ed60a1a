// A workload's output, cut into lines that are safe to show: bounded in length and rate, without control characters.
import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';

export interface LogLine {
  /** Workload id. */
  readonly id: string;
  readonly stream: 'stdout' | 'stderr';
  /** Colours (SGR) are kept, every other control sequence is dropped. */
  readonly text: string;
}

export const LINE_LENGTH_MAX = 8192;
/** Lines a second, and how many may come at once. */
export const LINE_RATE = 1000;
export const LINE_BURST = 4000;

const COLOURS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94] as const;

/** `cart      | text`, the name in a colour of its own where `colour` is wanted. @param width of the widest name */
export function prefixLine(line: LogLine, width: number, colour: boolean): string {
  const name = line.id.slice(line.id.indexOf('/') + 1).padEnd(width);
  if (!colour) return `${name} | ${stripColours(line.text)}`;
  let hash = 0;
  for (const char of line.id) hash = (hash * 31 + char.charCodeAt(0)) >>> 0;
  return `\x1b[${COLOURS[hash % COLOURS.length]}m${name} |\x1b[0m ${line.text}${line.text.includes('\x1b') ? '\x1b[0m' : ''}`;
}

const SGR = /\x1b\[[0-9;:]*m/g;
/** CSI, OSC and two-character escapes, an unfinished sequence, and what is left of C0 and C1 but the tab. */
const HOSTILE =
  /\x1b\[(?![0-9;:]*m)[0-?]*[ -/]*[@-~]?|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b(?!\[[0-9;:]*m)[ -~]?|[\x00-\x08\x0a-\x1a\x1c-\x1f\x7f-\x9f]/g;

function stripColours(text: string): string {
  return text.replace(SGR, '');
}

/** What a terminal may be shown of a line that a stranger wrote. */
export function safeText(text: string): string {
  return text.replace(HOSTILE, '');
}

/**
 * Cuts text that arrives in pieces into lines. A line beyond LINE_LENGTH_MAX is cut and says by how much; lines beyond the rate
 * are dropped and counted, and the count is told with the next line that passes or at the end.
 */
export class LineCutter {
  readonly #sink: (text: string) => void;
  readonly #nowMs: () => number;
  #decoder = new StringDecoder('utf8');
  #partial = '';
  #cut = 0;
  #tokens = LINE_BURST;
  #filledMs: number;
  #dropped = 0;

  constructor(sink: (text: string) => void, nowMs: () => number) {
    this.#sink = sink;
    this.#nowMs = nowMs;
    this.#filledMs = nowMs();
  }

  write(chunk: Buffer): void {
    const text = this.#decoder.write(chunk);
    let from = 0;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', from)) {
      this.#grow(text, from, at);
      this.#line();
      from = at + 1;
    }
    this.#grow(text, from, text.length);
  }

  /** The last line may lack its end. */
  end(): void {
    const rest = this.#decoder.end();
    this.#grow(rest, 0, rest.length);
    if (this.#partial !== '' || this.#cut > 0) this.#line();
    this.#tellDropped();
    this.#decoder = new StringDecoder('utf8');
  }

  #grow(text: string, from: number, to: number): void {
    const room = LINE_LENGTH_MAX - this.#partial.length;
    if (room > 0) this.#partial += text.slice(from, Math.min(to, from + room));
    this.#cut += Math.max(0, to - from - Math.max(0, room));
  }

  #line(): void {
    const cut = this.#cut;
    const text = this.#partial.endsWith('\r') ? this.#partial.slice(0, -1) : this.#partial;
    this.#partial = '';
    this.#cut = 0;
    const nowMs = this.#nowMs();
    this.#tokens = Math.min(LINE_BURST, this.#tokens + ((nowMs - this.#filledMs) * LINE_RATE) / 1000);
    this.#filledMs = nowMs;
    if (this.#tokens < 1) {
      this.#dropped++;
      return;
    }
    this.#tokens--;
    this.#tellDropped();
    this.#sink(safeText(text) + (cut > 0 ? ` … (${cut} more characters)` : ''));
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return;
    const dropped = this.#dropped;
    this.#dropped = 0;
    this.#sink(`… (${dropped} lines dropped: more than ${LINE_RATE} a second)`);
  }
}

/** Sends the lines of a child's output to `sink` until it ends. */
export function pumpLines(id: string, stream: 'stdout' | 'stderr', from: Readable, sink: (line: LogLine) => void): void {
  const cutter = new LineCutter(
    (text) => sink({ id, stream, text }),
    () => performance.now(),
  );
  from.on('data', (chunk: Buffer) => cutter.write(chunk));
  from.once('close', () => cutter.end());
  // A pipe that breaks is the end of the output; the process's own exit says why.
  from.on('error', () => {});
}
