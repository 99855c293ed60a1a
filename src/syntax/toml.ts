// TOML 1.0 (https://toml.io/en/v1.0.0) to plain values, with the place of each key and item beside them.
import type { Position, SyntaxMistake } from './mistake.ts';
import { TomlMistake, TomlScalars } from './toml-scalar.ts';
import type { TomlDate } from './toml-scalar.ts';

export type TomlValue = string | number | bigint | boolean | TomlDate | TomlValue[] | TomlTable;
/** Without a prototype: any key is only a key. */
export interface TomlTable {
  [key: string]: TomlValue;
}

export interface TomlDocument {
  /** What could be read; the lines with mistakes are left out. */
  readonly value: TomlTable;
  readonly mistakes: readonly SyntaxMistake[];
  /** Where a path was written: its value, or the nearest ancestor that was. */
  locate(path: readonly (string | number)[]): Position;
}

const MISTAKES_MAX = 50;
const DEPTH_MAX = 100;

/**
 * Reads a document. Never throws for what the user wrote: each mistake is a value with `file:line:column`.
 * @example
 * readToml('rules.toml', 'title = "mine"\n[[rules]]\nid = "a"\n').value // { title: 'mine', rules: [{ id: 'a' }] }
 */
export function readToml(file: string, text: string): TomlDocument {
  const reader = new Reader(file, text);
  reader.document();
  return { value: reader.root, mistakes: reader.mistakes, locate: (path) => reader.locate(path) };
}

/** How a table came to be, which decides what may still be added (TOML 1.0, sections "Table" and "Array of Tables"). */
type Made = 'implicit' | 'header' | 'dotted' | 'inline' | 'list';

class Reader extends TomlScalars {
  readonly root: TomlTable = table();
  readonly mistakes: SyntaxMistake[] = [];
  readonly #made = new WeakMap<object, Made>([[this.root, 'header']]);
  readonly #places = new WeakMap<object, Map<string | number, number>>();
  #current: TomlTable = this.root;

  document(): void {
    while (this.at < this.text.length && this.mistakes.length < MISTAKES_MAX) {
      const start = this.at;
      try {
        this.line();
      } catch (error) {
        if (!(error instanceof TomlMistake)) throw error;
        this.mistakes.push(this.mistake(error));
        this.at = Math.max(this.at, start, error.at);
        const newline = this.text.indexOf('\n', this.at);
        this.at = newline === -1 ? this.text.length : newline + 1;
      }
    }
  }

