// What a check found in the declared system: a fact, where it stands, what to do about it.
import { createHash } from 'node:crypto';
import type { Location } from './origin.ts';

export const FINDING_SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const;
export type FindingSeverity = (typeof FINDING_SEVERITIES)[number];

export interface Finding {
  /** Stable across runs and across moves of the text (findingId). */
  readonly id: string;
  /** Stable name of the check, e.g. `policy.split-rule`. */
  readonly code: string;
  readonly severity: FindingSeverity;
  /** One line, lower-case, no full stop, the user's words in backticks. */
  readonly title: string;
  /** Plain words: what it means and why it matters. */
  readonly message: string;
  readonly location?: Location;
  /** `spec.rules[0].to` when it sits inside a resource. */
  readonly path?: string;
  readonly fix?: {
    readonly text: string;
    /** Ready to paste. */
    readonly yaml?: string;
  };
  /** URLs or names of standards. */
  readonly references: readonly string[];
}

/**
 * A finding's identity: hex, 16 digits of SHA-256 over the check and what it is about, never over line numbers.
 * @param about resource id, path inside it and whatever else tells two findings of one check apart
 */
export function findingId(code: string, ...about: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([code, ...about]))
    .digest('hex')
    .slice(0, 16);
}

/** Worst first, then by place, so that output is stable. */
export function compareFindings(a: Finding, b: Finding): number {
  const severity = FINDING_SEVERITIES.indexOf(a.severity) - FINDING_SEVERITIES.indexOf(b.severity);
  if (severity !== 0) return severity;
  const [left, right] = [a.location, b.location];
  const file = compareText(left?.file ?? '', right?.file ?? '');
  return (
    file ||
    (left?.line ?? 0) - (right?.line ?? 0) ||
    (left?.column ?? 0) - (right?.column ?? 0) ||
    compareText(a.code, b.code) ||
    compareText(a.id, b.id)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
