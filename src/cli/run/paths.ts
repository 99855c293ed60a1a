// `cullis paths`: ways to the crown jewels, from the internet or from a workload that was taken over.
import { attackPaths } from '#scan/attack/paths.ts';
import type { AttackPath } from '#scan/attack/paths.ts';
import { contextOf } from '#app/scan/analyse.ts';
import { buildAttackGraph } from '#scan/attack/build.ts';
import { attackInputOf, findingsOf } from '#scan/system.ts';
import { CullisError } from '#base/errors.ts';
import { didYouMean } from '#base/nearest.ts';
import type { JsonFlag } from '../command.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../failure.ts';
import { firstOf, treeOf } from '../systems.ts';
import type { SystemFlags } from '../systems.ts';
import { pathValue } from '#scan/attack/json.ts';
import { renderPaths } from '../view/attack.ts';
import type { Unit } from '#ingest/units.ts';

export interface PathsFlags extends JsonFlag, SystemFlags {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly max: number;
}

/** Leaves with 1 when there is a way that is not simply how the system is meant to work. */
export async function run(cli: Cli, flags: PathsFlags, ...paths: readonly string[]): Promise<number> {
  const { units } = await treeOf(cli, flags, paths);
  const unit = units.find((one) => [flags.from, flags.to].every((name) => isKnown(one, name))) ?? firstOf(cli, units);
  const from = workloadId(unit, flags.from);
  const to = workloadId(unit, flags.to);
  const context = contextOf(unit, cli.nowMs());
  const graph = buildAttackGraph(attackInputOf(context, findingsOf(context)));
  const found: readonly AttackPath[] = attackPaths(graph, {
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    max: flags.max,
  });
  if (flags.json) cli.out(JSON.stringify({ system: unit.name, paths: found.map(pathValue) }, null, 2));
  else for (const line of renderPaths(found, cli.paint, cli.columns)) cli.out(line);
  return found.some(({ byDesign }) => !byDesign) ? EXIT.findings : EXIT.fine;
}

function isKnown(unit: Unit, name: string | undefined): boolean {
  return (
    name === undefined || name === 'internet' || unit.system.workloads.some(({ id, name: own }) => id === name || own === name)
  );
}

/** `namespace/name` of a workload that a person calls by its name alone. @throws CullisError usage.invalid with the nearest one */
export function workloadId(unit: Unit, name: string | undefined): string | undefined {
  if (name === undefined || name === 'internet') return name;
  const { workloads } = unit.system;
  const found = workloads.filter((one) => one.id === name || one.name === name);
  if (found.length === 1) return found[0]?.id;
  if (found.length > 1)
    throw new CullisError('usage.invalid', `\`${name}\` is ${found.map(({ id }) => `\`${id}\``).join(' or ')}`);
  const near = didYouMean(
    name,
    workloads.flatMap((one) => [one.id, one.name]),
  );
  throw new CullisError(
    'usage.invalid',
    `there is no workload \`${name}\` in \`${unit.name}\`${near === undefined ? '' : `; ${near}`}`,
  );
}
