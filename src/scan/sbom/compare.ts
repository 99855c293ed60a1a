// What differs between two bills: staging and production, this release and the last.
import type { Package } from '../vulnerabilities/package.ts';
import { parsePurl } from '../vulnerabilities/purl.ts';
import { compareVersions } from '../vulnerabilities/versions.ts';
import type { Sbom } from './document.ts';

export interface PackageChange {
  /** Package URL without version and qualifiers. */
  readonly package: string;
  readonly a: readonly string[];
  readonly b: readonly string[];
  /** `b` is later than `a`, earlier, or several versions stand on a side. */
  readonly direction: 'added' | 'removed' | 'newer' | 'older' | 'other';
}

function keyOf({ purl, name }: Package): string {
  const parsed = parsePurl(purl);
  return parsed ? `pkg:${parsed.type}/${parsed.namespace === '' ? '' : `${parsed.namespace}/`}${parsed.name}` : name;
}

function byName(
  packages: readonly Package[],
): ReadonlyMap<string, { readonly versions: readonly string[]; readonly ecosystem: string }> {
  const found = new Map<string, { versions: Set<string>; ecosystem: string }>();
  for (const each of packages) {
    const entry = found.get(keyOf(each));
    if (entry) entry.versions.add(each.version);
    else found.set(keyOf(each), { versions: new Set([each.version]), ecosystem: each.ecosystem });
  }
  return new Map(
    [...found].map(([key, { versions, ecosystem }]) => [
      key,
      { ecosystem, versions: [...versions].toSorted((a, b) => compareVersions(ecosystem, a, b)) },
    ]),
  );
}

/** Packages whose versions differ, in order of their names. */
export function comparePackages(a: Pick<Sbom, 'packages'>, b: Pick<Sbom, 'packages'>): PackageChange[] {
  const [left, right] = [byName(a.packages), byName(b.packages)];
  const changes: PackageChange[] = [];
  for (const key of [...new Set([...left.keys(), ...right.keys()])].toSorted()) {
    const [one, two] = [left.get(key), right.get(key)];
    const [versions, others] = [one?.versions ?? [], two?.versions ?? []];
    if (versions.join('\0') === others.join('\0')) continue;
    const single = versions.length === 1 && others.length === 1;
    const order = single ? compareVersions(one!.ecosystem, versions[0]!, others[0]!) : 0;
    const direction = !one ? 'added' : !two ? 'removed' : order < 0 ? 'newer' : order > 0 ? 'older' : 'other';
    changes.push({ package: key, a: versions, b: others, direction });
  }
  return changes;
}
