import { CullisError } from '#base/errors.ts';
import { didYouMean } from '#base/nearest.ts';
import { openClient } from '../client.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../failure.ts';
import { renderIdentity } from '../view/identity.ts';
import type { IdentityRow } from '../view/identity.ts';
import { findIdentity, lastPart } from './find-identity.ts';
import { shortIdentity } from '../view/status.ts';
import type { LiveFlags } from './status.ts';

/** `cullis identity show NAME`: by SPIFFE id, workload id, or the last part of either when only one has it. */
export async function run(cli: Cli, flags: LiveFlags, name: string): Promise<number> {
  const client = openClient(cli, flags.state);
  const [answer, status] = await Promise.all([client.call('identities'), client.call('status')]);
  if (!answer || !status) throw new CullisError('control.unreachable', 'the control API has no identities');
  const found = findIdentity(answer.identities, name);
  if (found.length !== 1) {
    const names = answer.identities.map((one) => shortIdentity(one.identity));
    const message =
      found.length === 0 ? `no identity \`${name}\`` : `\`${name}\` could be ${found.map((one) => one.identity).join(' or ')}`;
    const help =
      found.length === 0
        ? (didYouMean(name, [...names, ...names.map(lastPart)]) ?? '`cullis identity ls` lists them all')
        : 'say it in full';
    if (flags.json) cli.out(JSON.stringify({ error: { code: 'not-found', message, help } }));
    cli.err(`${cli.paintErr('bad', 'error')} ${message}`);
    cli.err(`  ${cli.paintErr('quiet', 'help:')} ${help}`);
    return EXIT.usage;
  }
  const [one] = found as [IdentityRow];
  if (flags.json) {
    const links = status.links.filter((link) => link.source === one.identity || one.workloads.includes(link.destination));
    cli.out(JSON.stringify({ ...one, links }, null, 2));
  } else for (const line of renderIdentity(one, status, cli.paint)) cli.out(line);
  return EXIT.fine;
}
