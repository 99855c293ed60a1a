// What `cullis check` prints: each mistake and gap where it stands, then how much was read.
import type { StatusResponse } from '#api/control.ts';
import type { Diagnostic, Severity } from '#model/diagnostic.ts';
import type { Finding, FindingSeverity } from '#model/finding.ts';
import { formatLocation } from '#model/origin.ts';
import type { System } from '#model/system.ts';
import { count, indented, printable, wrap } from '../text.ts';
import type { Paint } from '../text.ts';
import { badConditions } from './conditions.ts';

export interface CheckResult {
  readonly system: Pick<System, 'resources' | 'notActedOn' | 'workloads' | 'services' | 'hash'>;
  readonly files: number;
  readonly diagnostics: readonly Diagnostic[];
  readonly findings: readonly Finding[];
  /** What would become of Gateways and routes. */
  readonly gateways: StatusResponse['resources'];
}

const TONES: Readonly<Record<Severity | FindingSeverity, Parameters<Paint>[0]>> = {
  error: 'bad',
  critical: 'bad',
  high: 'bad',
  warning: 'warn',
  medium: 'warn',
  low: 'mark',
  info: 'quiet',
};

export function renderCheck(result: CheckResult, paint: Paint, columns: number): string[] {
  const lines: string[] = [];
  for (const one of result.diagnostics) lines.push(...renderDiagnostic(one, paint, columns));
  for (const one of result.findings) {
    // A gap of several lines is easier to see as one when air is around it.
    if (lines.length > 0) lines.push('');
    lines.push(...renderFinding(one, paint, columns));
  }
  const conditions = badConditions(result.gateways, paint);
  if (conditions.length > 0) lines.push(...(lines.length > 0 ? [''] : []), ...conditions);
  if (lines.length > 0) lines.push('');
  return [...lines, ...summary(result, paint)];
}

/** `file:line:col: severity code: message`, the form that editors and CI can jump to, and a line of help. */
export function renderDiagnostic(one: Diagnostic, paint: Paint, columns: number): string[] {
  const lines = [headline(formatLocation(one.location), one.severity, one.code, one.message, paint)];
  if (one.help !== undefined) lines.push(...help(one.help, paint, columns));
  return lines;
}

export function renderFinding(one: Finding, paint: Paint, columns: number): string[] {
  const lines = [headline(formatLocation(one.location), one.severity, one.code, one.title, paint)];
  lines.push(...wrap(printable(one.message), columns, 4));
  if (one.fix) {
    lines.push(...help(one.fix.text, paint, columns));
    if (one.fix.yaml !== undefined) lines.push('', ...indented(one.fix.yaml, 6).map((line) => paint('good', line)));
  }
  return lines;
}

function headline(at: string, severity: Severity | FindingSeverity, code: string, text: string, paint: Paint): string {
  return `${paint('strong', printable(at))}: ${paint(TONES[severity], severity)} ${paint('quiet', `${code}:`)} ${printable(text)}`;
}

function help(text: string, paint: Paint, columns: number): string[] {
  const [first = '', ...rest] = wrap(printable(text), columns - 6, 0);
  return [`    ${paint('mark', 'help:')} ${first}`, ...rest.map((line) => `          ${line}`)];
}

function summary(result: CheckResult, paint: Paint): string[] {
  const { system, files, diagnostics, findings } = result;
  const ignored = system.notActedOn.reduce((sum, one) => sum + one.count, 0);
  const kinds = [...system.notActedOn]
    .sort((a, b) => b.count - a.count || (a.kind < b.kind ? -1 : 1))
    .map((one) => `${one.count} ${one.kind}`);
  const hasErrors = diagnostics.some((one) => one.severity === 'error');
  const lines = [
    `${count(files, 'file')}, ${count(system.resources.length, 'document')}${hasErrors ? ' without errors' : ''}: ${count(system.workloads.length, 'workload')}, ${count(system.services.length, 'service')}` +
      (ignored === 0 ? '' : paint('quiet', `; read but not acted on: ${listed(kinds, 6)}`)),
  ];
  const of = (severity: Severity): number => diagnostics.filter((one) => one.severity === severity).length;
  const errors = of('error');
  const warnings = of('warning');
  const parts = [
    paint(errors > 0 ? 'bad' : 'good', count(errors, 'error')),
    paint(warnings > 0 ? 'warn' : 'quiet', count(warnings, 'warning')),
  ];
  const bySeverity = ['critical', 'high', 'medium', 'low', 'info'] as const;
  const found = bySeverity
    .map((severity) => [severity, findings.filter((one) => one.severity === severity).length] as const)
    .filter(([, n]) => n > 0);
  parts.push(
    found.length === 0
      ? paint('good', 'no findings')
      : `${count(findings.length, 'finding')} (${found.map(([severity, n]) => paint(TONES[severity], `${n} ${severity}`)).join(', ')})`,
  );
  return [...lines, parts.join(', ')];
}

function listed(words: readonly string[], max: number): string {
  const more = words.length - max;
  return words.slice(0, max).join(', ') + (more > 0 ? ` and ${more} more kinds` : '');
}
