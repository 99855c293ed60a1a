// Small checks that compose into the shape of a format. Each takes a parsed value, tells everything that is wrong with it, and gives
// the typed value, or undefined when it is unusable. A null member counts as absent, as it does in Kubernetes.
import { didYouMean } from '#base/nearest.ts';
import { shorten } from './scope.ts';
import type { Scope } from './scope.ts';

export type Check<T> = (value: unknown, scope: Scope) => T | undefined;
export type RawObject = Readonly<Record<string, unknown>>;

export interface Field<T, Required extends boolean> {
  readonly check: Check<T>;
  readonly required: Required;
}
export type Fields = Readonly<Record<string, Field<unknown, boolean>>>;
type Value<F> = F extends Field<infer T, boolean> ? T : never;
type RequiredKey<F extends Fields> = { [K in keyof F]: F[K] extends Field<unknown, true> ? K : never }[keyof F];
/** What an `object` of these fields gives. */
export type Shape<F extends Fields> = { readonly [K in RequiredKey<F>]: Value<F[K]> } & {
  readonly [K in Exclude<keyof F, RequiredKey<F>>]?: Value<F[K]>;
};

export function required<T>(check: Check<T>): Field<T, true> {
  return { check, required: true };
}
export function optional<T>(check: Check<T>): Field<T, false> {
  return { check, required: false };
}

export function isObject(value: unknown): value is RawObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `a list`, `a number`: what stands where something else was wanted. Never the value itself. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return (
    { string: 'a text', number: 'a number', boolean: 'true or false', object: 'a mapping' }[typeof value as string] ??
    'something else'
  );
}

export function wrongType(value: unknown, wanted: string, scope: Scope): undefined {
  const quote = wanted === 'a text' && (typeof value === 'number' || typeof value === 'boolean');
  scope.error('type', `${scope.name()} must be ${wanted}, not ${kindOf(value)}`, quote ? 'write it in quotes' : undefined);
  return undefined;
}

export const anything: Check<unknown> = (value) => value;

export interface TextOptions {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
  /** What the pattern means, after "must be": `a DNS label`. */
  readonly meaning?: string;
}

export function text(options: TextOptions = {}): Check<string> {
  const { min = 0, max = Number.POSITIVE_INFINITY, pattern, meaning = `of the form ${String(pattern)}` } = options;
  return (value, scope) => {
    if (typeof value !== 'string') return wrongType(value, 'a text', scope);
    if (value.length < min) scope.error('empty', `${scope.name()} must not be empty`);
    else if (value.length > max)
      scope.error('too-long', `${scope.name()} has ${value.length} characters; at most ${max} are allowed`);
    else if (pattern && !pattern.test(value))
      scope.error('value', `${scope.name()} is \`${shorten(value)}\`; it must be ${meaning}`);
    else return value;
    return undefined;
  };
}

/** Not empty. */
export const word: Check<string> = text({ min: 1 });
export const anyText: Check<string> = text();

export const flag: Check<boolean> = (value, scope) =>
  typeof value === 'boolean' ? value : wrongType(value, 'true or false', scope);

/** A whole number from `min` to `max`, both included. */
export function integer(min: number, max: number): Check<number> {
  return (value, scope) => {
    if (typeof value !== 'number') {
      if (typeof value !== 'string' || !/^\d+$/.test(value)) return wrongType(value, 'a number', scope);
      scope.error('type', `${scope.name()} must be a number, not a text`, 'write it without quotes');
      return undefined;
    }
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    scope.error('range', `${scope.name()} is ${value}; it must be a whole number from ${min} to ${max}`);
    return undefined;
  };
}

export const port: Check<number> = integer(1, 65_535);

/** One of the words of a table, spelled exactly. */
export function oneOf<const T extends string>(words: readonly T[]): Check<T> {
  return (value, scope) => {
    if (typeof value !== 'string') return wrongType(value, 'a text', scope);
    if ((words as readonly string[]).includes(value)) return value as T;
    const help = (): string => didYouMean(value, words) ?? `one of ${words.map((each) => `\`${each}\``).join(', ')}`;
    scope.error('value', `${scope.name()} is \`${shorten(value)}\`, which it cannot be`, help);
    return undefined;
  };
}

export interface ListOptions {
  readonly min?: number;
  readonly max?: number;
}

