// What a team's policy says about vulnerabilities: by severity, by whether a fix is there, by age, by what is reached.
import { FINDING_SEVERITIES } from '#model/finding.ts';
import type { FindingSeverity } from '#model/finding.ts';
import type { RatedVulnerability } from './findings.ts';

export interface VulnerabilityPolicy {
  /** From this severity on. */
  readonly severity: FindingSeverity;
  /** Only those for which a fixed version is known. */
  readonly onlyFixable: boolean;
  /** Days since publication that are granted, by severity; 0 when absent. */
  readonly graceDays: Partial<Readonly<Record<FindingSeverity, number>>>;
  /** Those known to be exploited, and those on a path to a crown jewel, count at once whatever their severity and age. */
  readonly urgentAtOnce: boolean;
  /** Packages that are needed for development only count too. */
  readonly development: boolean;
  /** Ids that are accepted, with the RFC 3339 day until which. */
  readonly accepted: Readonly<Record<string, string>>;
}

export const DEFAULT_VULNERABILITY_POLICY: VulnerabilityPolicy = {
  severity: 'high',
  onlyFixable: true,
  graceDays: {},
  urgentAtOnce: true,
  development: false,
  accepted: {},
};

const DAY_MS = 86_400_000;

/**
 * Whether a vulnerability breaks the policy.
 * @param now milliseconds since 1970
 * @returns why, or undefined when it does not
 */
export function violates(vulnerability: RatedVulnerability, policy: VulnerabilityPolicy, now: number): string | undefined {
  const { ids, priority, reach, fixedIn, published, package: found } = vulnerability;
  const until = ids
    .map((id) => (Object.hasOwn(policy.accepted, id) ? policy.accepted[id] : undefined))
    .find((day) => day !== undefined);
  if (until !== undefined && now < Date.parse(until) + DAY_MS) return undefined;
  if (found.dev === true && !policy.development) return undefined;
  if (policy.urgentAtOnce && priority.kev) return 'it is known to be exploited';
  if (policy.urgentAtOnce && reach.onPath) return 'it lies on a path to a crown jewel';
  if (FINDING_SEVERITIES.indexOf(priority.severity) > FINDING_SEVERITIES.indexOf(policy.severity)) return undefined;
  if (policy.onlyFixable && fixedIn === undefined) return undefined;
  const age = published === '' ? Number.POSITIVE_INFINITY : Math.floor((now - Date.parse(published)) / DAY_MS);
  const grace = policy.graceDays[priority.severity] ?? 0;
  if (age < grace) return undefined;
  const known = Number.isFinite(age) && grace > 0 ? `, known for ${age} days, the policy gives ${grace}` : '';
  return `${priority.severity}${fixedIn === undefined ? ' without a known fix' : ` with a fix (${fixedIn})`}${known}`;
}
