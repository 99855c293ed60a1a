// `.gitleaksignore` and gitleaks' baselines: fingerprints of what was looked at before.
import type { SecretHit } from './hit.ts';

export interface IgnoredSecrets {
  /** Why a hit is ignored; undefined when it is not. @param commit when it was found in history */
  of(hit: SecretHit, commit?: string): string | undefined;
}

/**
 * @param ignoreFile text of a `.gitleaksignore`: `file:rule:line` or `commit:file:rule:line` a line, `#` starts a comment
 * @param baseline text of a JSON report of gitleaks, when there is one; one that cannot be read counts as empty
 */
export function ignoredSecrets(ignoreFile: string, baseline?: string): IgnoredSecrets {
  const fingerprints = new Map<string, string>();
  ignoreFile.split(/\r?\n/).forEach((line, i) => {
    const text = line.replace(/(?:^|\s)#.*$/, '').trim();
    if (text !== '') fingerprints.set(text.replaceAll('\\', '/'), `\`.gitleaksignore\` line ${i + 1}`);
  });
  for (const text of baselineFingerprints(baseline)) if (!fingerprints.has(text)) fingerprints.set(text, 'the baseline');
  return {
    of: (hit, commit) => {
      const place = `${hit.file}:${hit.rule}:${hit.line}`;
      return fingerprints.get(place) ?? (commit === undefined ? undefined : fingerprints.get(`${commit}:${place}`));
    },
  };
}

function baselineFingerprints(text: string | undefined): string[] {
  if (text === undefined || text.trim() === '') return [];
  try {
    const report: unknown = JSON.parse(text);
    if (!Array.isArray(report)) return [];
    return report.flatMap((entry: unknown) => {
      if (typeof entry !== 'object' || entry === null) return [];
      const { Fingerprint: fingerprint, File: file, RuleID: rule, StartLine: line } = entry as Readonly<Record<string, unknown>>;
      if (typeof fingerprint === 'string' && fingerprint !== '') return [fingerprint];
      return typeof file === 'string' && typeof rule === 'string' && typeof line === 'number' ? [`${file}:${rule}:${line}`] : [];
    });
  } catch {
    return [];
  }
}
