// What the TOML lockfiles of Rust and Python share: a list of tables `[[package]]` (`[[packages]]` in pylock.toml), the n-th of which stands on the n-th such line.
import type { Diagnostic } from '#model/diagnostic.ts';
import { readToml } from '#syntax/toml.ts';
import { isRecord, listOf, problem, unreadable } from '../lockfile.ts';
import type { LockfileRead, RawRecord } from '../lockfile.ts';

export interface TomlPackage {
  readonly raw: RawRecord;
  readonly line: number;
}

/** The packages of a lockfile with its other members, or what is wrong with it. */
export function tomlPackages(
  file: string,
  text: string,
  key: 'package' | 'packages' = 'package',
):
  | { readonly root: RawRecord; readonly packages: readonly TomlPackage[]; readonly mistakes: readonly Diagnostic[] }
  | LockfileRead {
  const read = readToml(file, text);
  const root: unknown = read.value;
  const [mistake] = read.mistakes;
  if (!isRecord(root) || (mistake && root[key] === undefined))
    return unreadable(file, mistake?.message ?? 'this is no lockfile', mistake?.location.line);
  const lines: number[] = [];
  for (const [index, line] of text.split('\n').entries()) if (/^\s*\[\[\s*packages?\s*\]\]/.test(line)) lines.push(index + 1);
  const packages = listOf(root[key]).flatMap((raw, i) => (isRecord(raw) ? [{ raw, line: lines[i] ?? 1 }] : []));
  return { root, packages, mistakes: tomlMistakes(file, read) };
}

/** The first mistake of a text that was read in part: packages behind it may be missing. */
export function tomlMistakes(file: string, { mistakes: [mistake] }: ReturnType<typeof readToml>): readonly Diagnostic[] {
  return mistake ? [problem(file, mistake.location.line, mistake.message)] : [];
}

/** `sha256:…` in lists of files, as Python's lockfiles write them. */
export function fileHashes(files: unknown): { readonly algorithm: string; readonly hex: string }[] {
  const hashes = listOf(files).flatMap((file) => {
    const written: unknown = isRecord(file) ? file['hash'] : undefined;
    const match = typeof written === 'string' ? /^(sha256|sha512):([0-9a-f]{64,128})$/.exec(written) : null;
    return match ? [{ algorithm: match[1]!, hex: match[2]! }] : [];
  });
  // A package has a file for every platform; which one was installed is not known, so that only a single one says something.
  return hashes.length === 1 ? hashes : [];
}
