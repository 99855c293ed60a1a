// Reads Go's regular expressions (https://pkg.go.dev/regexp/syntax) into a tree over bytes: text is UTF-8, one element a byte.

/** The pattern cannot be used; `at` is the offset in it. */
export class PatternError extends Error {
  override name = 'PatternError';
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** Bytes by their number: 1 belongs. */
export type ByteSet = Uint8Array;
export type Assertion = 'text-start' | 'text-end' | 'line-start' | 'line-end' | 'word' | 'not-word';

export type Node =
  | { readonly kind: 'empty' }
  | { readonly kind: 'set'; readonly set: ByteSet }
  | { readonly kind: 'assert'; readonly what: Assertion }
  | { readonly kind: 'group'; readonly index: number; readonly part: Node }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly min: number; readonly max: number; readonly greedy: boolean };

interface Flags {
  readonly fold: boolean;
  readonly dotAll: boolean;
  readonly multiline: boolean;
  readonly swap: boolean;
}

const DEPTH_MAX = 200;
const REPEAT_MAX = 1000;
const PERL: Readonly<Record<string, string>> = { d: '0-9', w: '0-9A-Za-z_', s: '\t\n\f\r ' };
const POSIX: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\x00-\x7f',
  blank: '\t ',
  cntrl: '\x00-\x1f\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-/:-@[-`{-~',
  space: '\t\n\v\f\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};
const ESCAPES: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };

/** @returns the tree and the number of capturing groups @throws PatternError */
export function parsePattern(pattern: string): { readonly tree: Node; readonly groups: number } {
  const reader = new Reader(pattern);
  const tree = reader.choice({ fold: false, dotAll: false, multiline: false, swap: false }, 0);
  reader.end();
  return { tree, groups: reader.groups };
}

class Reader {
  groups = 0;
  readonly #text: string;
  #at = 0;
  #flags: Flags = { fold: false, dotAll: false, multiline: false, swap: false };

  constructor(text: string) {
    this.#text = text;
  }

