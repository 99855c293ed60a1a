import { FINDING_SEVERITIES } from '#model/finding.ts';
import type { FindingSeverity } from '#model/finding.ts';
import { brokenIn } from '../broken.ts';
import type { Baseline } from '../judge/baseline.ts';
import type { JudgedFinding, PathSummary, ScanResult } from '../result.ts';
import type { GatePolicy } from './policy.ts';

/** One reason why the build may not go on. */
export interface GateFailure {
  readonly check: 'new' | 'any' | 'overdue' | 'forbidden' | 'vulnerability' | 'paths' | 'not-analysed' | 'parity';
  readonly text: string;
  readonly finding?: JudgedFinding;
  readonly path?: PathSummary;
}

export interface GateVerdict {
  readonly pass: boolean;
  readonly failures: readonly GateFailure[];
  readonly newFindings: readonly JudgedFinding[];
  /** Titles of findings of the baseline that are gone. */
  readonly fixed: readonly { readonly id: string; readonly code: string; readonly title: string }[];
  readonly newPaths: readonly PathSummary[];
}

/**
 * One verdict from everything that a scan found. Each finding fails for the first reason that holds, so that a reason is named once.
 * @param today RFC 3339 day
 */
export function verdictOf(result: ScanResult, policy: GatePolicy, baseline: Baseline, today: string): GateVerdict {
  const failures: GateFailure[] = [];
  const open = result.findings.filter((one) => !one.suppressed);
  for (const finding of open) {
    const failure = failureOf(finding, policy, today);
    if (failure) failures.push(failure);
  }
  const newPaths = result.paths.filter(({ id }) => !baseline.paths.has(id));
  if (policy.failOnNewPaths)
    for (const path of newPaths)
      failures.push({
        check: 'paths',
        text: `a new path leads from ${path.from} to \`${path.to}\` in ${path.hops.length} steps`,
        path,
      });
  if (policy.pathsMax !== undefined && result.paths.length > policy.pathsMax)
    failures.push({
      check: 'paths',
      text: `${result.paths.length} paths lead to crown jewels; the policy allows ${policy.pathsMax}`,
    });
  if (policy.failOnNotAnalysed !== 'never')
    for (const { where, message } of brokenIn(result))
      failures.push({ check: 'not-analysed', text: `${where === undefined ? '' : `${where}: `}${message}` });
  if (policy.failOnNotAnalysed === 'all')
    for (const { file, line, message } of result.notAnalysed) {
      const text = `${line === undefined ? file : `${file}:${line}`}: ${message}`;
      if (failures.every((one) => one.text !== text)) failures.push({ check: 'not-analysed', text });
    }
  const present = new Set(result.findings.map(({ id }) => id));
  return {
    pass: failures.length === 0,
    failures,
    newFindings: open.filter(({ known }) => !known),
    fixed: [...baseline.findings].filter(([id]) => !present.has(id)).map(([id, { code, title }]) => ({ id, code, title })),
    newPaths,
  };
}

function failureOf(finding: JudgedFinding, policy: GatePolicy, today: string): GateFailure | undefined {
  const { code, severity } = finding;
  if (policy.forbid.some((rule) => ruleMatches(rule, code)))
    return { check: 'forbidden', text: `\`${code}\` is forbidden by the policy`, finding };
  if (policy.allow.some((rule) => ruleMatches(rule, code))) return undefined;
  if (policy.failOnOverdue && finding.overdue)
    return { check: 'overdue', text: `was to be fixed by ${finding.due ?? ''}`, finding };
  if (code.startsWith('vulnerability.')) return vulnerability(finding, policy, today);
  if (atLeast(severity, policy.failOnAny)) return { check: 'any', text: `${severity} findings may not stand at all`, finding };
  if (!finding.known && atLeast(severity, policy.failOnNew)) return { check: 'new', text: `new since the baseline`, finding };
  return code.startsWith('parity.') && policy.parity.length > 0 && atLeast(severity, 'medium')
    ? { check: 'parity', text: `the environments differ in ${code === 'parity.image' ? 'their images' : 'security'}`, finding }
    : undefined;
}

function vulnerability(finding: JudgedFinding, policy: GatePolicy, today: string): GateFailure | undefined {
  const { failOn, onlyFixable, graceDays, failOnPath, failOnExploited } = policy.vulnerabilities;
  const onPath = finding.tags?.includes('reach:path') ?? false;
  if (onPath && failOnPath) return { check: 'vulnerability', text: 'it lies on a path to a crown jewel', finding };
  if (failOnExploited && (finding.tags?.includes('exploited:kev') ?? false))
    return { check: 'vulnerability', text: 'it is known to be exploited', finding };
  if (!atLeast(finding.severity, failOn)) return undefined;
  if (onlyFixable && !(finding.tags?.includes('fix:available') ?? false)) return undefined;
  const known = (Date.parse(today) - Date.parse(finding.firstSeen)) / 86_400_000;
  if (known < graceDays) return undefined;
  return {
    check: 'vulnerability',
    text: graceDays > 0 ? `known for ${known} days, the policy gives ${graceDays}` : `${finding.severity} vulnerability`,
    finding,
  };
}

export function atLeast(severity: FindingSeverity, bar: FindingSeverity | 'never'): boolean {
  return bar !== 'never' && FINDING_SEVERITIES.indexOf(severity) <= FINDING_SEVERITIES.indexOf(bar);
}

function ruleMatches(rule: string, code: string): boolean {
  return rule === code || (rule.endsWith('.*') && code.startsWith(rule.slice(0, -1)));
}
