// How anything thrown leaves the command line: an operating error says what and what to do (exit 2); everything else is a bug (exit 70).
import { createHash } from 'node:crypto';
import { CullisError, ERROR_CODES, messageOf } from '#base/errors.ts';
import type { Cli } from './context.ts';

export const EXIT = { fine: 0, findings: 1, usage: 2, bug: 70 } as const;

/** Prints what went wrong. @returns the exit code */
export function reportFailure(cli: Cli, error: unknown, json: boolean): number {
  if (error instanceof CullisError) {
    const help = ERROR_CODES[error.code];
    if (json) cli.out(JSON.stringify({ error: { code: error.code, message: error.message, help } }));
    cli.err(`${cli.paintErr('bad', 'error')} ${error.code}: ${error.message}`);
    cli.err(`  ${cli.paintErr('quiet', 'help:')} ${help}`);
    return EXIT.usage;
  }
  const reference = bugReference(error);
  if (json) cli.out(JSON.stringify({ error: { code: 'bug', reference } }));
  cli.err(`${cli.paintErr('bad', 'bug')} something in cullis itself broke, reference ${reference}`);
  cli.err(
    `  ${cli.paintErr('quiet', 'help:')} please tell the project's issue tracker the reference and what you did; CULLIS_DEBUG=1 shows the details`,
  );
  if (cli.env['CULLIS_DEBUG']) cli.err(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return EXIT.bug;
}

/** Eight hex digits that are the same for the same fault, so that two reports of one bug can be told to be one. The message stays out: it may hold data. */
export function bugReference(error: unknown): string {
  const name = error instanceof Error ? error.name : typeof error;
  const frames =
    error instanceof Error
      ? (error.stack ?? '')
          .split('\n')
          .filter((line) => /^\s+at /.test(line))
          .slice(0, 4)
      : [messageOf(error)];
  const places = frames.map((frame) => /([\w.-]+:\d+):\d+\)?$/.exec(frame)?.[1] ?? '');
  return createHash('sha256')
    .update(JSON.stringify([name, places]))
    .digest('hex')
    .slice(0, 8);
}
