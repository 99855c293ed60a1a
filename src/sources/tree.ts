// One walk over what the user named, one read per file.
import { closeSync, fstatSync, openSync, readFileSync, readSync, readdirSync, realpathSync, statSync } from 'node:fs';
import type { Dirent, Stats } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import type { NotAnalysed } from '#model/coverage.ts';

export interface TreeFile {
  /** As the user would name it: relative to where the command was started when it lies below, `/` between folders. */
  readonly path: string;
  readonly absolute: string;
  readonly size: number;
  /** The same while the file has not been touched (inode, size, times). */
  readonly stamp: string;
}

export interface Tree {
  /** In the order of their names, folder by folder. */
  readonly files: readonly TreeFile[];
  readonly notAnalysed: readonly NotAnalysed[];
}

export interface WalkOptions {
  /** Files that are larger are told and left out; 64 MiB when absent. */
  readonly fileBytesMax?: number;
  readonly filesMax?: number;
}

/** Folders that hold what others made, or what is read in another way. */
const SKIPPED: ReadonlyMap<string, string> = new Map([
  ['node_modules', 'packages that others wrote; the lock file beside it is what is read'],
  ['.git', 'history is read with `--history`'],
  ['.hg', 'another version control system'],
  ['.svn', 'another version control system'],
  ['.cullis', 'keys and journal of a running system'],
  ['.venv', 'packages that others wrote'],
  ['__pycache__', 'compiled code'],
  ['.terraform', 'plugins that others wrote'],
]);
const DEPTH_MAX = 64;

/**
 * Lists the files below `paths`. Links are followed once, and only while they stay below the folder that was named.
 * @param cwd paths are relative to it
 */
export function walkTree(paths: readonly string[], cwd: string, options: WalkOptions = {}): Tree {
  const { fileBytesMax = 64 * 1024 * 1024, filesMax = 200_000 } = options;
  const files: TreeFile[] = [];
  const notAnalysed: NotAnalysed[] = [];
  const seen = new Set<string>();
  const shown = (absolute: string): string => {
    const near = relative(cwd, absolute);
    const path = near.startsWith('..') ? absolute : near || '.';
    return sep === '/' ? path : path.split(sep).join('/');
  };
  const tell = (absolute: string, what: string, message: string, help?: string): void => {
    notAnalysed.push({ file: shown(absolute), what, message, ...(help !== undefined && { help }) });
  };
  const file = (absolute: string, stat: Stats): void => {
    if (files.length >= filesMax) return;
    const key = `${stat.dev}:${stat.ino}`;
    // A hard link is the same file; the first name stands for it.
    if (stat.nlink > 1 && seen.has(key)) return;
    seen.add(key);
    if (!stat.isFile()) tell(absolute, 'special-file', 'neither a file nor a folder');
    else if (stat.size > fileBytesMax)
      tell(absolute, 'too-large', `the file has ${stat.size} bytes, more than the ${fileBytesMax} that are read`);
    else files.push({ path: shown(absolute), absolute, size: stat.size, stamp: stampOf(stat) });
  };
  const folder = (absolute: string, root: string, depth: number): void => {
    if (depth > DEPTH_MAX) return tell(absolute, 'too-deep', `folders are nested more than ${DEPTH_MAX} deep`);
    let entries: Dirent[];
    try {
      entries = readdirSync(absolute, { withFileTypes: true });
    } catch (error) {
      return tell(absolute, 'unreadable', `the folder could not be read (${codeOf(error)})`);
    }
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) visit(join(absolute, entry.name), entry, root, depth + 1);
  };
  const visit = (absolute: string, entry: Dirent, root: string, depth: number): void => {
    const reason = SKIPPED.get(entry.name);
    if (reason !== undefined && !entry.isFile())
      return entry.name === '.git' ? undefined : tell(absolute, 'skipped-folder', `skipped: ${reason}`);
    if (entry.isDirectory()) return folder(absolute, root, depth);
    try {
      const stat = statSync(absolute);
      if (entry.isSymbolicLink()) {
        const target = resolveLink(absolute);
        if (target === undefined || !(target === root || target.startsWith(root + sep)))
          return tell(absolute, 'link', 'a link that leads out of what is scanned');
        // What it leads to lies below the root and is visited there.
        return;
      }
      file(absolute, stat);
    } catch (error) {
      const code = codeOf(error);
      if (entry.isSymbolicLink()) tell(absolute, 'link', `a link that leads nowhere (${code})`);
      else if (code !== 'ENOENT') tell(absolute, 'unreadable', `the file could not be read (${code})`);
    }
  };
  for (const path of paths) {
    const absolute = resolve(cwd, path);
    try {
      const stat = statSync(absolute);
      if (stat.isDirectory()) folder(absolute, absolute, 0);
      else file(absolute, stat);
    } catch (error) {
      const code = codeOf(error);
      tell(
        absolute,
        'unreadable',
        code === 'ENOENT' ? `no such file or folder: \`${path}\`` : `could not read \`${path}\` (${code})`,
      );
    }
  }
  if (files.length >= filesMax)
    tell(resolve(cwd, paths[0] ?? '.'), 'too-many', `more than ${filesMax} files; name fewer folders`);
  return { files, notAnalysed };
}

/** The bytes of a file, or why there are none. */
export function readTreeFile({ absolute }: Pick<TreeFile, 'absolute'>): Buffer | { readonly unreadable: string } {
  try {
    return readFileSync(absolute);
  } catch (error) {
    return { unreadable: codeOf(error) };
  }
}

/** The first bytes of a file, at most `bytes`. */
export function readHead(absolute: string, bytes: number): Buffer | undefined {
  let handle: number | undefined;
  try {
    handle = openSync(absolute, 'r');
    const head = Buffer.alloc(Math.min(bytes, fstatSync(handle).size));
    return head.subarray(0, readSync(handle, head, 0, head.length, 0));
  } catch {
    return undefined;
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

function resolveLink(absolute: string): string | undefined {
  try {
    return realpathSync(absolute);
  } catch {
    return undefined;
  }
}

function stampOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown';
}
