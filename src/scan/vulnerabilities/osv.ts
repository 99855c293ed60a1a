// OSV advisories (https://ossf.github.io/osv-schema/) cut down to what matching and reports need.
import { isRecord, listOf, recordOf, textOf } from './lockfile.ts';
import { canonicalName } from './package.ts';
import { versionOrder } from './versions.ts';

/** A change of state along the versions; `introduced: '0'` is before all of them. */
export type RangeEvent =
  | { readonly introduced: string }
  | { readonly fixed: string }
  | { readonly lastAffected: string }
  | { readonly limit: string };

export interface AffectedRange {
  /** SEMVER orders as semver.org says, ECOSYSTEM as the ecosystem does. */
  readonly type: 'SEMVER' | 'ECOSYSTEM';
  readonly events: readonly RangeEvent[];
}

export interface Severity {
  /** `CVSS_V2`, `CVSS_V3`, `CVSS_V4`, `Ubuntu`, … */
  readonly type: string;
  readonly score: string;
}

export interface Affected {
  /** As OSV writes it, with the release behind a colon. */
  readonly ecosystem: string;
  /** Canonical name. */
  readonly name: string;
  readonly ranges: readonly AffectedRange[];
  /** Affected versions that no range covers. */
  readonly versions: readonly string[];
  /** There are ranges of commits, which no package version can be compared with. */
  readonly commits: boolean;
  readonly severity: readonly Severity[];
  /** A distribution's own judgment for its release (Debian's urgency); '' when it gives none. */
  readonly urgency: string;
}

export interface Advisory {
  readonly id: string;
  readonly aliases: readonly string[];
  /** Advisories that this one was made from. */
  readonly upstream: readonly string[];
  readonly summary: string;
  /** RFC 3339. */
  readonly published: string;
  readonly modified: string;
  readonly withdrawn: string;
  readonly severity: readonly Severity[];
  /** `LOW` … `CRITICAL`, when the database gives a word. */
  readonly word: string;
  readonly cwe: readonly number[];
  readonly references: readonly string[];
  readonly affected: readonly Affected[];
}

const TEXT_MAX = 300;
const REFERENCES_MAX = 5;
const LIST_MAX = 20_000;

/**
 * Reads one advisory.
 * @param raw parsed JSON of one OSV record
 * @returns undefined when it is none, or says nothing about packages
 */
export function readAdvisory(raw: unknown): Advisory | undefined {
  if (!isRecord(raw)) return undefined;
  const id = textOf(raw['id']);
  if (id === '' || id.length > 200) return undefined;
  const affected = listOf(raw['affected'])
    .slice(0, LIST_MAX)
    .flatMap((each) => readAffected(each) ?? []);
  if (affected.length === 0) return undefined;
  const database = recordOf(raw['database_specific']);
  const specific = listOf(raw['affected']).map((each) => recordOf(recordOf(each)['database_specific']));
  const references = listOf(raw['references']).flatMap((each) => {
    const url = textOf(recordOf(each)['url']);
    return /^https?:\/\/[^\s]{1,500}$/.test(url) ? [{ url, advisory: recordOf(each)['type'] === 'ADVISORY' }] : [];
  });
  return {
    id,
    aliases: texts(raw['aliases']),
    upstream: upstreamOf(id, raw),
    summary: cut(textOf(raw['summary']) || textOf(raw['details'])),
    published: textOf(raw['published']),
    modified: textOf(raw['modified']),
    withdrawn: textOf(raw['withdrawn']),
    severity: readSeverity(raw['severity']),
    word: textOf(database['severity']).toUpperCase(),
    cwe: cweOf([database, ...specific]),
    references: references
      .toSorted((a, b) => Number(b.advisory) - Number(a.advisory))
      .slice(0, REFERENCES_MAX)
      .map(({ url }) => url),
    affected,
  };
}

function texts(value: unknown): string[] {
  return listOf(value)
    .slice(0, 100)
    .map(textOf)
    .filter((text) => text !== '');
}

/** Notices of some distributions name the CVEs that they fix as related only. */
const NOTICE = /^(?:AL[SBE]A|RLSA|RXSA|RH[SBE]A|ELSA|OESA|MGASA|DSA|DTSA|DLA|USN|LSN|SUSE-[SRO]U|openSUSE-[SRO]U)-/;

function upstreamOf(id: string, raw: Readonly<Record<string, unknown>>): string[] {
  const told = texts(raw['upstream']);
  if (told.length > 0 || !NOTICE.test(id)) return told;
  return texts(raw['related']).filter((name) => name.startsWith('CVE-'));
}

function cut(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > TEXT_MAX ? `${line.slice(0, TEXT_MAX - 1)}…` : line;
}

function readSeverity(value: unknown): Severity[] {
  return listOf(value)
    .slice(0, 10)
    .map((each) => ({ type: textOf(recordOf(each)['type']), score: textOf(recordOf(each)['score']) }));
}

