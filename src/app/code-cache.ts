// Plain JavaScript for the planes, so that they need not strip the types of 200 files at every start: that costs each of them 200 ms and 30 MB. A checkout
// is run as it is; what an earlier run made of it is used where it is exactly of these sources, else the sources themselves are.
//
// Planes read it and nothing more. (Node's own compile cache is used by a process only where that process may also write to it, and a plane that reads
// hostile bytes must not write what runs at the next start.)
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

export interface PlaneCode {
  /** Path to start a plane from. @param main name without its ending, in the folder `app` */
  mainOf(main: string): string;
  /** Makes the plain code in the background when there is none of these sources; the next start profits. */
  refresh(): void;
}

/** @param root the checkout or package; its `node_modules/.cache` holds the plain code */
export function planeCode(root: string): PlaneCode {
  // A package is compiled already.
  if (extname(import.meta.url) !== '.ts') return { mainOf: (main) => join(here, `${main}.js`), refresh: () => {} };
  const made = folderOf(root, sourcesOf(root));
  return {
    mainOf(main) {
      const plain = join(made, 'src', 'app', `${main}.js`);
      return existsSync(plain) ? plain : join(here, `${main}.ts`);
    },
    refresh() {
      if (existsSync(made)) return;
      const words = ['--no-warnings', join(here, 'code-cache-main.ts'), root];
      const child = spawn(process.execPath, words, { stdio: 'ignore', env: {} });
      child.once('error', () => {});
      child.unref();
    },
  };
}

/** Makes the plain code of the sources as they are now, and forgets that of long ago. A folder that may not be written to has none. */
export function makePlaneCode(root: string): void {
  const sources = sourcesOf(root);
  const made = folderOf(root, sources);
  const half = `${made}.${process.pid}`;
  for (const { path } of sources) {
    const target = join(half, path.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    const plain = stripTypeScriptTypes(readFileSync(join(root, path), 'utf8'));
    writeFileSync(target, plain.replace(SPECIFIER, `$1.js'`));
  }
  const { type, imports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
  writeFileSync(join(half, 'package.json'), JSON.stringify({ type, imports }));
  // Changed while it was read: it is of neither state.
  const same = folderOf(root, sourcesOf(root)) === made;
  if (same && !existsSync(made)) renameSync(half, made);
  else rmSync(half, { recursive: true });
  forgetOld(dirname(made));
}

/** Another run may be starting from code that is no longer of the sources. */
const KEPT_MS = 3_600_000;

function forgetOld(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).mtimeMs < Date.now() - KEPT_MS) rmSync(path, { recursive: true, force: true });
  }
}

/** `from '#base/x.ts'`, `import('./x.ts')` */
const SPECIFIER = /((?:from|import)\s*\(?\s*'[#.][^']*)\.ts'/g;

interface Source {
  /** Below the root. */
  readonly path: string;
  readonly stamp: string;
}

function sourcesOf(root: string): Source[] {
  return readdirSync(join(root, 'src'), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => {
      const { size, mtimeMs } = statSync(file);
      return { path: relative(root, file), stamp: `${size} ${mtimeMs}` };
    });
}

function folderOf(root: string, sources: readonly Source[]): string {
  const hash = createHash('sha256').update(process.version);
  for (const { path, stamp } of sources) hash.update(`\n${path} ${stamp}`);
  return join(root, 'node_modules', '.cache', 'cullis-planes', hash.digest('hex').slice(0, 32));
}
