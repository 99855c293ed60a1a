// Which libraries programs of an image need but would not find there: what the dynamic loader does (ld.so(8), musl's dynlink), on paper.
import type { Elf } from './elf.ts';

export interface MissingLibrary {
  /** The program, and the library through which it needs it when that is not the program itself. */
  readonly program: string;
  readonly through: string;
  readonly library: string;
  /** The dynamic loader itself is not there: the program cannot start at all. */
  readonly interpreter: boolean;
}

export type LinkedElf = Pick<Elf, 'bits' | 'machine' | 'interpreter' | 'needed' | 'rpath' | 'runpath' | 'soname'>;

/** What of an image's files the loader sees. */
export interface LibraryView {
  /** Every ELF file, by path. */
  readonly elves: ReadonlyMap<string, LinkedElf>;
  /** Symbolic links, by path, with their target. */
  readonly links: ReadonlyMap<string, string>;
  /** All other paths, folders included. */
  has(path: string): boolean;
  /** Folders of `/etc/ld.so.conf` and its parts, of musl's path file, and of LD_LIBRARY_PATH. */
  readonly folders: readonly string[];
  readonly environment: readonly string[];
}

const LINKS_MAX = 40;
const WORK_MAX = 200_000;
const DEFAULTS = ['lib', 'usr/lib', 'lib64', 'usr/lib64', 'usr/local/lib', 'lib32', 'usr/lib32', 'usr/local/lib64'];
/** Debian's folders by machine and width. */
const TRIPLETS: Readonly<Record<number, string>> = {
  3: 'i386-linux-gnu',
  40: 'arm-linux-gnueabihf',
  62: 'x86_64-linux-gnu',
  183: 'aarch64-linux-gnu',
  21: 'powerpc64le-linux-gnu',
  22: 's390x-linux-gnu',
  243: 'riscv64-linux-gnu',
};

/** Follows symbolic links in every part of a path. @returns the path that is meant; undefined in a circle */
export function resolvePath(path: string, links: ReadonlyMap<string, string>): string | undefined {
  let todo = path.split('/');
  let done: string[] = [];
  for (let followed = 0; todo.length > 0;) {
    const part = todo[0]!;
    todo = todo.slice(1);
    if (part === '' || part === '.') continue;
    if (part === '..') {
      done.pop();
      continue;
    }
    const target = links.get([...done, part].join('/'));
    if (target === undefined) done.push(part);
    else {
      if (++followed > LINKS_MAX) return undefined;
      if (target.startsWith('/')) done = [];
      todo = [...target.split('/'), ...todo];
    }
  }
  return done.join('/');
}

/** Libraries that programs (files with a dynamic loader) need, themselves or through others, and would not find. */
export function missingLibraries(view: LibraryView): MissingLibrary[] {
  const missing: MissingLibrary[] = [];
  const provided = new Set([...view.elves.values()].map(({ soname }) => soname));
  const budget = { left: WORK_MAX };
  const find = (elf: LinkedElf, from: string, program: string, library: string): string | undefined => {
    const origin = (path: string): string[] => (path.includes('/') ? [path.slice(0, path.lastIndexOf('/'))] : ['']);
    const own = (elf.runpath.length > 0 ? elf.runpath : elf.rpath).flatMap((folder) =>
      origin(from).map((at) => expand(folder, at)),
    );
    const top = view.elves.get(program)!;
    const inherited =
      elf.runpath.length > 0 || top.runpath.length > 0
        ? []
        : top.rpath.flatMap((folder) => origin(program).map((at) => expand(folder, at)));
    const triplet = TRIPLETS[elf.machine];
    const debian = triplet === undefined ? [] : [`lib/${triplet}`, `usr/lib/${triplet}`, `usr/local/lib/${triplet}`];
    const names = library.includes('/')
      ? origin(from).map((at) => expand(library, at))
      : [...own, ...inherited, ...view.environment, ...view.folders, ...debian, ...DEFAULTS].map(
          (folder) => `${folder}/${library}`,
        );
    for (const name of names) {
      budget.left--;
      const path = resolvePath(name, view.links);
      const candidate = path === undefined ? undefined : view.elves.get(path);
      if (candidate && candidate.bits === elf.bits && candidate.machine === elf.machine) return path;
      // A file that was too large to be looked into counts as found.
      if (!candidate && path !== undefined && view.has(path)) return path;
    }
    return undefined;
  };
  for (const [program, elf] of view.elves) {
    if (elf.interpreter === '' || budget.left <= 0) continue;
    const loader = resolvePath(elf.interpreter, view.links);
    if (loader === undefined || (!view.elves.has(loader) && !view.has(loader))) {
      missing.push({ program, through: program, library: elf.interpreter, interpreter: true });
      continue;
    }
    const seen = new Set([program]);
    const queue = [program];
    const musl = elf.interpreter.includes('ld-musl');
    for (let i = 0; i < queue.length && budget.left > 0; i++) {
      const from = queue[i]!;
      const current = view.elves.get(from);
      for (const library of current?.needed ?? []) {
        // The loader is its own C library in musl, and is loaded already in both.
        if (library === loader.slice(loader.lastIndexOf('/') + 1) || (musl && /^libc\.(?:musl-\w+\.)?so/.test(library))) continue;
        const path = find(current!, from, program, library);
        if (path === undefined) {
          // A bundle may load a library by itself before it is asked for; where one of that name lies somewhere, nothing is claimed.
          if (!provided.has(library)) missing.push({ program, through: from, library, interpreter: false });
        } else if (!seen.has(path)) {
          seen.add(path);
          queue.push(path);
        }
      }
    }
  }
  return missing;
}

function expand(folder: string, origin: string): string {
  return folder
    .replaceAll('$ORIGIN', `/${origin}`)
    .replaceAll('${ORIGIN}', `/${origin}`)
    .replaceAll('$LIB', 'lib')
    .replaceAll('${LIB}', 'lib');
}
