// `cullis scan PATH…`: everything that can be said without starting anything.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CullisError, messageOf } from '#base/errors.ts';
import type { FindingSeverity } from '#model/finding.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../failure.ts';
import type { ReportFlags } from '../reports.ts';
import { renderScan } from '../view/scan.ts';
import { productVersion } from './version.ts';

export interface ReadingFlags extends ReportFlags {
  readonly baseline?: string | undefined;
  readonly noCache: boolean;
  readonly noRender: boolean;
  readonly advisories?: string | undefined;
  readonly epss?: string | undefined;
  readonly kev?: string | undefined;
  readonly rules?: string | undefined;
  readonly history: boolean;
}

export interface ScanFlags extends ReadingFlags {
  readonly all: boolean;
  readonly failOn: FindingSeverity | 'never';
  readonly updateBaseline: boolean;
}

export async function run(cli: Cli, flags: ScanFlags, ...paths: readonly string[]): Promise<number> {
  const [{ scan }, { plannedReports, writeReports }, { atLeast }, { brokenIn }, { writeBaseline }] = await Promise.all([
    import('#app/scan/scan.ts'),
    import('../reports.ts'),
    import('#scan/gate/verdict.ts'),
    import('#scan/broken.ts'),
    import('#scan/judge/baseline.ts'),
  ]);
  plannedReports(flags);
  if (flags.updateBaseline && flags.baseline === undefined)
    throw new CullisError('usage.invalid', '`--update-baseline` needs `--baseline FILE`');
  const started = performance.now();
  const { result } = await scan(await requestOf(cli, flags, paths));
  const fails = (finding: (typeof result.findings)[number]): boolean =>
    !finding.suppressed && atLeast(finding.severity, flags.failOn);
  if (!(await writeReports(cli, flags, { result, fails }))) {
    const took = (performance.now() - started) / 1000;
    for (const line of renderScan({ result, took, all: flags.all, paint: cli.paint, columns: cli.columns })) cli.out(line);
  }
  if (flags.updateBaseline && flags.baseline !== undefined) {
    try {
      writeFileSync(resolve(cli.cwd, flags.baseline), writeBaseline(result));
      cli.note(`wrote ${flags.baseline}`);
    } catch (error) {
      throw new CullisError('config.unreadable', `the baseline \`${flags.baseline}\` could not be written: ${messageOf(error)}`);
    }
    return EXIT.fine;
  }
  // A file that nobody can read hides what is in it: that is no clean scan.
  return result.findings.some(fails) || (flags.failOn !== 'never' && brokenIn(result).length > 0) ? EXIT.findings : EXIT.fine;
}

/** What the flags ask for. @throws CullisError for rules that cannot be used */
export async function requestOf(cli: Cli, flags: ReadingFlags, paths: readonly string[]) {
  const secrets =
    flags.rules === undefined ? undefined : (await import('#app/scan/secret-settings.ts')).scannerWith(flags.rules, cli.cwd);
  return {
    history: flags.history,
    ...(secrets && { secrets }),
    paths,
    cwd: cli.cwd,
    env: cli.env,
    stdin: cli.stdin,
    nowMs: cli.nowMs(),
    version: productVersion(),
    render: !flags.noRender,
    cache: !flags.noCache,
    ...(flags.baseline !== undefined && { baseline: flags.baseline }),
    ...(flags.advisories !== undefined && { advisories: flags.advisories }),
    ...(flags.epss !== undefined && { epss: flags.epss }),
    ...(flags.kev !== undefined && { kev: flags.kev }),
  };
}
