// Reading loosely typed documents: a member with the path it stands at.
import type { Stated } from '#model/oauth.ts';
import type { Path } from '#model/origin.ts';
import { isObject } from '../check.ts';
import type { RawObject } from '../check.ts';

/** A mapping inside a document, with its path. */
export class Facts {
  readonly raw: RawObject;
  readonly path: Path;

  constructor(raw: unknown, path: Path = []) {
    this.raw = isObject(raw) ? raw : {};
    this.path = path;
  }

  has(name: string): boolean {
    return this.raw[name] !== undefined && this.raw[name] !== null;
  }

  inside(...names: Path): Facts {
    let value: unknown = this.raw;
    for (const name of names) value = isObject(value) ? value[name] : Array.isArray(value) ? value[Number(name)] : undefined;
    return new Facts(value, [...this.path, ...names]);
  }

  text(name: string): Stated<string> | undefined {
    const value = this.raw[name];
    return typeof value === 'string' ? { value, path: [...this.path, name] } : undefined;
  }

  /** `true`, and what configuration files write for it. */
  flag(name: string): Stated<boolean> | undefined {
    const value = this.raw[name];
    if (typeof value === 'boolean') return { value, path: [...this.path, name] };
    if (value === 'true' || value === 'false') return { value: value === 'true', path: [...this.path, name] };
    return undefined;
  }

  number(name: string): Stated<number> | undefined {
    const value = this.raw[name];
    const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
    return typeof number === 'number' && Number.isFinite(number) ? { value: number, path: [...this.path, name] } : undefined;
  }

  /** The texts of a list; a single text counts as a list, with commas and spaces between its items when `split`. */
  texts(name: string, split = false): Stated<readonly string[]> | undefined {
    const value = this.raw[name];
    const path = [...this.path, name];
    if (typeof value === 'string') return { value: split ? value.split(/[\s,]+/).filter((one) => one !== '') : [value], path };
    return Array.isArray(value) ? { value: value.filter((one): one is string => typeof one === 'string'), path } : undefined;
  }

  /** Each text of a list with its own path. */
  each(name: string): readonly Stated<string>[] {
    const value = this.raw[name];
    if (typeof value === 'string') return value === '' ? [] : [{ value, path: [...this.path, name] }];
    if (!Array.isArray(value)) return [];
    return value.flatMap((one: unknown, i) => (typeof one === 'string' ? [{ value: one, path: [...this.path, name, i] }] : []));
  }

  /** The mappings of a list. */
  list(name: string): readonly Facts[] {
    const value = this.raw[name];
    if (!Array.isArray(value)) return [];
    return value.flatMap((one: unknown, i) => (isObject(one) ? [new Facts(one, [...this.path, name, i])] : []));
  }

  /** The mappings below a mapping. */
  entries(name?: string): readonly (readonly [string, Facts])[] {
    const holder = name === undefined ? (this as Facts) : this.inside(name);
    return Object.entries(holder.raw).flatMap(([key, value]) =>
      isObject(value) ? [[key, new Facts(value, [...holder.path, key])] as const] : [],
    );
  }
}

/** A member for an object literal: nothing when there is no value. */
export function given<K extends string, T>(name: K, value: T | undefined): { readonly [P in K]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [P in K]?: T };
}

/** Whether a text is a secret itself: not empty, no placeholder, no mask. */
export function isLiteral(value: unknown): boolean {
  if (typeof value !== 'string' || value === '') return false;
  if (/\$\{|\{\{|^\$\(|^<[^>]*>$|^%[^%]*%$|^\*+$|^env:|^vault:|^\{cipher\}|^ENC\(|^[!@]/.test(value)) return false;
  return !/^(?:x{3,}|change[-_ ]?me|replace[-_ ]?me|todo|null|your[-_ ].*|.*placeholder.*|redacted)$/i.test(value);
}
