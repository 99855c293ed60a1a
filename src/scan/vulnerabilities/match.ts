// Which advisories a package at its version is affected by, one result a vulnerability whatever it is called in how many databases.
import { bestScore } from './cvss.ts';
import type { Score } from './cvss.ts';
import type { AdvisoryDatabase } from './index-file.ts';
import { familyOf } from './index-file.ts';
import { inRanges, nearestFix } from './osv.ts';
import type { Advisory, Affected, Severity } from './osv.ts';
import { canonicalName } from './package.ts';
import type { Package } from './package.ts';
import { compareVersions, versionOrder } from './versions.ts';
import { compareDebian } from './versions/debian.ts';

/** One vulnerability of one package. */
export interface Vulnerability {
  /** The CVE where there is one. */
  readonly id: string;
  /** Every name it has, the id included, in order. */
  readonly ids: readonly string[];
  readonly package: Package;
  readonly summary: string;
  readonly score: Score | undefined;
  /** The database's own word: `LOW` … `CRITICAL`; '' when it gives none. */
  readonly word: string;
  /** The distribution's judgment of it in its own package, which counts more than a score of the code in general; '' when it gives none. */
  readonly vendor: string;
  readonly cwe: readonly number[];
  readonly references: readonly string[];
  /** The nearest version without it. */
  readonly fixedIn: string | undefined;
  /** RFC 3339. */
  readonly published: string;
  readonly modified: string;
}

/** Ecosystems that several distributions' releases share one name in; their advisories hold for one release only. */
function sameRelease(affected: string, own: string): boolean {
  if (affected === own) return true;
  const release = affected.indexOf(':');
  const ownRelease = own.indexOf(':');
  // An entry for the distribution as a whole, and a package whose release is not known.
  if (release === -1 || ownRelease === -1) return true;
  const [left, right] = [affected.slice(release + 1), own.slice(ownRelease + 1)];
  if (familyOf(own) === 'ubuntu') {
    // `Ubuntu:22.04:LTS`, `Ubuntu:Pro:18.04:LTS`: the fix of the paid service is told, the release is the number.
    const number = (text: string): string => /\d+\.\d+/.exec(text)?.[0] ?? text;
    return number(left) === number(right);
  }
  // `Maven:https://repo…` and the like name a repository.
  if (/^https?:/.test(left) || /^https?:/.test(right)) return /^https?:/.test(left) === /^https?:/.test(right);
  if (familyOf(own) === 'red hat') {
    // `enterprise_linux:9::appstream`: the product and its major version, whatever the repository.
    const product = (text: string): string =>
      text
        .split(':')
        .slice(0, 2)
        .join(':')
        .replace(/\.\d+$/, '');
    return product(left) === product(right);
  }
  if (familyOf(own) === 'suse') {
    // The modules of one service pack are one system: `… Module for Basesystem 15 SP5`.
    const pack = (text: string): string => /(\d+(?: SP\d+)?)(?:-\w+)?$/.exec(text)?.[1] ?? text;
    return left.startsWith('Linux Enterprise') && pack(left) === pack(right);
  }
  const major = (text: string): string => text.replace(/^v(?=\d)/, '').split(/[.:]/)[0]!;
  if (familyOf(own) === 'alpine') return left.replace(/^v/, '') === right.replace(/^v/, '');
  if (/^(?:rocky linux|almalinux|debian)$/.test(familyOf(own))) return major(left) === major(right);
  return left === right;
}

/** The entry of an advisory that a package falls under. */
function affectedEntry(advisory: Advisory, ecosystem: string, name: string, version: string): Affected | undefined {
  const family = familyOf(ecosystem);
  return advisory.affected.find(
    (entry) =>
      entry.name === name &&
      familyOf(entry.ecosystem) === family &&
      sameRelease(entry.ecosystem, ecosystem) &&
      (inRanges(entry.ecosystem, version, entry.ranges) || entry.versions.includes(version)),
  );
}

/**
 * The vulnerabilities of a package. Withdrawn advisories do not count.
 * @returns one a vulnerability, sorted by id
 */
