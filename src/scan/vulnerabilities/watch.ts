// Stored bills of materials, matched again whenever advisories change: what is new, what is gone, and how long each stood open.
import type { FindingSeverity } from '#model/finding.ts';
import type { RatedVulnerability } from './findings.ts';

/** The unpatched window of one vulnerability of one package of one subject. */
export interface WatchEntry {
  /** Image or project. */
  readonly subject: string;
  readonly id: string;
  readonly purl: string;
  readonly severity: FindingSeverity;
  readonly fixedIn?: string;
  /** RFC 3339: when it was first matched. */
  readonly firstSeen: string;
  /** RFC 3339: when a fixed version was first known. */
  readonly fixKnown?: string;
  /** RFC 3339: when it was gone; absent while it is open. */
  readonly fixedAt?: string;
  /** Why it is gone: the package changed, or the advisory no longer says so. */
  readonly closed?: 'package-changed' | 'advisory-changed';
}

export interface WatchState {
  readonly version: 1;
  readonly entries: readonly WatchEntry[];
}

export interface WatchStep {
  readonly state: WatchState;
  readonly opened: readonly WatchEntry[];
  readonly closed: readonly WatchEntry[];
  /** Open before, for which a fixed version has become known, or whose severity has risen. */
  readonly changed: readonly WatchEntry[];
}

/** What was matched for one subject now. */
export interface WatchSubject {
  readonly subject: string;
  /** Package URLs that it holds now. */
  readonly purls: ReadonlySet<string>;
  readonly vulnerabilities: readonly RatedVulnerability[];
}

export const EMPTY_WATCH: WatchState = { version: 1, entries: [] };
/** Closed entries are kept so long for reports. */
const KEEP_DAYS = 400;
const DAY_MS = 86_400_000;
const RANKS: readonly FindingSeverity[] = ['critical', 'high', 'medium', 'low', 'info'];

function keyOf(entry: { readonly subject: string; readonly id: string; readonly purl: string }): string {
  return JSON.stringify([entry.subject, entry.id, entry.purl]);
}

/**
 * One step of the watch. Pure: what was known, what is matched now, and the time give what is known next. Subjects that are not among `now` keep their entries.
 * @param at milliseconds since 1970
 */
export function watchStep(before: WatchState, now: readonly WatchSubject[], at: number): WatchStep {
  const time = new Date(at).toISOString();
  const subjects = new Map(now.map((each) => [each.subject, each]));
  const current = new Map<string, { readonly subject: string; readonly vulnerability: RatedVulnerability }>();
  for (const { subject, vulnerabilities } of now) {
    for (const vulnerability of vulnerabilities)
      current.set(keyOf({ subject, id: vulnerability.id, purl: vulnerability.package.purl }), { subject, vulnerability });
  }
  const [entries, opened, closed, changed]: WatchEntry[][] = [[], [], [], []];
  const open = new Set<string>();
  for (const entry of before.entries) {
    if (entry.fixedAt !== undefined) {
      if (at - Date.parse(entry.fixedAt) <= KEEP_DAYS * DAY_MS) entries!.push(entry);
      continue;
    }
    const key = keyOf(entry);
    open.add(key);
    const match = current.get(key);
    const subject = subjects.get(entry.subject);
    if (match) {
      const next = {
        ...entry,
        ...facts(match.vulnerability),
        ...(entry.fixKnown === undefined && match.vulnerability.fixedIn !== undefined && { fixKnown: time }),
      };
      entries!.push(next);
      if (next.fixKnown !== entry.fixKnown || RANKS.indexOf(next.severity) < RANKS.indexOf(entry.severity)) changed!.push(next);
    } else if (subject) {
      const next: WatchEntry = {
        ...entry,
        fixedAt: time,
        closed: subject.purls.has(entry.purl) ? 'advisory-changed' : 'package-changed',
      };
      entries!.push(next);
      closed!.push(next);
    } else entries!.push(entry);
  }
  for (const [key, { subject, vulnerability }] of current) {
    if (open.has(key)) continue;
    const next: WatchEntry = {
      subject,
      id: vulnerability.id,
      purl: vulnerability.package.purl,
      ...facts(vulnerability),
      firstSeen: time,
      ...(vulnerability.fixedIn !== undefined && { fixKnown: time }),
    };
    entries!.push(next);
    opened!.push(next);
  }
  return { state: { version: 1, entries: entries! }, opened: opened!, closed: closed!, changed: changed! };
}

function facts({ priority, fixedIn }: RatedVulnerability): Pick<WatchEntry, 'severity' | 'fixedIn'> {
  return { severity: priority.severity, ...(fixedIn !== undefined && { fixedIn }) };
}

/** Days that an entry was, or has been, unpatched. @param at milliseconds since 1970 */
export function openDays(entry: WatchEntry, at: number): number {
  const end = entry.fixedAt === undefined ? at : Date.parse(entry.fixedAt);
  return Math.max(0, (end - Date.parse(entry.firstSeen)) / DAY_MS);
}

/** Reads a stored state. @returns undefined when it is none */
export function readWatchState(raw: unknown): WatchState | undefined {
  if (typeof raw !== 'object' || raw === null) return undefined;
  const { version, entries } = raw as { version?: unknown; entries?: unknown };
  if (version !== 1 || !Array.isArray(entries)) return undefined;
  const good = entries.filter((each: unknown): each is WatchEntry => {
    const entry = each as Partial<WatchEntry> | null;
    return (
      typeof entry === 'object' &&
      entry !== null &&
      [entry.subject, entry.id, entry.purl, entry.firstSeen].every((text) => typeof text === 'string') &&
      RANKS.includes(entry.severity!)
    );
  });
  return good.length === entries.length ? { version: 1, entries: good } : undefined;
}
