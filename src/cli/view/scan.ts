// What `cullis scan` prints: the ways in first, then findings by rule, then what was not analysed.
import type { Finding, FindingSeverity } from '#model/finding.ts';
import { FINDING_SEVERITIES } from '#model/finding.ts';
import type { NotAnalysed } from '#model/coverage.ts';
import { formatLocation } from '#model/origin.ts';
import { countBySeverity, open } from '#scan/result.ts';
import type { JudgedFinding, PathSummary, ScanResult } from '#scan/result.ts';
import { count, hang, indented, printable, table, width, wrap } from '../text.ts';
import type { Paint } from '../text.ts';
import { euros } from './attack.ts';
import { renderDiagnostic } from './check.ts';

export const SEVERITY_TONES: Readonly<Record<FindingSeverity, Parameters<Paint>[0]>> = {
  critical: 'bad',
  high: 'bad',
  medium: 'warn',
  low: 'mark',
  info: 'quiet',
};

export interface ScanView {
  readonly result: ScanResult;
  /** Seconds. */
  readonly took: number;
  /** Everything, not only what is medium and worse, and every place. */
  readonly all: boolean;
  readonly paint: Paint;
  readonly columns: number;
}

const PLACES_SHOWN = 5;
const PATHS_SHOWN = 3;
const YAML_SHOWN = 24;

export function renderScan(view: ScanView): string[] {
  const { result, all, paint, columns } = view;
  const findings = open(result.findings);
  const shown = findings.filter(({ severity }) => all || FINDING_SEVERITIES.indexOf(severity) <= 2);
  const lines: string[] = [];
  const broken = result.diagnostics.filter(({ severity }) => all || severity === 'error');
  for (const one of broken.slice(0, all ? broken.length : 20)) lines.push(...renderDiagnostic(one, paint, columns));
  if (broken.length > 20 && !all)
    lines.push(paint('quiet', `… and ${count(broken.length - 20, 'more error')}; --all lists them`));
  if (lines.length > 0) lines.push('');
  if (result.paths.length > 0) lines.push(...renderPaths(result.paths, all, paint, columns), '');
  for (const group of byRule(shown)) lines.push(...renderGroup(group, all, paint, columns), '');
  if (result.notAnalysed.length > 0) lines.push(...renderNotAnalysed(result.notAnalysed, all, paint, columns), '');
  return [...lines, ...summary(view, findings, shown)];
}

/** The steps of a way, one a line with its place beside it; where that is too wide the places stand below. */
export function hopLines(hops: PathSummary['hops'], paint: Paint, columns: number): string[] {
  const rows = hops.map(({ text, file, line }, i) => [
    paint('quiet', String(i + 1)),
    printable(text),
    file === undefined ? '' : paint('quiet', `${printable(file)}${line === undefined ? '' : `:${line}`}`),
  ]);
  const wide = table(rows, { indent: 4 });
  if (wide.every((line) => width(line) <= columns)) return wide;
  return rows.flatMap(([number = '', text = '', place = '']) => [
    ...hang(`    ${number}  `, text, columns, 7),
    ...(place === '' ? [] : [`       ${place}`]),
  ]);
}

function renderPaths(paths: readonly PathSummary[], all: boolean, paint: Paint, columns: number): string[] {
  const lines = [paint('strong', `${count(paths.length, 'way')} from outside to what matters`)];
  // The best way to each target first: ten ways to one database say less than one way to each of three.
  const targets = new Set<string>();
  const best = all ? paths : paths.filter(({ to }) => !targets.has(to) && targets.add(to).size <= PATHS_SHOWN);
  for (const { from, to, hops, risk } of best) {
    lines.push(`  ${paint('bad', `${printable(from)} → ${printable(to)}`)} ${paint('quiet', `${euros(risk)} at risk`)}`);
    lines.push(...hopLines(hops, paint, columns));
  }
  const more = paths.length - best.length;
  if (!all && more > 0) lines.push(paint('quiet', `  … and ${more} more: \`cullis paths\` lists them, \`cullis fix\` cuts them`));
  return lines;
}

