// How much a vulnerability matters: its score, raised by signs of exploitation and by reachability, lowered where neither is likely.
import { FINDING_SEVERITIES } from '#model/finding.ts';
import type { FindingSeverity } from '#model/finding.ts';
import { severityOfScore } from './cvss.ts';
import type { Vulnerability } from './match.ts';

/** What is known about exploitation, by CVE. */
export interface ExploitData {
  /** Probability of exploitation within 30 days, 0 to 1 (https://www.first.org/epss/). */
  readonly epss: ReadonlyMap<string, number>;
  /** CISA's catalogue of known exploited vulnerabilities. */
  readonly kev: ReadonlySet<string>;
}

export const NO_EXPLOIT_DATA: ExploitData = { epss: new Map(), kev: new Set() };

/** What the attack graph knows about where a package runs. */
export interface Reachability {
  /** `internet`: it is reached from outside; `inside`: only from other workloads; `none`: by nobody; `unknown`: it is not known where it runs. */
  readonly from: 'internet' | 'inside' | 'none' | 'unknown';
  /** It lies on a path from the internet to a crown jewel. */
  readonly onPath: boolean;
  /** Workloads that run it, for the report. */
  readonly workloads: readonly string[];
}

export interface Priority {
  readonly severity: FindingSeverity;
  readonly epss: number | undefined;
  readonly kev: boolean;
  /** Why it is not what the score alone says, in order. */
  readonly reasons: readonly string[];
}

const EPSS_HIGH = 0.5;
const EPSS_RAISED = 0.1;
const EPSS_LOW = 0.001;
const WORDS: Readonly<Record<string, FindingSeverity>> = {
  CRITICAL: 'critical',
  HIGH: 'high',
  IMPORTANT: 'high',
  MODERATE: 'medium',
  MEDIUM: 'medium',
  LOW: 'low',
  NEGLIGIBLE: 'info',
  UNIMPORTANT: 'info',
};

/** What the advisory itself says; `medium` when it says nothing, so that silence hides nothing. */
export function baseSeverity(vulnerability: Pick<Vulnerability, 'score' | 'word' | 'vendor' | 'ids'>): FindingSeverity {
  // Malicious packages have no score: whoever installed one has run the attacker's code.
  if (vulnerability.ids.some((id) => id.startsWith('MAL-'))) return 'critical';
  const { vendor, word, score } = vulnerability;
  if (Object.hasOwn(WORDS, vendor)) return WORDS[vendor]!;
  if (score) return severityOfScore(score.score);
  return Object.hasOwn(WORDS, word) ? WORDS[word]! : 'medium';
}

function shift(severity: FindingSeverity, steps: number): FindingSeverity {
  const at = FINDING_SEVERITIES.indexOf(severity) - steps;
  return FINDING_SEVERITIES[Math.max(0, Math.min(FINDING_SEVERITIES.length - 1, at))]!;
}

/**
 * The priority of a vulnerability of a package.
 *
 * In a catalogue of exploited ones: at least high, critical when it is reached from outside. EPSS of 50 % or more raises by a step, so does a path to a crown
 * jewel with 10 % or more; EPSS below 0.1 %, code for development only and what nobody reaches lower by a step. Never lower than low by these.
 */
export function priorityOf(vulnerability: Vulnerability, data: ExploitData, reach: Reachability): Priority {
  const base = baseSeverity(vulnerability);
  const scores = vulnerability.ids.flatMap((id) => data.epss.get(id) ?? []);
  const epss = scores.length > 0 ? Math.max(...scores) : undefined;
  const kev = vulnerability.ids.some((id) => data.kev.has(id));
  const reasons: string[] = [];
  let severity = base;
  if (kev) {
    reasons.push('known to be exploited (CISA KEV)');
    const least = reach.from === 'internet' || reach.onPath ? 'critical' : 'high';
    if (FINDING_SEVERITIES.indexOf(least) < FINDING_SEVERITIES.indexOf(severity)) severity = least;
  } else {
    let steps = 0;
    if (epss !== undefined && epss >= EPSS_HIGH) {
      steps++;
      reasons.push(`EPSS ${percent(epss)}`);
    } else if (reach.onPath && (epss ?? 0) >= EPSS_RAISED) {
      steps++;
      reasons.push(`on a path to a crown jewel, EPSS ${percent(epss!)}`);
    }
    if (vulnerability.package.dev === true) {
      steps--;
      reasons.push('needed for development only');
    } else if (reach.from === 'none') {
      steps--;
      reasons.push('no workload or outside address reaches it');
    } else if (epss !== undefined && epss < EPSS_LOW && reach.from !== 'internet') {
      steps--;
      reasons.push(`EPSS ${percent(epss)}`);
    }
    const shifted = shift(severity, steps);
    severity = steps < 0 && base !== 'info' && shifted === 'info' ? 'low' : shifted;
  }
  return { severity, epss, kev, reasons };
}

function percent(value: number): string {
  return `${(value * 100).toFixed(value < 0.1 ? 2 : 0)} %`;
}

/** Reads FIRST's EPSS file (`cve,epss,percentile`, comment lines before). */
export function readEpss(csv: string): ReadonlyMap<string, number> {
  const scores = new Map<string, number>();
  for (let at = 0; at < csv.length;) {
    const end = csv.indexOf('\n', at);
    const line = csv.slice(at, end === -1 ? csv.length : end);
    at = end === -1 ? csv.length : end + 1;
    if (!line.startsWith('CVE-')) continue;
    const comma = line.indexOf(',');
    const value = Number(line.slice(comma + 1).split(',')[0]);
    if (comma > 0 && value >= 0 && value <= 1) scores.set(line.slice(0, comma), value);
  }
  return scores;
}

/** Reads CISA's catalogue (`{vulnerabilities: [{cveID}]}`). */
export function readKev(json: unknown): ReadonlySet<string> {
  const list = typeof json === 'object' && json !== null ? (json as { vulnerabilities?: unknown }).vulnerabilities : undefined;
  const ids = new Set<string>();
  for (const each of Array.isArray(list) ? list : []) {
    const id: unknown = typeof each === 'object' && each !== null ? (each as { cveID?: unknown }).cveID : undefined;
    if (typeof id === 'string' && /^CVE-\d{4}-\d+$/.test(id)) ids.add(id);
  }
  return ids;
}
