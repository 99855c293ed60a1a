// `cullis fix`: the smallest change that breaks every path and keeps every declared flow, proved by reading it again.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CullisError, messageOf } from '#base/errors.ts';
import { contextOf } from '#app/scan/analyse.ts';
import { editUnit } from '#app/scan/units.ts';
import type { EditedFile } from '#app/scan/units.ts';
import { toYaml } from '#policy/yaml.ts';
import { smallestFix } from '#scan/attack/fix/fix.ts';
import { reachOf } from '#scan/reach/reach.ts';
import { attackInputOf, findingsOf } from '#scan/system.ts';
import { unifiedDiff } from '#syntax/diff.ts';
import type { JsonFlag } from '../command.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../failure.ts';
import { firstOf, treeOf } from '../systems.ts';
import type { SystemFlags } from '../systems.ts';
import { fixValue } from '#scan/attack/json.ts';
import { renderFix, renderNoFix } from '../view/fix.ts';
import { workloadId } from './paths.ts';

export interface FixFlags extends JsonFlag, SystemFlags {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly write: boolean;
  readonly diff: boolean;
}

/** Leaves with 1 while there is something to fix, with 0 once it is written or nothing is left. */
export async function run(cli: Cli, flags: FixFlags, ...paths: readonly string[]): Promise<number> {
  const tree = await treeOf(cli, flags, paths);
  const unit = firstOf(cli, tree.units);
  const context = contextOf(unit, cli.nowMs());
  const input = attackInputOf(context, findingsOf(context));
  const from = workloadId(unit, flags.from);
  const to = workloadId(unit, flags.to);
  let edited: readonly EditedFile[] = [];
  const { fix, none } = smallestFix(
    input,
    {
      reparse: ({ edits }) => {
        const result = editUnit(tree, unit, edits);
        ({ edited } = result);
        if (!result.unit)
          throw new CullisError('config.invalid', `the files could not be read again after the change: \`${unit.name}\` is gone`);
        return result.unit.system;
      },
      reachOf: (system) => reachOf(system).cautious(),
    },
    { ...(from !== undefined && { from }), ...(to !== undefined && { to }) },
  );
  if (!fix) {
    if (flags.json) cli.out(JSON.stringify({ system: unit.name, fix: null, why: none?.text }));
    else if (none) for (const line of renderNoFix(none, cli.paint, cli.columns)) cli.out(line);
    return EXIT.findings;
  }
  if (fix.edits.length > 0) ({ edited } = editUnit(tree, unit, fix.edits));
  else edited = [];
  const diff = edited.map(({ path, before, after }) => unifiedDiff(path, before, after)).join('');
  if (flags.json) cli.out(JSON.stringify({ system: unit.name, ...(fixValue(fix) as object), diff }, null, 2));
  else if (flags.diff) cli.out(diff.trimEnd());
  else for (const line of renderFix(fix, cli.paint, cli.columns, (value) => toYaml(value))) cli.out(line);
  if (!flags.write) {
    if (fix.edits.length > 0 && !flags.json && !flags.diff) cli.note('`--diff` prints it as a patch, `--write` applies it');
    return fix.fixes.length > 0 ? EXIT.findings : EXIT.fine;
  }
  write(cli, edited);
  // What only a person can do is still to be done.
  return fix.certificate.holds && fix.certificate.assumed.length === 0 ? EXIT.fine : EXIT.findings;
}

/** Writes the files that changed. What a tool rendered has no file of its own. */
function write(cli: Cli, edited: readonly EditedFile[]): void {
  for (const { path, after } of edited) {
    if (path === '<stdin>' || path.endsWith('(helm)'))
      throw new CullisError('usage.invalid', `\`${path}\` has no file to be changed; use --diff and change its source`);
    try {
      const file = resolve(cli.cwd, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, after);
      cli.note(`changed ${path}`);
    } catch (error) {
      throw new CullisError('config.unreadable', `\`${path}\` could not be written: ${messageOf(error)}`);
    }
  }
}
