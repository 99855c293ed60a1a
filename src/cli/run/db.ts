// `cullis db update`: OSV advisories from where the user says, or from the public address, into one file.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { CullisError } from '#base/errors.ts';
import { ageDays } from '#scan/vulnerabilities/age.ts';
import { advisorySink } from '#scan/vulnerabilities/sink.ts';
import type { JsonFlag } from '../command.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../failure.ts';
import { count } from '../text.ts';

export interface DbUpdateFlags extends JsonFlag {
  readonly from?: readonly string[] | undefined;
  readonly ecosystem?: readonly string[] | undefined;
  readonly advisories?: string | undefined;
}

export async function run(cli: Cli, flags: DbUpdateFlags): Promise<number> {
  const [{ advisoryPath }, { advisoryUrl, updateAdvisories }] = await Promise.all([
    import('#app/scan/places.ts'),
    import('#sources/advisories.ts'),
  ]);
  const path = flags.advisories === undefined ? advisoryPath(cli.env) : resolve(cli.cwd, flags.advisories);
  if (path === undefined)
    throw new CullisError('usage.invalid', 'there is no home folder for the database; name a file with `--advisories`');
  const ecosystems = flags.ecosystem ?? [];
  const from = flags.from ?? (ecosystems.length > 0 ? ecosystems.map((name) => advisoryUrl(name)) : [advisoryUrl()]);
  const sources = from.map((each) =>
    /^https?:\/\//.test(each) || !existsSync(resolve(cli.cwd, each)) ? each : resolve(cli.cwd, each),
  );
  cli.note(`reading advisories from ${from.join(', ')}`);
  const sink = advisorySink(from.join(', '), new Date(cli.nowMs()).toISOString());
  const { read, unreadable } = await updateAdvisories(sources, path, sink);
  const meta = sink.meta();
  if (flags.json) cli.out(JSON.stringify({ path, read, unreadable, ...meta }, null, 2));
  else {
    cli.out(
      `${count(meta?.count ?? 0, 'advisory')} of ${count(Object.keys(meta?.ecosystems ?? {}).length, 'ecosystem')} in ${path}`,
    );
    if (unreadable > 0) cli.out(cli.paint('warn', `${count(unreadable, 'record')} could not be read`));
    if (meta)
      cli.out(
        `the newest change in it is ${meta.newest.slice(0, 10)}, ${count(Math.floor(ageDays({ ...meta, fetched: meta.newest }, cli.nowMs())), 'day')} ago`,
      );
  }
  return EXIT.fine;
}
