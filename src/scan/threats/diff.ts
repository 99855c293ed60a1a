// What a change does to the threat model: for pull requests.
import type { Threat, ThreatModel } from './model.ts';
import { STRIDE_NAMES } from './model.ts';
import { escapeMarkdown, formatEuros, formatLikelihood } from './markdown.ts';
import { placeOf } from '../attack/evidence.ts';

export interface ThreatChange {
  readonly before: Threat;
  readonly after: Threat;
}

export interface ThreatDiff {
  readonly added: readonly Threat[];
  readonly gone: readonly Threat[];
  /** Expected loss by more than a tenth, severity or status. */
  readonly changed: readonly ThreatChange[];
  /** Euros a year. */
  readonly expectedLoss: { readonly before: number; readonly after: number };
}

/** A change of the expected loss that is told. */
const SHARE = 0.1;

export function diffThreats(before: ThreatModel, after: ThreatModel): ThreatDiff {
  const old = new Map(before.threats.map((threat) => [threat.id, threat]));
  const now = new Map(after.threats.map((threat) => [threat.id, threat]));
  const changed: ThreatChange[] = [];
  for (const threat of after.threats) {
    const was = old.get(threat.id);
    if (was && differs(was, threat)) changed.push({ before: was, after: threat });
  }
  return {
    added: after.threats.filter(({ id }) => !old.has(id)),
    gone: before.threats.filter(({ id }) => !now.has(id)),
    changed: changed.sort((a, b) => Math.abs(b.after.loss - b.before.loss) - Math.abs(a.after.loss - a.before.loss)),
    expectedLoss: { before: before.total.expectedLoss, after: after.total.expectedLoss },
  };
}

function differs(a: Threat, b: Threat): boolean {
  return a.status !== b.status || a.severity !== b.severity || Math.abs(a.loss - b.loss) > SHARE * Math.max(a.loss, b.loss);
}

/** For a comment on a pull request. */
export function renderDiffMarkdown(diff: ThreatDiff): string {
  const { before, after } = diff.expectedLoss;
  const lines = [
    `**Threat model**: expected loss ${formatEuros(before)} → ${formatEuros(after)} a year; ${diff.added.length} new, ${diff.gone.length} gone, ${diff.changed.length} changed`,
  ];
  const row = (threat: Threat, loss: string): string =>
    `| \`${threat.id}\` | ${STRIDE_NAMES[threat.stride]} | ${escapeMarkdown(threat.title)} | ${formatLikelihood(threat.likelihood)} | ${loss} | ${escapeMarkdown(placeOf(threat.evidence[0]))} |`;
  const section = (title: string, rows: readonly string[]): void => {
    if (rows.length > 0)
      lines.push(
        '',
        `### ${title}`,
        '',
        '| id | category | threat | likelihood | a year | where |',
        '|---|---|---|---:|---:|---|',
        ...rows,
      );
  };
  section(
    'New',
    diff.added.map((threat) => row(threat, formatEuros(threat.loss))),
  );
  section(
    'Changed',
    diff.changed.map(({ before: was, after: is }) => row(is, `${formatEuros(was.loss)} → ${formatEuros(is.loss)}`)),
  );
  section(
    'Gone',
    diff.gone.map((threat) => row(threat, formatEuros(threat.loss))),
  );
  return `${lines.join('\n')}\n`;
}
