// GitHub workflows, job by job and step by step.
import type { Path } from '#model/origin.ts';
import type { PipelineFile } from './read.ts';

type Raw = Readonly<Record<string, unknown>>;

export interface WorkflowStep {
  /** Of the step in the document. */
  readonly path: Path;
  readonly uses?: string;
  readonly run?: string;
  readonly with: Raw;
  readonly job: WorkflowJob;
}

export interface WorkflowJob {
  readonly name: string;
  readonly path: Path;
  readonly raw: Raw;
}

export interface Workflow {
  readonly file: string;
  readonly triggers: ReadonlySet<string>;
  readonly raw: Raw;
  readonly jobs: readonly WorkflowJob[];
  readonly steps: readonly WorkflowStep[];
  readonly lineOf: (path: Path) => { readonly line: number; readonly column: number };
}

/** One repository, as far as its files were given. */
export interface Repository {
  /** `''`, or a folder that ends in `/`. */
  readonly root: string;
  readonly files: readonly PipelineFile[];
  readonly workflows: readonly Workflow[];
}

function record(value: unknown): Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : {};
}

/** The workflow of a file below `.github/workflows`; of a composite action its steps, with no trigger. */
export function workflowOf({ path, documents, github }: PipelineFile): Workflow | undefined {
  const [document] = documents;
  if (!github || !document) return undefined;
  const raw = record(document.value);
  const jobs = Object.entries(record(raw['jobs']))
    .slice(0, JOBS_MAX)
    .map(([name, job]): WorkflowJob => ({
      name,
      path: ['jobs', name],
      raw: record(job),
    }));
  const action: WorkflowJob = { name: '', path: ['runs'], raw: record(raw['runs']) };
  const all = 'runs' in raw ? [action] : jobs;
  return {
    file: path,
    // YAML 1.1 reads the key `on` as true.
    triggers: triggersOf(raw['on'] ?? raw['true']),
    raw,
    jobs,
    steps: all.flatMap((job) => stepsOf(job)).slice(0, 5 * STEPS_MAX),
    lineOf: (at) => {
      const { line, column } = document.locate(at);
      return { line, column };
    },
  };
}

function triggersOf(value: unknown): ReadonlySet<string> {
  if (typeof value === 'string') return new Set([value]);
  return new Set(Array.isArray(value) ? value.filter((one) => typeof one === 'string') : Object.keys(record(value)));
}

/** More than the runner takes. */
const STEPS_MAX = 1000;
const JOBS_MAX = 500;

function stepsOf(job: WorkflowJob): readonly WorkflowStep[] {
  const { steps, uses } = job.raw;
  // A job may be a reusable workflow.
  const called: WorkflowStep[] =
    typeof uses === 'string' ? [{ path: [...job.path, 'uses'], uses, with: record(job.raw['with']), job }] : [];
  if (!Array.isArray(steps)) return called;
  return [
    ...called,
    ...steps.slice(0, STEPS_MAX).map((one: unknown, i): WorkflowStep => {
      const step = record(one);
      return {
        path: [...job.path, 'steps', i],
        ...(typeof step['uses'] === 'string' && { uses: step['uses'] }),
        ...(typeof step['run'] === 'string' && { run: step['run'] }),
        with: record(step['with']),
        job,
      };
    }),
  ];
}