  line(): void {
    this.blanks();
    const char = this.text[this.at];
    if (char === '[') this.header();
    else if (char !== undefined && char !== '\n' && char !== '\r' && char !== '#') this.pair(this.#current, 0);
    this.lineEnd();
  }

  header(): void {
    const start = this.at;
    const isList = this.text.startsWith('[[', start);
    this.at += isList ? 2 : 1;
    this.blanks();
    const keys = this.keys();
    this.blanks();
    if (!this.take(isList ? ']]' : ']')) throw this.error(`missing \`${isList ? ']]' : ']'}\` after this table's name`, start);
    let parent = this.root;
    for (const key of keys.slice(0, -1)) parent = this.#step(parent, key.name, key.at);
    const { name, at } = keys.at(-1)!;
    this.#current = isList ? this.#listItem(parent, name, at) : this.#ownTable(parent, name, at);
  }

  pair(into: TomlTable, depth: number): void {
    const keys = this.keys();
    this.blanks();
    if (!this.take('=')) throw this.error('expected `=` after the key', this.at);
    this.blanks();
    let parent = into;
    for (const { name, at } of keys.slice(0, -1)) {
      const existing = parent[name];
      if (existing === undefined) parent = this.#put(parent, name, table(), at, 'dotted');
      else if (isTable(existing) && (this.#made.get(existing) === 'dotted' || this.#made.get(existing) === 'implicit'))
        parent = existing;
      else throw this.error(`\`${name}\` is closed: it was defined before`, at);
    }
    const { name, at } = keys.at(-1)!;
    if (Object.hasOwn(parent, name)) throw this.error(`\`${name}\` is defined twice`, at);
    const place = this.at;
    const value = this.value(depth);
    parent[name] = value;
    this.#place(parent, name, place);
  }

  value(depth: number): TomlValue {
    if (depth > DEPTH_MAX) throw this.error('values are nested too deeply', this.at);
    const char = this.text[this.at];
    if (char === '[') return this.list(depth);
    if (char === '{') return this.inline(depth);
    return this.scalar();
  }

  list(depth: number): TomlValue[] {
    const start = this.at++;
    const items: TomlValue[] = [];
    this.#made.set(items, 'inline');
    for (;;) {
      this.blanksAndLines();
      if (this.take(']')) return items;
      if (this.at >= this.text.length) throw this.error('missing `]` for this array', start);
      this.#place(items, items.length, this.at);
      items.push(this.value(depth + 1));
      this.blanksAndLines();
      if (this.take(']')) return items;
      if (this.at < this.text.length && !this.take(',')) throw this.error('expected `,` or `]` in this array', this.at);
    }
  }

  inline(depth: number): TomlTable {
    const start = this.at++;
    const made = table();
    this.blanks();
    if (!this.take('}')) {
      for (;;) {
        this.blanks();
        this.pair(made, depth + 1);
        this.blanks();
        if (this.take('}')) break;
        if (!this.take(','))
          throw this.error(
            'expected `,` or `}` in this inline table (it stays on one line)',
            this.at < this.text.length ? this.at : start,
          );
      }
    }
    this.#close(made);
    return made;
  }

  locate(path: readonly (string | number)[]): Position {
    let value: TomlValue | undefined = this.root;
    let at = 0;
    for (const part of path) {
      if (typeof value !== 'object') break;
      at = this.#places.get(value)?.get(part) ?? at;
      value = (value as Readonly<Record<string | number, TomlValue>>)[part];
    }
    return this.position(at);
  }

  /** An inline table takes nothing more, nor do the tables that its dotted keys made. */
  #close(value: TomlTable): void {
    this.#made.set(value, 'inline');
    for (const key in value) {
      const inner = value[key]!;
      if (isTable(inner) && this.#made.get(inner) === 'dotted') this.#close(inner);
    }
  }

  /** One key of a header that is not the last one. */
  #step(parent: TomlTable, name: string, at: number): TomlTable {
    const existing = parent[name];
    if (existing === undefined) return this.#put(parent, name, table(), at, 'implicit');
    if (Array.isArray(existing) && this.#made.get(existing) === 'list') return existing.at(-1) as TomlTable;
    if (isTable(existing) && this.#made.get(existing) !== 'inline') return existing;
    throw this.error(`\`${name}\` is no table that can be added to`, at);
  }

  #ownTable(parent: TomlTable, name: string, at: number): TomlTable {
    const existing = parent[name];
    if (existing === undefined) return this.#put(parent, name, table(), at, 'header');
    if (!isTable(existing) || this.#made.get(existing) !== 'implicit') throw this.error(`\`${name}\` is defined twice`, at);
    this.#made.set(existing, 'header');
    return existing;
  }

  #listItem(parent: TomlTable, name: string, at: number): TomlTable {
    const existing = parent[name];
    let list: TomlValue[];
    if (existing === undefined) {
      list = [];
      parent[name] = list;
      this.#made.set(list, 'list');
      this.#place(parent, name, at);
    } else if (Array.isArray(existing) && this.#made.get(existing) === 'list') list = existing;
    else throw this.error(`\`${name}\` is defined before as something other than an array of tables`, at);
    const item = table();
    this.#made.set(item, 'header');
    this.#place(list, list.length, at);
    list.push(item);
    return item;
  }

  #put(parent: TomlTable, name: string, value: TomlTable, at: number, made: Made): TomlTable {
    parent[name] = value;
    this.#made.set(value, made);
    this.#place(parent, name, at);
    return value;
  }

  #place(container: object, key: string | number, at: number): void {
    const places = this.#places.get(container) ?? new Map<string | number, number>();
    this.#places.set(container, places);
    places.set(key, at);
  }
}

function table(): TomlTable {
  return Object.create(null) as TomlTable;
}

function isTable(value: TomlValue): value is TomlTable {
  return typeof value === 'object' && !Array.isArray(value) && Object.getPrototypeOf(value) === null;
}
