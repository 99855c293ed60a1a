// Source text of five languages to tokens: words, literals, punctuation, each with its place. Comments are dropped. One pass, never throws;
// what is no valid source gives some tokens and goes on at the next line.

export type Language = 'javascript' | 'python' | 'java' | 'kotlin' | 'go';

export const WORD = 0;
export const TEXT = 1;
export const NUMBER = 2;
export const MARK = 3;

export interface Token {
  readonly kind: typeof WORD | typeof TEXT | typeof NUMBER | typeof MARK;
  /** Of a text the content, escapes resolved where that is simple; of a mark one or more characters (`=>`, `!==`). */
  readonly text: string;
  /** Offset of its first character. */
  readonly at: number;
  /** A text with values put into it: `${x}`, `f"{x}"`. */
  readonly dynamic?: boolean;
}

/** Characters of a large file for one token: people write five or six; the rest of a denser file is not looked at. */
const TOKEN_SIZE_MIN = 4;
/** As many in any file. */
const TOKENS_MIN = 30_000;
const TOKENS_MAX = 400_000;

const EXTENSIONS: Readonly<Record<string, Language>> = {
  js: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
  jsx: 'javascript',
  ts: 'javascript',
  mts: 'javascript',
  cts: 'javascript',
  tsx: 'javascript',
  py: 'python',
  java: 'java',
  kt: 'kotlin',
  kts: 'kotlin',
  go: 'go',
};

/** By the file's name; declaration files say nothing of what runs. */
export function languageOf(file: string): Language | undefined {
  if (/\.d\.[mc]?ts$|\.min\.js$/.test(file)) return undefined;
  const extension = file.slice(file.lastIndexOf('.') + 1).toLowerCase();
  return Object.hasOwn(EXTENSIONS, extension) ? EXTENSIONS[extension] : undefined;
}

/** After these a slash begins a regular expression. */
const BEFORE_REGEX = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'delete',
  'void',
  'throw',
  'new',
  'else',
  'do',
  'await',
  'yield',
  'instanceof',
]);
const MARKS = ['===', '!==', '...', ':=', '==', '!=', '=>', '->', '<=', '>=', '&&', '||', '??', '?.', '::', '+=', '-='];

/** Second characters of those. */
const SECOND = new Set('=.>&|?:');

/** The tokens of a text. */
export function tokenize(text: string, language: Language): readonly Token[] {
  return new Lexer(text, language).read();
}

function isWordStart(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || code === 36 || code > 127;
}
function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

class Lexer {
  readonly #text: string;
  readonly #language: Language;
  readonly #tokens: Token[] = [];

  constructor(text: string, language: Language) {
    this.#text = text;
    this.#language = language;
  }

  read(): readonly Token[] {
    const text = this.#text;
    const python = this.#language === 'python';
    const most = Math.min(TOKENS_MAX, Math.max(TOKENS_MIN, text.length / TOKEN_SIZE_MIN));
    for (let at = 0; at < text.length && this.#tokens.length < most;) {
      const code = text.charCodeAt(at);
      if (code <= 32) at++;
      else if (code === 35 && (python || at === 0)) at = lineEnd(text, at);
      else if (code === 47 && !python && text[at + 1] === '/') at = lineEnd(text, at);
      else if (code === 47 && !python && text[at + 1] === '*') {
        const end = text.indexOf('*/', at + 2);
        at = end < 0 ? text.length : end + 2;
      } else if (isWordStart(code)) at = this.#word(at);
      else if (isDigit(code)) at = this.#number(at);
      else if (code === 34 || code === 39 || (code === 96 && !python)) at = this.#quoted(at, at, '');
      else if (code === 47 && this.#language === 'javascript' && this.#beginsRegex()) at = this.#regex(at);
      else at = this.#mark(at);
    }
    return this.#tokens;
  }

  #push(kind: Token['kind'], text: string, at: number, dynamic = false): void {
    this.#tokens.push(dynamic ? { kind, text, at, dynamic } : { kind, text, at });
  }

  #word(start: number): number {
    const text = this.#text;
    let at = start + 1;
    while (at < text.length && (isWordStart(text.charCodeAt(at)) || isDigit(text.charCodeAt(at)))) at++;
    const word = text.slice(start, at);
    const quote = text[at];
    if (this.#language === 'python' && (quote === '"' || quote === "'") && word.length <= 2 && /^[rbfuRBFU]+$/.test(word))
      return this.#quoted(at, start, word.toLowerCase());
    this.#push(WORD, word, start);
    return at;
  }

