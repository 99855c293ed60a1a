// Typed look-ups in a TOML table that tell what has the wrong type.
import type { Diagnostic } from '#model/diagnostic.ts';
import type { Location } from '#model/origin.ts';
import type { TomlDocument, TomlTable, TomlValue } from '#syntax/toml.ts';
import { PatternError, compilePattern } from '../re2/pattern.ts';
import type { Pattern } from '../re2/pattern.ts';

type Part = string | number;

export class Reading {
  readonly value: TomlTable;
  readonly #path: readonly Part[];
  readonly #document: TomlDocument;
  readonly #diagnostics: Diagnostic[];

  constructor(value: TomlTable, path: readonly Part[], document: TomlDocument, diagnostics: Diagnostic[]) {
    this.value = value;
    this.#path = path;
    this.#document = document;
    this.#diagnostics = diagnostics;
  }

  mistake(path: readonly Part[], message: string, help?: string): void {
    const location: Location = this.#document.locate([...this.#path, ...path]);
    this.#diagnostics.push({ code: 'secrets.rules', severity: 'error', message, location, ...(help !== undefined && { help }) });
  }

  /** Points at the character of the pattern when it stands on one line in a literal string. */
  patternMistake(path: readonly Part[], error: PatternError): void {
    this.mistake(path, `pattern, character ${error.at + 1}: ${error.message}`);
  }

  known(keys: readonly string[]): void {
    for (const key of Object.keys(this.value)) {
      if (keys.includes(key)) continue;
      const location = this.#document.locate([...this.#path, key]);
      this.#diagnostics.push({
        code: 'secrets.rules',
        severity: 'warning',
        message: `\`${key}\` is not known here`,
        location,
        help: `one of ${keys.join(', ')}`,
      });
    }
  }

  string(key: string): string | undefined {
    return this.#typed(key, 'a string', (value) => (typeof value === 'string' ? value : undefined));
  }

  number(key: string): number | undefined {
    return this.#typed(key, 'a number', (value) => (typeof value === 'number' && Number.isFinite(value) ? value : undefined));
  }

  boolean(key: string): boolean | undefined {
    return this.#typed(key, '`true` or `false`', (value) => (typeof value === 'boolean' ? value : undefined));
  }

  strings(key: string): readonly string[] {
    const list = this.#typed(key, 'a list of strings', (value) => (Array.isArray(value) ? value : undefined)) ?? [];
    return list.flatMap((item, i) => {
      if (typeof item === 'string') return [item];
      this.mistake([key, i], `\`${key}\` holds strings`);
      return [];
    });
  }

  table(key: string): Reading | undefined {
    const value = this.#typed(key, 'a table', (each) => (isTable(each) ? each : undefined));
    return value && new Reading(value, [...this.#path, key], this.#document, this.#diagnostics);
  }

  tables(key: string): Reading[] {
    const list = this.#typed(key, 'an array of tables', (value) => (Array.isArray(value) ? value : undefined)) ?? [];
    return list.flatMap((item, i) => {
      if (isTable(item)) return [new Reading(item, [...this.#path, key, i], this.#document, this.#diagnostics)];
      this.mistake([key, i], `\`${key}\` holds tables`);
      return [];
    });
  }

  pattern(key: string): Pattern | undefined {
    const source = this.string(key);
    return source === undefined ? undefined : this.#compile([key], source);
  }

  patterns(key: string): Pattern[] {
    return this.strings(key).flatMap((source, i) => this.#compile([key, i], source) ?? []);
  }

  #compile(path: readonly Part[], source: string): Pattern | undefined {
    try {
      return compilePattern(source);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      this.patternMistake(path, error);
      return undefined;
    }
  }

  #typed<T>(key: string, what: string, read: (value: TomlValue) => T | undefined): T | undefined {
    const value = this.value[key];
    if (value === undefined) return undefined;
    const found = read(value);
    if (found === undefined) this.mistake([key], `\`${key}\` is ${what}`);
    return found;
  }
}

function isTable(value: TomlValue): value is TomlTable {
  return typeof value === 'object' && !Array.isArray(value) && Object.getPrototypeOf(value) === null;
}
