import { CullisError } from '#base/errors.ts';
import { openClient } from '../client.ts';
import type { Cli } from '../context.ts';
import { identityNamed } from './identity-named.ts';
import { tell } from './identity-revoke.ts';
import type { LiveFlags } from './status.ts';

/** `cullis identity restore NAME`: it may have certificates again; those of before stay refused. */
export async function run(cli: Cli, flags: LiveFlags, name: string): Promise<number> {
  const client = openClient(cli, flags.state);
  const identity = await identityNamed(client, name);
  const answer = await client.call('restore', { body: { identity } });
  if (!answer) throw new CullisError('control.unreachable', 'the control API restores nothing');
  return tell(cli, flags, answer, answer.changed ? 'restored' : 'is not revoked');
}
