// By when a finding is to be fixed. A day that has passed cannot be hidden by a baseline, so that a critical one is never lost in a queue.
import type { FindingSeverity } from '#model/finding.ts';

/** Days from the first sighting; absent: no term. */
export type Terms = Readonly<Partial<Record<FindingSeverity, number>>>;

/** As common policies have it: three days, two weeks, two months, half a year. */
export const DEFAULT_TERMS: Terms = { critical: 3, high: 14, medium: 60, low: 180 };

const DAY_MS = 86_400_000;

/** The RFC 3339 day of a moment, in UTC. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/**
 * @param firstSeen RFC 3339 day
 * @returns the last day on which it may still stand, or undefined without a term
 */
export function dueDay(severity: FindingSeverity, firstSeen: string, terms: Terms): string | undefined {
  const days = terms[severity];
  const start = Date.parse(`${firstSeen}T00:00:00Z`);
  return days === undefined || Number.isNaN(start) ? undefined : dayOf(start + days * DAY_MS);
}
