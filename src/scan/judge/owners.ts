// Who has to act: CODEOWNERS by path, or what the resource itself says.
import type { Resource } from '#model/resource.ts';
import { globMatcher } from './glob.ts';

const KEYS = ['cullis.dev/owner', 'owner', 'team', 'app.kubernetes.io/owner', 'backstage.io/owner', 'app.kubernetes.io/team'];

/** The owner that a resource's annotations or labels name. */
export function ownerOf({ metadata }: Resource): string | undefined {
  for (const key of KEYS) {
    const value = metadata.annotations[key] ?? metadata.labels[key];
    if (value !== undefined && value !== '') return value.slice(0, 200);
  }
  return undefined;
}

/**
 * Reads a CODEOWNERS file (GitHub's and GitLab's form: the last pattern that matches wins; sections are passed over).
 * @returns the owners of a path, or undefined
 */
export function readCodeOwners(text: string): (file: string) => string | undefined {
  const rows: { readonly matches: (file: string) => boolean; readonly owners: string }[] = [];
  for (const raw of text.split('\n').slice(0, 10_000)) {
    const line = raw.replace(/(?:^|\s)#.*$/, '').trim();
    if (line === '' || line.startsWith('[') || line.startsWith('^[')) continue;
    const [pattern = '', ...owners] = line.split(/\s+/);
    rows.push({ matches: pathMatcher(pattern), owners: owners.join(' ') });
  }
  rows.reverse();
  return (file) => rows.find(({ matches }) => matches(file))?.owners || undefined;
}

/** A pattern without a slash inside matches at any depth; one that ends with `/`, or names a folder, takes everything below. */
function pathMatcher(pattern: string): (file: string) => boolean {
  const rooted = pattern.replace(/\/$/, '').includes('/');
  const body = pattern.replace(/^\//, '').replace(/\/$/, '');
  const base = rooted ? body : `**/${body}`;
  const exact = globMatcher(base);
  const below = globMatcher(`${base}/**`);
  if (pattern.endsWith('/')) return below;
  return (file) => exact(file) || (!body.endsWith('*') && below(file));
}
