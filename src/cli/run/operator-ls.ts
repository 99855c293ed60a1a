import { openClient } from '../client.ts';
import type { Cli } from '../context.ts';
import { table } from '../text.ts';
import type { LiveFlags } from './status.ts';

/** `cullis operator ls` */
export async function run(cli: Cli, flags: LiveFlags): Promise<void> {
  const operators = (await openClient(cli, flags.state).call('operators'))?.operators ?? [];
  if (flags.json) {
    cli.out(JSON.stringify({ operators }, null, 2));
    return;
  }
  const head = ['name', 'role', 'made', 'last used'].map((text) => cli.paint('quiet', text));
  const day = (ms: number | null): string => (ms === null ? 'never' : new Date(ms).toISOString().slice(0, 16).replace('T', ' '));
  for (const line of table([head, ...operators.map((one) => [one.name, one.role, day(one.createdMs), day(one.lastUsedMs)])]))
    cli.out(line);
}
