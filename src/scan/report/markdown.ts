// The summary for a pull request: verdict, what is new, paths, what to do; the whole list folded.
import { FINDING_SEVERITIES } from '#model/finding.ts';
import type { GateVerdict } from '../gate/verdict.ts';
import { countBySeverity, open } from '../result.ts';
import type { JudgedFinding, PathSummary, ScanResult } from '../result.ts';

/** Code hosts cut comments at 65,536 characters. */
const ROWS_MAX = 200;

/** @param verdict of `cullis gate`; undefined for a plain scan */
export function toMarkdown(result: ScanResult, verdict?: GateVerdict): string {
  const findings = open(result.findings);
  const lines = [`## Cullis: ${headline(result, verdict)}`, ''];
  if (verdict && verdict.failures.length > 0) {
    lines.push('| why | where | what |', '|---|---|---|');
    for (const { text, finding, path } of verdict.failures.slice(0, ROWS_MAX))
      lines.push(
        `| ${cell(text)} | ${code(finding ? placeOf(finding) : (path?.unit ?? ''))} | ${cell(finding?.title ?? (path ? pathLine(path) : ''))} |`,
      );
    lines.push(...cut(verdict.failures.length), '');
  }
  const paths = verdict ? verdict.newPaths : result.paths;
  if (paths.length > 0) {
    lines.push(`### ${verdict ? 'New paths' : 'Paths'} to crown jewels`, '');
    for (const path of paths.slice(0, 10)) {
      lines.push(`- **${md(path.from)} → ${md(path.to)}**`);
      for (const hop of path.hops)
        lines.push(
          `  1. ${md(hop.text)}${hop.file === undefined ? '' : ` ${code(`${hop.file}${hop.line === undefined ? '' : `:${hop.line}`}`)}`}`,
        );
    }
    lines.push('');
  }
  if (verdict && verdict.fixed.length > 0) {
    lines.push(`### Fixed: ${verdict.fixed.length}`, '');
    for (const one of verdict.fixed.slice(0, 20)) lines.push(`- ~~${md(one.title)}~~ \`${one.code}\``);
    lines.push('');
  }
  lines.push(
    `<details><summary>All findings: ${findings.length}</summary>`,
    '',
    '| severity | rule | where | what | due |',
    '|---|---|---|---|---|',
  );
  for (const one of findings.slice(0, ROWS_MAX))
    lines.push(
      `| ${one.severity} | \`${one.code}\` | ${code(placeOf(one))} | ${cell(one.title)} | ${one.overdue ? `**${one.due ?? ''}**` : (one.due ?? '')} |`,
    );
  lines.push(...cut(findings.length), '', '</details>', '');
  if (result.notAnalysed.length > 0) {
    lines.push(`<details><summary>Not analysed: ${result.notAnalysed.length}</summary>`, '');
    for (const one of result.notAnalysed.slice(0, ROWS_MAX))
      lines.push(`- ${code(`${one.file}${one.line === undefined ? '' : `:${one.line}`}`)} ${md(one.message)}`);
    lines.push('', '</details>', '');
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

function headline(result: ScanResult, verdict: GateVerdict | undefined): string {
  const counts = countBySeverity(open(result.findings));
  const found = FINDING_SEVERITIES.filter((severity) => counts[severity] > 0).map(
    (severity) => `${counts[severity]} ${severity}`,
  );
  const list = found.length === 0 ? 'no findings' : found.join(', ');
  if (!verdict) return list;
  return verdict.pass
    ? `passed (${list})`
    : `failed for ${verdict.failures.length} reason${verdict.failures.length === 1 ? '' : 's'} (${list})`;
}

function placeOf({ location, subject }: JudgedFinding): string {
  return location ? `${location.file}:${location.line}` : (subject ?? '');
}

function pathLine({ from, to, hops }: PathSummary): string {
  return `${from} → ${to} in ${hops.length} steps`;
}

function cut(total: number): string[] {
  return total > ROWS_MAX ? ['', `… and ${total - ROWS_MAX} more`] : [];
}

/** Text from manifests must not become markup. */
function md(text: string): string {
  return cell(text.replace(/([*_[\]\\`#])/g, '\\$1'));
}

function cell(text: string): string {
  return plain(text).replace(/\|/g, '\\|');
}

function code(text: string): string {
  return `<code>${cell(text)}</code>`;
}

function plain(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f]+/g, ' ').replace(/[<>&]/g, (char) => `&#${char.charCodeAt(0)};`);
}
