import { commandsOf } from '../../code/shell.ts';
import type { Repository } from '../../pipelines/github.ts';
import type { SubjectRule } from '../../rule.ts';
import { HARDENING, workflowHit } from './workflow-hit.ts';

/** Runs with the rights and secrets of the base repository. */
const PRIVILEGED = ['pull_request_target', 'workflow_run', 'issue_comment'];

export const FOREIGN_CHECKOUT = {
  id: 'build.pull-request-target-checkout',
  name: 'Code of a stranger run with the secrets of the repository',
  severity: 'high',
  cwe: [94, 829],
  why: 'The workflow runs with the write token and secrets of the repository, and checks out what the pull request brings. Any build script, test or package hook in it takes both.',
  help: 'use `pull_request`, or do not run anything of the checked out code; split the privileged part into a `workflow_run` that takes data only',
  references: [HARDENING, 'https://securitylab.github.com/resources/github-actions-preventing-pwn-requests/'],
  tags: ['owasp-cicd:4'],
  *check({ workflows }: Repository) {
    for (const workflow of workflows) {
      const trigger = PRIVILEGED.find((name) => workflow.triggers.has(name));
      if (trigger === undefined) continue;
      for (const step of workflow.steps) {
        const ref = [step.with['ref'], step.with['repository']].filter((one) => typeof one === 'string').join(' ');
        const checkout =
          step.uses?.startsWith('actions/checkout@') === true &&
          /github\.event\.(?:pull_request\.head|workflow_run\.head)|github\.head_ref|refs\/pull\//.test(ref);
        const fetched = commandsOf(step.run ?? '').some(
          ({ words }) =>
            (words[0] === 'gh' && words[1] === 'pr' && words[2] === 'checkout') ||
            (words[0] === 'git' &&
              /^(?:fetch|checkout)$/.test(words[1] ?? '') &&
              /pull\/|head_ref|pull_request\.head/.test(words.join(' '))),
        );
        if (!checkout && !fetched) continue;
        // Who may start it is asked first.
        const guarded = /author_association|permission|labeled|collaborator|safe to test/i.test(
          JSON.stringify([step.job.raw['if'], workflow.raw['on'] ?? workflow.raw['true']]),
        );
        yield workflowHit(workflow, step.path, `\`${trigger}\` checks out the code of the pull request`, {
          severity: guarded ? 'medium' : 'high',
          detail: step.job.name,
        });
      }
    }
  },
} satisfies SubjectRule<Repository>;