/** A list; an item that is null is an error, since leaving it out would change what the list means. */
export function list<T>(item: Check<T>, options: ListOptions = {}): Check<readonly T[]> {
  const { min = 0, max = 100_000 } = options;
  return (value, scope) => {
    if (!Array.isArray(value)) return wrongType(value, 'a list', scope);
    if (value.length < min) scope.error('empty', `${scope.name()} must not be empty`);
    if (value.length > max) {
      scope.error('too-many', `${scope.name()} has ${value.length} items; at most ${max} are allowed`);
      return undefined;
    }
    const items: T[] = [];
    for (let i = 0; i < value.length; i++) {
      scope.enter(i);
      const each: unknown = value[i];
      if (each === null || each === undefined)
        scope.error('null', `${scope.name()} must not be empty`, 'remove the item, or write its content');
      else {
        const checked = item(each, scope);
        if (checked !== undefined) items.push(checked);
      }
      scope.leave();
    }
    return items;
  };
}

/** A mapping with free keys. Its result has a prototype, so keys that are members of every object are refused. */
export function record<T>(
  item: Check<T>,
  key: Check<string> = word,
  options: ListOptions = {},
): Check<Readonly<Record<string, T>>> {
  return (value, scope) => {
    if (!isObject(value)) return wrongType(value, 'a mapping', scope);
    const result: Record<string, T> = {};
    const keys = Object.keys(value);
    if (keys.length < (options.min ?? 0)) scope.error('empty', `${scope.name()} must not be empty`);
    for (const name of keys) {
      scope.enter(name);
      if (name === '__proto__') scope.error('value', '`__proto__` cannot be a key');
      else if (key(name, scope) !== undefined) {
        const checked = item(value[name], scope);
        if (checked !== undefined) result[name] = checked;
      }
      scope.leave();
    }
    return result;
  };
}

export interface ObjectOptions {
  /** How an unknown member is taken: Istio, Gateway API and cullis.dev refuse it, Kubernetes warns. */
  readonly unknown?: 'error' | 'warning' | 'ignore';
  /** Extra advice for a member that people write though it does not exist here: name -> help. */
  readonly hints?: Readonly<Record<string, string>>;
}

/** A mapping with these members. What it gives holds the known members only, each checked. */
export function object<const F extends Fields>(fields: F, options: ObjectOptions = {}): Check<Shape<F>> {
  const table = new Map<string, Field<unknown, boolean>>(Object.entries(fields));
  const names = [...table.keys()];
  const needed = names.filter((name) => table.get(name)?.required);
  return (value, scope) => {
    if (!isObject(value)) return wrongType(value, 'a mapping', scope);
    const result: Record<string, unknown> = {};
    let whole = true;
    for (const name in value) {
      const member = value[name];
      const field = table.get(name);
      if (field === undefined) unknownField(name, names, options, scope);
      else if (member !== null && member !== undefined) {
        scope.enter(name);
        const checked = field.check(member, scope);
        scope.leave();
        if (checked !== undefined) result[name] = checked;
        else if (field.required) whole = false;
      }
    }
    for (const name of needed) {
      if (result[name] !== undefined || (name in value && value[name] !== null && value[name] !== undefined)) continue;
      scope.error('required', `${scope.name()} needs \`${name}\``);
      whole = false;
    }
    return whole ? (result as Shape<F>) : undefined;
  };
}

function unknownField(name: string, names: readonly string[], options: ObjectOptions, scope: Scope): void {
  const { unknown = 'error', hints } = options;
  if (unknown === 'ignore') return;
  const parent = scope.name();
  const hint = hints && Object.hasOwn(hints, name) ? hints[name] : undefined;
  const help = (): string | undefined =>
    hint ??
    didYouMean(name, names) ??
    (names.length <= 12 ? `it knows ${names.map((each) => `\`${each}\``).join(', ')}` : undefined);
  scope.at(name, () => {
    const message = `${parent} has no field \`${shorten(name)}\``;
    if (unknown === 'error') scope.error('unknown-field', message, help);
    else scope.warn('unknown-field', message, help);
  });
}

/** Both checks on one value; the second sees what the first gave. */
export function also<T>(check: Check<T>, more: (value: T, scope: Scope) => void): Check<T> {
  return (value, scope) => {
    const checked = check(value, scope);
    if (checked === undefined) return undefined;
    const before = scope.errors;
    more(checked, scope);
    return scope.errors === before ? checked : undefined;
  };
}
