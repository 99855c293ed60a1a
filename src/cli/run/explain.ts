import { openClient } from '../client.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../failure.ts';
import { renderExplanation } from '../view/explain.ts';
import type { LiveFlags } from './status.ts';

/** `cullis explain ID`: 0 when the request was allowed, 1 when it was denied, 2 when there is no such id. */
export async function run(cli: Cli, flags: LiveFlags, id: string): Promise<number> {
  const explanation = await openClient(cli, flags.state).call('decision', { path: { id } });
  if (!explanation) {
    if (flags.json) cli.out(JSON.stringify({ error: { code: 'not-found', message: 'no event with this id' } }));
    cli.err(`${cli.paintErr('bad', 'error')} no event with this id in the journal`);
    cli.err(
      `  ${cli.paintErr('quiet', 'help:')} the id stands in the answer that the caller got, and in \`cullis status --json\``,
    );
    return EXIT.usage;
  }
  if (flags.json) cli.out(JSON.stringify(explanation, null, 2));
  else for (const line of renderExplanation(explanation, cli.paint, cli.columns)) cli.out(line);
  const { event } = explanation;
  return event.type === 'exchange' && !event.allowed ? EXIT.findings : EXIT.fine;
}
