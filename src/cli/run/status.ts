import { CullisError } from '#base/errors.ts';
import { openClient } from '../client.ts';
import type { JsonFlag, StateFlag } from '../command.ts';
import type { Cli } from '../context.ts';
import { renderStatus } from '../view/status.ts';

export type LiveFlags = JsonFlag & StateFlag;

const DENIALS_SHOWN = 5;

export async function run(cli: Cli, flags: LiveFlags): Promise<void> {
  const client = openClient(cli, flags.state);
  const query = { type: 'exchange', allowed: 'false', limit: String(DENIALS_SHOWN) };
  const [status, latest] = await Promise.all([client.call('status'), client.call('events', { query })]);
  if (!status) throw new CullisError('control.unreachable', 'the control API has no status');
  const denials = latest?.events ?? [];
  if (flags.json) cli.out(JSON.stringify({ ...status, denials }, null, 2));
  else for (const line of renderStatus(status, cli.paint, { denials, url: client.url, encryption: true })) cli.out(line);
}
