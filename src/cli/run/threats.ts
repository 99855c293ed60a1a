// `cullis threats`: the threat model, kept current by comparing it with the one before.
import { contextOf } from '#app/scan/analyse.ts';
import { buildAttackGraph } from '#scan/attack/build.ts';
import { attackInputOf, findingsOf } from '#scan/system.ts';
import { diffThreats, renderDiffMarkdown } from '#scan/threats/diff.ts';
import { renderDot, renderMermaid } from '#scan/threats/diagram.ts';
import { threatDiffValue, threatModelValue } from '#scan/threats/json.ts';
import { renderMarkdown } from '#scan/threats/markdown.ts';
import type { ThreatModel } from '#scan/threats/model.ts';
import { threatDragon } from '#scan/threats/threat-dragon.ts';
import { threatModel } from '#scan/threats/threats.ts';
import type { Unit } from '#ingest/units.ts';
import type { JsonFlag } from '../command.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../failure.ts';
import { unitOf } from '../systems.ts';
import type { SystemFlags } from '../systems.ts';
import { renderThreatDiff, renderThreats } from '../view/threats.ts';

export interface ThreatsFlags extends JsonFlag, SystemFlags {
  readonly format: 'text' | 'markdown' | 'json' | 'threat-dragon' | 'mermaid' | 'dot';
  readonly diff?: string | undefined;
}

/** With `--diff`, leaves with 1 when a threat came in that was not there. */
export async function run(cli: Cli, flags: ThreatsFlags, ...paths: readonly string[]): Promise<number> {
  const model = modelOf(cli, await unitOf(cli, flags, paths));
  const format = flags.json ? 'json' : flags.format;
  if (flags.diff !== undefined) {
    const diff = diffThreats(modelOf(cli, await unitOf(cli, flags, [flags.diff])), model);
    if (format === 'json') cli.out(JSON.stringify(threatDiffValue(diff), null, 2));
    else if (format === 'markdown') cli.out(renderDiffMarkdown(diff).trimEnd());
    else for (const line of renderThreatDiff(diff, cli.paint, cli.columns)) cli.out(line);
    return diff.added.length > 0 ? EXIT.findings : EXIT.fine;
  }
  for (const line of RENDER[format](model, cli)) cli.out(line);
  return EXIT.fine;
}

const RENDER: Readonly<Record<ThreatsFlags['format'], (model: ThreatModel, cli: Cli) => readonly string[]>> = {
  text: (model, cli) => renderThreats(model, cli.paint, cli.columns),
  markdown: (model) => [renderMarkdown(model).trimEnd()],
  json: (model) => [JSON.stringify(threatModelValue(model), null, 2)],
  'threat-dragon': (model) => [JSON.stringify(threatDragon(model), null, 2)],
  mermaid: (model) => [renderMermaid(model).trimEnd()],
  dot: (model) => [renderDot(model).trimEnd()],
};

function modelOf(cli: Cli, unit: Unit): ThreatModel {
  const context = contextOf(unit, cli.nowMs());
  const input = attackInputOf(context, findingsOf(context));
  return threatModel(input, buildAttackGraph(input), { title: unit.name });
}
