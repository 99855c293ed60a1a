// What `cullis gate` prints: the verdict's reasons, each with its place, and the verdict last, where a build log ends.
import { formatLocation } from '#model/origin.ts';
import type { GateVerdict } from '#scan/gate/verdict.ts';
import { count, hang, printable } from '../text.ts';
import type { Paint } from '../text.ts';
import { hopLines, SEVERITY_TONES } from './scan.ts';

const SHOWN = 50;

/** @param baseline the file that the user names; without one everything is new */
export function renderGate(verdict: GateVerdict, paint: Paint, columns: number, baseline: string | undefined): string[] {
  const lines: string[] = [];
  for (const { check, text, finding, path } of verdict.failures.slice(0, SHOWN)) {
    lines.push(...hang(`${paint('bad', 'fail')} ${paint('strong', check)}: `, printable(text), columns, 6));
    if (finding) {
      const what = `${paint(SEVERITY_TONES[finding.severity], finding.severity)} ${paint('quiet', finding.code)} ${printable(finding.title)}`;
      lines.push(...hang(`  ${printable(formatLocation(finding.location))}: `, what, columns, 6));
      if (finding.fix) lines.push(...hang(`    ${paint('mark', 'help:')} `, printable(finding.fix.text), columns, 10));
    }
    if (path) lines.push(...hopLines(path.hops, paint, columns));
  }
  if (verdict.failures.length > SHOWN) lines.push(paint('quiet', `… and ${verdict.failures.length - SHOWN} more reasons`));
  if (lines.length > 0) lines.push('');
  const fixed = verdict.fixed.length === 0 ? '' : `, ${paint('good', `${verdict.fixed.length} fixed`)}`;
  lines.push(`${count(verdict.newFindings.length, 'new finding')}, ${count(verdict.newPaths.length, 'new path')}${fixed}`);
  if (baseline === undefined && verdict.newFindings.length > 0)
    lines.push(
      paint('quiet', 'without `--baseline` everything is new; `cullis scan --baseline FILE --update-baseline` writes one'),
    );
  lines.push(
    verdict.pass
      ? paint('good', 'the gate is open')
      : paint('bad', `the gate is closed for ${count(verdict.failures.length, 'reason')}`),
  );
  return lines;
}