/** Findings of one rule and severity together, in the order of the first. */
function byRule(findings: readonly JudgedFinding[]): JudgedFinding[][] {
  const groups = new Map<string, JudgedFinding[]>();
  for (const one of findings) {
    const key = `${one.overdue ? '0' : '1'} ${one.severity} ${one.code}`;
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  // What is overdue stands first.
  return [...groups].sort(([a], [b]) => Number(a[0]) - Number(b[0])).map(([, group]) => group);
}

function renderGroup(group: readonly JudgedFinding[], all: boolean, paint: Paint, columns: number): string[] {
  const [first] = group as [JudgedFinding, ...JudgedFinding[]];
  const { severity, code } = first;
  const late = first.overdue ? ` ${paint('bad', `overdue since ${first.due ?? ''}`)}` : '';
  const lines = [
    `${paint(SEVERITY_TONES[severity], severity)} ${paint('strong', code)}${group.length > 1 ? paint('quiet', ` ${count(group.length, 'place')}`) : ''}${late}`,
  ];
  for (const one of group.slice(0, all ? group.length : PLACES_SHOWN)) {
    const owner = one.owner === undefined ? '' : paint('quiet', ` ${printable(one.owner)}`);
    const risk = one.risk === undefined ? '' : paint('quiet', ` (${euros(one.risk)} at risk)`);
    const place = `  ${paint('strong', printable(formatLocation(one.location)))}: `;
    lines.push(...hang(place, `${printable(one.title)}${risk}${owner}`, columns, 6));
  }
  if (!all && group.length > PLACES_SHOWN)
    lines.push(paint('quiet', `  … and ${group.length - PLACES_SHOWN} more; --all lists them`));
  lines.push(...wrap(printable(first.message), columns, 4));
  if (first.fix) lines.push(...renderFix(first.fix, all, paint, columns));
  return lines;
}

function renderFix(fix: NonNullable<Finding['fix']>, all: boolean, paint: Paint, columns: number): string[] {
  const [first = '', ...rest] = wrap(printable(fix.text), columns - 6, 0);
  const lines = [`    ${paint('mark', 'help:')} ${first}`, ...rest.map((line) => `          ${line}`)];
  if (fix.yaml !== undefined) {
    const yaml = indented(fix.yaml, 6);
    lines.push('', ...yaml.slice(0, all ? yaml.length : YAML_SHOWN).map((line) => paint('good', printable(line))));
    if (!all && yaml.length > YAML_SHOWN)
      lines.push(paint('quiet', `      … ${yaml.length - YAML_SHOWN} more lines; --all shows them`));
  }
  return lines;
}

function renderNotAnalysed(rows: readonly NotAnalysed[], all: boolean, paint: Paint, columns: number): string[] {
  const groups = new Map<string, NotAnalysed[]>();
  for (const one of rows) {
    const key = all ? `${one.what} ${one.file} ${one.line ?? 0} ${one.message}` : one.what;
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  const lines = [paint('strong', 'Not analysed')];
  for (const [, group] of groups) {
    const [first] = group as [NotAnalysed, ...NotAnalysed[]];
    const places = group.reduce((sum, one) => sum + (one.count ?? 1), 0);
    const at = paint('quiet', `${printable(first.file)}${first.line === undefined ? '' : `:${first.line}`}`);
    const like = places > 1 ? paint('quiet', ` (${count(places, 'place')} like it)`) : '';
    lines.push(...hang(`  ${at}: `, `${printable(first.message)}${like}`, columns, 6));
    if (first.help !== undefined) lines.push(...wrap(printable(first.help), columns, 6));
  }
  return lines;
}

function summary(
  { result, took, paint, all }: ScanView,
  findings: readonly JudgedFinding[],
  shown: readonly JudgedFinding[],
): string[] {
  const workloads = result.units.reduce((sum, one) => sum + one.workloads, 0);
  const counts = countBySeverity(findings);
  const parts = FINDING_SEVERITIES.filter((severity) => counts[severity] > 0).map((severity) =>
    paint(SEVERITY_TONES[severity], `${counts[severity]} ${severity}`),
  );
  const accepted = result.findings.length - findings.length;
  const lines = [
    `${count(result.files, 'file')}, ${count(result.units.length, 'system')}, ${count(workloads, 'workload')} in ${took.toFixed(2)} s`,
    `${findings.length === 0 ? paint('good', 'no findings') : `${count(findings.length, 'finding')}: ${parts.join(', ')}`}${accepted > 0 ? paint('quiet', `; ${accepted} accepted`) : ''}`,
  ];
  if (result.advisories) {
    const { from, ageDays, count: known } = result.advisories;
    const software = result.packages > 0 ? `${count(result.packages, 'package')} matched with ` : '';
    lines.push(
      paint(ageDays > 7 ? 'warn' : 'quiet', `${software}${known} advisories from ${from}, ${count(ageDays, 'day')} old`),
    );
  } else if (result.packages > 0)
    lines.push(
      paint(
        'warn',
        `${count(result.packages, 'package')} not matched with advisories: there is no database here; \`cullis db update\` makes one`,
      ),
    );
  if (!all && shown.length < findings.length)
    lines.push(paint('quiet', `${findings.length - shown.length} of low and info are not shown; --all shows them`));
  return lines;
}
