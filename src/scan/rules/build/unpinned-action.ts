import { listText } from '#policy/lint/context.ts';
import type { Repository, Workflow, WorkflowStep } from '../../pipelines/github.ts';
import type { SubjectRule } from '../../rule.ts';
import { HARDENING, workflowHit } from './workflow-hit.ts';

/** Kept by GitHub itself. */
const OWN = /^(?:actions|github)\//;

export const UNPINNED_ACTION = {
  id: 'build.unpinned-action',
  name: 'Third-party action that is not held by its commit',
  severity: 'medium',
  cwe: [829, 1357],
  why: 'Tags and branches of an action can be moved by whoever gets into its repository; the next run then does what they want, with the secrets of this pipeline (as happened to tj-actions/changed-files in March 2025).',
  help: 'name the full commit, with the version in a comment, and let a bot raise it',
  references: [HARDENING, 'CVE-2025-30066'],
  tags: ['owasp-cicd:3', 'slsa:pinned'],
  *check({ workflows }: Repository) {
    const found: { workflow: Workflow; step: WorkflowStep; uses: string }[] = [];
    for (const workflow of workflows)
      for (const step of workflow.steps) {
        const { uses } = step;
        if (uses === undefined || uses.startsWith('./') || uses.startsWith('../')) continue;
        const docker = uses.startsWith('docker://');
        if (docker ? uses.includes('@sha256:') : /@[0-9a-f]{40,64}$/.test(uses)) continue;
        found.push({ workflow, step, uses });
      }
    for (const own of [false, true]) {
      const some = found.filter(({ uses }) => OWN.test(uses) === own);
      const [first] = some;
      if (!first) continue;
      yield workflowHit(
        first.workflow,
        [...first.step.path, 'uses'],
        `not held by a commit: ${listText([...new Set(some.map(({ uses }) => uses.slice(0, 80)))])}`,
        {
          severity: own ? 'low' : 'medium',
          detail: own ? 'own' : 'others',
          at: { location: { file: first.workflow.file, ...first.workflow.lineOf(first.step.path) }, subject: 'workflows' },
          related: some.slice(1, 26).map(({ workflow, step, uses }) => ({
            location: { file: workflow.file, ...workflow.lineOf(step.path) },
            message: `\`${uses.slice(0, 80)}\``,
          })),
        },
      );
    }
  },
} satisfies SubjectRule<Repository>;
