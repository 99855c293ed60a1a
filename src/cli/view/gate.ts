// What `cullis gate` prints: the verdict's reasons, each with its place, and the verdict last, where a build log ends.
import { formatLocation } from '#model/origin.ts';
import type { GateVerdict } from '#scan/gate/verdict.ts';
import { count, printable } from '../text.ts';
import type { Paint } from '../text.ts';

const SHOWN = 50;

export function renderGate(verdict: GateVerdict, paint: Paint): string[] {
  const lines: string[] = [];
  for (const { check, text, finding, path } of verdict.failures.slice(0, SHOWN)) {
    lines.push(`${paint('bad', 'fail')} ${paint('strong', check)}: ${printable(text)}`);
    if (finding) {
      lines.push(
        `  ${printable(formatLocation(finding.location))}: ${finding.severity} ${paint('quiet', finding.code)} ${printable(finding.title)}`,
      );
      if (finding.fix) lines.push(`    ${paint('mark', 'help:')} ${printable(finding.fix.text)}`);
    }
    for (const [i, hop] of (path?.hops ?? []).entries())
      lines.push(
        `    ${i + 1}  ${printable(hop.text)}${hop.file === undefined ? '' : paint('quiet', `  ${hop.file}${hop.line === undefined ? '' : `:${hop.line}`}`)}`,
      );
  }
  if (verdict.failures.length > SHOWN) lines.push(paint('quiet', `… and ${verdict.failures.length - SHOWN} more reasons`));
  if (lines.length > 0) lines.push('');
  const fixed = verdict.fixed.length === 0 ? '' : `, ${paint('good', `${verdict.fixed.length} fixed`)}`;
  lines.push(`${count(verdict.newFindings.length, 'new finding')}, ${count(verdict.newPaths.length, 'new path')}${fixed}`);
  lines.push(
    verdict.pass
      ? paint('good', 'the gate is open')
      : paint('bad', `the gate is closed for ${count(verdict.failures.length, 'reason')}`),
  );
  return lines;
}
