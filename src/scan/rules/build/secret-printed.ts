import { commandsOf } from '../../code/shell.ts';
import type { Repository } from '../../pipelines/github.ts';
import type { SubjectRule } from '../../rule.ts';
import { HARDENING, workflowHit } from './workflow-hit.ts';

export const SECRET_PRINTED = {
  id: 'build.secret-printed',
  name: 'Secret written to the log',
  severity: 'medium',
  cwe: [532],
  why: 'Logs are kept for months and read by everybody with access to the repository; masking is passed by any change of the value, such as base64.',
  help: 'take the line out; hand secrets over by standard input or environment',
  references: [HARDENING],
  tags: ['owasp-cicd:6'],
  *check({ workflows, files }: Repository) {
    for (const workflow of workflows)
      for (const step of workflow.steps) {
        // An expression holds spaces and bars that are none of the shell's.
        const script = (step.run ?? '').replaceAll(/\$\{\{\s*(secrets\.\w{1,100})[^}]{0,100}\}\}/g, '__$1__');
        const commands = commandsOf(script);
        for (const [i, { words, piped }] of commands.entries()) {
          const text = words.join(' ');
          const encoded =
            piped &&
            /^(?:base64|xxd|rev|od|hexdump|sed)$/.test(commands[i + 1]?.words[0] ?? '') &&
            commands[i + 1]?.piped !== true &&
            !/[<>]/.test(commands[i + 1]?.words.join(' ') ?? '');
          if (
            !/^(?:echo|printf)$/.test(words[0] ?? '') ||
            !/__secrets\.\w+__/.test(text) ||
            /(?:^| )[012&]?>/.test(text) ||
            /::add-mask::/.test(text) ||
            (piped && !encoded)
          )
            continue;
          yield workflowHit(
            workflow,
            [...step.path, 'run'],
            `\`${/secrets\.\w+/.exec(text)![0]}\` is printed${encoded ? ' in a form that is not masked' : ''}`,
            { severity: encoded ? 'high' : 'medium', detail: `${step.job.name} ${text.slice(0, 100)}` },
          );
        }
      }
    for (const { path, documents } of files)
      for (const document of documents) {
        const variables = (document.value as Readonly<Record<string, unknown>> | null)?.['variables'];
        const value =
          typeof variables === 'object' && variables !== null
            ? (variables as Readonly<Record<string, unknown>>)['CI_DEBUG_TRACE']
            : undefined;
        if (value === true || value === 'true') {
          const { line, column } = document.locate(['variables', 'CI_DEBUG_TRACE']);
          yield {
            title: '`CI_DEBUG_TRACE` writes every variable, secrets too, to the log',
            at: { location: { file: path, line, column }, subject: path },
          };
        }
      }
  },
} satisfies SubjectRule<Repository>;
