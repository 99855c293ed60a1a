// The small parts of TOML: keys, strings, numbers, booleans, dates, blanks.
import { LineTable } from './lines.ts';
import type { Position, SyntaxMistake } from './mistake.ts';

/** A date, a time or both as they were written (RFC 3339 with TOML's freedoms). */
export interface TomlDate {
  readonly date: string;
}

export class TomlMistake extends Error {
  override name = 'TomlMistake';
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

const BARE_KEY = /[A-Za-z0-9_-]{1,1000}/y;
const INTEGER = /^[+-]?(?:0|[1-9](?:_?\d)*)$/;
const PREFIXED = /^0(?:x[0-9A-Fa-f](?:_?[0-9A-Fa-f])*|o[0-7](?:_?[0-7])*|b[01](?:_?[01])*)$/;
const FLOAT = /^[+-]?(?:0|[1-9](?:_?\d)*)(?:\.\d(?:_?\d)*)?(?:[eE][+-]?\d(?:_?\d)*)?$/;
const DATE =
  /^(?:\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:[Tt ](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d{1,30})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)?)?|(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d{1,30})?)$/;
const WORD = /[^\s,\]}#=]{1,200}/y;
const ESCAPES: Readonly<Record<string, string>> = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r', '"': '"', '\\': '\\' };

export interface TomlKey {
  readonly name: string;
  readonly at: number;
}

export class TomlScalars {
  protected at: number;
  protected readonly text: string;
  readonly #file: string;
  readonly #lines: LineTable;

  constructor(file: string, text: string) {
    this.#file = file;
    this.text = text;
    this.at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
    this.#lines = new LineTable(text);
  }

