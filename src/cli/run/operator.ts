import { CullisError } from '#base/errors.ts';
import type { Role } from '#api/control.ts';
import { openClient } from '../client.ts';
import type { Cli } from '../context.ts';
import type { LiveFlags } from './status.ts';

export interface CreateFlags extends LiveFlags {
  readonly role: Role;
}

/** `cullis operator create NAME --role ROLE`: the token goes to stdout and nowhere else, so that it can be piped into a secret store. */
export async function run(cli: Cli, flags: CreateFlags, name: string): Promise<void> {
  const made = await openClient(cli, flags.state).call('createOperator', { body: { name, role: flags.role } });
  if (!made) throw new CullisError('control.unreachable', 'the control API makes no operators');
  if (flags.json) {
    cli.out(JSON.stringify(made));
    return;
  }
  cli.out(made.token);
  cli.note(
    `${cli.paintErr('good', made.name)} may do what a ${made.role} may. The token is shown this once; put it in CULLIS_TOKEN where it is used.`,
  );
}
