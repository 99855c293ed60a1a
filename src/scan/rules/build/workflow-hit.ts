// What rules over workflows of GitHub share.
import type { Path } from '#model/origin.ts';
import type { Workflow } from '../../pipelines/github.ts';
import type { Hit } from '../../rule.ts';

export const HARDENING =
  'https://docs.github.com/actions/security-for-github-actions/security-guides/security-hardening-for-github-actions';

/** A hit in a workflow. @param path to the part of its YAML */
export function workflowHit(workflow: Workflow, path: Path, title: string, more: Partial<Hit> = {}): Hit {
  return { title, at: { location: { file: workflow.file, ...workflow.lineOf(path) }, subject: workflow.file }, ...more };
}
