// Single keys from a terminal.
import type { CliInput } from './context.ts';

const NAMES: Readonly<Record<string, string>> = {
  '\u0003': 'ctrl-c',
  '\u001b': 'escape',
  '\u001b[A': 'up',
  '\u001b[B': 'down',
  '\u001bOA': 'up',
  '\u001bOB': 'down',
};
// oxlint-disable-next-line no-control-regex
const KEY = /\u001b(?:\[[0-9;]*[A-Za-z~]|O[A-Za-z])?|[^\u001b]/gu;

/** Keys in a piece of input: names of the special ones, others as they are. Unknown sequences are passed over. */
export function keysIn(text: string): string[] {
  return [...text.matchAll(KEY)].flatMap(([key]) => (key.length > 1 && !(key in NAMES) ? [] : [NAMES[key] ?? key]));
}

/** Reads keys as they are pressed, where input is a terminal; elsewhere there are none. */
export class Keys {
  readonly #input: CliInput | undefined;
  readonly #onData: (chunk: Buffer | string) => void;

  constructor(input: CliInput | undefined, onKey: (key: string) => void) {
    this.#input = input?.isTTY === true && input.setRawMode ? input : undefined;
    this.#onData = (chunk) => {
      for (const key of keysIn(String(chunk))) onKey(key);
    };
  }

  open(): void {
    this.#input?.setRawMode?.(true);
    this.#input?.on('data', this.#onData);
    this.#input?.resume();
  }

  close(): void {
    this.#input?.off('data', this.#onData);
    this.#input?.setRawMode?.(false);
    this.#input?.pause();
  }
}
