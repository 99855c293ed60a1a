// What a pipeline scans for, and what it builds.
import type { Repository } from '../../pipelines/github.ts';
import type { PipelineFile, Step } from '../../pipelines/read.ts';
import { isBuild, isInstall, TOOLS } from '../../pipelines/tools.ts';
import type { ScanKind } from '../../pipelines/tools.ts';
import type { Hit } from '../../rule.ts';

export interface Evidence {
  readonly file: PipelineFile;
  readonly step: Step;
  readonly tool: string;
}

/** Every step that looks for one kind of thing. */
export function evidenceOf(repository: Repository, kind: ScanKind): readonly Evidence[] {
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

/** A hit where something is built and nothing looks. @param what as people call it @param yaml a step that would */
export function* missing(repository: Repository, kind: ScanKind, what: string, yaml: string): Generator<Hit> {
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
