// Most manifests use a small part of YAML: block mappings and lists, scalars on one line, literal blocks, short flow collections. That part
// is read here in one pass without events, several times faster; whatever is not of it is handed back to the full parser. So this reader
// may refuse anything, but must never read something differently (fast.test.ts compares the two).
import { Bare } from './construct.ts';
import { FastJson, isBracketed, jsonStart } from './fast-json.ts';
import { keyText, resolvePlain } from './scalar.ts';

/** What is not of the small part. Compared by identity. */
export const REFUSED: unique symbol = Symbol('refused');

class Refusal extends Error {}
// One object for all: making a stack trace costs more than reading a document.
const REFUSAL = new Refusal('refused');

// Tabs, carriage returns, byte order marks, what YAML does not print, and half characters.
const UNUSUAL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]/;

const [NEWLINE, SPACE, QUOTE, HASH, APOSTROPHE, COMMA, DASH, COLON, PIPE] = [10, 32, 34, 35, 39, 44, 45, 58, 124];
const [OPEN_LIST, CLOSE_LIST, OPEN_MAP, CLOSE_MAP, BACKSLASH] = [91, 93, 123, 125, 92];

/** By unit: whether a plain scalar may begin with it whatever follows. Only ASCII; the rest may too. */
const BEGINS = Uint8Array.from({ length: 128 }, (_, unit) => (/[A-Za-z0-9_/.$()<+~=;^]/.test(String.fromCharCode(unit)) ? 1 : 0));

/**
 * Reads one document.
 * @param source without anything of other documents; it may begin with `---`
 * @returns the frozen value, as Construction makes it, or REFUSED
 */
export function readFast(source: string, depthMax: number): unknown {
  const json = jsonStart(source);
  if ((json === -1 && isBracketed(source)) || UNUSUAL.test(source)) return REFUSED;
  try {
    return json === -1 ? new FastReader(source, depthMax).document() : new FastJson(source, json, depthMax, REFUSAL).document();
  } catch (error) {
    if (error === REFUSAL) return REFUSED;
    throw error;
  }
}

class FastReader {
  readonly #text: string;
  readonly #end: number;
  readonly #depthMax: number;
  /** First character of the content that is to be read. */
  #at = 0;
  /** Its column; -1 at the end of the text. */
  #column = -1;
  /** Offset after the quoted text or flow collection that was read last. */
  #after = 0;
  #depth = 0;

  constructor(text: string, depthMax: number) {
    this.#text = text;
    this.#end = text.length;
    this.#depthMax = depthMax;
  }

  document(): unknown {
    let start = 0;
    if (this.#text.startsWith('---')) {
      const end = this.#lineEnd(3);
      if (this.#content(3) < end) throw REFUSAL;
      start = end + 1;
    }
    this.#seek(start);
    if (this.#column === -1) return null;
    const value = this.#block(this.#column);
    if (this.#column !== -1) throw REFUSAL;
    return value;
  }

  /** Goes to the next line with content. @param start of a line */
  #seek(start: number): void {
    const text = this.#text;
    for (let line = start; line < this.#end;) {
      let at = line;
      while (text.charCodeAt(at) === SPACE) at++;
      if (at >= this.#end) break;
      const unit = text.charCodeAt(at);
      if (unit === NEWLINE) line = at + 1;
      else if (unit === HASH) line = this.#lineEnd(at) + 1;
      else {
        if (at === line && (text.startsWith('---', at) || text.startsWith('...', at))) throw REFUSAL;
        this.#at = at;
        this.#column = at - line;
        return;
      }
    }
    this.#at = this.#end;
    this.#column = -1;
  }

  #lineEnd(from: number): number {
    const at = this.#text.indexOf('\n', from);
    return at === -1 ? this.#end : at;
  }

  /** What follows on the line: spaces and a comment after them are passed over. At the line's end when there is nothing. */
  #content(from: number): number {
    const text = this.#text;
    let at = from;
    while (text.charCodeAt(at) === SPACE) at++;
    return at > from && text.charCodeAt(at) === HASH ? this.#lineEnd(at) : at;
  }

  #isEnd(at: number): boolean {
    return at >= this.#end || this.#text.charCodeAt(at) === NEWLINE;
  }

