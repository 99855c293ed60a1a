// Which files are needed as text beyond what is found in each by itself.
import { isCandidate } from '#ingest/units/candidates.ts';
import { isBuildFile } from '#scan/pipelines/read.ts';
import { mayBeSbom } from '#scan/sbom/read.ts';
import { isLockfile } from '#scan/vulnerabilities/lockfiles.ts';

/** Files that lockfiles lean on: hashes of Go modules, included requirements, versions that projects share. */
const BESIDE_LOCKFILES = /(?:^|\/)(?:go\.sum|[^/]*\.(?:txt|in|props|toml))$/i;
export const CODE_OWNERS = /(?:^|\/)(?:\.github\/|\.gitlab\/|docs\/)?CODEOWNERS$/;

/** Whether steps over several files ask for the text: manifests, lockfiles, bills of materials, pipelines, owners. */
export function needsText(path: string): boolean {
  return (
    isCandidate(path) ||
    isLockfile(path) ||
    mayBeSbom(path) ||
    isBuildFile(path) ||
    BESIDE_LOCKFILES.test(path) ||
    CODE_OWNERS.test(path)
  );
}
