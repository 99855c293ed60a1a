// One way to define a command: flags and words here, the work in a module of its own that is loaded when the command runs.
import { buildCommand } from '@stricli/core';
import type { Command } from '@stricli/core';
import { EXIT, reportFailure } from './failure.ts';
import type { Cli } from './context.ts';

/** Does the work of a command. @returns the exit code, 0 when it gives none */
export type Run<Flags, Args extends readonly string[] = readonly string[]> = (
  cli: Cli,
  flags: Flags,
  ...args: Args
) => Promise<number | void> | number | void;

export interface JsonFlag {
  readonly json: boolean;
}
export interface StateFlag {
  readonly state: string;
}

export const jsonFlag = { kind: 'boolean', brief: 'Print data as JSON', default: false, withNegated: false } as const;
export const stateFlag = {
  kind: 'parsed',
  parse: (input: string) => input,
  brief: 'Folder that holds keys, journal and token',
  placeholder: 'FOLDER',
  default: '.cullis',
} as const;
export const text = (input: string): string => input;
/** A flag with a value that may be left out. */
export const optional = (brief: string, placeholder: string) =>
  ({ kind: 'parsed', parse: text, brief, placeholder, optional: true }) as const;

/**
 * Builds a command whose failures are reported in one way.
 * @param load gives the module's `run`
 */
export function command<Flags extends JsonFlag, Args extends readonly string[] = readonly string[]>(
  brief: string,
  load: () => Promise<{ readonly run: Run<Flags, Args> }>,
  parameters: Parameters<typeof buildCommand<Flags, Args, Cli>>[0]['parameters'],
  more: { readonly fullDescription?: string } = {},
): Command<Cli> {
  return buildCommand<Flags, Args, Cli>({
    parameters,
    docs: { brief, ...more },
    loader: () =>
      Promise.resolve(async function (this: Cli, flags: Flags, ...args: Args): Promise<void> {
        try {
          const { run } = await load();
          this.process.exitCode = (await run(this, flags, ...args)) ?? EXIT.fine;
        } catch (error) {
          this.process.exitCode = reportFailure(this, error, flags.json);
        }
      }),
  });
}
