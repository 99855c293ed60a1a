import type { Repository } from '../../pipelines/github.ts';
import type { PipelineFile, Step } from '../../pipelines/read.ts';
import { isBuild, isInstall, TOOLS } from '../../pipelines/tools.ts';
import type { ScanKind } from '../../pipelines/tools.ts';
import type { Hit, SubjectRule } from '../../rule.ts';

interface Evidence {
  readonly file: PipelineFile;
  readonly step: Step;
  readonly tool: string;
}

function evidenceOf(repository: Repository, kind: ScanKind): readonly Evidence[] {
  return repository.files.flatMap((file) =>
    file.steps.flatMap((step) => {
      const found = isInstall(step.text)
        ? undefined
        : TOOLS.find(({ kinds, pattern }) => kinds.includes(kind) && pattern.test(step.text));
      return found ? [{ file, step, tool: found.name }] : [];
    }),
  );
}

/** The first step of a pipeline that makes or ships something. */
function buildOf(repository: Repository): { file: PipelineFile; step: Step } | undefined {
  for (const file of repository.files) {
    const step = file.role === 'pipeline' ? file.steps.find(({ text }) => isBuild(text)) : undefined;
    if (step) return { file, step };
  }
  return undefined;
}

function* missing(repository: Repository, kind: ScanKind, what: string, yaml: string): Generator<Hit> {
  const build = buildOf(repository);
  if (!build || evidenceOf(repository, kind).length > 0) return;
  yield {
    title: `the pipeline builds (\`${build.step.text.slice(0, 60)}\`) and nothing looks for ${what}`,
    at: {
      location: { file: build.file.path, line: build.step.line, column: 1 },
      subject: repository.root === '' ? 'repository' : repository.root,
    },
    fix: { text: `run a scan for ${what} before anything is built, and fail on what it finds`, yaml },
  };
}

export const NO_DEPENDENCY_SCAN = {
  id: 'build.no-dependency-scan',
  name: 'Build without dependency scanning',
  severity: 'medium',
  cwe: [1104, 1395],
  why: 'Known holes in libraries and base images go into every build, and nobody learns of them: most break-ins through dependencies use holes that were public for months.',
  help: 'scan dependencies and images in the pipeline, and let a bot raise versions',
  references: ['OWASP CICD-SEC-3', 'NIST SP 800-218 PW.4'],
  tags: ['owasp-cicd:3', 'pci-dss:6.3.2', 'soc2:CC7.1'],
  *check(repository: Repository) {
    yield* missing(repository, 'dependency', 'vulnerable dependencies', '- run: npx cullis gate .\n');
  },
} satisfies SubjectRule<Repository>;

export const NO_SECRET_SCAN = {
  id: 'build.no-secret-scan',
  name: 'Build without secret scanning',
  severity: 'medium',
  cwe: [540, 798],
  why: 'A key that slips into a commit stays in its history for everybody who can read the repository; without a scan it is found by others first.',
  help: 'scan for secrets in the pipeline and before each commit',
  references: ['OWASP CICD-SEC-6', 'NIST SP 800-218 PS.1'],
  tags: ['owasp-cicd:6', 'pci-dss:6.2.4', 'soc2:CC6.1'],
  *check(repository: Repository) {
    yield* missing(repository, 'secret', 'secrets', '- run: npx cullis gate .\n');
  },
} satisfies SubjectRule<Repository>;

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
