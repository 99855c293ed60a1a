import { CullisError } from '#base/errors.ts';
import { openClient } from '../client.ts';
import type { Cli } from '../context.ts';
import { renderAuthority } from '../view/ca.ts';
import type { LiveFlags } from './status.ts';

/** `cullis ca show`: roots, what signs, and the rotation under way. */
export async function run(cli: Cli, flags: LiveFlags): Promise<void> {
  const status = await openClient(cli, flags.state).call('status');
  if (!status) throw new CullisError('control.unreachable', 'the control API has no status');
  const { authority, rotation, revoked } = status;
  if (flags.json) cli.out(JSON.stringify({ authority, rotation, revoked }, null, 2));
  else for (const line of renderAuthority(status, cli.paint)) cli.out(line);
}
