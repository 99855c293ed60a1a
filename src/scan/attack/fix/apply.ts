// Edits applied to plain data, for the proof; the caller applies the same edits to the files, where comments and layout stay.
import type { FindingEdit } from '#model/finding.ts';
import type { Location, Path } from '#model/origin.ts';
import { originOf } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';

/** A resource that was read, and what it becomes. */
export interface ChangedResource {
  readonly before: Resource;
  /** The whole object: apiVersion, kind, metadata, spec and the other members. */
  readonly value: Readonly<Record<string, unknown>>;
}

export interface Changes {
  readonly edits: readonly FindingEdit[];
  readonly changed: readonly ChangedResource[];
  /** Whole new objects. */
  readonly created: readonly unknown[];
}

/**
 * What the edits make of the System's resources.
 * @throws TypeError when an edit speaks of a document that the System does not have
 */
export function changesOf(system: System, edits: readonly FindingEdit[]): Changes {
  const byPlace = new Map<string, FindingEdit[]>();
  const created: unknown[] = [];
  for (const edit of edits) {
    if (edit.op === 'create') created.push(edit.value);
    else {
      const key = placeKey(edit.document);
      const present = byPlace.get(key);
      if (present) present.push(edit);
      else byPlace.set(key, [edit]);
    }
  }
  const changed: ChangedResource[] = [];
  for (const before of system.resources) {
    if (byPlace.size === 0) break;
    const location = originOf(before);
    const key = location && placeKey(location);
    const own = key === undefined ? undefined : byPlace.get(key);
    if (!own) continue;
    byPlace.delete(key!);
    changed.push({ before, value: applyEdits(plain(before), own) });
  }
  const [unknown] = byPlace.keys();
  if (unknown !== undefined) throw new TypeError(`no document stands at \`${unknown}\``);
  return { edits, changed, created };
}

function placeKey({ file, line, column }: Location): string {
  return `${file}:${line}:${column}`;
}

/** A resource as the object it was read from, as far as it was kept. */
export function plain({ apiVersion, kind, metadata, spec, body }: Resource): Record<string, unknown> {
  return structuredClone({ apiVersion, kind, metadata, ...(spec !== undefined && { spec }), ...body });
}

/** Applies edits of one document to a copy of it. Those that take items out of lists go last item first, so that indexes keep meaning what they say. */
export function applyEdits(value: Record<string, unknown>, edits: readonly FindingEdit[]): Record<string, unknown> {
  const copy = structuredClone(value);
  const removals = edits.flatMap((edit) => (edit.op === 'remove' ? [edit] : [])).sort((a, b) => comparePaths(b.path, a.path));
  for (const edit of edits) {
    if (edit.op === 'set') put(copy, edit.path, edit.value);
    else if (edit.op === 'append') append(copy, edit.path, edit.value);
  }
  for (const { path } of removals) remove(copy, path);
  return copy;
}

function comparePaths(a: Path, b: Path): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [x, y] = [a[i]!, b[i]!];
    if (x === y) continue;
    if (typeof x === 'number' && typeof y === 'number') return x - y;
    return String(x) < String(y) ? -1 : 1;
  }
  return a.length - b.length;
}

type Holder = Record<string | number, unknown>;

/** The mapping or list that holds the last part of a path; made on the way when asked to. */
function holderOf(root: Holder, path: Path, make: boolean): Holder | undefined {
  let at: Holder = root;
  for (const [i, part] of path.slice(0, -1).entries()) {
    if (part === '__proto__') return undefined;
    const next = at[part];
    if (typeof next === 'object' && next !== null) at = next as Holder;
    else if (make) {
      const fresh = (typeof path[i + 1] === 'number' ? [] : {}) as Holder;
      at[part] = fresh;
      at = fresh;
    } else return undefined;
  }
  return path.at(-1) === '__proto__' ? undefined : at;
}

function put(root: Holder, path: Path, value: unknown): void {
  const holder = holderOf(root, path, true);
  if (holder) holder[path.at(-1)!] = structuredClone(value);
}

function append(root: Holder, path: Path, value: unknown): void {
  const holder = holderOf(root, path, true);
  if (!holder) return;
  const list = holder[path.at(-1)!];
  if (Array.isArray(list)) list.push(structuredClone(value));
  else holder[path.at(-1)!] = [structuredClone(value)];
}

function remove(root: Holder, path: Path): void {
  const holder = holderOf(root, path, false);
  const last = path.at(-1)!;
  if (Array.isArray(holder)) holder.splice(Number(last), 1);
  else if (holder) delete holder[last];
}
