// An edit of plain data: what the text must say afterwards.

export type EditPath = readonly (string | number)[];
export type EditOp = 'set' | 'remove' | 'append';

type Container = Record<string | number, unknown>;

/**
 * Changes a mutable value. Missing mappings and lists on the way are made.
 * @returns false when something else stands in the way, or there is nothing to remove
 */
export function applyToData(root: unknown, op: EditOp, path: EditPath, value: unknown): boolean {
  const last = path.at(-1);
  if (last === undefined) return op === 'append' && Array.isArray(root) && root.push(value) > 0;
  let at: unknown = root;
  for (const [i, key] of path.slice(0, -1).entries()) {
    if (!isContainer(at, key)) return false;
    if (at[key] === undefined || at[key] === null) {
      if (op === 'remove') return false;
      put(at, key, typeof path[i + 1] === 'number' ? [] : {});
    }
    at = at[key];
  }
  if (!isContainer(at, last)) return false;
  if (op === 'set') {
    put(at, last, value);
    return true;
  }
  if (op === 'append') {
    if (at[last] === undefined || at[last] === null) put(at, last, []);
    const list = at[last];
    if (!Array.isArray(list)) return false;
    list.push(value);
    return true;
  }
  if (!Object.hasOwn(at, last)) return false;
  if (Array.isArray(at)) at.splice(Number(last), 1);
  else delete at[last];
  return true;
}

function isContainer(value: unknown, key: string | number): value is Container {
  if (key === '__proto__' || typeof value !== 'object' || value === null) return false;
  return Array.isArray(value) ? typeof key === 'number' && key >= 0 && key <= value.length : true;
}

function put(at: Container, key: string | number, value: unknown): void {
  at[key] = value;
}

export function valueAt(root: unknown, path: EditPath): unknown {
  let at = root;
  for (const key of path)
    at = typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as Container)[key] : undefined;
  return at;
}
