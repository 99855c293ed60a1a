// Which system a command asks: the paths that were given, and of what lies there the one that is meant.
import type { LoadedTree } from '#app/scan/units.ts';
import type { Unit } from '#ingest/units.ts';
import type { Cli } from './context.ts';

export interface SystemFlags {
  readonly system?: string | undefined;
  readonly noRender: boolean;
}

/** The files below some paths, and the systems in them, the largest first; one alone when `--system` names it. */
export async function treeOf(cli: Cli, flags: SystemFlags, paths: readonly string[]): Promise<LoadedTree> {
  const { loadTree, pickUnit } = await import('#app/scan/units.ts');
  const { files, units } = loadTree(paths, { cwd: cli.cwd, env: cli.env, stdin: cli.stdin, render: !flags.noRender });
  if (flags.system !== undefined) return { files, units: [pickUnit(units, flags.system)] };
  return { files, units: units.toSorted((a, b) => b.system.workloads.length - a.system.workloads.length) };
}

/** One of the systems: the one that is named, else the largest; says so when there are more. */
export async function unitOf(cli: Cli, flags: SystemFlags, paths: readonly string[]): Promise<Unit> {
  const { units } = await treeOf(cli, flags, paths);
  return firstOf(cli, units);
}

/** The largest, with a remark when there are others. */
export function firstOf(cli: Cli, units: readonly Unit[]): Unit {
  const [unit, ...others] = units as [Unit, ...Unit[]];
  if (others.length > 0)
    cli.note(
      `${units.length} systems lie here; this is \`${unit.name}\`, --system names another: ${others
        .slice(0, 5)
        .map(({ name }) => name)
        .join(', ')}`,
    );
  return unit;
}
