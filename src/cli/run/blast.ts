// `cullis blast WORKLOAD`: what falls when it does.
import { CullisError } from '#base/errors.ts';
import { contextOf } from '#app/scan/analyse.ts';
import { blastRadius } from '#scan/attack/blast.ts';
import { buildAttackGraph } from '#scan/attack/build.ts';
import { attackInputOf, findingsOf } from '#scan/system.ts';
import type { JsonFlag } from '../command.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../failure.ts';
import { firstOf, treeOf } from '../systems.ts';
import type { SystemFlags } from '../systems.ts';
import { blastValue } from '#scan/attack/json.ts';
import { renderBlast } from '../view/attack.ts';
import { workloadId } from './paths.ts';

export type BlastFlags = JsonFlag & SystemFlags;

/** Leaves with 1 when a crown jewel is within reach. */
export async function run(cli: Cli, flags: BlastFlags, ...args: readonly string[]): Promise<number> {
  const [name, ...paths] = args;
  if (name === undefined) throw new CullisError('usage.invalid', 'which workload? `cullis blast WORKLOAD [PATH…]`');
  const { units } = await treeOf(cli, flags, paths);
  const unit =
    units.find(({ system }) => system.workloads.some((one) => one.id === name || one.name === name)) ?? firstOf(cli, units);
  const id = workloadId(unit, name) ?? name;
  const context = contextOf(unit, cli.nowMs());
  const blast = blastRadius(buildAttackGraph(attackInputOf(context, findingsOf(context))), id);
  if (!blast) throw new CullisError('usage.invalid', `there is no workload \`${name}\` in \`${unit.name}\``);
  if (flags.json) cli.out(JSON.stringify({ system: unit.name, ...(blastValue(blast) as object) }, null, 2));
  else for (const line of renderBlast(blast, cli.paint, cli.columns)) cli.out(line);
  return blast.jewels.length > 0 ? EXIT.findings : EXIT.fine;
}
