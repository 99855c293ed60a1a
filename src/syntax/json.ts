// JSON with positions: values as plain data, and for every object and array the place where it is written. Reads what JSON.parse reads; `relaxed` also takes
// comments and trailing commas (bun.lock, tsconfig).
import { LineTable } from './lines.ts';
import type { SyntaxMistake } from './mistake.ts';

export interface JsonRead {
  /** Objects have no prototype; undefined when there is a mistake. */
  readonly value: unknown;
  /** Line of an object or array of the value, counted from 1; of a member, the line of its key. */
  readonly lineOf: (part: object) => number;
  readonly mistake?: SyntaxMistake;
}

export interface JsonOptions {
  readonly relaxed?: boolean;
  readonly depthMax?: number;
  readonly bytesMax?: number;
}

class JsonMistake extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** Reads a JSON text. Never throws for what it says. @param file name for positions */
export function readJson(file: string, text: string, options: JsonOptions = {}): JsonRead {
  const lines = new LineTable(text);
  const offsets = new Map<object, number>();
  const lineOf = (part: object): number => lines.at(offsets.get(part) ?? 0).line;
  const bytesMax = options.bytesMax ?? 128 * 1024 * 1024;
  const refuse = (message: string, at: number): JsonRead => {
    const { line, column } = lines.at(at);
    return {
      value: undefined,
      lineOf,
      mistake: { code: 'syntax.json', severity: 'error', message, location: { file, line, column } },
    };
  };
  if (text.length > bytesMax) return refuse('the file is larger than what is read', 0);
  try {
    return { value: new Reader(text, options.relaxed ?? false, options.depthMax ?? 500, offsets).document(), lineOf };
  } catch (error) {
    if (error instanceof JsonMistake) return refuse(error.message, error.at);
    throw error;
  }
}

class Reader {
  readonly #text: string;
  readonly #relaxed: boolean;
  readonly #depthMax: number;
  readonly #offsets: Map<object, number>;
  #at = 0;
  #depth = 0;

  constructor(text: string, relaxed: boolean, depthMax: number, offsets: Map<object, number>) {
    this.#text = text;
    this.#relaxed = relaxed;
    this.#depthMax = depthMax;
    this.#offsets = offsets;
    if (text.charCodeAt(0) === 0xfeff) this.#at = 1;
  }

  document(): unknown {
    this.#space();
    const value = this.#value(this.#at);
    this.#space();
    if (this.#at < this.#text.length) this.#fail('something follows after the end of the value');
    return value;
  }

  #fail(message: string): never {
    throw new JsonMistake(
      this.#at >= this.#text.length ? 'the text ends too early' : message,
      Math.min(this.#at, this.#text.length),
    );
  }

  #space(): void {
    const text = this.#text;
    for (;;) {
      const code = text.charCodeAt(this.#at);
      if (code === 32 || code === 10 || code === 13 || code === 9) this.#at++;
      else if (code === 47 && this.#relaxed) this.#comment();
      else return;
    }
  }

  #comment(): void {
    const next = this.#text[this.#at + 1];
    const end =
      next === '/' ? this.#text.indexOf('\n', this.#at) : next === '*' ? this.#text.indexOf('*/', this.#at + 2) : undefined;
    if (end === undefined) this.#fail('a `/` stands where a value is expected');
    this.#at = end === -1 ? this.#text.length : end + (next === '*' ? 2 : 1);
  }

  #value(origin: number): unknown {
    const text = this.#text;
    switch (text.charCodeAt(this.#at)) {
      case 123:
        return this.#nested(() => this.#object(origin));
      case 91:
        return this.#nested(() => this.#array(origin));
      case 34:
        return this.#string();
      default: {
        const start = this.#at;
        while (this.#at < text.length && /[-+.\w]/.test(text[this.#at]!)) this.#at++;
        const word = text.slice(start, this.#at);
        if (word === 'true') return true;
        if (word === 'false') return false;
        if (word === 'null') return null;
        if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(word)) return Number(word);
        this.#at = start;
        return this.#fail('a value is expected here');
      }
    }
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > this.#depthMax) this.#fail('objects and lists are nested too deeply');
    const value = read();
    this.#depth--;
    return value;
  }

  #object(origin: number): object {
    const object: Record<string, unknown> = Object.create(null);
    this.#offsets.set(object, origin);
    this.#at++;
    this.#space();
    for (let first = true; this.#text[this.#at] !== '}'; first = false) {
      if (!first && !this.#comma('}')) break;
      const key = this.#at;
      if (this.#text[this.#at] !== '"') this.#fail('a name in double quotes is expected here');
      const name = this.#string();
      this.#space();
      if (this.#text[this.#at] !== ':') this.#fail('a `:` is expected here');
      this.#at++;
      this.#space();
      object[name] = this.#value(key);
      this.#space();
    }
    this.#at++;
    return object;
  }

  #array(origin: number): unknown[] {
    const array: unknown[] = [];
    this.#offsets.set(array, origin);
    this.#at++;
    this.#space();
    for (let first = true; this.#text[this.#at] !== ']'; first = false) {
      if (!first && !this.#comma(']')) break;
      array.push(this.#value(this.#at));
      this.#space();
    }
    this.#at++;
    return array;
  }

  /** @returns false when the list ends after a trailing comma */
  #comma(end: string): boolean {
    if (this.#text[this.#at] !== ',') this.#fail(`a \`,\` or \`${end}\` is expected here`);
    this.#at++;
    this.#space();
    if (this.#text[this.#at] !== end) return true;
    if (!this.#relaxed) this.#fail('a value is expected after the comma');
    return false;
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at++;
    let escaped = false;
    for (;;) {
      const code = text.charCodeAt(this.#at);
      if (code === 34) break;
      if (code === 92) {
        escaped = true;
        this.#at += 2;
      } else if (code >= 32) this.#at++;
      else this.#fail('a line ends inside quotes');
    }
    this.#at++;
    if (!escaped) return text.slice(start + 1, this.#at - 1);
    try {
      return JSON.parse(text.slice(start, this.#at)) as string;
    } catch {
      this.#at = start;
      return this.#fail('a text holds an escape that JSON does not have');
    }
  }
}
