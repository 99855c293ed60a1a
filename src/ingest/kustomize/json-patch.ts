// JSON Patch (RFC 6902) over traced values.
import { canonicalJson } from '#base/canonical-json.ts';
import { isObject } from '../check.ts';
import type { Mark, Trace, Tree } from '../trace.ts';

type Container = Tree | unknown[];

/** JSON Pointer (RFC 6901) to its parts; undefined when it is none. */
export function pointerParts(pointer: string): string[] | undefined {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) return undefined;
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/**
 * Applies one operation to an object, changing it.
 * @param value traced copy of `value`, for add and replace
 * @returns what is wrong, or undefined when it was done
 */
export function applyOperation(trace: Trace, root: Tree, operation: Tree, mark: Mark | undefined): string | undefined {
  const { op, path, from } = operation;
  const parts = typeof path === 'string' ? pointerParts(path) : undefined;
  if (parts === undefined || parts.length === 0) return 'its `path` is not a JSON pointer into the object';
  const place = valueMark(trace, operation, mark);
  switch (op) {
    case 'add':
      return insert(trace, root, parts, operation['value'], place);
    case 'replace': {
      const found = parent(root, parts);
      if (!found || !(found.key in found.at)) return 'there is nothing at its `path`';
      trace.set(found.at, keyOf(found.at, found.key), operation['value'], place);
      return undefined;
    }
    case 'remove':
      return remove(trace, root, parts) ? undefined : 'there is nothing at its `path`';
    case 'test': {
      const found = parent(root, parts);
      const actual = found && (found.at as Tree)[found.key];
      return canonicalJson(actual ?? null) === canonicalJson(operation['value'] ?? null) ? undefined : 'its test fails';
    }
    case 'move':
    case 'copy': {
      const source = typeof from === 'string' ? pointerParts(from) : undefined;
      const found = source && parent(root, source);
      if (!source || !found || !(found.key in found.at)) return 'there is nothing at its `from`';
      const value = (found.at as Tree)[found.key];
      const origin = trace.markOf(found.at, keyOf(found.at, found.key));
      if (op === 'move') remove(trace, root, source);
      return insert(trace, root, parts, op === 'copy' && origin ? trace.copy(value, origin) : value, origin);
    }
    default:
      return 'its `op` is unknown';
  }
}

function valueMark(trace: Trace, operation: Tree, mark: Mark | undefined): Mark | undefined {
  return 'value' in operation ? (trace.markOf(operation, 'value') ?? mark) : mark;
}

function parent(root: Tree, parts: readonly string[]): { readonly at: Container; readonly key: string } | undefined {
  let at: unknown = root;
  for (const part of parts.slice(0, -1)) {
    if (!Array.isArray(at) && !isObject(at)) return undefined;
    if (!Object.hasOwn(at, part)) return undefined;
    at = (at as Tree)[part];
  }
  const key = parts.at(-1)!;
  return (Array.isArray(at) || isObject(at)) && key !== '__proto__' ? { at: at as Container, key } : undefined;
}

function keyOf(container: Container, key: string): string | number {
  return Array.isArray(container) ? Number(key) : key;
}

function insert(trace: Trace, root: Tree, parts: readonly string[], value: unknown, mark: Mark | undefined): string | undefined {
  const found = parent(root, parts);
  if (!found) return 'the parent of its `path` is not there';
  const { at, key } = found;
  if (!Array.isArray(at)) {
    trace.set(at, key, value, mark);
    return undefined;
  }
  const index = key === '-' ? at.length : Number(key);
  if (!Number.isInteger(index) || index < 0 || index > at.length) return 'its index is outside of the list';
  const marks = at.map((_, i) => trace.markOf(at, i));
  at.splice(index, 0, value);
  marks.splice(index, 0, mark);
  marks.forEach((each, i) => trace.mark(at, i, each));
  return undefined;
}

function remove(trace: Trace, root: Tree, parts: readonly string[]): boolean {
  const found = parent(root, parts);
  if (!found || !Object.hasOwn(found.at, found.key)) return false;
  const { at, key } = found;
  if (!Array.isArray(at)) {
    delete at[key];
    return true;
  }
  if (!/^\d+$/.test(key)) return false;
  const marks = at.map((_, i) => trace.markOf(at, i));
  at.splice(Number(key), 1);
  marks.splice(Number(key), 1);
  marks.forEach((each, i) => trace.mark(at, i, each));
  trace.mark(at, at.length, undefined);
  return true;
}
