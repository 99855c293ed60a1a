// The baseline: which findings and paths were there already, and since when.
import type { FindingSeverity } from '#model/finding.ts';
import { FINDING_SEVERITIES } from '#model/finding.ts';
import type { ScanResult } from '../result.ts';

export interface BaselineFinding {
  readonly code: string;
  readonly severity: FindingSeverity;
  readonly title: string;
  readonly firstSeen: string;
}

export interface Baseline {
  readonly findings: ReadonlyMap<string, BaselineFinding>;
  /** Ids of attack paths. */
  readonly paths: ReadonlySet<string>;
}

export const EMPTY_BASELINE: Baseline = { findings: new Map(), paths: new Set() };

/** The baseline that a scan leaves; ids in order, one a line, so that merges and diffs are easy to read. */
export function writeBaseline({ findings, paths }: Pick<ScanResult, 'findings' | 'paths'>): string {
  const rows = [...new Map(findings.map((one) => [one.id, one])).values()]
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map(
      ({ id, code, severity, title, firstSeen }) =>
        `    ${JSON.stringify(id)}: ${JSON.stringify({ code, severity, title, firstSeen })}`,
    );
  const ids = [...new Set(paths.map(({ id }) => id))].sort().map((id) => `    ${JSON.stringify(id)}`);
  const block = (open: string, lines: readonly string[], close: string): string =>
    lines.length === 0 ? `${open}${close}` : `${open}\n${lines.join(',\n')}\n  ${close}`;
  return `{\n  "version": 1,\n  "findings": ${block('{', rows, '}')},\n  "paths": ${block('[', ids, ']')}\n}\n`;
}

/**
 * Reads what writeBaseline wrote.
 * @returns a message instead when the text is something else; nothing of a damaged baseline is used
 */
export function readBaseline(text: string): Baseline | { readonly mistake: string } {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { mistake: 'it is not JSON' };
  }
  if (typeof raw !== 'object' || raw === null) return { mistake: 'it is not a JSON object' };
  const { version, findings, paths } = raw as Readonly<Record<string, unknown>>;
  if (version !== 1) return { mistake: 'its `version` is not 1' };
  if (typeof findings !== 'object' || findings === null || Array.isArray(findings))
    return { mistake: '`findings` must be a mapping' };
  const read = new Map<string, BaselineFinding>();
  for (const [id, value] of Object.entries(findings)) {
    const { code, severity, title, firstSeen } = (value ?? {}) as Partial<Record<string, unknown>>;
    const known = FINDING_SEVERITIES.find((one) => one === severity);
    if (typeof code !== 'string' || !known || typeof firstSeen !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(firstSeen))
      return { mistake: `finding \`${id.slice(0, 40)}\` needs \`code\`, \`severity\` and \`firstSeen\`` };
    read.set(id, { code, severity: known, title: typeof title === 'string' ? title : '', firstSeen });
  }
  const list: readonly unknown[] = Array.isArray(paths) ? paths : [];
  return { findings: read, paths: new Set(list.filter((id) => typeof id === 'string')) };
}
