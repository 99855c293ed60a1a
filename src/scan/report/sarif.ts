// SARIF 2.1.0 (OASIS, 2020): findings for code hosts and editors, with fingerprints that survive moved lines.
import type { FindingSeverity } from '#model/finding.ts';
import type { RuleInfo } from '../rule.ts';
import type { JudgedFinding, ScanResult } from '../result.ts';

const LEVEL: Readonly<Record<FindingSeverity, 'error' | 'warning' | 'note'>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
};
/** GitHub sorts by this: over 9.0 critical, 7.0 to 8.9 high, 4.0 to 6.9 medium, below low. */
const SCORE: Readonly<Record<FindingSeverity, string>> = { critical: '9.5', high: '8.0', medium: '5.5', low: '2.0', info: '0.0' };

const INFORMATION_URI = 'https://cullis.dev/';

/**
 * A SARIF log with one run.
 * @param rules what is known of rules by id; a finding of another rule brings its own words
 * @returns plain data to be written as JSON
 */
export function toSarif(result: ScanResult, rules: ReadonlyMap<string, RuleInfo>): unknown {
  const codes = [...new Set(result.findings.map(({ code }) => code))].sort();
  const index = new Map(codes.map((code, i) => [code, i]));
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Cullis',
            semanticVersion: result.version,
            informationUri: INFORMATION_URI,
            rules: codes.map((code) => descriptor(code, rules.get(code), result.findings)),
          },
        },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { ROOT: { description: { text: 'the folder that was scanned from' } } },
        invocations: [
          {
            executionSuccessful: true,
            endTimeUtc: result.at,
            toolExecutionNotifications: [
              ...result.diagnostics.map(({ code, severity, message, location }) => ({
                descriptor: { id: code },
                level: severity === 'info' ? 'note' : severity,
                message: { text: sentence(message) },
                ...(location && { locations: [place(location.file, location.line, location.column)] }),
              })),
              ...result.notAnalysed.map(({ what, message, file, line }) => ({
                descriptor: { id: `not-analysed.${what}` },
                level: 'note',
                message: { text: sentence(message) },
                locations: [place(file, line)],
              })),
            ],
          },
        ],
        automationDetails: { id: 'cullis/scan/' },
        results: result.findings.map((finding) => resultOf(finding, index.get(finding.code) as number)),
      },
    ],
  };
}

function descriptor(code: string, rule: RuleInfo | undefined, findings: readonly JudgedFinding[]): unknown {
  const sample = findings.find((one) => one.code === code) as JudgedFinding;
  const severity = rule?.severity ?? sample.severity;
  const cwe = rule?.cwe ?? sample.cwe ?? [];
  const tags = [...new Set(['security', ...cwe.map((n) => `external/cwe/cwe-${n}`), ...(rule?.tags ?? sample.tags ?? [])])];
  const help = rule?.help ?? sample.fix?.text ?? sample.message;
  const references = (rule?.references ?? sample.references).map((one) => `- ${one}`).join('\n');
  const uri = (rule?.references ?? sample.references).find((one) => one.startsWith('https://'));
  return {
    id: code,
    name: code.replace(/(?:^|[.-])(\w)/g, (_, letter: string) => letter.toUpperCase()),
    shortDescription: { text: sentence(rule?.name ?? sample.title) },
    fullDescription: { text: sentence(rule?.why ?? sample.message) },
    help: { text: sentence(help), markdown: references === '' ? sentence(help) : `${sentence(help)}\n\n${references}` },
    ...(uri && { helpUri: uri }),
    defaultConfiguration: { level: LEVEL[severity] },
    properties: { tags, precision: 'high', 'security-severity': SCORE[severity] },
  };
}

function resultOf(finding: JudgedFinding, ruleIndex: number): unknown {
  const { location, suppressed, related = [] } = finding;
  const text = finding.fix ? `${sentence(finding.title)} ${sentence(finding.fix.text)}` : sentence(finding.title);
  return {
    ruleId: finding.code,
    ruleIndex,
    level: LEVEL[finding.severity],
    message: { text },
    locations: [location ? place(location.file, location.line, location.column, finding.subject) : place('.', undefined)],
    ...(related.length > 0 && {
      relatedLocations: related.map((one, id) => ({
        id: id + 1,
        ...place(one.location.file, one.location.line, one.location.column),
        message: { text: sentence(one.message) },
      })),
    }),
    partialFingerprints: { 'cullisFinding/v1': finding.id },
    baselineState: finding.known ? 'unchanged' : 'new',
    ...(suppressed && {
      suppressions: [
        { kind: suppressed.kind === 'file' ? 'external' : 'inSource', status: 'accepted', justification: suppressed.reason },
      ],
    }),
    properties: {
      severity: finding.severity,
      'security-severity': SCORE[finding.severity],
      firstSeen: finding.firstSeen,
      ...(finding.due !== undefined && { due: finding.due, overdue: finding.overdue }),
      ...(finding.owner !== undefined && { owner: finding.owner }),
    },
  };
}

function place(file: string, line: number | undefined, column?: number, subject?: string): Readonly<Record<string, unknown>> {
  return {
    physicalLocation: {
      artifactLocation: artifact(file),
      ...(line !== undefined &&
        line > 0 && { region: { startLine: line, ...(column !== undefined && column > 0 && { startColumn: column }) } }),
    },
    ...(subject !== undefined && { logicalLocations: [{ fullyQualifiedName: subject, kind: 'resource' }] }),
  };
}

/** RFC 3986: a relative path stays relative to the folder that was scanned from; an absolute one is a file URI. */
function artifact(file: string): unknown {
  const escaped = file.split(/[\\/]/).map(encodeURIComponent).join('/');
  if (file.startsWith('/')) return { uri: `file://${escaped}` };
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(file)) return { uri: encodeURI(file) };
  return { uri: escaped === '' ? '.' : escaped, uriBaseId: 'ROOT' };
}

/** SARIF wants sentences (section 3.11). */
function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return 'No description.';
  const first = trimmed.slice(0, 1).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
