// `cullis reach FROM TO`: may it, and why.
import { CullisError } from '#base/errors.ts';
import { renderReach } from '#scan/reach/ask.ts';
import { reachOf } from '#scan/reach/reach.ts';
import type { JsonFlag } from '../command.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../failure.ts';
import { treeOf } from '../systems.ts';
import type { SystemFlags } from '../systems.ts';

export type ReachFlags = JsonFlag & SystemFlags;

/** Leaves with 1 when nothing gets through, so that a script can ask. */
export async function run(cli: Cli, flags: ReachFlags, ...args: readonly string[]): Promise<number> {
  const [from, to, ...paths] = args;
  if (from === undefined || to === undefined)
    throw new CullisError('usage.invalid', 'who, and to whom? `cullis reach FROM TO [PATH…]`');
  const { units } = await treeOf(cli, flags, paths);
  // Several variants of a system may lie here: the first that knows both answers, the largest first.
  const replies = units.map((unit) => ({ unit, reply: renderReach(reachOf(unit.system), from, to) }));
  const { unit, reply } = replies.find((one) => one.reply.ok) ?? replies[0]!;
  if (!reply.ok) throw new CullisError('usage.invalid', `${reply.message}${reply.help === undefined ? '' : `; ${reply.help}`}`);
  if (units.length > 1) cli.note(`${units.length} systems lie here; this is \`${unit.name}\` (--system names another)`);
  const { answer } = reply;
  if (flags.json) cli.out(JSON.stringify({ system: unit.name, ...answer }, null, 2));
  else cli.out(reply.text.trimEnd());
  return answer.open ? EXIT.fine : EXIT.findings;
}
