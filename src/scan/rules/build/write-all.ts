import type { Path } from '#model/origin.ts';
import type { Repository } from '../../pipelines/github.ts';
import type { SubjectRule } from '../../rule.ts';
import { HARDENING, workflowHit } from './workflow-hit.ts';

export const WRITE_ALL = {
  id: 'build.write-all',
  name: 'Workflow token that may write everything',
  severity: 'medium',
  cwe: [250, 269],
  why: 'Whatever goes wrong in one step (an action, a dependency, an injected command) can push code, change releases and approve requests.',
  help: 'give `contents: read` at the top, and more to single jobs',
  references: [HARDENING],
  tags: ['owasp-cicd:5'],
  *check({ workflows }: Repository) {
    for (const workflow of workflows) {
      const places: readonly (readonly [unknown, Path])[] = [
        [workflow.raw['permissions'], ['permissions']],
        ...workflow.jobs.map(({ raw, path }) => [raw['permissions'], [...path, 'permissions']] as const),
      ];
      for (const [value, path] of places)
        if (value === 'write-all')
          yield workflowHit(workflow, path, '`permissions: write-all`', {
            detail: path.join('.'),
            fix: { text: this.help, yaml: 'permissions:\n  contents: read\n' },
          });
    }
  },
} satisfies SubjectRule<Repository>;
