import type { Repository } from '../../pipelines/github.ts';
import type { SubjectRule } from '../../rule.ts';
import { HARDENING, workflowHit } from './workflow-hit.ts';

/** Values that a stranger writes (https://docs.github.com/actions/security-for-github-actions/security-guides/security-hardening-for-github-actions#understanding-the-risk-of-script-injections). */
const UNTRUSTED =
  /\$\{\{[^}]{0,300}?(github\.(?:event\.(?:issue\.(?:title|body)|pull_request\.(?:title|body|head\.(?:ref|label|repo\.default_branch))|comment\.body|review\.body|review_comment\.body|discussion\.(?:title|body)|pages\.\*?\.?page_name|head_commit\.(?:message|author\.(?:email|name))|commits\.?[^}]{0,40}\.(?:message|author\.(?:email|name))|workflow_run\.(?:head_branch|head_commit\.message|display_title|pull_requests[^}]{0,40}\.ref))|head_ref))[^}]{0,300}\}\}/;

export const SCRIPT_INJECTION = {
  id: 'build.script-injection',
  name: 'Text of a stranger in a script',
  severity: 'high',
  cwe: [78, 94],
  why: 'The text is put into the script before the shell reads it. A title such as `a"; curl … | sh; "` is run as a command, with the token and secrets of the job.',
  help: 'hand the text over in a variable: `env: TITLE: ${{ … }}` and `"$TITLE"` in the script',
  references: [HARDENING],
  tags: ['owasp-cicd:4'],
  *check({ workflows }: Repository) {
    for (const workflow of workflows) {
      // Of a pull request from a fork only `pull_request` has neither secrets nor a token that writes.
      const harmless =
        workflow.triggers.size > 0 &&
        [...workflow.triggers].every((name) =>
          /^(?:pull_request|push|workflow_dispatch|schedule|merge_group|release)$/.test(name),
        );
      for (const step of workflow.steps) {
        const script = step.uses?.startsWith('actions/github-script@') === true ? step.with['script'] : step.run;
        const found = typeof script === 'string' ? UNTRUSTED.exec(script) : null;
        if (found)
          yield workflowHit(
            workflow,
            [...step.path, step.run === undefined ? 'with' : 'run'],
            `\`${found[1]!}\` is put into a script`,
            {
              severity: harmless ? 'medium' : 'high',
              detail: `${step.job.name} ${found[1]!}`,
            },
          );
      }
    }
  },
} satisfies SubjectRule<Repository>;
