// Scores of CVSS vectors, versions 2 to 4 (https://www.first.org/cvss/).
import cvss from 'ae-cvss-calculator';
import type { FindingSeverity } from '#model/finding.ts';
import type { Severity } from './osv.ts';

export interface Score {
  readonly version: '2.0' | '3.0' | '3.1' | '4.0';
  readonly vector: string;
  /** 0 to 10. */
  readonly score: number;
}

const CLASSES = { '2.0': cvss.Cvss2, '3.0': cvss.Cvss3P0, '3.1': cvss.Cvss3P1, '4.0': cvss.Cvss4P0 } as const;

const VECTOR = /^(?:CVSS:(3\.0|3\.1|4\.0)\/)?[A-Za-z]{1,4}:[A-Za-z]{1,8}(?:\/[A-Za-z]{1,4}:[A-Za-z]{1,8}){5,40}$/;

/**
 * The score of one vector.
 * @param vector with its prefix (`CVSS:3.1/…`); without one it is version 2
 * @returns undefined when it is none, or lacks a base metric
 * @example scoreOf('CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H')?.score // 9.8
 */
export function scoreOf(vector: string): Score | undefined {
  const text = vector.trim().replace(/^\((.*)\)$/, '$1');
  const match = VECTOR.exec(text);
  if (!match) return undefined;
  const version = (match[1] ?? '2.0') as Score['version'];
  const parsed = new CLASSES[version](text);
  if (!parsed.isBaseFullyDefined()) return undefined;
  const score = parsed.calculateScores().overall;
  return Number.isFinite(score) ? { version, vector: text, score } : undefined;
}

/** The newest version's score among several; of two of one version the higher. */
export function bestScore(severities: readonly Severity[]): Score | undefined {
  let best: Score | undefined;
  for (const { type, score: vector } of severities) {
    if (!type.startsWith('CVSS')) continue;
    const score = scoreOf(vector);
    if (!score) continue;
    if (!best || score.version > best.version || (score.version === best.version && score.score > best.score)) best = score;
  }
  return best;
}

/** Qualitative rating (CVSS 3.1 section 5, 4.0 section 6); version 2, which has none, is read on the same scale. */
export function severityOfScore(score: number): FindingSeverity {
  if (score >= 9) return 'critical';
  if (score >= 7) return 'high';
  if (score >= 4) return 'medium';
  return score > 0 ? 'low' : 'info';
}
