// Findings as found -> findings as judged: owner, first seen, due day, suppression.
import { compareFindings } from '#model/finding.ts';
import type { Finding } from '#model/finding.ts';
import type { JudgedFinding } from '../result.ts';
import type { Baseline } from './baseline.ts';
import type { Suppressor } from './suppress.ts';
import { dueDay } from './terms.ts';
import type { Terms } from './terms.ts';

export interface Judges {
  readonly today: string;
  readonly terms: Terms;
  readonly baseline: Baseline;
  readonly suppressor: Suppressor;
  readonly owner: (finding: Finding) => string | undefined;
}

/** @returns worst first; one finding for one id, whatever number of units shows it */
export function judge(findings: readonly Finding[], judges: Judges): readonly JudgedFinding[] {
  const unique = new Map<string, Finding>();
  for (const finding of findings) if (!unique.has(finding.id)) unique.set(finding.id, finding);
  return [...unique.values()].sort(compareFindings).map((finding) => {
    const { today, terms, baseline } = judges;
    const known = baseline.findings.get(finding.id);
    const firstSeen = known && known.firstSeen < today ? known.firstSeen : today;
    const due = dueDay(finding.severity, firstSeen, terms);
    const suppressed = judges.suppressor.of(finding);
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