  protected position(at: number): Position {
    return { file: this.#file, ...this.#lines.at(at) };
  }

  protected mistake(error: TomlMistake): SyntaxMistake {
    return { code: 'syntax.toml', severity: 'error', message: error.message, location: this.position(error.at) };
  }

  protected error(message: string, at: number): TomlMistake {
    return new TomlMistake(message, at);
  }

  protected take(text: string): boolean {
    if (!this.text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  protected blanks(): void {
    while (this.text[this.at] === ' ' || this.text[this.at] === '\t') this.at++;
  }

  protected blanksAndLines(): void {
    for (;;) {
      this.blanks();
      this.comment();
      if (this.text[this.at] === '\r' && this.text[this.at + 1] === '\n') this.at += 2;
      else if (this.text[this.at] === '\n') this.at++;
      else return;
    }
  }

  /** Nothing but a comment may stand before the end of a line. */
  protected lineEnd(): void {
    this.blanks();
    this.comment();
    if (this.at >= this.text.length || this.take('\n') || this.take('\r\n')) return;
    throw this.error('expected the end of the line', this.at);
  }

  protected comment(): void {
    if (this.text[this.at] !== '#') return;
    const newline = this.text.indexOf('\n', this.at);
    const end = newline === -1 ? this.text.length : newline;
    const control = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!$)/.exec(this.text.slice(this.at, end));
    if (control) throw this.error('control characters are not allowed in a comment', this.at + control.index);
    this.at = this.text[end - 1] === '\r' ? end - 1 : end;
  }

  protected keys(): TomlKey[] {
    const keys: TomlKey[] = [];
    do {
      this.blanks();
      keys.push(this.#key());
      this.blanks();
      if (keys.length > 100) throw this.error('the key has too many parts', this.at);
    } while (this.take('.'));
    return keys;
  }

  #key(): TomlKey {
    const { at } = this;
    const char = this.text[at];
    if (char === '"') return { name: this.#basic(), at };
    if (char === "'") return { name: this.#literal(), at };
    BARE_KEY.lastIndex = at;
    const bare = BARE_KEY.exec(this.text);
    if (!bare) throw this.error('expected a key', at);
    this.at = BARE_KEY.lastIndex;
    return { name: bare[0], at };
  }

  protected scalar(): string | number | bigint | boolean | TomlDate {
    if (this.text.startsWith('"""', this.at)) return this.#multiline('"""');
    if (this.text.startsWith("'''", this.at)) return this.#multiline("'''");
    if (this.text[this.at] === '"') return this.#basic();
    if (this.text[this.at] === "'") return this.#literal();
    const start = this.at;
    WORD.lastIndex = start;
    let word = WORD.exec(this.text)?.[0] ?? '';
    // A blank may stand between a date and its time.
    if (/^\d{4}-\d\d-\d\d$/.test(word) && /^ \d\d:/.test(this.text.slice(start + 10, start + 14))) {
      WORD.lastIndex = start + 11;
      word += ` ${WORD.exec(this.text)![0]}`;
    }
    this.at = start + word.length;
    return plainValue(word) ?? this.#refuse(word, start);
  }

  #refuse(word: string, start: number): never {
    throw this.error(word === '' ? 'expected a value' : 'this is no value: strings stand in quotes', start);
  }

  #basic(): string {
    const start = this.at++;
    let value = '';
    for (;;) {
      const char = this.text[this.at];
      if (char === undefined || char === '\n') throw this.error('missing `"` for this string', start);
      this.at++;
      if (char === '"') return value;
      if (char === '\\') value += this.#escape();
      else value += this.#allowed(char);
    }
  }

  #literal(): string {
    const start = this.at;
    const end = this.text.indexOf("'", start + 1);
    const value = end === -1 ? '\n' : this.text.slice(start + 1, end);
    if (value.includes('\n')) throw this.error("missing `'` for this string", start);
    for (const char of value) this.#allowed(char);
    this.at = end + 1;
    return value;
  }

  #multiline(quotes: string): string {
    const start = this.at;
    this.at += 3;
    if (this.text[this.at] === '\r' && this.text[this.at + 1] === '\n') this.at += 2;
    else if (this.text[this.at] === '\n') this.at++;
    const parts: string[] = [];
    for (;;) {
      if (this.at >= this.text.length) throw this.error(`missing \`${quotes}\` for this string`, start);
      if (this.text.startsWith(quotes, this.at)) {
        // Up to two quotes may stand directly before the closing three.
        let count = 3;
        while (count < 5 && this.text[this.at + count] === quotes[0]) count++;
        this.at += count;
        return parts.join('') + quotes[0]!.repeat(count - 3);
      }
      const char = this.text[this.at++]!;
      if (char === '\\' && quotes === '"""') parts.push(this.#lineBreak() ? '' : this.#escape());
      else parts.push(char === '\n' || (char === '\r' && this.text[this.at] === '\n') ? char : this.#allowed(char));
    }
  }

  /** A backslash at the end of a line takes the blanks and line ends after it away. */
  #lineBreak(): boolean {
    const rest = /[ \t]*\r?\n[ \t\r\n]*/y;
    rest.lastIndex = this.at;
    if (!rest.test(this.text)) return false;
    this.at = rest.lastIndex;
    return true;
  }

  #escape(): string {
    const at = this.at - 1;
    const char = this.text[this.at++] ?? '';
    const plain = ESCAPES[char];
    if (plain !== undefined) return plain;
    const digits = char === 'u' ? 4 : char === 'U' ? 8 : 0;
    const hex = this.text.slice(this.at, this.at + digits);
    const code = Number.parseInt(hex, 16);
    if (
      digits === 0 ||
      !/^[0-9A-Fa-f]+$/.test(hex) ||
      hex.length !== digits ||
      code > 0x10_ffff ||
      (code >= 0xd800 && code <= 0xdfff)
    )
      throw this.error('no such escape in a string with double quotes; one in single quotes takes backslashes as they are', at);
    this.at += digits;
    return String.fromCodePoint(code);
  }

  #allowed(char: string): string {
    const code = char.charCodeAt(0);
    if ((code < 0x20 && code !== 9) || code === 0x7f)
      throw this.error('control characters are not allowed in a string', this.at - 1);
    return char;
  }
}

function plainValue(word: string): number | bigint | boolean | TomlDate | undefined {
  if (word === 'true' || word === 'false') return word === 'true';
  if (INTEGER.test(word)) return integer(word.replaceAll('_', ''));
  if (PREFIXED.test(word)) return integer(word.replaceAll('_', ''));
  if (FLOAT.test(word)) return Number(word.replaceAll('_', ''));
  const special = /^([+-]?)(inf|nan)$/.exec(word);
  if (special) return special[2] === 'nan' ? NaN : special[1] === '-' ? -Infinity : Infinity;
  return DATE.test(word) ? { date: word } : undefined;
}

/** A number while it is exact, else a bigint; undefined beyond 64 bits, which TOML does not ask for. */
function integer(text: string): number | bigint | undefined {
  const value = text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text.replace('+', ''));
  if (value > 2n ** 63n - 1n || value < -(2n ** 63n)) return undefined;
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER) ? Number(value) : value;
}
