// `cullis watch`: stored bills of materials, matched again when the advisories change; how long each vulnerability has stood open is kept.
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CullisError, messageOf } from '#base/errors.ts';
import { readSbom } from '#scan/sbom/read.ts';
import { matchPackages } from '#scan/vulnerabilities/findings.ts';
import { EMPTY_WATCH, openDays, readWatchState, watchStep } from '#scan/vulnerabilities/watch.ts';
import type { WatchEntry, WatchState, WatchStep, WatchSubject } from '#scan/vulnerabilities/watch.ts';
import type { JsonFlag } from '../command.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../failure.ts';
import { count, printable, table } from '../text.ts';
import { SEVERITY_TONES } from '../view/scan.ts';

export interface WatchFlags extends JsonFlag {
  readonly state: string;
  readonly once: boolean;
  readonly advisories?: string | undefined;
}

/** A database file that changes is looked at again within this time. */
const LOOK_MS = 60_000;

/** Leaves with 1, with `--once`, when something is newly open. */
export async function run(cli: Cli, flags: WatchFlags, ...paths: readonly string[]): Promise<number> {
  const file = resolve(cli.cwd, flags.state);
  const { stop } = cli.signals();
  let state = loadState(file, flags.state);
  let fetched = '';
  for (;;) {
    const { step, madeAt } = await look(cli, flags, paths, state, fetched);
    if (step) {
      state = step.state;
      writeFileSync(file, `${JSON.stringify(state, null, 2)}\n`);
      print(cli, flags, step);
      if (flags.once) return step.opened.length > 0 ? EXIT.findings : EXIT.fine;
    }
    fetched = madeAt;
    await sleep(LOOK_MS, undefined, { signal: stop }).catch(() => undefined);
    if (stop.aborted) return EXIT.fine;
  }
}

/** One match of every bill; nothing when the database is the one of the last look. */
async function look(
  cli: Cli,
  flags: WatchFlags,
  paths: readonly string[],
  state: WatchState,
  fetched: string,
): Promise<{ readonly step?: WatchStep; readonly madeAt: string }> {
  const [{ openAdvisories }, { walkTree }] = await Promise.all([import('#app/scan/advisories.ts'), import('#sources/tree.ts')]);
  const opened = openAdvisories(flags.advisories === undefined ? undefined : resolve(cli.cwd, flags.advisories), cli.env);
  if (!opened) throw new CullisError('advisories.unreadable', 'there is no advisory database yet');
  try {
    const { meta } = opened.database;
    if (meta.fetched === fetched) return { madeAt: fetched };
    const subjects: WatchSubject[] = [];
    for (const { path, absolute } of walkTree(paths.length === 0 ? ['.'] : paths, cli.cwd).files) {
      const read = readSbom(path, readFileSync(absolute, 'utf8'));
      if (!read) continue;
      const { packages } = read.sbom;
      subjects.push({
        subject: path,
        purls: new Set(packages.map(({ purl }) => purl)),
        vulnerabilities: matchPackages(packages, opened.database),
      });
    }
    if (subjects.length === 0)
      throw new CullisError('config.unreadable', 'there is no bill of materials (CycloneDX, SPDX) in these folders');
    return { step: watchStep(state, subjects, cli.nowMs()), madeAt: meta.fetched };
  } finally {
    opened.close();
  }
}

function loadState(file: string, shown: string): WatchState {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY_WATCH;
    throw new CullisError('config.unreadable', `\`${shown}\` could not be read: ${messageOf(error)}`);
  }
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    raw = undefined;
  }
  const state = readWatchState(raw);
  if (!state) throw new CullisError('config.invalid', `\`${shown}\` is no state of \`cullis watch\`; nothing of it was used`);
  return state;
}

function print(cli: Cli, flags: WatchFlags, step: WatchStep): void {
  if (flags.json) {
    const { opened, closed, changed } = step;
    cli.out(
      JSON.stringify({ opened, closed, changed, open: step.state.entries.filter(({ fixedAt }) => fixedAt === undefined).length }),
    );
    return;
  }
  const rows = (word: string, entries: readonly WatchEntry[]): string[][] =>
    entries.map((entry) => [
      word,
      cli.paint(SEVERITY_TONES[entry.severity], entry.severity),
      entry.id,
      printable(entry.purl),
      printable(entry.subject),
      `${count(Math.floor(openDays(entry, cli.nowMs())), 'day')} open${entry.fixedIn === undefined ? '' : `, fixed in ${entry.fixedIn}`}`,
    ]);
  for (const line of table([...rows('new', step.opened), ...rows('changed', step.changed), ...rows('gone', step.closed)]))
    cli.out(line);
  const open = step.state.entries.filter(({ fixedAt }) => fixedAt === undefined);
  cli.out(`${count(open.length, 'open vulnerability')}, ${step.opened.length} new, ${step.closed.length} gone`);
}
