// A git repository on disk: where its objects and references are (gitrepository-layout), without git.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { inflateSync } from 'node:zlib';
import { BaseCache, Pack } from './pack.ts';
import type { GitObject, ObjectType } from './pack.ts';

export interface RepositoryOptions {
  /** Larger objects count as missing; 64 MiB when absent. */
  readonly objectBytesMax?: number;
  /** Memory for bases of deltas; 96 MiB when absent. */
  readonly cacheBytesMax?: number;
}

const ALTERNATES_MAX = 8;
const REFS_MAX = 200_000;

/** The folder with HEAD that `dir` belongs to: `.git` in it or above it, what a `.git` file names, or `dir` itself when it is bare. */
export function findGitDir(dir: string): string | undefined {
  for (let at = resolve(dir); ; at = dirname(at)) {
    const inside = join(at, '.git');
    if (existsSync(inside)) {
      if (statSync(inside).isDirectory()) return inside;
      const named = /^gitdir: (.+)/.exec(readFileSync(inside, 'utf8'))?.[1]?.trim();
      return named === undefined ? undefined : isAbsolute(named) ? named : resolve(at, named);
    }
    if (existsSync(join(at, 'HEAD')) && existsSync(join(at, 'objects'))) return at;
    if (dirname(at) === at) return undefined;
  }
}

/** The folder that paths of a repository's trees begin at, when `dir` lies in a work tree; `dir` itself for a bare one. */
export function workTreeOf(dir: string): string {
  for (let at = resolve(dir); ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at;
    if (dirname(at) === at) return resolve(dir);
  }
}

/** Reads objects and references; packs stay open until `close`. */
export class Repository {
  /** Bytes of an object id: 20, or 32 with SHA-256. */
  readonly idBytes: number;
  /** Commits whose parents were not fetched. */
  readonly shallow: ReadonlySet<string>;
  /** What could not be opened, in words. */
  readonly problems: string[] = [];
  readonly #gitDir: string;
  readonly #commonDir: string;
  readonly #objectDirs: readonly string[];
  readonly #packs: Pack[] = [];
  readonly #objectBytesMax: number;

  constructor(gitDir: string, options: RepositoryOptions = {}) {
    const { objectBytesMax = 64 * 1024 * 1024, cacheBytesMax = 96 * 1024 * 1024 } = options;
    this.#gitDir = gitDir;
    const common = readMaybe(join(gitDir, 'commondir'))?.trim();
    this.#commonDir = common === undefined ? gitDir : resolve(gitDir, common);
    this.#objectBytesMax = objectBytesMax;
    this.idBytes = /^\s*objectformat\s*=\s*sha256/im.test(readMaybe(join(this.#commonDir, 'config')) ?? '') ? 32 : 20;
    this.shallow = new Set((readMaybe(join(this.#commonDir, 'shallow')) ?? '').split('\n').filter((line) => line !== ''));
    this.#objectDirs = objectDirs(join(this.#commonDir, 'objects'));
    const cache = new BaseCache(cacheBytesMax);
    for (const dir of this.#objectDirs) {
      for (const name of list(join(dir, 'pack'))
        .filter((each) => each.endsWith('.pack'))
        .sort()) {
        try {
          this.#packs.push(new Pack(join(dir, 'pack', name), this.idBytes, cache, objectBytesMax));
        } catch (error) {
          this.problems.push(`pack \`${name}\`: ${error instanceof Error ? error.message : 'cannot be read'}`);
        }
      }
    }
  }

  close(): void {
    for (const pack of this.#packs) pack.close();
  }

  /** @param id hex */
  read(id: string): GitObject | undefined {
    return this.#read(id, 0);
  }

  #read(id: string, depth: number): GitObject | undefined {
    if (depth > 64) return undefined;
    for (const [i, pack] of this.#packs.entries()) {
      const found = pack.read(id, (base) => this.#read(base, depth + 1));
      if (!found) continue;
      // Objects of one repository tend to stand in one pack.
      if (i > 0) this.#packs.unshift(...this.#packs.splice(i, 1));
      return found;
    }
    for (const dir of this.#objectDirs) {
      const found = readLoose(join(dir, id.slice(0, 2), id.slice(2)), this.#objectBytesMax);
      if (found) return found;
    }
    return undefined;
  }

  /** Id of the commit that HEAD names; undefined in a repository without commits. */
  head(): string | undefined {
    const text = readMaybe(join(this.#gitDir, 'HEAD'))?.trim() ?? '';
    const ref = /^ref: (.+)$/.exec(text)?.[1];
    return ref === undefined ? (isId(text) ? text : undefined) : this.refs().get(ref);
  }

  /** Full names of references, with the ids that they name (of tags too, which may be objects of their own). */
  refs(): ReadonlyMap<string, string> {
    const refs = new Map<string, string>();
    for (const line of (readMaybe(join(this.#commonDir, 'packed-refs')) ?? '').split('\n')) {
      const found = /^([0-9a-f]{40,64}) (\S+)/.exec(line);
      if (found && refs.size < REFS_MAX) refs.set(found[2]!, found[1]!);
    }
    for (const root of new Set([this.#commonDir, this.#gitDir])) this.#looseRefs(root, 'refs', refs, 0);
    return refs;
  }

  #looseRefs(root: string, path: string, into: Map<string, string>, depth: number): void {
    if (depth > 16) return;
    for (const name of list(join(root, path))) {
      const inside = `${path}/${name}`;
      const text = readMaybe(join(root, inside))?.trim();
      if (text === undefined) this.#looseRefs(root, inside, into, depth + 1);
      else if (isId(text) && into.size < REFS_MAX) into.set(inside, text);
    }
  }
}

function isId(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** The folder and its alternates, each once. */
function objectDirs(first: string): string[] {
  const dirs = [resolve(first)];
  for (let i = 0; i < dirs.length && dirs.length < ALTERNATES_MAX; i++) {
    for (const line of (readMaybe(join(dirs[i]!, 'info', 'alternates')) ?? '').split('\n')) {
      const dir = line.trim();
      if (dir === '' || dir.startsWith('#')) continue;
      const absolute = resolve(dirs[i]!, dir);
      if (!dirs.includes(absolute)) dirs.push(absolute);
    }
  }
  return dirs;
}

function readLoose(path: string, bytesMax: number): GitObject | undefined {
  let stored: Buffer;
  try {
    stored = readFileSync(path);
  } catch {
    return undefined;
  }
  try {
    const bytes = inflateSync(stored, { maxOutputLength: bytesMax + 64 });
    const nul = bytes.indexOf(0);
    const header = /^(commit|tree|blob|tag) (\d+)$/.exec(bytes.toString('latin1', 0, Math.max(0, Math.min(nul, 40))));
    return header && Number(header[2]) === bytes.length - nul - 1
      ? { type: header[1] as ObjectType, bytes: bytes.subarray(nul + 1) }
      : undefined;
  } catch {
    return undefined;
  }
}

function readMaybe(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
