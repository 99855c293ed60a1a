// Following `$ref` (RFC 3986, RFC 6901) inside and between specification files, one step when it is asked for.
import type { ApiDocument, ApiNode } from './api.ts';
import type { Path } from './origin.ts';
import type { Resource } from './resource.ts';

/** Longest chain of references to references. */
const CHAIN_MAX = 10;

export type Followed =
  | { readonly ok: true; readonly node: ApiNode }
  | {
      readonly ok: false;
      readonly at: ApiNode;
      readonly reference: string;
      readonly why: 'missing' | 'file' | 'remote' | 'circle';
    };

/** The reference that a value is, if it is one. */
export function referenceOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const reference = (value as Readonly<Record<string, unknown>>)['$ref'];
  return typeof reference === 'string' ? reference : undefined;
}

/**
 * Follows a node that is a reference, through references to references, to what is meant. A node that is none is given back.
 * Never throws; a circle of mere references is told as one, while schemas that contain themselves are no concern here, since only
 * the reference that is asked for is followed.
 */
export function follow(files: ApiDocument['files'], node: ApiNode): Followed {
  let at = node;
  for (let step = 0; step < CHAIN_MAX; step++) {
    const reference = referenceOf(at.value);
    if (reference === undefined) return { ok: true, node: at };
    const next = target(files, at, reference);
    if (typeof next === 'string') return { ok: false, at, reference, why: next };
    at = next;
  }
  return { ok: false, at, reference: referenceOf(at.value) ?? '', why: 'circle' };
}

type Target = ApiNode | 'missing' | 'file' | 'remote';

/** What references inside a file lead to: a document is asked for the same few thousands of times. */
const known = new WeakMap<Resource, Map<string, Target>>();

function target(files: ApiDocument['files'], from: ApiNode, reference: string): Target {
  if (!reference.startsWith('#')) return find(files, from, reference);
  let targets = known.get(from.resource);
  if (!targets) known.set(from.resource, (targets = new Map()));
  let found = targets.get(reference);
  if (found === undefined) targets.set(reference, (found = find(files, from, reference)));
  return found;
}

function find(files: ApiDocument['files'], from: ApiNode, reference: string): Target {
  const hash = reference.indexOf('#');
  const file = hash < 0 ? reference : reference.slice(0, hash);
  if (/^[a-z][a-z0-9+.-]*:/i.test(file) || file.startsWith('//')) return 'remote';
  const name = file === '' ? from.resource.metadata.name : joinPath(from.resource.metadata.name, decoded(file));
  const resource = file === '' ? from.resource : Object.hasOwn(files, name) ? files[name] : undefined;
  if (!resource) return 'file';
  const path = pointerOf(hash < 0 ? '' : reference.slice(hash + 1));
  if (!path) return 'missing';
  const found = valueAt(resource.spec, path);
  return found === undefined ? 'missing' : { resource, path: found.path, value: found.value };
}

/** RFC 6901 section 6: percent-decoded, then `~1` and `~0`. Undefined for what is no pointer (an anchor). */
function pointerOf(fragment: string): readonly string[] | undefined {
  if (fragment === '') return [];
  if (!fragment.startsWith('/')) return undefined;
  return fragment
    .slice(1)
    .split('/')
    .map((part) => decoded(part).replaceAll('~1', '/').replaceAll('~0', '~'));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The value at a path of member names; list indexes come back as numbers. */
export function valueAt(root: unknown, parts: Path): { readonly value: unknown; readonly path: Path } | undefined {
  let value = root;
  const path: (string | number)[] = [];
  for (const part of parts) {
    if (Array.isArray(value)) {
      const index = Number(part);
      if (!Number.isInteger(index) || index < 0 || index >= value.length) return undefined;
      value = value[index];
      path.push(index);
    } else if (typeof value === 'object' && value !== null && Object.hasOwn(value, part)) {
      value = (value as Readonly<Record<string, unknown>>)[part];
      path.push(part);
    } else return undefined;
  }
  return { value, path };
}

/** A relative file name as seen from another file: `specs/a.yaml` and `../b.yaml` give `b.yaml`. */
export function joinPath(from: string, relative: string): string {
  const parts = relative.startsWith('/') ? [] : from.split('/').slice(0, -1);
  for (const part of relative.split('/')) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  const joined = parts.join('/');
  return relative.startsWith('/') ? `/${joined}` : joined;
}

/** One member of a node. */
export function member(node: ApiNode, ...names: Path): ApiNode | undefined {
  let value = node.value;
  for (const name of names) {
    if (Array.isArray(value)) value = typeof name === 'number' ? (value as readonly unknown[])[name] : undefined;
    else if (typeof value === 'object' && value !== null && Object.hasOwn(value, name))
      value = (value as Readonly<Record<string, unknown>>)[name];
    else return undefined;
    if (value === undefined) return undefined;
  }
  return new Member(node, names.length === 1 ? names[0]! : names, value);
}

/** A node inside another. Its path is only put together where something is told: a document has many nodes, and few are. */
class Member implements ApiNode {
  readonly resource: Resource;
  readonly value: unknown;
  readonly #above: ApiNode;
  readonly #name: string | number | Path;

  constructor(above: ApiNode, name: string | number | Path, value: unknown) {
    this.resource = above.resource;
    this.value = value;
    this.#above = above;
    this.#name = name;
  }

  get path(): Path {
    return this.#above.path.concat(this.#name);
  }
}
