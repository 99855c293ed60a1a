import { CullisError } from '#base/errors.ts';
import { openClient } from '../client.ts';
import type { JsonFlag, StateFlag } from '../command.ts';
import type { Cli } from '../context.ts';
import { renderStatus } from '../view/status.ts';

export type LiveFlags = JsonFlag & StateFlag;

const DENIALS_SHOWN = 5;
/** Look-ups among which the refused ones are sought. */
const NAMES_READ = 200;

export async function run(cli: Cli, flags: LiveFlags): Promise<void> {
  const client = openClient(cli, flags.state);
  const query = { type: 'exchange', allowed: 'false', limit: String(DENIALS_SHOWN) };
  const of = (type: string) => client.call('events', { query: { type, limit: String(NAMES_READ) } });
  const [status, latest, raised, names] = await Promise.all([
    client.call('status'),
    client.call('events', { query }),
    of('egress'),
    of('name'),
  ]);
  if (!status) throw new CullisError('control.unreachable', 'the control API has no status');
  const denials = latest?.events ?? [];
  const wayOut = [
    ...(raised?.events ?? []).filter((one) => one.type === 'egress'),
    ...(names?.events ?? []).filter((one) => one.type === 'name' && one.answer === 'unknown'),
  ];
  if (flags.json) cli.out(JSON.stringify({ ...status, denials, wayOut }, null, 2));
  else for (const line of renderStatus(status, cli.paint, { denials, wayOut, url: client.url, encryption: true })) cli.out(line);
}
