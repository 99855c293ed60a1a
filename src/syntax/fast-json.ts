// JSON as the YAML reader reads it, in one pass without events. It refuses what is not plain JSON, or what the two read differently; the full
// parser reads that (fast.test.ts compares the two).
import { Bare } from './construct.ts';
import { resolvePlain } from './scalar.ts';

const [NEWLINE, SPACE, QUOTE, COMMA, COLON, BACKSLASH] = [10, 32, 34, 44, 58, 92];
const [OPEN_LIST, CLOSE_LIST, OPEN_MAP, CLOSE_MAP] = [91, 93, 123, 125];
/** Longer keys are no simple keys (YAML 1.2 section 7.4.2). */
const KEY_MAX = 1000;
/** By unit: whether it may be of a number, `true`, `false` or `null`. */
const WORD = Uint8Array.from({ length: 128 }, (_, unit) => (/[-+.\w]/.test(String.fromCharCode(unit)) ? 1 : 0));

/** Whether the first line with content begins with a bracket: what follows is JSON, a flow collection or a template. */
export function isBracketed(text: string): boolean {
  const unit = text.charCodeAt(skip(text, 0, NEWLINE));
  return unit === OPEN_LIST || unit === OPEN_MAP;
}

/** Offset of an object or a list that begins the first line with content and looks like JSON; -1 for anything else. */
export function jsonStart(text: string): number {
  const at = skip(text, 0, NEWLINE);
  const unit = text.charCodeAt(at);
  if (unit === OPEN_LIST) return at;
  if (unit !== OPEN_MAP) return -1;
  const first = text.charCodeAt(skip(text, at + 1, SPACE));
  return first === QUOTE || first === CLOSE_MAP ? at : -1;
}

/** Goes over line breaks, and over spaces when they are asked for. */
function skip(text: string, from: number, space: number): number {
  let at = from;
  for (let unit = text.charCodeAt(at); unit === NEWLINE || unit === space;) unit = text.charCodeAt(++at);
  return at;
}

export class FastJson {
  readonly #text: string;
  readonly #depthMax: number;
  readonly #refusal: Error;
  #at: number;
  #depth = 0;

  /** @param start of the value (jsonStart) @param refusal thrown for what is not read here */
  constructor(text: string, start: number, depthMax: number, refusal: Error) {
    this.#text = text;
    this.#at = start;
    this.#depthMax = depthMax;
    this.#refusal = refusal;
  }

  document(): unknown {
    const value = this.#value();
    if (this.#space() < this.#text.length) throw this.#refusal;
    return value;
  }

  /** Goes to the next character that is no space. */
  #space(): number {
    const text = this.#text;
    let at = this.#at;
    let unit = text.charCodeAt(at);
    while (unit === SPACE || unit === NEWLINE) unit = text.charCodeAt(++at);
    return (this.#at = at);
  }

  #value(): unknown {
    switch (this.#text.charCodeAt(this.#at)) {
      case QUOTE:
        return this.#string();
      case OPEN_MAP:
        return this.#map();
      case OPEN_LIST:
        return this.#list();
      default:
        return this.#word();
    }
  }

  #enter(): void {
    if (++this.#depth > this.#depthMax) throw this.#refusal;
    this.#at++;
  }

  #list(): readonly unknown[] {
    this.#enter();
    const items: unknown[] = [];
    if (this.#text.charCodeAt(this.#space()) === CLOSE_LIST) this.#at++;
    else
      do {
        this.#space();
        items.push(this.#value());
      } while (this.#goesOn(CLOSE_LIST));
    this.#depth--;
    return Object.freeze(items);
  }

  #map(): Readonly<Record<string, unknown>> {
    this.#enter();
    const members = new Bare();
    const text = this.#text;
    if (text.charCodeAt(this.#space()) === CLOSE_MAP) this.#at++;
    else
      do {
        const start = this.#space();
        if (text.charCodeAt(start) !== QUOTE) throw this.#refusal;
        const key = this.#string();
        if (this.#at - start > KEY_MAX || key in members) throw this.#refusal;
        while (text.charCodeAt(this.#at) === SPACE) this.#at++;
        if (text.charCodeAt(this.#at++) !== COLON) throw this.#refusal;
        this.#space();
        members[key] = this.#value();
      } while (this.#goesOn(CLOSE_MAP));
    this.#depth--;
    return Object.freeze(members);
  }

  /** Goes over what stands after an item. */
  #goesOn(close: number): boolean {
    const unit = this.#text.charCodeAt(this.#space());
    this.#at++;
    if (unit === COMMA) return true;
    if (unit === close) return false;
    throw this.#refusal;
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at;
    let escaped = false;
    for (let at = start + 1; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit === QUOTE) {
        this.#at = at + 1;
        return escaped ? (JSON.parse(text.slice(start, at + 1)) as string) : text.slice(start + 1, at);
      }
      if (unit === NEWLINE) break;
      if (unit !== BACKSLASH) continue;
      escaped = true;
      at++;
      // Half characters are left to the full parser.
      if (!'"\\/bfnrt'.includes(text.charAt(at)) && !/^u(?![dD][89a-fA-F])[\da-fA-F]{4}/.test(text.slice(at, at + 5))) break;
    }
    throw this.#refusal;
  }

  #word(): number | boolean | null {
    const text = this.#text;
    const start = this.#at;
    let at = start;
    while (WORD[text.charCodeAt(at)] === 1) at++;
    this.#at = at;
    const word = text.slice(start, at);
    if (word === 'true') return true;
    if (word === 'false') return false;
    if (word === 'null') return null;
    const value = /^-?\d/.test(word) ? resolvePlain(word) : undefined;
    if (typeof value !== 'number' || Number.isNaN(value)) throw this.#refusal;
    return value;
  }
}