function cweOf(places: readonly Readonly<Record<string, unknown>>[]): number[] {
  const found = new Set<number>();
  for (const place of places.slice(0, 100)) {
    for (const each of [...listOf(place['cwe_ids']), ...listOf(place['cwes'])]) {
      const match = /(\d{1,5})$/.exec(textOf(each) || textOf(recordOf(each)['cweId']));
      if (match) found.add(Number(match[1]));
    }
  }
  return [...found];
}

function readAffected(raw: unknown): Affected | undefined {
  const entry = recordOf(raw);
  const about = recordOf(entry['package']);
  const ecosystem = textOf(about['ecosystem']);
  const name = textOf(about['name']);
  if (ecosystem === '' || name === '') return undefined;
  const ranges: AffectedRange[] = [];
  let commits = false;
  for (const each of listOf(entry['ranges'])) {
    const { type, events } = recordOf(each);
    if (type === 'GIT') commits = true;
    if (type !== 'SEMVER' && type !== 'ECOSYSTEM') continue;
    const read = listOf(events)
      .slice(0, LIST_MAX)
      .flatMap((event) => readEvent(recordOf(event)) ?? []);
    if (read.length > 0) ranges.push({ type, events: sortEvents(ecosystem, type, read) });
  }
  const versions = listOf(entry['versions'])
    .slice(0, LIST_MAX)
    .map(textOf)
    .filter((version) => version !== '' && !inRanges(ecosystem, version, ranges));
  return {
    ecosystem,
    name: canonicalName(ecosystem, name),
    ranges,
    versions,
    commits,
    severity: readSeverity(entry['severity']),
    urgency: textOf(recordOf(entry['ecosystem_specific'])['urgency']).toUpperCase(),
  };
}

function readEvent(event: Readonly<Record<string, unknown>>): RangeEvent | undefined {
  if (typeof event['introduced'] === 'string') return { introduced: event['introduced'] };
  if (typeof event['fixed'] === 'string') return { fixed: event['fixed'] };
  if (typeof event['last_affected'] === 'string') return { lastAffected: event['last_affected'] };
  return typeof event['limit'] === 'string' ? { limit: event['limit'] } : undefined;
}

/** The version that an event is about. */
export function eventVersion(event: RangeEvent): string {
  if ('introduced' in event) return event.introduced;
  if ('fixed' in event) return event.fixed;
  return 'limit' in event ? event.limit : event.lastAffected;
}

function orderOf(ecosystem: string, type: AffectedRange['type']): (a: string, b: string) => number {
  return versionOrder(type === 'SEMVER' ? 'npm' : ecosystem);
}

function sortEvents(ecosystem: string, type: AffectedRange['type'], events: readonly RangeEvent[]): RangeEvent[] {
  const order = orderOf(ecosystem, type);
  // At one version the old range ends before a new one begins.
  const rank = (event: RangeEvent): number => ('introduced' in event ? 1 : 0);
  return events.toSorted((a, b) => {
    const [left, right] = [eventVersion(a), eventVersion(b)];
    const start = (left === '0' ? 0 : 1) - (right === '0' ? 0 : 1);
    return start || order(left, right) || rank(a) - rank(b);
  });
}

/** Whether a version lies in one of the ranges (OSV, "Evaluation"). */
export function inRanges(ecosystem: string, version: string, ranges: readonly AffectedRange[]): boolean {
  return ranges.some((range) => inRange(ecosystem, version, range));
}

function inRange(ecosystem: string, version: string, { type, events }: AffectedRange): boolean {
  const order = orderOf(ecosystem, type);
  let affected = false;
  const limits = events.filter((event) => 'limit' in event);
  if (limits.length > 0 && !limits.some(({ limit }) => limit === '*' || order(version, limit) < 0)) return false;
  for (const event of events) {
    if ('introduced' in event) {
      if (event.introduced === '0' || order(version, event.introduced) >= 0) affected = true;
    } else if ('fixed' in event) {
      if (order(version, event.fixed) >= 0) affected = false;
    } else if ('lastAffected' in event && order(version, event.lastAffected) > 0) affected = false;
  }
  return affected;
}

/** The lowest version after `version` that ends a range in which it lies; undefined when none is known. */
export function nearestFix(affected: Affected, version: string): string | undefined {
  let nearest: string | undefined;
  for (const range of affected.ranges) {
    if (!inRange(affected.ecosystem, version, range)) continue;
    const order = orderOf(affected.ecosystem, range.type);
    for (const event of range.events) {
      if (!('fixed' in event) || order(event.fixed, version) <= 0) continue;
      // A fix in one branch that a later range takes back is none.
      if (inRanges(affected.ecosystem, event.fixed, affected.ranges)) continue;
      if (nearest === undefined || order(event.fixed, nearest) < 0) nearest = event.fixed;
    }
  }
  return nearest;
}