  /** `- ` or a `-` that ends the line. */
  #isDash(at: number): boolean {
    if (this.#text.charCodeAt(at) !== DASH) return false;
    return this.#text.charCodeAt(at + 1) === SPACE || this.#isEnd(at + 1);
  }

  #block(column: number): unknown {
    return this.#isDash(this.#at) ? this.#sequence(column) : this.#mapping(column);
  }

  #enter(): void {
    if (++this.#depth > this.#depthMax) throw REFUSAL;
  }

  #mapping(column: number): Readonly<Record<string, unknown>> {
    this.#enter();
    const members = new Bare();
    do {
      const colon = this.#keyEnd(this.#at);
      if (colon === -1) throw REFUSAL;
      const key = this.#key(this.#at, colon);
      if (key in members) throw REFUSAL;
      const at = this.#content(colon + 1);
      if (!this.#isEnd(at)) members[key] = this.#inline(at, column);
      else {
        this.#seek(at + 1);
        const below = this.#column > column || (this.#column === column && this.#isDash(this.#at));
        members[key] = below ? this.#block(this.#column) : null;
      }
    } while (this.#column === column);
    // A longer indentation goes on with the value above, or is a mistake.
    if (this.#column > column) throw REFUSAL;
    this.#depth--;
    return Object.freeze(members);
  }

  #sequence(column: number): readonly unknown[] {
    this.#enter();
    const items: unknown[] = [];
    do {
      const dash = this.#at;
      const at = this.#content(dash + 1);
      if (this.#isEnd(at)) {
        this.#seek(at + 1);
        items.push(this.#column > column ? this.#block(this.#column) : null);
      } else if (this.#isDash(at) || this.#keyEnd(at) !== -1) {
        this.#at = at;
        this.#column = column + at - dash;
        items.push(this.#block(this.#column));
      } else items.push(this.#inline(at, column));
    } while (this.#column === column && this.#isDash(this.#at));
    if (this.#column > column) throw REFUSAL;
    this.#depth--;
    return Object.freeze(items);
  }

  /** Offset of the `:` when a key stands here; -1 when something else does. */
  #keyEnd(at: number): number {
    const text = this.#text;
    const unit = text.charCodeAt(at);
    if (unit === QUOTE || unit === APOSTROPHE) {
      this.#quoted(at);
      let colon = this.#after;
      while (text.charCodeAt(colon) === SPACE) colon++;
      return text.charCodeAt(colon) === COLON && (text.charCodeAt(colon + 1) === SPACE || this.#isEnd(colon + 1)) ? colon : -1;
    }
    if (!this.#begins(at)) return -1;
    for (let i = at; i < this.#end; i++) {
      const each = text.charCodeAt(i);
      if (each === NEWLINE || (each === HASH && text.charCodeAt(i - 1) === SPACE)) return -1;
      if (each === COLON && (text.charCodeAt(i + 1) === SPACE || this.#isEnd(i + 1))) {
        // Longer ones are no simple keys (YAML 1.2 section 7.4.2).
        if (i - at > 1000) throw REFUSAL;
        return i;
      }
    }
    return -1;
  }

  #key(at: number, colon: number): string {
    const unit = this.#text.charCodeAt(at);
    if (unit === QUOTE || unit === APOSTROPHE) return this.#quoted(at);
    const text = this.#trimmed(at, colon);
    const key = keyText(resolvePlain(text));
    if (key === undefined || text === '<<') throw REFUSAL;
    return key;
  }

  /** Whether a plain scalar begins here. */
  #begins(at: number): boolean {
    const unit = this.#text.charCodeAt(at);
    if (unit > 127 || BEGINS[unit] === 1) return true;
    return unit === DASH && this.#text.charCodeAt(at + 1) !== SPACE && !this.#isEnd(at + 1);
  }

  #trimmed(start: number, end: number): string {
    let stop = end;
    while (stop > start && this.#text.charCodeAt(stop - 1) === SPACE) stop--;
    return this.#text.slice(start, stop);
  }

  #plain(text: string): string | number | boolean | null {
    const value = resolvePlain(text);
    if (typeof value === 'number' && Number.isNaN(value)) throw REFUSAL;
    return value;
  }

  /** A value that begins on the line of its key or dash; goes to the next line with content. @param column of the key or dash */
  #inline(at: number, column: number): unknown {
    const text = this.#text;
    const unit = text.charCodeAt(at);
    if (unit === PIPE) return this.#literal(at, column);
    let value: unknown;
    if (unit === QUOTE || unit === APOSTROPHE) value = this.#quoted(at);
    else if (unit === OPEN_LIST || unit === OPEN_MAP) value = this.#flow(at);
    else {
      if (!this.#begins(at)) throw REFUSAL;
      let end = at;
      for (; end < this.#end; end++) {
        const each = text.charCodeAt(end);
        if (each === NEWLINE || (each === HASH && text.charCodeAt(end - 1) === SPACE)) break;
        if (each === COLON && (text.charCodeAt(end + 1) === SPACE || this.#isEnd(end + 1))) throw REFUSAL;
      }
      this.#seek(this.#lineEnd(end) + 1);
      return this.#plain(this.#trimmed(at, end));
    }
    const rest = this.#content(this.#after);
    if (!this.#isEnd(rest)) throw REFUSAL;
    this.#seek(rest + 1);
    return value;
  }

  /** `|` and `|-` whose first line has content. */
  #literal(at: number, column: number): string {
    const text = this.#text;
    const strip = text.charCodeAt(at + 1) === DASH;
    const header = this.#content(at + (strip ? 2 : 1));
    if (!this.#isEnd(header)) throw REFUSAL;
    const lines: string[] = [];
    let indent = -1;
    let kept = 0;
    let line = header + 1;
    while (line < this.#end) {
      let first = line;
      while (text.charCodeAt(first) === SPACE) first++;
      const end = this.#lineEnd(first);
      // Without a last line break the parsers differ in what they add.
      if (end >= this.#end) throw REFUSAL;
      const spaces = first - line;
      if (first === end) {
        if (indent === -1 || spaces > indent) throw REFUSAL;
        lines.push('');
      } else {
        if (indent === -1) indent = spaces > column ? spaces : this.#refuse();
        if (spaces < indent) {
          if (spaces > column) throw REFUSAL;
          break;
        }
        lines.push(text.slice(line + indent, end));
        kept = lines.length;
      }
      line = end + 1;
    }
    if (kept === 0) throw REFUSAL;
    this.#seek(line);
    lines.length = kept;
    return strip ? lines.join('\n') : `${lines.join('\n')}\n`;
  }

  #refuse(): never {
    throw REFUSAL;
  }

  /** A quoted text on one line. */
  #quoted(at: number): string {
    const text = this.#text;
    const quote = text.charCodeAt(at);
    let escaped = false;
    for (let i = at + 1; i < this.#end; i++) {
      const unit = text.charCodeAt(i);
      if (unit === NEWLINE) break;
      if (unit === BACKSLASH && quote === QUOTE) {
        // Those that JSON has too, and that mean the same there.
        if (!'"\\/bfnrt'.includes(text.charAt(i + 1)) || i + 1 >= this.#end) throw REFUSAL;
        escaped = true;
        i++;
      } else if (unit === quote) {
        if (quote === APOSTROPHE && text.charCodeAt(i + 1) === APOSTROPHE) {
          escaped = true;
          i++;
          continue;
        }
        this.#after = i + 1;
        if (!escaped) return text.slice(at + 1, i);
        return quote === QUOTE ? (JSON.parse(text.slice(at, i + 1)) as string) : text.slice(at + 1, i).replaceAll("''", "'");
      }
    }
    throw REFUSAL;
  }

  /** `[…]` or `{…}` on one line. */
  #flow(at: number): unknown {
    this.#enter();
    const value = this.#text.charCodeAt(at) === OPEN_LIST ? this.#flowList(at) : this.#flowMap(at);
    this.#depth--;
    return Object.freeze(value);
  }

  #spaces(from: number): number {
    let at = from;
    while (this.#text.charCodeAt(at) === SPACE) at++;
    return at;
  }

  #flowList(open: number): unknown[] {
    const items: unknown[] = [];
    let at = this.#spaces(open + 1);
    if (this.#text.charCodeAt(at) === CLOSE_LIST) {
      this.#after = at + 1;
      return items;
    }
    for (;;) {
      items.push(this.#flowValue(at));
      at = this.#spaces(this.#after);
      const unit = this.#text.charCodeAt(at);
      if (unit === CLOSE_LIST) {
        this.#after = at + 1;
        return items;
      }
      if (unit !== COMMA) throw REFUSAL;
      at = this.#spaces(at + 1);
    }
  }

  #flowMap(open: number): Record<string, unknown> {
    const members = new Bare();
    let at = this.#spaces(open + 1);
    if (this.#text.charCodeAt(at) === CLOSE_MAP) {
      this.#after = at + 1;
      return members;
    }
    for (;;) {
      const unit = this.#text.charCodeAt(at);
      const quoted = unit === QUOTE || unit === APOSTROPHE;
      const key = quoted ? this.#quoted(at) : this.#flowPlain(at);
      const name = typeof key === 'string' ? key : keyText(key);
      const colon = this.#after;
      if (name === undefined || (!quoted && name === '<<') || name in members || this.#text.charCodeAt(colon) !== COLON)
        throw REFUSAL;
      if (!quoted && this.#text.charCodeAt(colon + 1) !== SPACE) throw REFUSAL;
      members[name] = this.#flowValue(this.#spaces(colon + 1));
      at = this.#spaces(this.#after);
      const next = this.#text.charCodeAt(at);
      if (next === CLOSE_MAP) {
        this.#after = at + 1;
        return members;
      }
      if (next !== COMMA) throw REFUSAL;
      at = this.#spaces(at + 1);
    }
  }

  #flowValue(at: number): unknown {
    const unit = this.#text.charCodeAt(at);
    if (unit === OPEN_LIST || unit === OPEN_MAP) return this.#flow(at);
    if (unit === QUOTE || unit === APOSTROPHE) return this.#quoted(at);
    return this.#flowPlain(at);
  }

  #flowPlain(at: number): string | number | boolean | null {
    const text = this.#text;
    if (!this.#begins(at)) throw REFUSAL;
    let end = at;
    for (; ; end++) {
      const unit = text.charCodeAt(end);
      if (end >= this.#end || unit === NEWLINE || unit === OPEN_LIST || unit === OPEN_MAP) throw REFUSAL;
      if (unit === COMMA || unit === CLOSE_LIST || unit === CLOSE_MAP) break;
      if (unit === HASH && text.charCodeAt(end - 1) === SPACE) throw REFUSAL;
      if (unit === COLON) {
        const next = text.charCodeAt(end + 1);
        if (next === SPACE) break;
        if (
          this.#isEnd(end + 1) ||
          next === COMMA ||
          next === CLOSE_LIST ||
          next === CLOSE_MAP ||
          next === OPEN_LIST ||
          next === OPEN_MAP
        )
          throw REFUSAL;
      }
    }
    this.#after = end;
    const word = this.#trimmed(at, end);
    if (word === '-') throw REFUSAL;
    return this.#plain(word);
  }
}
