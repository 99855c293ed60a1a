// Reads a regular expression (RE2's everyday syntax) into a tree. https://github.com/google/re2/wiki/Syntax names the forms.

/** The pattern is not one that runs in linear time here; the message says where. */
export class RegexError extends Error {
  override name = 'RegexError';
}

/** Whether a UTF-16 code unit belongs. */
export type CharSet = (code: number) => boolean;

export type Node =
  | { readonly kind: 'empty' }
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'border'; readonly at: 'start' | 'end' | 'word' | 'not-word' }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly min: number; readonly max: number };

const DEPTH_MAX = 100;
const REPEAT_MAX = 1000;
const digit: CharSet = (c) => c >= 0x30 && c <= 0x39;
const word: CharSet = (c) => digit(c) || (c >= 0x41 && c <= 0x5a) || c === 0x5f || (c >= 0x61 && c <= 0x7a);
const space: CharSet = (c) => c === 0x20 || (c >= 0x09 && c <= 0x0d);
const CLASSES: Readonly<Record<string, CharSet>> = {
  d: digit,
  D: (c) => !digit(c),
  w: word,
  W: (c) => !word(c),
  s: space,
  S: (c) => !space(c),
};
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, a: 7 };

/** @param sizeMax steps that the finished program may have @throws RegexError */
export function parseRegex(pattern: string, sizeMax: number): Node {
  const flags = /^\(\?([is]+)\)/.exec(pattern);
  const reader = new Reader(pattern, flags?.[0].length ?? 0, flags?.[1] ?? '');
  const tree = reader.choice(0);
  if (!reader.done()) throw reader.error('unexpected `)`');
  if (size(tree) > sizeMax) throw new RegexError('regular expression is too large');
  return tree;
}

class Reader {
  readonly #text: string;
  readonly #fold: boolean;
  readonly #dotAll: boolean;
  #at: number;

  constructor(text: string, at: number, flags: string) {
    this.#text = text;
    this.#at = at;
    this.#fold = flags.includes('i');
    this.#dotAll = flags.includes('s');
  }

  done(): boolean {
    return this.#at >= this.#text.length;
  }

  error(what: string): RegexError {
    return new RegexError(`regular expression: ${what} at character ${this.#at + 1}`);
  }

