// Which system a command asks: the paths that were given, and of what lies there the one that is meant.
import type { Unit } from '#ingest/units.ts';
import type { Cli } from './context.ts';

export interface SystemFlags {
  readonly system?: string | undefined;
  readonly noRender: boolean;
}

/** The systems below some paths, the largest first; one alone when `--system` names it. */
export async function unitsOf(cli: Cli, flags: SystemFlags, paths: readonly string[]): Promise<readonly Unit[]> {
  const { loadUnits, pickUnit } = await import('#app/scan/units.ts');
  const units = loadUnits(paths, { cwd: cli.cwd, env: cli.env, stdin: cli.stdin, render: !flags.noRender });
  if (flags.system !== undefined) return [pickUnit(units, flags.system)];
  return units.toSorted((a, b) => b.system.workloads.length - a.system.workloads.length);
}

/** One of them: the one that is named, else the largest; says so when there are more. */
export async function unitOf(cli: Cli, flags: SystemFlags, paths: readonly string[]): Promise<Unit> {
  const units = await unitsOf(cli, flags, paths);
  const [unit] = units as [Unit, ...Unit[]];
  if (units.length > 1)
    cli.note(
      `${units.length} systems lie here; this is \`${unit.name}\`, --system names another: ${units
        .slice(1, 6)
        .map(({ name }) => name)
        .join(', ')}`,
    );
  return unit;
}
