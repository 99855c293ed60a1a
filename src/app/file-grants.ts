// What of the disk a plane may touch, in the words of Node's permission model, with what its tree of paths gets wrong made good.
import { statSync } from 'node:fs';
import { sep } from 'node:path';

/**
 * Values for `--allow-fs-read` and `--allow-fs-write`, in the order in which they must be given.
 *
 * Node keeps granted paths in a tree of their characters. There a folder forgets its own name, though not what lies in it, when a path inside it came
 * before, or any path that goes on after the same characters (`shop` and `shop.yaml`). So what lies inside a granted folder is left out, and for such a
 * pair the pattern `shop*` is granted: those are somewhat more names than the user gave, which is why it is done for those pairs only.
 * @param paths absolute files and folders
 */
export function fileGrants(paths: readonly string[]): string[] {
  const all = [...new Set(paths)].sort();
  const outer = all.filter((path) => !all.some((other) => other !== path && path.startsWith(other + sep)));
  const patterns = outer.filter((path) => isFolder(path) && outer.some((other) => other !== path && other.startsWith(path)));
  const plain = outer.filter((path) => !patterns.some((pattern) => path.startsWith(pattern)));
  return [...patterns.map((path) => `${path}*`), ...plain];
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
