// What the user named -> names and times of files. Nothing but kustomizations is opened here: an unchanged tree needs no more.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { CullisError } from '#base/errors.ts';
import type { NotAnalysed } from '#model/coverage.ts';
import { walkTree } from '#sources/tree.ts';
import type { TreeFile } from '#sources/tree.ts';
import { withBases } from './bases.ts';

export interface Listing {
  readonly files: readonly TreeFile[];
  readonly stdin: boolean;
  readonly notAnalysed: readonly NotAnalysed[];
  /** Equal stamps mean that nothing changed; undefined when that cannot be known. */
  readonly stamps: string | undefined;
}

/**
 * Looks at names and times only.
 * @param paths relative to `cwd`; `-` is standard input
 * @throws CullisError config.unreadable when one is not there: a slip in a build's call must not look like a clean scan
 */
export function list(paths: readonly string[], { cwd }: { readonly cwd: string }): Listing {
  const stdin = paths.includes('-');
  const named = paths.filter((path) => path !== '-');
  const missing = named.filter((path) => !existsSync(resolve(cwd, path)));
  if (missing.length > 0)
    throw new CullisError('config.unreadable', `no such file or folder: ${missing.map((path) => `\`${path}\``).join(', ')}`);
  const tree = withBases(walkTree(named.length === 0 && !stdin ? ['.'] : named, cwd), cwd);
  return { files: tree.files, stdin, notAnalysed: tree.notAnalysed, stamps: stdin ? undefined : stampOf(tree.files) };
}

function stampOf(files: readonly TreeFile[]): string {
  const digest = createHash('sha256');
  for (const { path, stamp } of files) digest.update(`${path} ${stamp}\n`);
  return digest.digest('base64url');
}