export function vulnerabilitiesOf(found: Package, database: AdvisoryDatabase): readonly Vulnerability[] {
  if (found.ecosystem === '' || found.version === '') return [];
  const { version } = found.source ?? found;
  const matches: Match[] = [];
  for (const name of namesToFind(found)) {
    for (const advisory of database.find(found.ecosystem, name)) {
      if (advisory.withdrawn !== '') continue;
      const entry = affectedEntry(advisory, found.ecosystem, name, version);
      if (entry) for (const names of namesOf(advisory)) matches.push({ advisory, entry, names });
    }
  }
  // `malicious package` entries of the same id as others, distribution notices made from CVEs: all names that meet are one.
  return groups(matches)
    .map((group) => merge(found, version, group))
    .toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

/** dpkg's advisories are about source packages; those of other distributions about either. */
function namesToFind({ ecosystem, name, source }: Package): string[] {
  if (!source || source.name === name) return [canonicalName(ecosystem, name)];
  return versionOrder(ecosystem) === compareDebian ? [source.name] : [source.name, name];
}

interface Match {
  readonly advisory: Advisory;
  readonly entry: Affected;
  /** Under which it is the same vulnerability as another. */
  readonly names: readonly string[];
}

/** The vulnerabilities that an advisory is about, each with its names: a distribution's notice may be about many CVEs, and stands for each of them. */
function namesOf({ id, aliases, upstream }: Advisory): string[][] {
  const names = [...new Set([id, ...aliases, ...upstream])];
  const cves = names.filter((name) => name.startsWith('CVE-'));
  return cves.length > 1 && !id.startsWith('CVE-') ? cves.map((cve) => [cve]) : [names];
}

function groups(matches: readonly Match[]): Match[][] {
  const parent = matches.map((_, i) => i);
  const root = (i: number): number => {
    let at = i;
    while (parent[at] !== at) at = parent[at] = parent[parent[at]!]!;
    return at;
  };
  const owner = new Map<string, number>();
  for (const [i, { names }] of matches.entries()) {
    for (const name of names) {
      const first = owner.get(name);
      if (first === undefined) owner.set(name, i);
      else parent[root(i)] = root(first);
    }
  }
  const found = new Map<number, Match[]>();
  for (const [i, match] of matches.entries()) {
    const list = found.get(root(i));
    if (list) list.push(match);
    else found.set(root(i), [match]);
  }
  return [...found.values()];
}

function merge(found: Package, version: string, group: readonly Match[]): Vulnerability {
  const ids = [...new Set(group.flatMap(({ advisory, names }) => [...names, advisory.id]))].toSorted(compareIds);
  const severities = group.flatMap(({ advisory, entry }) => [...entry.severity, ...advisory.severity]);
  const fixes = group.flatMap(({ entry }) => nearestFix(entry, version) ?? []);
  // All databases must agree that it is fixed: the latest of their nearest fixes.
  const fixedIn = fixes.toSorted((a, b) => compareVersions(found.ecosystem, b, a))[0];
  const dates = group
    .map(({ advisory }) => advisory.published)
    .filter((date) => date !== '')
    .toSorted();
  return {
    id: ids[0]!,
    ids,
    package: found,
    summary: group.map(({ advisory }) => advisory.summary).find((text) => text !== '') ?? '',
    score: bestScore(severities),
    word: group.map(({ advisory }) => advisory.word).find((word) => word !== '') ?? '',
    vendor: vendorWord(group, severities),
    cwe: [...new Set(group.flatMap(({ advisory }) => advisory.cwe))],
    references: [...new Set(group.flatMap(({ advisory }) => advisory.references))].slice(0, 5),
    fixedIn,
    published: dates[0] ?? '',
    modified:
      group
        .map(({ advisory }) => advisory.modified)
        .toSorted()
        .at(-1) ?? '',
  };
}

function vendorWord(group: readonly Match[], severities: readonly Severity[]): string {
  const urgency = group.map(({ entry }) => entry.urgency).find((word) => word !== '');
  return urgency ?? severities.find(({ type }) => !type.startsWith('CVSS'))?.score.toUpperCase() ?? '';
}

/** CVE first, then GHSA, then the rest. */
function compareIds(a: string, b: string): number {
  const rank = (id: string): number => (id.startsWith('CVE-') ? 0 : id.startsWith('GHSA-') ? 1 : 2);
  return rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0);
}
