// What a word of the command line names.
import { resolve } from 'node:path';
import { isImagePath } from '#sources/oci.ts';
import { parseReference } from '#sources/registry.ts';

/** Whether a word names an image: an archive or layout on disk, else a name that is no path. */
export function isImage(word: string, cwd: string, exists: boolean): boolean {
  if (exists) return isImagePath(resolve(cwd, word));
  // A path that is missing must be told as missing, not asked of a registry: a name has a tag, a digest, or a registry's host.
  return (
    /^[a-z0-9][\w.-]*(?::\d+)?\/[\w./-]+(?::[\w.-]+|@sha256:[0-9a-f]{64})?$|^[a-z0-9][\w.-]*(?::[\w.-]+|@sha256:[0-9a-f]{64})$/.test(
      word,
    ) && parseReference(word) !== undefined
  );
}
