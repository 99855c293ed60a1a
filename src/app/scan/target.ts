// What a word of the command line names.
import { resolve } from 'node:path';
import { isImagePath } from '#sources/oci.ts';
import { parseReference } from '#sources/registry.ts';

/** Whether a word names an image: an archive or layout on disk, else a name that is no path. */
export function isImage(word: string, cwd: string, exists: boolean): boolean {
  if (exists) return isImagePath(resolve(cwd, word));
  // A path that is missing must be told as missing, not asked of a registry: a name has a tag, a digest, or a registry's host.
  const first = word.split('/', 1)[0] ?? '';
  const isNamed =
    /^[a-z0-9]/.test(word) &&
    (/:\w[\w.-]*$|@sha(?:256|512):[0-9a-f]+$/.test(word) ||
      (word.includes('/') && (/[.:]/.test(first) || first === 'localhost')));
  return isNamed && parseReference(word) !== undefined;
}
