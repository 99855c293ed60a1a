// Objects while a kustomization is being put together.
import type { Location } from '#model/origin.ts';
import { isObject } from '../check.ts';
import type { RawObject } from '../check.ts';
import type { Trace, Tree } from '../trace.ts';

export interface KustomizeObject {
  /** The whole object. */
  readonly tree: Tree;
  /** Names that it had before prefixes and suffixes, the first one first. */
  readonly formerNames: string[];
  /** Its name gets a hash of its content at the end. */
  hashed: boolean;
}

/** What stands in the way of an exact build. */
export interface Obstacle {
  readonly what: string;
  readonly message: string;
  readonly help?: string;
  readonly location: Location;
}

export interface BuildContext {
  readonly trace: Trace;
  tell(obstacle: Obstacle): void;
}

export function textAt(value: unknown, ...path: readonly string[]): string {
  let at: unknown = value;
  for (const key of path) at = isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  return typeof at === 'string' ? at : typeof at === 'number' || typeof at === 'boolean' ? String(at) : '';
}

export function objectAt(value: unknown, ...path: readonly string[]): Tree | undefined {
  let at: unknown = value;
  for (const key of path) at = isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  return isObject(at) ? (at as Tree) : undefined;
}

export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  let at: unknown = value;
  for (const key of path) at = isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  return Array.isArray(at) ? (at as readonly unknown[]) : [];
}

export function kindOfObject(object: { readonly tree: Tree }): string {
  return textAt(object.tree, 'kind');
}

export function nameOf(object: { readonly tree: Tree }): string {
  return textAt(object.tree, 'metadata', 'name');
}

export function namespaceOf(object: { readonly tree: Tree }): string {
  return textAt(object.tree, 'metadata', 'namespace');
}

/** The mapping at a path, made where it is missing. Undefined when something else stands in the way. */
export function mappingAt(trace: Trace, tree: Tree, ...path: readonly string[]): Tree | undefined {
  let at = tree;
  for (const key of path) {
    const next = at[key];
    if (next === undefined || next === null) {
      const made: Tree = {};
      const place = trace.placeOf(at);
      if (place) trace.place(made, place);
      at[key] = made;
      at = made;
    } else if (isObject(next)) at = next as Tree;
    else return undefined;
  }
  return at;
}

/** Texts of a mapping, for labels and annotations. */
export function textPairs(value: unknown): readonly (readonly [string, string])[] {
  if (!isObject(value)) return [];
  return Object.keys(value).map((key) => [key, textAt(value, key)] as const);
}

export type { RawObject };
