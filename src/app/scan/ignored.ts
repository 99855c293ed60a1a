// The secrets that the team looked at before.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ignoredSecrets } from '#scan/secrets/ignore.ts';
import type { IgnoredSecrets } from '#scan/secrets/ignore.ts';
import type { FileOptions } from './files.ts';

/** What `.gitleaksignore` beside the command says; nothing when there is none. */
export function ignoredIn(cwd: string): IgnoredSecrets | undefined {
  try {
    return ignoredSecrets(readFileSync(resolve(cwd, '.gitleaksignore'), 'utf8'));
  } catch {
    return undefined;
  }
}

/** What a request says about secrets. */
export function secretOptions({
  secrets,
  cwd,
}: Pick<FileOptions, 'secrets'> & { readonly cwd: string }): Pick<FileOptions, 'secrets' | 'ignored'> {
  const ignored = ignoredIn(cwd);
  return { ...(secrets && { secrets }), ...(ignored && { ignored }) };
}
