// Every lockfile and manifest of packages that is read, one row each.
import { baseOf, folderOf } from '#base/paths.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import { holds, treePath, unreadable, withoutLock } from './lockfile.ts';
import type { LockfileContext, LockfileRead, LockfileReader } from './lockfile.ts';
import { BUN_LOCK } from './lockfiles/bun.ts';
import { CARGO_LOCK } from './lockfiles/cargo.ts';
import { COMPOSER_LOCK } from './lockfiles/composer.ts';
import { DENO_LOCK } from './lockfiles/deno.ts';
import { GO_MOD } from './lockfiles/go.ts';
import { GRADLE_CATALOG, GRADLE_LOCK } from './lockfiles/gradle.ts';
import { MIX_LOCK } from './lockfiles/hex.ts';
import { MAVEN_POM } from './lockfiles/maven.ts';
import { NPM_LOCK } from './lockfiles/npm.ts';
import { NUGET_CONFIG, NUGET_DEPS, NUGET_LOCK, NUGET_PROJECT } from './lockfiles/nuget.ts';
import { PNPM_LOCK } from './lockfiles/pnpm.ts';
import { PUBSPEC_LOCK } from './lockfiles/pub.ts';
import { PDM_LOCK, PIPFILE_LOCK, POETRY_LOCK, PYLOCK, UV_LOCK } from './lockfiles/python.ts';
import { REQUIREMENTS } from './lockfiles/requirements.ts';
import { GEMFILE_LOCK } from './lockfiles/ruby.ts';
import { YARN_LOCK } from './lockfiles/yarn.ts';

export const LOCKFILES: readonly LockfileReader[] = [
  NPM_LOCK,
  PNPM_LOCK,
  YARN_LOCK,
  BUN_LOCK,
  DENO_LOCK,
  MAVEN_POM,
  GRADLE_LOCK,
  GRADLE_CATALOG,
  REQUIREMENTS,
  PIPFILE_LOCK,
  POETRY_LOCK,
  UV_LOCK,
  PDM_LOCK,
  PYLOCK,
  GO_MOD,
  CARGO_LOCK,
  NUGET_LOCK,
  NUGET_CONFIG,
  NUGET_PROJECT,
  NUGET_DEPS,
  COMPOSER_LOCK,
  GEMFILE_LOCK,
  MIX_LOCK,
  PUBSPEC_LOCK,
];

/** Manifests that give ranges only, and the lockfiles that would make them exact. */
const MANIFESTS: readonly { readonly name: string; readonly locks: readonly string[]; readonly has: RegExp }[] = [
  {
    name: 'package.json',
    locks: ['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock', 'bun.lockb', 'deno.lock'],
    has: /"(?:dependencies|optionalDependencies)"\s*:\s*\{\s*"/,
  },
  { name: 'composer.json', locks: ['composer.lock'], has: /"require"\s*:\s*\{\s*"/ },
  { name: 'Gemfile', locks: ['Gemfile.lock'], has: /^[ \t]*gem[ \t(]/m },
  { name: 'Cargo.toml', locks: ['Cargo.lock'], has: /^\[(?:workspace\.)?dependencies/m },
  { name: 'Pipfile', locks: ['Pipfile.lock'], has: /^\[packages\]/m },
  {
    name: 'pyproject.toml',
    locks: ['poetry.lock', 'uv.lock', 'pdm.lock', 'pylock.toml', 'requirements.txt'],
    has: /^dependencies\s*=\s*\[|^\[tool\.poetry\.dependencies\]/m,
  },
  { name: 'mix.exs', locks: ['mix.lock'], has: /\bdeps\b/ },
  { name: 'pubspec.yaml', locks: ['pubspec.lock'], has: /^dependencies:/m },
];

/** Lockfiles of a workspace may lie some folders above a package. */
const FOLDERS_UP_MAX = 6;
const BYTES_MAX = 64 * 1024 * 1024;

/** Whether a file is one that `readLockfile` reads. @param path with `/` between folders */
export function isLockfile(path: string): boolean {
  const name = baseOf(path);
  return LOCKFILES.some((reader) => reader.matches(path)) || MANIFESTS.some((manifest) => manifest.name === name);
}

/**
 * Reads the packages of a lockfile or manifest, each with its line, and where the format tells: direct or not, for development only, the way it came in.
 * @returns undefined when the file is none of these. A manifest without its lockfile gives a diagnostic `lockfile.missing` and `exact: false`
 */
export function readLockfile(path: string, text: string, context: LockfileContext): LockfileRead | undefined {
  const reader = LOCKFILES.find((each) => each.matches(path));
  if (text.length > BYTES_MAX && reader)
    return unreadable(path, `the file is larger than ${BYTES_MAX / 1024 / 1024} MB and is not read`);
  if (reader) return reader.read(path, text, context);
  const missing = missingLock(path, text, context);
  return missing === undefined ? undefined : { packages: [], diagnostics: missing, exact: missing.length === 0 };
}

function missingLock(path: string, text: string, context: LockfileContext): readonly Diagnostic[] | undefined {
  const manifest = MANIFESTS.find(({ name }) => name === baseOf(path));
  if (!manifest) return undefined;
  const at = text.slice(0, 1_000_000).search(manifest.has);
  if (at === -1) return [];
  let folder = folderOf(path);
  for (let up = 0; up < FOLDERS_UP_MAX; up++) {
    if (manifest.locks.some((lock) => holds(context, treePath(folder, lock)))) return [];
    if (folder === '') break;
    folder = folderOf(folder);
  }
  return [withoutLock(path, text.slice(0, at).split('\n').length, manifest.locks[0]!)];
}