  end(): void {
    if (this.#at < this.#text.length) throw this.#error('unexpected `)`');
  }

  choice(flags: Flags, depth: number): Node {
    if (depth > DEPTH_MAX) throw this.#error('groups are nested too deeply');
    const outer = this.#flags;
    this.#flags = flags;
    const parts = [this.#sequence(depth)];
    while (this.#take('|')) parts.push(this.#sequence(depth));
    this.#flags = outer;
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts };
  }

  #sequence(depth: number): Node {
    const parts: Node[] = [];
    while (this.#at < this.#text.length && this.#text[this.#at] !== '|' && this.#text[this.#at] !== ')') {
      if (this.#take('\\Q')) parts.push(...this.#quoted());
      else {
        const atom = this.#atom(depth);
        if (atom) parts.push(this.#repeats(atom));
      }
    }
    return parts.length === 1 ? parts[0]! : parts.length === 0 ? { kind: 'empty' } : { kind: 'sequence', parts };
  }

  #quoted(): Node[] {
    const close = this.#text.indexOf('\\E', this.#at);
    const text = this.#text.slice(this.#at, close === -1 ? undefined : close);
    this.#at = close === -1 ? this.#text.length : close + 2;
    return Array.from(text, (char) => this.#literal(char.codePointAt(0)!));
  }

  #repeats(part: Node): Node {
    let node = part;
    for (let count = 0; ; count++) {
      const times = this.#quantifier();
      if (!times) return node;
      if (count > 0) throw this.#error('two quantifiers in a row');
      const lazy = this.#take('?');
      node = { kind: 'repeat', part: node, min: times[0], max: times[1], greedy: lazy === this.#flags.swap };
    }
  }

  #quantifier(): readonly [number, number] | undefined {
    if (this.#take('*')) return [0, Infinity];
    if (this.#take('+')) return [1, Infinity];
    if (this.#take('?')) return [0, 1];
    const counted = /^\{(\d{1,5})(,(\d{1,5})?)?\}/.exec(this.#text.slice(this.#at, this.#at + 16));
    if (!counted) return undefined;
    const min = Number(counted[1]);
    const max = counted[2] === undefined ? min : counted[3] === undefined ? Infinity : Number(counted[3]);
    if (min > REPEAT_MAX || (max !== Infinity && max > REPEAT_MAX) || max < min)
      throw this.#error(`\`${counted[0]}\` is no repeat count (at most ${REPEAT_MAX})`);
    this.#at += counted[0].length;
    return [min, max];
  }

  #atom(depth: number): Node | undefined {
    const start = this.#at;
    const code = this.#next();
    const { multiline, dotAll } = this.#flags;
    switch (code) {
      case 0x2e:
        return { kind: 'set', set: dotAll ? new Uint8Array(256).fill(1) : not(setOf('\n')) };
      case 0x5e:
        return { kind: 'assert', what: multiline ? 'line-start' : 'text-start' };
      case 0x24:
        return { kind: 'assert', what: multiline ? 'line-end' : 'text-end' };
      case 0x28:
        return this.#group(depth, start);
      case 0x5b:
        return { kind: 'set', set: this.#class(start) };
      case 0x5c:
        return this.#escape(start);
      case 0x2a:
      case 0x2b:
      case 0x3f:
        throw new PatternError(`nothing to repeat before \`${String.fromCharCode(code)}\``, start);
      default:
        return this.#literal(code);
    }
  }

  #group(depth: number, start: number): Node | undefined {
    let index = 0;
    let flags = this.#flags;
    if (this.#take('?')) {
      const named = /^P?<([A-Za-z_]\w*)>/.exec(this.#text.slice(this.#at, this.#at + 80));
      if (named) {
        this.#at += named[0].length;
        index = ++this.groups;
      } else {
        const written = /^([imsU]*)(?:-([imsU]+))?([:)])/.exec(this.#text.slice(this.#at, this.#at + 16));
        if (!written) throw new PatternError('look-around and other `(?…` groups are not part of RE2', start);
        this.#at += written[0].length;
        flags = flagged(flags, written[1]!, written[2] ?? '');
        if (written[3] === ')') {
          this.#flags = flags;
          return undefined;
        }
      }
    } else index = ++this.groups;
    const part = this.choice(flags, depth + 1);
    if (!this.#take(')')) throw new PatternError('missing `)` for this group', start);
    return index === 0 ? part : { kind: 'group', index, part };
  }

  #escape(start: number): Node {
    const char = this.#text[this.#at];
    if (char === 'A' || char === 'z' || char === 'b' || char === 'B') {
      this.#at++;
      return { kind: 'assert', what: ({ A: 'text-start', z: 'text-end', b: 'word', B: 'not-word' } as const)[char] };
    }
    const set = this.#perlClass();
    return set ? { kind: 'set', set } : this.#literal(this.#escaped(start));
  }

  /** `\d`, `\W`, `\pL` after the backslash. */
  #perlClass(): ByteSet | undefined {
    const char = this.#text[this.#at] ?? '';
    const perl = PERL[char.toLowerCase()];
    if (perl !== undefined) {
      this.#at++;
      return char === char.toLowerCase() ? setOf(perl) : not(setOf(perl));
    }
    const unicode = /^([pP])(?:\{(\^?)([A-Za-z_]+)\}|([A-Z]))/.exec(this.#text.slice(this.#at, this.#at + 40));
    if (!unicode) return undefined;
    this.#at += unicode[0].length;
    // Beyond ASCII a class of Unicode is taken as every byte of a longer sequence: what is looked for here is ASCII.
    const name = (unicode[3] ?? unicode[4])!;
    const ascii = name.startsWith('Lu')
      ? 'A-Z'
      : name.startsWith('Ll')
        ? 'a-z'
        : name.startsWith('L')
          ? 'A-Za-z'
          : name.startsWith('N')
            ? '0-9'
            : name.startsWith('Z')
              ? ' '
              : '';
    const set = setOf(ascii);
    set.fill(1, 0x80);
    return (unicode[1] === 'P') !== (unicode[2] === '^') ? not(set) : set;
  }

  #escaped(start: number): number {
    const code = this.#next();
    const char = String.fromCodePoint(code);
    const control = ESCAPES[char];
    if (control !== undefined) return control;
    if (char === 'x') {
      const hex = /^(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/.exec(this.#text.slice(this.#at, this.#at + 10));
      if (!hex) throw new PatternError('`\\x` needs two hex digits or `{…}`', start);
      this.#at += hex[0].length;
      return Number.parseInt(hex[1] ?? hex[2]!, 16);
    }
    const octal = /^[0-7]{1,3}/.exec(char === '0' ? this.#text.slice(this.#at - 1, this.#at + 2) : '');
    if (octal) {
      this.#at += octal[0].length - 1;
      return Number.parseInt(octal[0], 8);
    }
    if (/[A-Za-z0-9]/.test(char)) throw new PatternError(`\`\\${char}\` is not part of RE2`, start);
    return code;
  }

  #class(start: number): ByteSet {
    const negated = this.#take('^');
    const set = new Uint8Array(256);
    for (let first = true; first || this.#text[this.#at] !== ']'; first = false) {
      if (this.#at >= this.#text.length) throw new PatternError('missing `]` for this class', start);
      this.#classItem(set);
    }
    this.#at++;
    return negated ? not(set) : set;
  }

  #classItem(into: ByteSet): void {
    const start = this.#at;
    const posix = /^\[:(\^?)(\w{1,10}):\]/.exec(this.#text.slice(start, start + 16));
    if (posix) {
      const members = POSIX[posix[2]!];
      if (members === undefined) throw new PatternError(`\`${posix[0]}\` is no class`, start);
      this.#at += posix[0].length;
      return add(into, posix[1] ? not(setOf(members)) : setOf(members));
    }
    const from = this.#classCode();
    if (typeof from !== 'number') return add(into, from);
    let to = from;
    if (this.#text[this.#at] === '-' && this.#text[this.#at + 1] !== ']' && this.#at + 1 < this.#text.length) {
      this.#at++;
      const high = this.#classCode();
      if (typeof high !== 'number' || high < from) throw new PatternError('this range is the wrong way round', start);
      to = high;
    }
    for (let code = from; code <= Math.min(to, 0x7f); code++) this.#addCode(into, code);
    if (to > 0x7f) into.fill(1, 0x80);
  }

  #classCode(): number | ByteSet {
    const start = this.#at;
    const code = this.#next();
    if (code !== 0x5c) return code;
    return this.#perlClass() ?? this.#escaped(start);
  }

  #literal(code: number): Node {
    if (code < 0x80) {
      const set = new Uint8Array(256);
      this.#addCode(set, code);
      return { kind: 'set', set };
    }
    const bytes = [...Buffer.from(String.fromCodePoint(code), 'utf8')];
    return { kind: 'sequence', parts: bytes.map((byte) => ({ kind: 'set', set: new Uint8Array(256).fill(1, byte, byte + 1) })) };
  }

  #addCode(set: ByteSet, code: number): void {
    set[code] = 1;
    const letter = code | 32;
    if (this.#flags.fold && letter >= 0x61 && letter <= 0x7a) {
      set[letter] = 1;
      set[letter - 32] = 1;
    }
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #next(): number {
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined) throw this.#error('the pattern ends too early');
    this.#at += code > 0xffff ? 2 : 1;
    return code;
  }

  #error(message: string): PatternError {
    return new PatternError(message, this.#at);
  }
}

function flagged(flags: Flags, on: string, off: string): Flags {
  const value = (letter: string, now: boolean): boolean => (off.includes(letter) ? false : on.includes(letter) || now);
  return {
    fold: value('i', flags.fold),
    dotAll: value('s', flags.dotAll),
    multiline: value('m', flags.multiline),
    swap: value('U', flags.swap),
  };
}

/** `a-z0-9_` as a set. */
function setOf(members: string): ByteSet {
  const set = new Uint8Array(256);
  for (let i = 0; i < members.length; i++) {
    const from = members.charCodeAt(i);
    const isRange = members[i + 1] === '-' && i + 2 < members.length;
    const to = isRange ? members.charCodeAt(i + 2) : from;
    set.fill(1, from, to + 1);
    if (isRange) i += 2;
  }
  return set;
}

function not(set: ByteSet): ByteSet {
  return set.map((member) => 1 - member);
}

function add(into: ByteSet, set: ByteSet): void {
  for (let i = 0; i < 256; i++) if (set[i] === 1) into[i] = 1;
}
