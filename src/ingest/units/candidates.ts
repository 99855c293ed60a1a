// Which files of a tree may hold manifests, and which documents look like one.
import { isObject } from '../check.ts';
import { TEXT_FORMATS } from '../formats.ts';
import { isKustomizationFile } from '../kustomize/names.ts';

export const MANIFEST = /\.(?:ya?ml|json)$/i;
/** Name of what comes by standard input: what a tool rendered. */
export const STDIN = '<stdin>';
/** Files of other tools: nothing in them is a manifest, and some are large. */
const OTHER_FILES =
  /(?:^|\/)(?:package(?:-lock)?|composer|tsconfig[\w.-]{0,60}|jsconfig|\.eslintrc|renovate|bun|deno|npm-shrinkwrap|angular|nx|lerna|turbo)\.json$|(?:^|\/)(?:pnpm-lock|pnpm-workspace|pubspec|\.pre-commit-config|mkdocs|\.golangci|codecov|skaffold|\.gitlab-ci|azure-pipelines|cloudbuild|\.travis|appveyor|buf(?:\.[a-z]{1,20})?|dependabot)\.ya?ml$|\.(?:schema|min|lock)\.json$|(?:^|\/)(?:node_modules|\.github|\.circleci)\//i;

/** Whether a reader of this folder knows files of such a name. */
export function isCandidate(file: string): boolean {
  return (
    MANIFEST.test(file) || file === STDIN || isKustomizationFile(file) || TEXT_FORMATS.some((format) => format.matches(file))
  );
}

/** Whether a file belongs to another tool and is passed over. @param path cleaned */
export function isOtherTools(path: string): boolean {
  return OTHER_FILES.test(path);
}

/** Configuration of other programs has an `apiVersion` or a `kind` too, but hardly both, and numbers where Kubernetes has none. */
export function looksLikeObject(raw: unknown): boolean {
  if (!isObject(raw)) return false;
  const { apiVersion, kind } = raw;
  if (apiVersion !== undefined && kind !== undefined) return typeof apiVersion === 'string' && typeof kind === 'string';
  return typeof (apiVersion ?? kind) === 'string' && ('metadata' in raw || 'spec' in raw);
}
