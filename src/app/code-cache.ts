// V8's compile cache for the planes: without it each of them strips the types of 200 files at every start, which costs 100 ms and 30 MB.
//
// Node uses a cache only where it may also write to it, and a plane that reads hostile bytes must not write what runs at the next start. So there is one
// trusted cache, written by runs that see no input from outside, and each plane gets a copy of it in the run folder, made anew at each of its starts.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How the engine of every plane is set. They are part of what a cache is good for, so it is made under them too. */
export const ENGINE_FLAGS: readonly string[] = [
  '--disallow-code-generation-from-strings',
  '--disable-proto=throw',
  // Patterns of users run on V8's linear engine when they backtrack too much.
  '--enable-experimental-regexp_engine-on-excessive-backtracks',
  // Requests leave little behind: a small nursery costs no speed here and 50 MB less than the default one.
  '--max-semi-space-size=4',
];

/** Mains whose modules are worth keeping compiled. */
const MAINS = ['control-main.ts', 'worker-main.ts'] as const;
const STAMP = '.made';

export interface CodeCache {
  /** A fresh copy for one plane below `folder`; undefined while there is nothing to copy. */
  copyFor(plane: string): string | undefined;
  /** Makes the trusted cache in the background when sources are newer than it; the next start profits. */
  refresh(): void;
}

/**
 * @param root the checkout or package; its `node_modules/.cache` holds the trusted cache
 * @param folder of this run, emptied at every start
 */
export function codeCache(root: string, folder: string): CodeCache {
  const trusted = trustedCodeCache(root);
  return {
    copyFor(plane) {
      if (!existsSync(join(trusted, STAMP))) return undefined;
      const copy = join(folder, `code-${plane.replaceAll('/', '-')}`);
      try {
        rmSync(copy, { recursive: true, force: true });
        cpSync(trusted, copy, { recursive: true });
        return copy;
      } catch {
        // Slower, not wrong: a full disk or a cache that is being made at this moment.
        return undefined;
      }
    },
    refresh() {
      try {
        const stamp = statSync(join(trusted, STAMP), { throwIfNoEntry: false });
        if (stamp && stamp.mtimeMs >= newest(join(root, 'src'))) return;
        mkdirSync(trusted, { recursive: true });
        let left = MAINS.length;
        for (const main of MAINS) {
          // Without a start document a main ends as soon as its modules are loaded, which is all that is wanted.
          const child = spawn(process.execPath, [...ENGINE_FLAGS, join(root, 'src', 'app', main)], {
            stdio: 'ignore',
            detached: true,
            env: { PATH: process.env['PATH'] ?? '', NODE_COMPILE_CACHE: trusted },
          });
          child.once('error', () => {});
          child.once('exit', (code) => {
            if (code === 0 && --left === 0) writeFileSync(join(trusted, STAMP), '');
          });
          child.unref();
        }
      } catch {
        // A package folder that may not be written to has no cache.
      }
    },
  };
}

/** Where the trusted cache lies. The command line's own modules go there too, rather than to a folder in /tmp that others may write to. */
export function trustedCodeCache(root: string): string {
  return join(root, 'node_modules', '.cache', 'cullis-code');
}

/** Newest change below a folder, milliseconds since 1970. */
function newest(folder: string): number {
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) latest = Math.max(latest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  }
  return latest;
}