  #number(start: number): number {
    const text = this.#text;
    let at = start + 1;
    while (
      at < text.length &&
      (isWordStart(text.charCodeAt(at)) || isDigit(text.charCodeAt(at)) || (text[at] === '.' && isDigit(text.charCodeAt(at + 1))))
    )
      at++;
    this.#push(NUMBER, text.slice(start, at), start);
    return at;
  }

  #mark(at: number): number {
    const single = this.#text[at]!;
    const mark = SECOND.has(this.#text[at + 1] ?? '') ? (MARKS.find((one) => this.#text.startsWith(one, at)) ?? single) : single;
    this.#push(MARK, mark, at);
    return at + mark.length;
  }

  /** @param open index of the quote @param start of the whole literal @param prefix Python's */
  #quoted(open: number, start: number, prefix: string): number {
    const text = this.#text;
    const quote = text[open]!;
    const triple =
      this.#language !== 'go' &&
      this.#language !== 'javascript' &&
      text.startsWith(quote.repeat(3), open) &&
      (quote === '"' || this.#language === 'python');
    const close = triple ? quote.repeat(3) : quote;
    const lines = triple || quote === '`';
    const raw = prefix.includes('r') || (quote === '`' && this.#language === 'go');
    let dynamic = prefix.includes('f');
    let at = open + close.length;
    const from = at;
    while (at < text.length) {
      const char = text[at]!;
      if (char === '\\' && !raw) at += 2;
      else if (char === '\n' && !lines) break;
      else if (text.startsWith(close, at)) {
        this.#push(TEXT, unescaped(text.slice(from, at), raw), start, dynamic && /\{/.test(text.slice(from, at)));
        return at + close.length;
      } else if (
        char === '$' &&
        (text[at + 1] === '{' || this.#language === 'kotlin') &&
        quote !== "'" &&
        this.#language !== 'go' &&
        this.#language !== 'python' &&
        this.#language !== 'java'
      ) {
        if (quote === '`' || this.#language === 'kotlin') dynamic = true;
        at = text[at + 1] === '{' && dynamic ? substitutionEnd(text, at + 1) : at + 1;
      } else at++;
    }
    // Not closed: the rest of the line is text, and the next line begins anew.
    this.#push(TEXT, text.slice(from, Math.min(at, text.length)), start, dynamic);
    if (prefix.includes('f')) dynamic = true;
    return Math.min(at, text.length);
  }

  #beginsRegex(): boolean {
    const last = this.#tokens.at(-1);
    if (!last) return true;
    if (last.kind === MARK) return last.text !== ')' && last.text !== ']' && last.text !== '}';
    return last.kind === WORD && BEFORE_REGEX.has(last.text);
  }

  #regex(start: number): number {
    const text = this.#text;
    let inClass = false;
    for (let at = start + 1; at < text.length; at++) {
      const char = text[at]!;
      if (char === '\n') break;
      if (char === '\\') at++;
      else if (char === '[') inClass = true;
      else if (char === ']') inClass = false;
      else if (char === '/' && !inClass) {
        at++;
        while (at < text.length && isWordStart(text.charCodeAt(at))) at++;
        this.#push(MARK, '/…/', start);
        return at;
      }
    }
    return this.#mark(start);
  }
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}

/** @param open index of the `{` behind a `$` @returns index behind its `}`; quotes inside are heeded on one line */
function substitutionEnd(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    const char = text[at]!;
    if (char === '{') depth++;
    else if (char === '}' && --depth === 0) return at + 1;
    else if (char === '"' || char === "'") {
      const end = text.indexOf(char, at + 1);
      const line = text.indexOf('\n', at + 1);
      if (end > 0 && (line < 0 || end < line)) at = end;
    }
  }
  return text.length;
}

/** Line ends and tabs by their letters, nothing for a line that goes on; any other character stands for itself. */
function unescaped(text: string, raw: boolean): string {
  let at = raw ? -1 : text.indexOf('\\');
  if (at < 0) return text;
  let result = '';
  let from = 0;
  while (at >= 0 && at + 1 < text.length) {
    const char = text[at + 1]!;
    result += text.slice(from, at) + (char === 'n' ? '\n' : char === 't' ? '\t' : char === '\n' ? '' : char);
    from = at + 2;
    at = text.indexOf('\\', from);
  }
  return result + text.slice(from);
}
