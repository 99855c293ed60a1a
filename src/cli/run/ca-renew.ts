import { CullisError } from '#base/errors.ts';
import type { RenewResponse } from '#api/control.ts';
import { openClient } from '../client.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../failure.ts';
import { table } from '../text.ts';
import { identityNamed } from './identity-named.ts';
import type { LiveFlags } from './status.ts';

/** `cullis ca renew [NAME…]`: new keys and certificates now, for some identities or for all. */
export async function run(cli: Cli, flags: LiveFlags, ...names: readonly string[]): Promise<number> {
  const client = openClient(cli, flags.state);
  const renewed: RenewResponse['renewed'][number][] = [];
  const waiting: string[] = [];
  const identities = await Promise.all(names.map((name) => identityNamed(client, name)));
  for (const identity of identities.length === 0 ? [''] : identities) {
    const answer = await client.call('renewCertificates', { body: { identity } });
    if (!answer) throw new CullisError('control.unreachable', 'the control API renews no certificates');
    renewed.push(...answer.renewed);
    waiting.push(...answer.waiting);
  }
  if (flags.json) cli.out(JSON.stringify({ renewed, waiting }, null, 2));
  else {
    const rows = renewed.map((one) => [one.identity, cli.paint('good', one.serial), cli.paint('quiet', one.worker)]);
    for (const line of table(rows)) cli.out(line);
    for (const one of waiting) cli.err(`${cli.paintErr('bad', 'not renewed')} ${one}`);
  }
  return waiting.length === 0 && renewed.length > 0 ? EXIT.fine : EXIT.findings;
}
