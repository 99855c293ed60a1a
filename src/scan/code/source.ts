// A source file as rules ask about it: calls with their arguments, followed through local constants, and where names come from.
import { MARK, NUMBER, TEXT, tokenize, WORD } from './tokens.ts';
import type { Language, Token } from './tokens.ts';
import { importsOf } from './imports.ts';
import type { Import } from './imports.ts';
import { partners } from './value.ts';
import type { Argument, Call, Value } from './value.ts';

const CALLS_MAX = 200_000;
const CHAIN_MAX = 60;
const VALUE_DEPTH_MAX = 6;
const MEMBERS_MAX = 500;
const REACHED_MAX = 60_000;
/** Characters between two tokens, or of a text, that are looked through for the end of a line. */
const GAP_MAX = 2000;

const NO_CALL = new Set(
  'if for while switch catch return function func def class new typeof in of and or not elif with await yield when synchronized lambda import except print assert del super match fun constructor throw case'.split(
    ' ',
  ),
);

/** Words that stand before a call in Java; another one is the type of a declaration. */
const BEFORE_CALL = new Set(['return', 'new', 'throw', 'else', 'case', 'yield', 'assert', 'do', 'instanceof']);

/** One file; its parts are worked out when asked for. */
export class Source {
  readonly file: string;
  readonly text: string;
  readonly language: Language;
  readonly tokens: readonly Token[];
  readonly imports: readonly Import[];
  readonly calls: readonly Call[];
  /** Partner of each bracket's token; the number of tokens for one that is never closed, -1 for other tokens. */
  readonly #partner: Int32Array;
  readonly #byLocal: ReadonlyMap<string, Import>;
  readonly #definitions = new Map<string, number[]>();
  readonly #made = new Map<unknown, unknown>();
  /** Tokens that `reaches` may still look at in this file. */
  #steps = REACHED_MAX;
  #lines: number[] | undefined;

  constructor(file: string, text: string, language: Language) {
    this.file = file;
    this.text = text;
    this.language = language;
    this.tokens = tokenize(text, language);
    this.#partner = partners(this.tokens);
    this.imports = importsOf(this.tokens, language);
    this.#byLocal = new Map(this.imports.map((one) => [one.local, one]));
    this.calls = this.#findCalls();
    this.#findDefinitions();
  }

  /** What a function makes of this file, made once. */
  once<T>(make: (source: Source) => T): T {
    if (!this.#made.has(make)) this.#made.set(make, make(this));
    return this.#made.get(make) as T;
  }

  is(index: number, text: string): boolean {
    const token = this.tokens[index];
    return token?.text === text && token.kind !== TEXT;
  }

  partner(index: number): number {
    return this.#partner[index] ?? -1;
  }

  /** Line and column, from 1. */
  place(at: number): { readonly line: number; readonly column: number } {
    if (!this.#lines) {
      this.#lines = [0];
      for (let i = this.text.indexOf('\n'); i >= 0; i = this.text.indexOf('\n', i + 1)) this.#lines.push(i + 1);
    }
    let [low, high] = [0, this.#lines.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#lines[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: at - this.#lines[low]! + 1 };
  }

  #findCalls(): readonly Call[] {
    const calls: Call[] = [];
    for (let open = 1; open < this.tokens.length && calls.length < CALLS_MAX; open++) {
      if (!this.is(open, '(')) continue;
      const word = this.#wordBefore(open);
      if (word < 0) continue;
      const token = this.tokens[word]!;
      const before = this.tokens[word - 1];
      if (NO_CALL.has(token.text) || (before?.kind === WORD && /^(?:function|func|def|fun|class)$/.test(before.text))) continue;
      if (this.#declares(word, open)) continue;
      calls.push({ method: token.text, callee: this.#dotted(word), open, close: this.partner(open), word, at: token.at });
    }
    return calls;
  }

  /** A method's own name and parameters: `verify(token) {` of a class, `Token verify(String token) throws E {`, `func (s *S) Verify(`. */
  #declares(word: number, open: number): boolean {
    if (this.language === 'go') return this.is(word - 1, ')') && this.is(this.partner(word - 1) - 1, 'func');
    if (this.language !== 'java' && this.language !== 'javascript') return false;
    const before = this.tokens[word - 1];
    if (before?.kind === MARK && (before.text === '.' || before.text === '?.')) return false;
    const after = this.partner(open) + 1;
    if (this.language === 'javascript') return this.is(after, '{') && !this.startsLine(after);
    const named = before?.kind === WORD && !BEFORE_CALL.has(before.text);
    const typed = named || (before?.kind === MARK && /^[>\]]$/.test(before.text));
    return (typed && (this.is(after, '{') || this.is(after, 'throws'))) || (named && this.is(after, ';'));
  }

  /** The word that a bracket belongs to; type arguments between them are passed over. */
  #wordBefore(open: number): number {
    const before = this.tokens[open - 1]!;
    if (before.kind === WORD) return open - 1;
    if (before.text !== '>' || before.kind !== MARK)
      return before.text === '?.' && this.tokens[open - 2]?.kind === WORD ? open - 2 : -1;
    for (let at = open - 2, steps = 0, depth = 1; at > 0 && steps < 40; at--, steps++) {
      if (this.is(at, '>')) depth++;
      else if (this.is(at, '<') && --depth === 0) return this.tokens[at - 1]?.kind === WORD ? at - 1 : -1;
      else if (this.is(at, ';') || this.is(at, '{')) return -1;
    }
    return -1;
  }

  /** `a.b.c` that ends at a word. */
  #dotted(word: number): string {
    let text = this.tokens[word]!.text;
    for (
      let at = word - 1, steps = 0;
      steps < 8 && (this.is(at, '.') || this.is(at, '?.')) && this.tokens[at - 1]?.kind === WORD;
      at -= 2, steps++
    )
      text = `${this.tokens[at - 1]!.text}.${text}`;
    return text;
  }

