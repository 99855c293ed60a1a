// From the process's arguments to an exit code: 0 fine, 1 findings or a denial, 2 usage or configuration, 70 a bug.
import { proposeCompletions, run } from '@stricli/core';
import { buildCli } from './app.ts';
import { makeCli } from './context.ts';
import type { Cli, CliProcess } from './context.ts';
import { EXIT, reportFailure } from './failure.ts';
import { rootHelp } from './help.ts';

/**
 * Runs the command that `process.argv` names. Prints to its streams and never ends the process itself.
 * @returns the exit code
 */
export async function runCli(process: CliProcess, nowMs?: () => number): Promise<number> {
  const cli = makeCli(process, nowMs);
  const args = process.argv.slice(2);
  const json = args.includes('--json');
  let brokenPipe = false;
  // `cullis check . | head` closes our output early; that is the reader's right.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on?.('error', (error) => {
      if ((error as NodeJS.ErrnoException).code === 'EPIPE') brokenPipe = true;
      else throw error;
    });
  }
  try {
    if (args.length === 0 || (args.length === 1 && ['--help', '-h', 'help'].includes(args[0] as string))) {
      for (const line of rootHelp(cli.paint)) cli.out(line);
      return EXIT.fine;
    }
    const holder: Cli['process'] = streamsOf(process);
    const app = buildCli();
    const context: Cli = { ...cli, process: holder, propose: (words) => proposeCompletions(app, words, context) };
    await run(app, args[0] === 'help' ? [...args.slice(1), '--help'] : args, context);
    return brokenPipe ? EXIT.fine : exitCodeOf(holder.exitCode);
  } catch (error) {
    return reportFailure(cli, error, json);
  }
}

/** A fault outside every command (a listener, a timer) ends the process as a bug, without a stack on the screen. */
export function guardProcess(process: NodeJS.Process): void {
  process.on('uncaughtException', (error) => {
    process.exit(reportFailure(makeCli(process), error, process.argv.includes('--json')));
  });
}

/** The framework sets `exitCode` on the object it is given; Node's own process object is kept out of its reach. */
function streamsOf(process: CliProcess): CliProcess {
  const { argv, env, stdout, stderr } = process;
  return {
    argv,
    env,
    stdout,
    stderr,
    // Asked for when a command reads keys: opening it has a price.
    get stdin() {
      return process.stdin;
    },
    cwd: () => process.cwd(),
  };
}

/** The framework's own failures are negative: -5 unknown command, -4 bad argument are the user's; the rest are ours. */
function exitCodeOf(code: number | string | null | undefined): number {
  if (typeof code !== 'number') return EXIT.fine;
  if (code >= 0) return code;
  return code === -4 || code === -5 ? EXIT.usage : EXIT.bug;
}
