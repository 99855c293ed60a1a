import { CullisError } from '#base/errors.ts';
import { openClient } from '../client.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../failure.ts';
import { identityNamed } from './identity-named.ts';
import type { LiveFlags } from './status.ts';

export interface RevokeFlags extends LiveFlags {
  readonly reason?: string;
}

const SERIAL = /^[0-9a-f]{32}$/i;

/** `cullis identity revoke NAME|SERIAL`: believed no more from now on, on open connections too. */
export async function run(cli: Cli, flags: RevokeFlags, name: string): Promise<number> {
  const client = openClient(cli, flags.state);
  const kind = SERIAL.test(name) ? 'serial' : 'identity';
  const subject = kind === 'serial' ? name.toLowerCase() : await identityNamed(client, name);
  const answer = await client.call('revoke', { body: { kind, subject, reason: flags.reason ?? '' } });
  if (!answer) throw new CullisError('control.unreachable', 'the control API revokes nothing');
  return tell(cli, flags, answer, answer.changed ? 'revoked' : 'was revoked already');
}

/** Says what became of it, and which workers have not confirmed. @returns the exit code */
export function tell(
  cli: Cli,
  flags: LiveFlags,
  answer: { readonly subject: string; readonly waiting: readonly string[] },
  what: string,
): number {
  if (flags.json) cli.out(JSON.stringify(answer, null, 2));
  else cli.out(`${answer.subject} ${what}`);
  for (const worker of answer.waiting)
    cli.err(`${cli.paintErr('warn', 'waits for')} ${worker}: it has not said that it holds; it is told again when it is back`);
  return answer.waiting.length === 0 ? EXIT.fine : EXIT.findings;
}
