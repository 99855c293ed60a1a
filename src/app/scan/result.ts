// An analysis and the team's own files -> the result that is shown, reported and gated.
import type { NotAnalysed } from '#model/coverage.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import type { Finding } from '#model/finding.ts';
import type { Baseline } from '#scan/judge/baseline.ts';
import { judge } from '#scan/judge/judge.ts';
import { readCodeOwners } from '#scan/judge/owners.ts';
import { suppressor } from '#scan/judge/suppress.ts';
import type { FileSuppression, IdleSuppression } from '#scan/judge/suppress.ts';
import { dayOf } from '#scan/judge/terms.ts';
import type { Terms } from '#scan/judge/terms.ts';
import type { PathSummary, ScanResult } from '#scan/result.ts';
import type { AnalysisData } from './data.ts';

export interface Circumstances {
  readonly version: string;
  readonly target: string;
  readonly nowMs: number;
  readonly baseline: Baseline;
  readonly terms: Terms;
  readonly suppressions: readonly FileSuppression[];
  /** Of what lies beside the analysis: paths that could not be read, folders that were passed over. */
  readonly notAnalysed: readonly NotAnalysed[];
  readonly advisories?: ScanResult['advisories'];
}

export function resultOf(data: AnalysisData, circumstances: Circumstances): ScanResult {
  const { nowMs, baseline, terms } = circumstances;
  const lines = new Map(data.ignoreLines.map(([file, line, text]) => [`${file}\n${line}`, text]));
  const today = dayOf(nowMs);
  const suppress = suppressor(
    today,
    (file, line) => lines.get(`${file}\n${line}`),
    new Map(data.units.flatMap(({ ignores }) => ignores)),
    circumstances.suppressions,
    data.ignoreLines,
  );
  const codeOwner = data.codeOwners === undefined ? () => undefined : readCodeOwners(data.codeOwners);
  const owners = new Map(data.units.flatMap((unit) => unit.owners));
  const owner = ({ subject, location }: Finding): string | undefined =>
    (subject === undefined ? undefined : owners.get(subject)) ?? (location && codeOwner(location.file));
  const findings = judge([...data.units.flatMap((unit) => unit.findings), ...data.findings], {
    today,
    terms,
    baseline,
    suppressor: suppress,
    owner,
  });
  return {
    version: circumstances.version,
    target: circumstances.target,
    at: new Date(nowMs).toISOString(),
    files: data.files,
    bytes: data.bytes,
    packages: data.packages,
    units: data.units.map(({ summary }) => summary),
    findings,
    paths: uniquePaths(data.units.flatMap((unit) => unit.paths)),
    diagnostics: [...uniqueDiagnostics(data.units.flatMap((unit) => unit.diagnostics)), ...suppress.idle().map(idleDiagnostic)],
    notAnalysed: [...circumstances.notAnalysed, ...data.notAnalysed],
    ...(circumstances.advisories && { advisories: circumstances.advisories }),
  };
}

function uniquePaths(paths: readonly PathSummary[]): readonly PathSummary[] {
  return [...new Map(paths.toReversed().map((path) => [path.id, path])).values()].sort((a, b) => b.risk - a.risk);
}

/** A file that several units share is read for each. */
function uniqueDiagnostics(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return [
    ...new Map(
      diagnostics.map((one) => [
        `${one.code} ${one.location?.file ?? ''}:${one.location?.line ?? 0}:${one.location?.column ?? 0} ${one.message}`,
        one,
      ]),
    ).values(),
  ];
}

const WHY: Readonly<Record<IdleSuppression['why'], string>> = {
  'no-reason': 'has no reason, so it does nothing',
  expired: 'has expired: what it hid counts again',
  unused: 'matches no finding',
  'bad-date': 'names a day that does not exist, so it does nothing',
};

function idleDiagnostic({ where, rule, why }: IdleSuppression): Diagnostic {
  const [, file, line] = /^(.*):(\d+)$/.exec(where) ?? [];
  return {
    code: `suppression.${why}`,
    severity: 'warning',
    message: `the suppression of \`${rule}\` on \`${where}\` ${WHY[why]}`,
    ...(file !== undefined && { location: { file, line: Number(line), column: 1 } }),
    help: why === 'unused' ? 'remove it' : 'write `rule: reason until YYYY-MM-DD`',
  };
}
