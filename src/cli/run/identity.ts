import { openClient } from '../client.ts';
import type { Cli } from '../context.ts';
import { renderIdentities } from '../view/identity.ts';
import type { LiveFlags } from './status.ts';

/** `cullis identity ls` */
export async function run(cli: Cli, flags: LiveFlags): Promise<void> {
  const answer = await openClient(cli, flags.state).call('identities');
  const identities = answer?.identities ?? [];
  if (flags.json) cli.out(JSON.stringify({ identities }, null, 2));
  else for (const line of renderIdentities(identities, cli.nowMs(), cli.paint)) cli.out(line);
}
