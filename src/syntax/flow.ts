// Lines of flow collections and quoted texts that are indented less than YAML 1.2 section 8.1 asks for, which go-yaml (Kubernetes, Compose)
// takes all the same:
//   args: [
//     "a"
//   ]
import { YAMLException } from 'js-yaml';
import type { Event } from 'js-yaml';

/** How often such a text may be parsed again: so many characters altogether, beside its own length. */
const EXTRA_MAX = 1024 * 1024;
/** At the beginning of these lines white space has no meaning, so there may be plenty. */
const INDENT = ' '.repeat(256);

export interface Indented {
  readonly events: Event[];
  /** What the events point into. */
  readonly source: string;
  /** Offset in the text as it was written. */
  readonly original: (offset: number) => number;
}

export function isDeficient(error: unknown): error is YAMLException {
  return error instanceof YAMLException && error.reason === 'deficient indentation';
}

/**
 * Parses with those lines indented further.
 * @param first the mistake that was found
 * @returns undefined when this does not help
 */
export function parseDeficient(source: string, first: YAMLException, parse: (text: string) => Event[]): Indented | undefined {
  let text = source;
  let error = first;
  const places: number[] = [];
  for (let cost = 0; cost <= EXTRA_MAX + 2 * source.length; cost += text.length + 4096) {
    const position = error.mark?.position ?? 0;
    const start = Math.max(text.lastIndexOf('\n', position - 1), text.lastIndexOf('\r', position - 1)) + 1;
    // Mistakes are found from left to right; a line that is wrong again is wrong in another way.
    if (places.length > 0 && start <= places.at(-1)! + INDENT.length) return undefined;
    places.push(start);
    text = text.slice(0, start) + INDENT + text.slice(start);
    try {
      return { events: parse(text), source: text, original: (offset) => withoutIndent(offset, places) };
    } catch (next) {
      if (!isDeficient(next)) return undefined;
      error = next;
    }
  }
  return undefined;
}

function withoutIndent(offset: number, places: readonly number[]): number {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle]! < offset) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return offset;
  const last = places[low - 1]!;
  return Math.max(last, offset - INDENT.length) - (low - 1) * INDENT.length;
}
