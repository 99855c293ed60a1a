// What a build must not make worse: the gate's policy, and the one verdict from a scan.
import type { FindingSeverity } from '#model/finding.ts';
import type { Terms } from '../judge/terms.ts';

export interface GatePolicy {
  /** Where it is written, for messages. */
  readonly file: string;
  /** From this severity on, a finding that is new since the baseline fails the build. */
  readonly failOnNew: FindingSeverity | 'never';
  /** From this severity on, any open finding fails it, old or new. */
  readonly failOnAny: FindingSeverity | 'never';
  /** A finding whose day has passed fails it. */
  readonly failOnOverdue: boolean;
  /** A path from the internet to a crown jewel that the baseline does not have fails it. */
  readonly failOnNewPaths: boolean;
  /** More paths than this fail it, whatever the baseline says; undefined: any number. */
  readonly pathsMax: number | undefined;
  /** Something that could not be analysed fails it: `never`, `errors` (broken documents), `all`. */
  readonly failOnNotAnalysed: 'never' | 'errors' | 'all';
  /** Rules (or `area.*`) that fail the build whatever their severity. */
  readonly forbid: readonly string[];
  /** Rules (or `area.*`) that never fail it; they stay in the reports. */
  readonly allow: readonly string[];
  readonly terms: Terms;
  readonly vulnerabilities: {
    /** From this severity on; a finding's severity already holds exploit data and reachability. */
    readonly failOn: FindingSeverity | 'never';
    /** Only those that a newer version fixes. */
    readonly onlyFixable: boolean;
    /** Days that a vulnerability may be known before it fails the build. */
    readonly graceDays: number;
    /** Those that lie on a path to a crown jewel fail at once. */
    readonly failOnPath: boolean;
    /** Those that are known to be exploited fail at once, fix or not. */
    readonly failOnExploited: boolean;
  };
  /** Folders or units that must be alike: staging and production. */
  readonly parity: readonly { readonly a: string; readonly b: string }[];
}

export const DEFAULT_GATE: Omit<GatePolicy, 'file' | 'terms'> = {
  failOnNew: 'medium',
  failOnAny: 'critical',
  failOnOverdue: true,
  failOnNewPaths: true,
  pathsMax: undefined,
  failOnNotAnalysed: 'errors',
  forbid: [],
  allow: [],
  vulnerabilities: { failOn: 'high', onlyFixable: true, graceDays: 0, failOnPath: true, failOnExploited: true },
  parity: [],
};
