// Finds where the parts of a JSON text are written, as Locator does for YAML, by going over the text again. Only for texts that FastJson has read.
import { jsonStart } from './fast-json.ts';

const [NEWLINE, SPACE, QUOTE, COMMA, COLON, BACKSLASH] = [10, 32, 34, 44, 58, 92];
const [OPEN_LIST, CLOSE_LIST, OPEN_MAP, CLOSE_MAP] = [91, 93, 123, 125];

/** Offsets of a member's key and of its value; of an item they are the same. */
type Place = readonly [at: number, value: number];

export class JsonLocator {
  readonly #text: string;
  /** Of the collections that were asked for, by their offset. */
  readonly #members = new Map<number, ReadonlyMap<string, Place>>();

  constructor(text: string) {
    this.#text = text;
  }

  /** Offset of the key, or of the item, that `path` names; of its nearest written ancestor when it is not there. */
  offset(path: readonly (string | number)[]): number {
    let value = jsonStart(this.#text);
    let offset = value;
    for (const part of path) {
      const unit = this.#text.charCodeAt(value);
      if (unit !== OPEN_LIST && unit !== OPEN_MAP) break;
      let members = this.#members.get(value);
      if (!members) this.#members.set(value, (members = this.#read(value, unit === OPEN_MAP)));
      const found = members.get(unit === OPEN_MAP ? String(part) : String(Number(part)));
      if (!found) break;
      [offset, value] = found;
    }
    return offset;
  }

  #read(open: number, keyed: boolean): ReadonlyMap<string, Place> {
    const text = this.#text;
    const members = new Map<string, Place>();
    let at = this.#space(open + 1);
    for (let i = 0; text.charCodeAt(at) !== (keyed ? CLOSE_MAP : CLOSE_LIST); i++) {
      const start = at;
      let name = String(i);
      if (keyed) {
        const end = this.#string(start);
        name = JSON.parse(text.slice(start, end)) as string;
        // Past the colon.
        at = this.#space(this.#space(end) + 1);
      }
      members.set(name, [start, at]);
      at = this.#space(this.#end(at));
      if (text.charCodeAt(at) === COMMA) at = this.#space(at + 1);
    }
    return members;
  }

  #space(from: number): number {
    let at = from;
    for (let unit = this.#text.charCodeAt(at); unit === SPACE || unit === NEWLINE;) unit = this.#text.charCodeAt(++at);
    return at;
  }

  /** Offset after a text. */
  #string(from: number): number {
    const text = this.#text;
    let at = from + 1;
    for (let unit = text.charCodeAt(at); unit !== QUOTE; unit = text.charCodeAt(at)) at += unit === BACKSLASH ? 2 : 1;
    return at + 1;
  }

  /** Offset after a value. */
  #end(from: number): number {
    const text = this.#text;
    let depth = 0;
    for (let at = from; at < text.length;) {
      const unit = text.charCodeAt(at);
      if (unit === QUOTE) {
        at = this.#string(at);
        if (depth === 0) return at;
        continue;
      }
      if (unit === OPEN_LIST || unit === OPEN_MAP) depth++;
      else if (unit === CLOSE_LIST || unit === CLOSE_MAP) {
        // The end of what a word stands in, or of the value itself.
        if (depth === 0) return at;
        if (--depth === 0) return at + 1;
      } else if (depth === 0 && (unit === COMMA || unit === SPACE || unit === NEWLINE || unit === COLON)) return at;
      at++;
    }
    return text.length;
  }
}
