import type { Repository } from '../../pipelines/github.ts';
import type { SubjectRule } from '../../rule.ts';
import { evidenceOf } from './scans.ts';

export const SCAN_NOT_ENFORCED = {
  id: 'build.scan-not-enforced',
  name: 'Scan whose findings stop nothing',
  severity: 'low',
  cwe: [693],
  why: 'The scan runs, but the pipeline goes on whatever it finds. Findings that stop nothing are not read.',
  help: 'let the step fail, from a severity on that you mean to keep to',
  references: ['OWASP CICD-SEC-1'],
  tags: ['owasp-cicd:1'],
  *check(repository: Repository) {
    for (const kind of ['dependency', 'secret'] as const) {
      const all = evidenceOf(repository, kind);
      const [first] = all;
      if (!first || all.some(({ step }) => !step.soft)) continue;
      yield {
        title: `\`${first.tool}\` looks for ${kind === 'secret' ? 'secrets' : 'vulnerable dependencies'} and its findings stop nothing`,
        at: { location: { file: first.file.path, line: first.step.line, column: 1 }, subject: first.file.path },
        detail: kind,
      };
    }
  },
} satisfies SubjectRule<Repository>;
