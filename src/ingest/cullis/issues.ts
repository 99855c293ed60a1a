// zod's issues as diagnostics in the words of this product.
import { z } from 'zod';
import { didYouMean } from '#base/nearest.ts';
import { kindOf } from '../check.ts';
import { shorten } from '../scope.ts';
import type { Scope } from '../scope.ts';

const WANTED: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

/**
 * Parses with a schema, telling every issue at its place.
 * @returns the parsed value, or undefined when something is wrong
 */
export function parseWith<S extends z.ZodType>(schema: S, value: unknown, scope: Scope): z.output<S> | undefined {
  const result = schema.safeParse(withoutNulls(value, 0));
  if (result.success) return result.data;
  for (const issue of result.error.issues) tellIssue(issue, schema, value, scope);
  return undefined;
}

/** A null member counts as absent, as everywhere in these formats. */
function withoutNulls(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth > 100) return value;
  if (Array.isArray(value)) return value.map((item) => withoutNulls(item, depth + 1));
  const entries = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(entries.map(([name, member]) => [name, withoutNulls(member, depth + 1)]));
}

function tellIssue(issue: z.core.$ZodIssue, schema: z.ZodType, root: unknown, scope: Scope): void {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  if (issue.code === 'invalid_union') {
    const nested = mostRelevant(issue.errors);
    if (nested) {
      for (const each of nested) tellIssue({ ...each, path: [...path, ...each.path] }, schema, root, scope);
      return;
    }
  }
  const keys = issue.code === 'unrecognized_keys' ? issue.keys : [undefined];
  for (const key of keys) {
    const place = key === undefined ? path : [...path, key];
    for (const part of place) scope.enter(part);
    if (key === undefined) tellValue(issue, valueAt(root, path), path.length === 0 ? '`spec`' : scope.name(), scope);
    else scope.error('unknown-field', `there is no field ${scope.name()} here`, () => didYouMean(key, fieldsAt(schema, path)));
    for (const _ of place) scope.leave();
  }
}

/** Of a union's branches the one that got furthest: it speaks about what the user meant. */
function mostRelevant(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | undefined {
  const fitting = branches.filter(
    (branch) => branch.length > 0 && branch.every((each) => each.path.length > 0 || each.code !== 'invalid_type'),
  );
  return fitting.toSorted((a, b) => a.length - b.length)[0];
}

function tellValue(issue: z.core.$ZodIssue, value: unknown, name: string, scope: Scope): void {
  if (issue.code === 'invalid_type') {
    const wanted = WANTED[issue.expected] ?? `a value of type ${issue.expected}`;
    if (value === undefined || value === null) scope.error('required', `${name} is needed, and must be ${wanted}`);
    else
      scope.error(
        'type',
        `${name} must be ${wanted}, not ${kindOf(value)}`,
        wanted === 'a text' && typeof value === 'number' ? 'write it in quotes' : undefined,
      );
  } else if (issue.code === 'invalid_value') {
    const words = issue.values.map(String);
    scope.error('value', `${name} must be one of ${words.map((word) => `\`${word}\``).join(', ')}`, () =>
      typeof value === 'string' ? didYouMean(value, words) : undefined,
    );
  } else if (issue.code === 'too_small') scope.error('range', `${name} is too small: at least ${String(issue.minimum)}`);
  else if (issue.code === 'too_big') scope.error('range', `${name} is too large: at most ${String(issue.maximum)}`);
  else if (issue.code === 'custom' || issue.code === 'invalid_format') scope.error('value', `${name} ${ownWords(issue.message)}`);
  else scope.error('value', `${name} cannot be this`);
}

function ownWords(message: string): string {
  return /^(?:must|is) /.test(message) ? message : `is not valid: ${shorten(message).toLowerCase()}`;
}

function valueAt(root: unknown, path: readonly (string | number)[]): unknown {
  let value = root;
  for (const part of path)
    value = typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[part] : undefined;
  return value;
}

/** Field names of the object schema at `path`. */
function fieldsAt(schema: z.ZodType, path: readonly (string | number)[]): readonly string[] {
  let at: z.ZodType | undefined = unwrap(schema);
  for (const part of path) {
    if (at instanceof z.ZodObject) at = unwrap((at.shape as Readonly<Record<string, z.ZodType>>)[part as string]);
    else if (at instanceof z.ZodArray) at = unwrap(at.element as z.ZodType);
    else return [];
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function unwrap(schema: z.ZodType | undefined): z.ZodType | undefined {
  let at = schema;
  while (at instanceof z.ZodOptional) at = at.unwrap() as z.ZodType;
  return at instanceof z.ZodUnion
    ? (at.options as readonly z.ZodType[]).map(unwrap).find((option) => option instanceof z.ZodObject)
    : at;
}
