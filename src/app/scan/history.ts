// Secrets that history still holds, and how long those that stand have stood.
import { randomBytes } from 'node:crypto';
import { join, relative, resolve } from 'node:path';
import type { NotAnalysed } from '#model/coverage.ts';
import type { Finding } from '#model/finding.ts';
import { secretFindings } from '#scan/secrets/findings.ts';
import { secretHistory } from '#scan/secrets/history.ts';
import { SECRET_RULES } from '#scan/secrets/rules.ts';
import { compileSecretRules } from '#scan/secrets/scanner.ts';
import { isGitRepository, readGitHistory } from '#sources/git.ts';
import { workTreeOf } from '#sources/git/repository.ts';
import type { ScanRequest } from './request.ts';
import { ignoredIn } from './ignored.ts';

const DAY_MS = 86_400_000;
const OLD_DAYS = 30;

/**
 * Every commit of the repositories that the paths lie in, each content once. Files are named as the tree names them, so that a secret that still
 * stands is one finding, with its age.
 */
export function historyFindings(
  paths: readonly string[],
  request: ScanRequest,
): {
  readonly findings: readonly Finding[];
  readonly notAnalysed: readonly NotAnalysed[];
  /** File -> when its present content came in. */
  readonly changedAt: ReadonlyMap<string, number>;
} {
  const findings: Finding[] = [];
  const notAnalysed: NotAnalysed[] = [];
  const changedAt = new Map<string, number>();
  // Of this run alone: nobody can look a password up by its fingerprint.
  const fingerprintKey = randomBytes(32).toString('hex');
  const scanner = request.secrets ?? compileSecretRules({ rules: SECRET_RULES });
  for (const path of paths.length === 0 ? ['.'] : paths) {
    const folder = resolve(request.cwd, path);
    if (!isGitRepository(folder)) {
      notAnalysed.push({ file: path, what: 'no-history', message: 'this is no git repository: there is no history to be read' });
      continue;
    }
    const top = workTreeOf(folder);
    const below = relative(top, folder);
    const wants = (file: string): boolean => below === '' || file === below || file.startsWith(`${below}/`);
    const contents = readGitHistory(folder, { wants, tell: (left) => notAnalysed.push(left) });
    const { ages, removed, standing } = secretHistory(
      scanner,
      dated(named(contents, top, request.cwd), changedAt),
      fingerprintKey,
      ignoredIn(request.cwd),
    );
    const old = standing.filter(
      ({ fingerprint }) => request.nowMs - (ages.get(fingerprint)?.when ?? request.nowMs) > OLD_DAYS * DAY_MS,
    );
    findings.push(...secretFindings([...old, ...removed], { now: request.nowMs, ages, oldDays: OLD_DAYS }));
  }
  return { findings, notAnalysed, changedAt };
}

/** Notes when the content that still stands came in. */
function* dated<T extends { readonly path: string; readonly when: number; readonly present: boolean }>(
  contents: Iterable<T>,
  into: Map<string, number>,
): Generator<T> {
  for (const content of contents) {
    if (content.present) into.set(content.path, content.when);
    yield content;
  }
}

/** As the tree names them. */
function* named<T extends { readonly path: string }>(contents: Iterable<T>, top: string, cwd: string): Generator<T> {
  for (const content of contents) {
    const absolute = join(top, content.path);
    const near = relative(cwd, absolute);
    yield { ...content, path: near.startsWith('..') ? absolute : near };
  }
}
