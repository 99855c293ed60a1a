import type { Repository } from '../../pipelines/github.ts';
import type { SubjectRule } from '../../rule.ts';
import { HARDENING, workflowHit } from './workflow-hit.ts';

export const SELF_HOSTED = {
  id: 'build.self-hosted-pull-request',
  name: 'Pull requests run on machines of your own',
  severity: 'medium',
  cwe: [829, 653],
  why: 'In a public repository anybody opens a pull request and has their code run on the machine, which keeps what was left there, and which stands in your network.',
  help: 'run pull requests on hosted or throw-away runners',
  references: [HARDENING],
  tags: ['owasp-cicd:7'],
  *check({ workflows }: Repository) {
    for (const workflow of workflows) {
      if (!workflow.triggers.has('pull_request') && !workflow.triggers.has('pull_request_target')) continue;
      for (const { name, path, raw } of workflow.jobs) {
        const runs = raw['runs-on'];
        const labels =
          typeof runs === 'object' && runs !== null && !Array.isArray(runs)
            ? (runs as Readonly<Record<string, unknown>>)['labels']
            : runs;
        const all = Array.isArray(labels) ? labels : [labels];
        if (all.includes('self-hosted'))
          yield workflowHit(workflow, [...path, 'runs-on'], `the job \`${name}\` runs pull requests on a self-hosted runner`, {
            detail: name,
          });
      }
    }
  },
} satisfies SubjectRule<Repository>;
