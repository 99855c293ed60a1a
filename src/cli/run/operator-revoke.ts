import { openClient } from '../client.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../failure.ts';
import type { LiveFlags } from './status.ts';

/** `cullis operator revoke NAME`: its token is refused from now on. */
export async function run(cli: Cli, flags: LiveFlags, name: string): Promise<number> {
  const gone = await openClient(cli, flags.state).call('deleteOperator', { path: { name } });
  if (!gone) {
    if (flags.json) cli.out(JSON.stringify({ error: { code: 'not-found', message: `no operator \`${name}\`` } }));
    cli.err(`${cli.paintErr('bad', 'error')} no operator \`${name}\``);
    return EXIT.usage;
  }
  if (flags.json) cli.out(JSON.stringify(gone));
  else cli.out(`${name} revoked`);
  return EXIT.fine;
}
