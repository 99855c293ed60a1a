import { generateHelpTextForAllCommands } from '@stricli/core';
import type { Application, CommandContext } from '@stricli/core';
import { buildCli } from './app.ts';

/** Every command's help as one Markdown page, for `docs/reference/cli.md`. Equal commands give equal text. */
export function cliReference(): string {
  const sections = generateHelpTextForAllCommands(buildCli() as unknown as Application<CommandContext>).map(
    ([route, help]) => `## ${route}\n\n\`\`\`\n${help.trimEnd()}\n\`\`\`\n`,
  );
  return [
    '# Commands\n',
    'Data goes to stdout, remarks to stderr. `--json` works everywhere. Exit codes: 0 fine, 1 findings or a denial, 2 usage or configuration, 70 a bug.',
    'Environment: `CULLIS_TOKEN` (instead of the token in the state folder), `CULLIS_URL`, `CULLIS_DEBUG=1` (details of a bug), `NO_COLOR`, `FORCE_COLOR`.\n',
    ...sections,
  ].join('\n');
}