  /** Arguments in order. */
  args(call: Call): readonly Argument[] {
    return this.#split(call.open, call.close).map(([from, to]) => {
      const named =
        (this.language === 'python' || this.language === 'kotlin') && this.tokens[from]?.kind === WORD && this.is(from + 1, '=');
      return named ? { name: this.tokens[from]!.text, from: from + 2, to } : { from, to };
    });
  }

  /** What stands between two brackets, cut at its commas. */
  #split(open: number, close: number): readonly (readonly [number, number])[] {
    const parts: [number, number][] = [];
    let from = open + 1;
    for (let at = open + 1; at < close && parts.length < MEMBERS_MAX;) {
      if (this.is(at, ',')) {
        parts.push([from, at]);
        from = at + 1;
      }
      const partner = this.partner(at);
      at = partner > at ? partner + 1 : at + 1;
    }
    if (from < close) parts.push([from, Math.min(close, this.tokens.length)]);
    return parts.filter(([a, b]) => b > a);
  }

  /** The value of an argument, names of local constants followed. */
  value(argument: Argument | undefined): Value | undefined {
    return argument && this.resolve(this.read(argument.from, argument.to));
  }

  keyword(call: Call, ...names: readonly string[]): Value | undefined {
    return this.value(this.args(call).find(({ name }) => name !== undefined && names.includes(name)));
  }

  /** Arguments without a name, by position. */
  positional(call: Call, index: number): Value | undefined {
    return this.value(this.args(call).filter(({ name }) => name === undefined)[index]);
  }

  /** A name's definition nearest before its use; anything else as it is. */
  resolve(value: Value, depth = 0): Value {
    if (value.kind !== 'name' || depth > 5) return value;
    const starts = this.#definitions.get(value.name);
    const start = starts?.findLast((at) => this.tokens[at]!.at < value.at) ?? starts?.[0];
    if (start === undefined) return value;
    const found = this.resolve(this.read(start, this.#expressionEnd(start)), depth + 1);
    return found.kind === 'record' ? this.#completed(value.name, found) : found;
  }

  /** `opts.ignoreExpiration = true` after `opts = {…}`. */
  #completed(name: string, record: Extract<Value, { kind: 'record' }>): Value {
    const members = new Map(record.members);
    for (const [path, starts] of this.#definitions)
      if (path.startsWith(`${name}.`) && !path.slice(name.length + 1).includes('.')) {
        const start = starts.at(-1)!;
        members.set(path.slice(name.length + 1), this.read(start, this.#expressionEnd(start)));
      }
    return { ...record, members };
  }

  #findDefinitions(): void {
    for (let at = 1; at < this.tokens.length; at++) {
      if (!this.is(at, '=') && !this.is(at, ':=')) continue;
      const name = this.#assigned(at);
      if (name === undefined) continue;
      const known = this.#definitions.get(name);
      if (!known) this.#definitions.set(name, [at + 1]);
      else if (known.length < 20) known.push(at + 1);
    }
  }

  /** What stands before `=`: a word, a path, `a['b']`, a typed declaration. */
  #assigned(at: number): string | undefined {
    if (this.is(at - 1, ']') && this.tokens[at - 2]?.kind === TEXT && this.is(at - 3, '[') && this.tokens[at - 4]?.kind === WORD)
      return `${this.#dotted(at - 4)}.${this.tokens[at - 2]!.text}`;
    // `const opts: VerifyOptions = …`, `var x Type = …`: the first word behind the keyword is the name.
    for (let back = at - 1, steps = 0; back >= 0 && steps < 14; back--, steps++) {
      const token = this.tokens[back]!;
      if (token.kind === WORD && /^(?:const|let|var|val)$/.test(token.text))
        return this.tokens[back + 1]?.kind === WORD ? this.tokens[back + 1]!.text : undefined;
      if (
        token.kind === MARK &&
        (token.text === ';' ||
          token.text === '{' ||
          token.text === '}' ||
          token.text === '(' ||
          token.text === ')' ||
          token.text === '=')
      )
        break;
    }
    if (this.language === 'go' && this.is(at - 2, ',') && this.tokens[at - 3]?.kind === WORD) return this.tokens[at - 3]!.text;
    if (this.tokens[at - 1]?.kind !== WORD) return undefined;
    if (this.language === 'python' && this.is(at - 2, ':')) return undefined;
    return this.#dotted(at - 1);
  }

  /** Where an expression that begins at a token ends: before the first mark or line that it cannot go on with. */
  #expressionEnd(start: number): number {
    let at = start;
    for (let steps = 0; at < this.tokens.length && steps < 4000; steps++) {
      const token = this.tokens[at]!;
      if (
        token.kind === MARK &&
        (token.text === ';' || token.text === ',' || token.text === ')' || token.text === ']' || token.text === '}')
      )
        break;
      if (at > start && this.startsLine(at) && !this.#goesOn(at)) break;
      const partner = this.partner(at);
      at = partner > at ? partner + 1 : at + 1;
    }
    return Math.min(at, this.tokens.length);
  }

  /** Whether a token is the first of its line. */
  startsLine(index: number): boolean {
    if (index <= 0) return true;
    const { at } = this.tokens[index]!;
    // Backwards, since the rest of the file may be one line.
    const from = Math.max(this.tokens[index - 1]!.at, at - GAP_MAX);
    for (let i = at - 1; i > from; i--) if (this.text.charCodeAt(i) === 10) return true;
    return false;
  }

  /** Whether a line goes on with what came before: `.build()`, or an operator at the end of the last one. */
  #goesOn(index: number): boolean {
    const token = this.tokens[index]!;
    const before = this.tokens[index - 1]!;
    if (token.kind === MARK && /^(?:\.|\?\.|\+|\|\||&&|\?\?|\?|:|=>|->)$/.test(token.text)) return true;
    return before.kind === MARK && /^(?:\.|\+|=|\|\||&&|\?\?|\?|:|=>|->|\()$/.test(before.text);
  }

  /** Reads an expression; what is no plain value, list, record, call, function or name is unknown. */
  read(from: number, to: number, depth = 0): Value {
    let start = from;
    while (
      start < to &&
      (this.is(start, 'await') ||
        this.is(start, 'new') ||
        this.is(start, '&') ||
        this.is(start, '...') ||
        this.is(start, '*') ||
        this.is(start, 'mutableMapOf'))
    )
      start++;
    const token = this.tokens[start];
    if (!token || start >= to) return { kind: 'unknown', at: this.tokens[from]?.at ?? 0 };
    const { at } = token;
    const end = this.#withoutType(start, to);
    if (end - start === 1) return this.#single(token);
    const partner = this.partner(start);
    if (partner === end - 1 && depth < VALUE_DEPTH_MAX) {
      if (token.text === '(') return this.read(start + 1, end - 1, depth + 1);
      if (token.text === '[')
        return { kind: 'list', items: this.#split(start, partner).map(([a, b]) => this.read(a, b, depth + 1)), at };
      if (token.text === '{') return this.#record(start, partner, depth);
    }
    const arrow = this.#functionFrom(start, end);
    if (arrow >= 0) return { kind: 'function', from: arrow, to: end, at };
    // `[]byte("x")`, `[]string{"a"}` and `map[string]any{…}`, `jwt.Expected{…}`: Go puts the type first.
    if (this.language === 'go') {
      const composite = this.#composite(start, end, depth);
      if (composite) return composite;
    }
    if (token.kind === WORD) {
      const last = this.#lastCall(start, end);
      if (last) return { kind: 'call', call: last, at };
      const dotted = this.#dottedFrom(start, end);
      if (dotted !== undefined) return { kind: 'name', name: dotted, at };
    }
    if (this.is(start, '[') && this.is(end - 1, ')')) {
      const last = this.#lastCall(start, end);
      if (last) return { kind: 'call', call: last, at };
    }
    return { kind: 'unknown', at };
  }

  /** Without `as const`, `as X`, `!`. */
  #withoutType(start: number, to: number): number {
    for (let at = start + 1, steps = 0; at < to && steps < 12; steps++) {
      if ((this.is(at, 'as') || this.is(at, 'satisfies')) && this.language !== 'python') return at;
      const partner = this.partner(at);
      at = partner > at ? partner + 1 : at + 1;
    }
    const opened = this.partner(start);
    if (opened > start && opened + 1 < to && (this.is(opened + 1, 'as') || this.is(opened + 1, 'satisfies'))) return opened + 1;
    return this.is(to - 1, '!') && to - start > 1 ? to - 1 : to;
  }

  #single(token: Token): Value {
    const { at, text, kind } = token;
    if (kind === TEXT) return token.dynamic ? { kind: 'unknown', at } : { kind: 'text', text, at };
    if (kind === NUMBER) return { kind: 'number', number: Number(text.replaceAll('_', '').replace(/[Lldf]$/, '')), at };
    if (kind !== WORD) return { kind: 'unknown', at };
    if (text === 'true' || text === 'True' || text === 'false' || text === 'False')
      return { kind: 'flag', flag: text.toLowerCase() === 'true', at };
    return text === 'null' || text === 'None' || text === 'nil' || text === 'undefined'
      ? { kind: 'null', at }
      : { kind: 'name', name: text, at };
  }

  #record(open: number, close: number, depth: number): Value {
    const members = new Map<string, Value>();
    let more = false;
    for (const [from, to] of this.#split(open, close)) {
      const key = this.tokens[from]!;
      if (key.text === '...' || key.text === '*') {
        const inner = this.resolve(this.read(from + 1, to, depth + 1), depth + 1);
        if (inner.kind === 'record') for (const [name, value] of inner.members) members.set(name, value);
        else more = true;
        if (inner.kind === 'record' && inner.open) more = true;
      } else if (this.is(from + 1, ':') && key.kind !== MARK) members.set(key.text, this.read(from + 2, to, depth + 1));
      else if (to - from === 1 && key.kind === WORD) members.set(key.text, { kind: 'name', name: key.text, at: key.at });
      // A method: `key() {…}`.
      else if (this.is(from + 1, '(') && key.kind === WORD)
        members.set(key.text, { kind: 'function', from: from + 1, to, at: key.at });
      else more = true;
    }
    return { kind: 'record', members, open: more, at: this.tokens[open]!.at };
  }

  /** Index where the body of a function literal begins, or -1. */
  #functionFrom(start: number, end: number): number {
    const token = this.tokens[start]!;
    if (token.kind === WORD && /^(?:function|func|lambda|async|fun)$/.test(token.text)) return start + 1;
    if (this.is(start + 1, '=>') || this.is(start + 1, '->')) return start + 2;
    const partner = this.partner(start);
    if (token.text === '(' && partner > start && partner < end) {
      if (this.is(partner + 1, '=>') || this.is(partner + 1, '->')) return partner + 2;
      if (this.is(partner + 1, ':')) {
        for (let at = partner + 2; at < Math.min(end, partner + 20); at++) if (this.is(at, '=>')) return at + 1;
      }
    }
    return this.language === 'kotlin' && token.text === '{' ? start + 1 : -1;
  }

  #composite(start: number, end: number, depth: number): Value | undefined {
    let at = start;
    while (at < end && (this.is(at, '[') || this.tokens[at]!.kind === WORD || this.is(at, '.') || this.is(at, '*'))) {
      if (this.is(at, '[')) at = this.partner(at) + 1;
      else at++;
      if (at <= 0) return undefined;
    }
    if (at === start || this.partner(at) !== end - 1 || depth >= VALUE_DEPTH_MAX) return undefined;
    if (this.is(at, '{')) {
      const record = this.#record(at, end - 1, depth);
      if (record.kind === 'record' && record.members.size === 0 && record.open)
        return { kind: 'list', items: this.#split(at, end - 1).map(([a, b]) => this.read(a, b, depth + 1)), at: record.at };
      if (this.is(start, '['))
        return { kind: 'list', items: this.#split(at, end - 1).map(([a, b]) => this.read(a, b, depth + 1)), at: record.at };
      return record;
    }
    // A conversion: `[]byte("secret")`.
    if (this.is(at, '(') && this.is(start, '[')) return this.read(at + 1, end - 1, depth + 1);
    return undefined;
  }

  #lastCall(start: number, end: number): Call | undefined {
    if (!this.is(end - 1, ')')) return undefined;
    const open = this.partner(end - 1);
    if (open <= start) return undefined;
    const word = this.#wordBefore(open);
    if (word < start) return undefined;
    const { text, at } = this.tokens[word]!;
    return NO_CALL.has(text) ? undefined : { method: text, callee: this.#dotted(word), open, close: end - 1, word, at };
  }

  #dottedFrom(start: number, end: number): string | undefined {
    let text = '';
    for (let at = start; at < end; at++) {
      const token = this.tokens[at]!;
      if ((at - start) % 2 === 0 ? token.kind !== WORD : token.text !== '.' && token.text !== '?.') return undefined;
      text += token.text === '?.' ? '.' : token.text;
    }
    return (end - start) % 2 === 1 && text.length < 300 ? text : undefined;
  }

  /**
   * A call and those before it in its chain, the last one first: `Jwts.parser().verifyWith(k).build().parse(t)`. A chain that begins with
   * a local name goes on in that name's definition.
   */
  chain(call: Call): readonly Call[] {
    const chain = [call];
    let at = call.word;
    while (chain.length < CHAIN_MAX) {
      if (!this.is(at - 1, '.') && !this.is(at - 1, '?.')) break;
      if (this.is(at - 2, ')')) {
        const open = this.partner(at - 2);
        const word = open > 0 ? this.#wordBefore(open) : -1;
        if (word < 0) break;
        const { text, at: offset } = this.tokens[word]!;
        chain.push({ method: text, callee: this.#dotted(word), open, close: at - 2, word, at: offset });
        at = word;
        continue;
      }
      const name = this.#dotted(at - 2);
      const found =
        this.tokens[at - 2]?.kind === WORD ? this.resolve({ kind: 'name', name, at: this.tokens[at]!.at }) : undefined;
      if (found?.kind !== 'call' || chain.some(({ open }) => open === found.call.open)) break;
      chain.push(found.call);
      at = found.call.word;
    }
    return chain;
  }

  /** Calls made on a local name, wherever they stand: `parser.setX()`. */
  callsOn(name: string): readonly Call[] {
    return this.calls.filter(({ callee, method }) => callee === `${name}.${method}`).slice(0, CHAIN_MAX);
  }

  /** The first token of the chain that a call ends, as it is written: `a` of `await a.b().c()`. */
  startOf(call: Call): number {
    let at = call.word;
    for (const { close, word } of this.chain(call)) if (close === at - 2) at = word;
    while ((this.is(at - 1, '.') || this.is(at - 1, '?.')) && this.tokens[at - 2]?.kind === WORD) at -= 2;
    return at;
  }

  /** The local name that a call's value is given to. */
  assignedTo(call: Call): string | undefined {
    let at = this.startOf(call);
    while (this.is(at - 1, 'await') || this.is(at - 1, 'new')) at--;
    return this.is(at - 1, '=') || this.is(at - 1, ':=') ? this.#assigned(at - 1) : undefined;
  }

  /** Module and member that a callee means: `verify` of `jsonwebtoken`; the module is '' for what is not imported. */
  origin(callee: string): { readonly module: string; readonly member: string } {
    const parts = callee.split('.');
    const found = this.#byLocal.get(parts[0]!);
    if (!found) return { module: '', member: callee };
    const { module, member } = found;
    const rest = parts.slice(1).join('.');
    if (member === '*' || member === 'default') return { module, member: rest === '' ? member : rest };
    return { module, member: rest === '' ? member : `${member}.${rest}` };
  }

  /** Whether a token of an expression, or of the definition of a name in it, is one that is looked for. */
  reaches(from: number, to: number, wanted: (token: Token) => boolean, depth = 0): boolean {
    for (let at = from; at < to && at - from < 200 && this.#steps > 0; at++, this.#steps--) {
      const token = this.tokens[at]!;
      if (token.kind !== MARK && wanted(token)) return true;
      if (token.kind !== WORD || depth >= 3 || this.is(at - 1, '.')) continue;
      let end = at + 1;
      while (end + 1 < to && this.is(end, '.') && this.tokens[end + 1]!.kind === WORD) end += 2;
      const start =
        this.#definitions.get(this.#dotted(end - 1))?.findLast((one) => one < at) ?? this.#definitions.get(token.text)?.[0];
      if (start !== undefined && this.reaches(start, this.#expressionEnd(start), wanted, depth + 1)) return true;
    }
    return false;
  }

  imported(pattern: RegExp): boolean {
    return this.imports.some(({ module }) => pattern.test(module));
  }
}
