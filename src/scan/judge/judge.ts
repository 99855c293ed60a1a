// Findings as found -> findings as judged: owner, first seen, due day, suppression.
import { compareFindings } from '#model/finding.ts';
import type { Finding } from '#model/finding.ts';
import type { JudgedFinding } from '../result.ts';
import type { Baseline } from './baseline.ts';
import type { Suppressor } from './suppress.ts';
import { dueDay } from './terms.ts';
import type { Terms } from './terms.ts';
import { mergeTwins } from './twins.ts';

export interface Judges {
  readonly today: string;
  readonly terms: Terms;
  readonly baseline: Baseline;
  readonly suppressor: Suppressor;
  readonly owner: (finding: Finding) => string | undefined;
}

/** @returns worst first; one finding for one id, whatever number of units shows it, and one for a secret that two rules tell of */
export function judge(findings: readonly Finding[], judges: Judges): readonly JudgedFinding[] {
  const unique = new Map<string, Finding>();
  for (const finding of findings) if (!unique.has(finding.id)) unique.set(finding.id, finding);
  const told = new Map(mergeTwins([...unique.values()]).map(({ finding, also }) => [finding, also]));
  return [...told.keys()].sort(compareFindings).map((finding) => {
    const { today, terms, baseline } = judges;
    const twins = [finding, ...(told.get(finding) ?? [])];
    const [known] = twins.flatMap(({ id }) => baseline.findings.get(id) ?? []);
    const firstSeen = known && known.firstSeen < today ? known.firstSeen : today;
    const due = dueDay(finding.severity, firstSeen, terms);
    const [suppressed] = twins.flatMap((twin) => judges.suppressor.of(twin) ?? []);
    const owner = judges.owner(finding);
    // A suppression that says until when is a new term; one without an end does not outlive the day of a critical or high finding.
    const late = due !== undefined && due < today && suppressed?.until === undefined;
    const overdue = late && (!suppressed || finding.severity === 'critical' || finding.severity === 'high');
    return {
      ...finding,
      ...(owner !== undefined && { owner }),
      firstSeen,
      ...(due !== undefined && { due }),
      overdue,
      known: known !== undefined,
      ...(suppressed && !overdue && { suppressed }),
    };
  });
}