  choice(depth: number): Node {
    if (depth > DEPTH_MAX) throw this.error('groups are nested too deeply');
    const parts = [this.#sequence(depth)];
    while (this.#take('|')) parts.push(this.#sequence(depth));
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts };
  }

  #sequence(depth: number): Node {
    const parts: Node[] = [];
    while (!this.done() && this.#text[this.#at] !== '|' && this.#text[this.#at] !== ')')
      parts.push(this.#repeat(this.#atom(depth)));
    return parts.length === 0 ? { kind: 'empty' } : { kind: 'sequence', parts };
  }

  #repeat(part: Node): Node {
    let node = part;
    let times = this.#quantifier();
    for (let nested = 0; times; nested++, times = this.#quantifier()) {
      if (nested > 0) throw this.error('two quantifiers in a row');
      this.#take('?');
      node = { kind: 'repeat', part: node, min: times[0], max: times[1] };
    }
    return node;
  }

  #quantifier(): readonly [number, number] | undefined {
    if (this.#take('*')) return [0, Infinity];
    if (this.#take('+')) return [1, Infinity];
    if (this.#take('?')) return [0, 1];
    const counted = /^\{(\d{1,4})(,(\d{1,4})?)?\}/.exec(this.#text.slice(this.#at, this.#at + 12));
    if (!counted) return undefined;
    const min = Number(counted[1]);
    const max = counted[2] === undefined ? min : counted[3] === undefined ? Infinity : Number(counted[3]);
    if (min > REPEAT_MAX || (max !== Infinity && max > REPEAT_MAX) || max < min) throw this.error('bad repeat count');
    this.#at += counted[0].length;
    return [min, max];
  }

  #atom(depth: number): Node {
    const char = this.#next();
    switch (char) {
      case '.':
        return { kind: 'set', set: this.#dotAll ? () => true : (c) => c !== 10 };
      case '^':
        return { kind: 'border', at: 'start' };
      case '$':
        return { kind: 'border', at: 'end' };
      case '(':
        return this.#group(depth);
      case '[':
        return { kind: 'set', set: this.#class() };
      case '\\':
        return this.#escape();
      case '*':
      case '+':
      case '?':
        throw this.error(`nothing to repeat before \`${char}\``);
      default:
        return { kind: 'set', set: this.#one(char.charCodeAt(0)) };
    }
  }

  #group(depth: number): Node {
    if (this.#take('?') && !this.#take(':')) {
      const named = /^P?<[A-Za-z_]\w*>/.exec(this.#text.slice(this.#at));
      if (!named) throw this.error('this kind of group is not supported');
      this.#at += named[0].length;
    }
    const inner = this.choice(depth + 1);
    if (!this.#take(')')) throw this.error('missing `)`');
    return inner;
  }

  #escape(): Node {
    const char = this.#next();
    if (char === 'b') return { kind: 'border', at: 'word' };
    if (char === 'B') return { kind: 'border', at: 'not-word' };
    if (char === 'A') return { kind: 'border', at: 'start' };
    if (char === 'z') return { kind: 'border', at: 'end' };
    const set = CLASSES[char];
    return { kind: 'set', set: set ?? this.#one(this.#code(char)) };
  }

  /** The character that an escape stands for. */
  #code(char: string): number {
    const control = CONTROLS[char];
    if (control !== undefined) return control;
    if (char === 'x') {
      const hex = /^(?:[0-9A-Fa-f]{2}|\{[0-9A-Fa-f]{1,4}\})/.exec(this.#text.slice(this.#at));
      if (!hex) throw this.error('bad `\\x`');
      this.#at += hex[0].length;
      return Number.parseInt(hex[0].replaceAll(/[{}]/g, ''), 16);
    }
    if (/[A-Za-z0-9]/.test(char)) throw this.error(`\`\\${char}\` is not supported`);
    return char.charCodeAt(0);
  }

  #class(): CharSet {
    const negated = this.#take('^');
    const sets: CharSet[] = [];
    for (let first = true; first || this.#text[this.#at] !== ']'; first = false) sets.push(this.#classItem());
    this.#at++;
    return negated ? (c) => !sets.some((set) => set(c)) : (c) => sets.some((set) => set(c));
  }

  #classItem(): CharSet {
    if (this.#text.startsWith('[:', this.#at)) throw this.error('named classes are not supported');
    const char = this.#next();
    if (char === '\\') {
      const escaped = this.#next();
      const set = CLASSES[escaped];
      if (set) return set;
      return this.#range(escaped === 'b' ? 8 : this.#code(escaped));
    }
    return this.#range(char.charCodeAt(0));
  }

  #range(from: number): CharSet {
    if (this.#text[this.#at] !== '-' || this.#text[this.#at + 1] === ']') return this.#one(from);
    this.#at++;
    const char = this.#next();
    const to = char === '\\' ? this.#code(this.#next()) : char.charCodeAt(0);
    if (to < from) throw this.error('range is the wrong way round');
    const plain: CharSet = (c) => c >= from && c <= to;
    return this.#fold ? (c) => plain(lower(c)) || plain(upper(c)) : plain;
  }

  #one(code: number): CharSet {
    return this.#fold ? (c) => lower(c) === lower(code) : (c) => c === code;
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #next(): string {
    const char = this.#text[this.#at];
    if (char === undefined) throw this.error('ends too early');
    this.#at++;
    return char;
  }
}

function lower(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code + 32 : code;
}

function upper(code: number): number {
  return code >= 0x61 && code <= 0x7a ? code - 32 : code;
}

/** Steps of the program for a tree; stops growing once it is far too large. */
function size(node: Node): number {
  switch (node.kind) {
    case 'empty':
      return 0;
    case 'set':
    case 'border':
      return 1;
    case 'sequence':
    case 'choice':
      return node.parts.reduce((sum, part) => Math.min(1e9, sum + size(part) + 2), 0);
    case 'repeat':
      return Math.min(1e9, (size(node.part) + 2) * (node.max === Infinity ? node.min + 1 : Math.max(1, node.max)));
  }
}
