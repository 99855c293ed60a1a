// Build files of repositories to findings.
import type { Finding } from '#model/finding.ts';
import { findingOf } from '../rule.ts';
import { BUILD_RULES } from '../rules/build.ts';
import { workflowOf } from './github.ts';
import type { Repository } from './github.ts';
import { readBuildFile } from './read.ts';
import type { NamedText, PipelineFile } from './read.ts';

/**
 * What the pipelines of some files leave out or let in. Files of other kinds may be among them.
 * @example buildFindings([{ path: '.github/workflows/ci.yml', text }])
 */
export function buildFindings(files: Iterable<NamedText>): readonly Finding[] {
  const read: PipelineFile[] = [];
  for (const file of files) {
    const one = readBuildFile(file);
    if (one) read.push(one);
  }
  return repositoriesOf(read).flatMap((repository) =>
    BUILD_RULES.flatMap((rule) => [...rule.check(repository, { now: 0 })].map((hit) => findingOf(rule, hit))),
  );
}

/** Grouped by the outermost folder that has a pipeline; what lies below it belongs to it. */
function repositoriesOf(files: readonly PipelineFile[]): readonly Repository[] {
  const roots: string[] = [];
  const pipelines = files.filter(({ role }) => role === 'pipeline').toSorted((a, b) => a.root.length - b.root.length);
  for (const { root } of pipelines) if (!roots.some((outer) => root.startsWith(outer))) roots.push(root);
  return roots.map((root) => {
    const own = running(files.filter(({ path }) => path.startsWith(root)));
    return { root, files: own, workflows: own.flatMap((file) => workflowOf(file) ?? []) };
  });
}

const ROUNDS_MAX = 4;

/** Files that run by themselves, and what they call, directly or through each other. */
function running(files: readonly PipelineFile[]): readonly PipelineFile[] {
  const active = new Map<PipelineFile, PipelineFile>();
  const known = new Map<PipelineFile, number>();
  let calls = '';
  for (const file of files)
    if (!file.calledBy && file.scripts.length === 0) {
      active.set(file, file);
      calls += `\n${file.calls}`;
    }
  for (let round = 0; round < ROUNDS_MAX && calls.length < CALLS_SIZE_MAX; round++) {
    let more = '';
    for (const file of files) {
      if (active.get(file) === file || (file.calledBy && !file.calledBy(calls))) continue;
      if (file.scripts.length === 0) {
        active.set(file, file);
        more += `\n${file.calls}`;
        continue;
      }
      const names = new Set([...new Set(file.scripts.map(({ within }) => within!))].filter((name) => callsScript(calls, name)));
      if (names.size === (known.get(file) ?? -1)) continue;
      known.set(file, names.size);
      const isCalled = ({ within }: PipelineFile['steps'][number]): boolean => within === undefined || names.has(within);
      active.set(file, { ...file, steps: file.steps.filter(isCalled) });
      more += `\n${file.scripts
        .filter(isCalled)
        .map(({ text }) => text)
        .join('\n')}`;
    }
    if (more === '') break;
    calls += more;
  }
  return files.flatMap((file) => active.get(file) ?? []);
}

const CALLS_SIZE_MAX = 4 * 1024 * 1024;
const PLACES_MAX = 1000;

/** `npm run audit`, `yarn audit:ci`, `pnpm -r lint`; `npm test` needs no `run`. */
function callsScript(calls: string, name: string): boolean {
  const wanted = name.toLowerCase();
  if (/^(?:pre|post)?install$|^prepare$/.test(wanted)) return /\b(?:npm|yarn|pnpm|bun)(?: (?:ci|i|install))?\b/.test(calls);
  // Those with `pre` and `post` before a name run beside it.
  const base = /^(?:pre|post)(?=[a-z])(.*)$/.exec(wanted)?.[1];
  if (base !== undefined && callsScript(calls, base)) return true;
  let at = calls.indexOf(wanted);
  for (let tried = 0; at >= 0 && tried < PLACES_MAX; at = calls.indexOf(wanted, at + 1), tried++) {
    const end = calls[at + wanted.length];
    const line = calls.slice(Math.max(calls.lastIndexOf('\n', at) + 1, at - 200), at);
    if (
      (end === undefined || /[\s;&|"']/.test(end)) &&
      /\b(?:npm|yarn|pnpm|bun|npx|turbo|nx|lerna|wireit|run-s|run-p|npm-run-all)\b.*\s$/.test(line)
    )
      return true;
  }
  return false;
}
