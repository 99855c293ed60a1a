import type { JsonFlag } from '../command.ts';
import type { Cli } from '../context.ts';

/** `cullis __complete -- WORD…`: one proposal a line, a tab, and what it is. */
export async function run(cli: Cli, flags: JsonFlag, ...words: readonly string[]): Promise<void> {
  const found = await cli.propose(words.length === 0 ? [''] : words);
  const rows = found.map(({ completion, brief }) => ({ completion, brief }));
  if (flags.json) cli.out(JSON.stringify(rows));
  else for (const { completion, brief } of rows) cli.out(`${completion}\t${brief}`);
}
