// What one scan gives: findings as judged, what was looked at, and what was not.
import type { NotAnalysed } from '#model/coverage.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import type { Finding, FindingSeverity } from '#model/finding.ts';

/** A finding with what the team's own files say about it. */
export interface JudgedFinding extends Finding {
  /** Who has to act: a CODEOWNERS entry, an annotation or a label. */
  readonly owner?: string;
  /** RFC 3339 day on which it was first seen (the baseline's, else today's). */
  readonly firstSeen: string;
  /** RFC 3339 day until which it is to be fixed; absent for severities without a term. */
  readonly due?: string;
  /** The day has passed: no baseline and no suppression without a later end hides it any more. */
  readonly overdue: boolean;
  /** In the baseline already. */
  readonly known: boolean;
  readonly suppressed?: Suppression;
}

/** A decision of the team to live with a finding, always with its reason. */
export interface Suppression {
  readonly reason: string;
  /** RFC 3339 day after which it counts again. */
  readonly until?: string;
  readonly kind: 'comment' | 'annotation' | 'file';
  /** Where it is written, `file:line`. */
  readonly where: string;
}

/** One deployable as it was read. */
export interface UnitSummary {
  readonly name: string;
  readonly files: number;
  readonly documents: number;
  readonly workloads: number;
  readonly services: number;
  /** SHA-256 over the contents of its files. */
  readonly hash: string;
}

/** A way from the internet to a crown jewel, as far as reports need it. */
export interface PathSummary {
  /** Stable: the same route has the same id in the next scan. */
  readonly id: string;
  readonly unit: string;
  readonly from: string;
  readonly to: string;
  readonly hops: readonly { readonly text: string; readonly file?: string; readonly line?: number }[];
  /** Euros: probability times the value of what is lost. */
  readonly risk: number;
}

export interface ScanResult {
  readonly version: string;
  /** What was asked for, as the user named it. */
  readonly target: string;
  /** RFC 3339. */
  readonly at: string;
  readonly files: number;
  readonly bytes: number;
  /** Packages that lockfiles, bills of materials and images name. */
  readonly packages: number;
  readonly units: readonly UnitSummary[];
  readonly findings: readonly JudgedFinding[];
  readonly paths: readonly PathSummary[];
  readonly diagnostics: readonly Diagnostic[];
  readonly notAnalysed: readonly NotAnalysed[];
  /** About the advisory database, when one was used: age in days. */
  readonly advisories?: { readonly from: string; readonly ageDays: number; readonly count: number };
}

/** Findings that count: not suppressed, or overdue all the same. */
export function open(findings: readonly JudgedFinding[]): JudgedFinding[] {
  return findings.filter((one) => !one.suppressed);
}

/** How many of each severity. */
export function countBySeverity(findings: readonly Finding[]): Readonly<Record<FindingSeverity, number>> {
  const counts = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
  for (const { severity } of findings) counts[severity]++;
  return counts;
}
