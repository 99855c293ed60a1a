// `replacements`: a value of one object is put into fields of others.
import { isObject } from '../check.ts';
import type { Mark, Trace, Tree } from '../trace.ts';
import type { KustomizeObject } from './object.ts';
import { listAt, objectAt, textAt } from './object.ts';
import { selectorOf, selects } from './select.ts';

/** Applies one replacement. @returns what is wrong, if anything */
export function replaceValues(trace: Trace, objects: readonly KustomizeObject[], replacement: unknown): string | undefined {
  let value: unknown;
  let mark: Mark | undefined;
  if (isObject(replacement) && replacement['sourceValue'] !== undefined) {
    value = replacement['sourceValue'];
    mark = trace.markOf(replacement, 'sourceValue');
  } else {
    const source = objectAt(replacement, 'source');
    if (!source) return 'it has no `source`';
    const from = objects.filter((object) => selects(selectorOf(source), object));
    if (from.length !== 1) return from.length === 0 ? 'its `source` matches no object' : 'its `source` matches several objects';
    const [place] = placesAt(trace, from[0]!.tree, fieldParts(textAt(source, 'fieldPath') || 'metadata.name'), false);
    if (!place) return 'the field of its `source` is not there';
    value = (place.at as Tree)[place.key];
    mark = trace.markOf(place.at, place.key);
    const delimiter = textAt(source, 'options', 'delimiter');
    if (delimiter !== '' && typeof value === 'string')
      value = value.split(delimiter)[Number(textAt(source, 'options', 'index') || 0)] ?? '';
  }
  for (const target of listAt(replacement, 'targets')) {
    const select = selectorOf(objectAt(target, 'select'));
    const rejects = listAt(target, 'reject').map((each) => selectorOf(each));
    const paths = listAt(target, 'fieldPaths').filter((each): each is string => typeof each === 'string');
    const options = objectAt(target, 'options');
    for (const object of objects) {
      if (!selects(select, object) || rejects.some((each) => selects(each, object))) continue;
      for (const path of paths.length > 0 ? paths : ['metadata.name']) {
        for (const { at, key } of placesAt(trace, object.tree, fieldParts(path), options?.['create'] === true))
          trace.set(at, key, spliced((at as Tree)[key], value, options), mark);
      }
    }
  }
  return undefined;
}

/** The value put in at a position between delimiters. */
function spliced(present: unknown, value: unknown, options: Tree | undefined): unknown {
  const delimiter = textAt(options, 'delimiter');
  // A field keeps its type.
  if (delimiter === '' && typeof present === 'string' && (typeof value === 'number' || typeof value === 'boolean'))
    return String(value);
  if (delimiter === '' && typeof present === 'number' && typeof value === 'string' && /^\d{1,15}$/.test(value))
    return Number(value);
  if (delimiter === '' || typeof present !== 'string') return value;
  const parts = present.split(delimiter);
  const index = Number(textAt(options, 'index') || 0);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (index < 0) parts.unshift(text);
  else if (index >= parts.length) parts.push(text);
  else parts[index] = text;
  return parts.join(delimiter);
}

/** `spec.containers.[name=web].image`, with `\.` for a point inside a name. */
function fieldParts(path: string): string[] {
  const parts: string[] = [''];
  let bracket = false;
  for (let at = 0; at < path.length && at < 1000; at++) {
    const letter = path[at]!;
    if (letter === '\\' && at + 1 < path.length) parts[parts.length - 1] += path[++at]!;
    else if (letter === '.' && !bracket) parts.push('');
    else {
      if (letter === '[') bracket = true;
      if (letter === ']') bracket = false;
      parts[parts.length - 1] += letter;
    }
  }
  return parts.filter((part) => part !== '');
}

interface Place {
  readonly at: object;
  readonly key: string | number;
}

function placesAt(trace: Trace, root: Tree, parts: readonly string[], create: boolean): Place[] {
  let places: Place[] = [];
  let values: unknown[] = [root];
  for (const [depth, part] of parts.entries()) {
    places = values.flatMap((value) => step(value, part, create));
    if (depth < parts.length - 1) {
      values = places.map(({ at, key }) => {
        const tree = at as Tree;
        if (create && tree[key as string] === undefined) trace.set(at, key, {});
        return tree[key as string];
      });
    }
  }
  return create ? places : places.filter(({ at, key }) => (at as Tree)[key as string] !== undefined);
}

function step(value: unknown, part: string, create: boolean): Place[] {
  if (Array.isArray(value)) {
    const pair = /^\[([\w./-]{1,200})=(.{0,500})\]$/.exec(part);
    if (pair) return value.flatMap((item, key) => (textAt(item, pair[1]!) === pair[2] ? [{ at: value, key }] : []));
    if (part === '*') return value.map((_, key) => ({ at: value, key }));
    if (part === '-') return [{ at: value, key: value.length }];
    return /^\d{1,6}$/.test(part) && Number(part) < value.length ? [{ at: value, key: Number(part) }] : [];
  }
  if (!isObject(value) || part === '__proto__') return [];
  if (part === '*') return Object.keys(value).map((key) => ({ at: value, key }));
  return create || Object.hasOwn(value, part) ? [{ at: value, key: part }] : [];
}
