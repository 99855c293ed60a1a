// What a scan is asked for, and the parts that it is put together from.
import type { NotAnalysed } from '#model/coverage.ts';
import type { Terms } from '#scan/judge/terms.ts';
import type { SecretScanner } from '#scan/secrets/scanner.ts';
import type { AdvisoryDatabase } from '#scan/vulnerabilities/index-file.ts';
import type { ExploitData } from '#scan/vulnerabilities/priority.ts';
import type { AnalysisData } from './data.ts';

export interface ScanRequest {
  readonly paths: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: () => Uint8Array;
  readonly nowMs: number;
  readonly version: string;
  readonly render: boolean;
  readonly cache: boolean;
  /** File; one that is not there yet counts as empty. */
  readonly baseline?: string;
  readonly terms?: Terms;
  /** Files of the user's: the advisory database instead of the usual one, EPSS scores, CISA's catalogue. */
  readonly advisories?: string;
  readonly epss?: string;
  readonly kev?: string;
  readonly secrets?: SecretScanner;
  /** Whether commits are read too, for the secrets that they still hold. */
  readonly history?: boolean;
  /** Pairs of folders that must be alike, beside those that their names tell. */
  readonly parity?: readonly { readonly a: string; readonly b: string }[];
}

/** What is known beside the files: of vulnerabilities, and of history. */
export interface Known {
  readonly advisories?: AdvisoryDatabase;
  readonly exploits?: ExploitData;
  /** File -> when its present content came in (milliseconds since 1970). */
  readonly changedAt?: ReadonlyMap<string, number>;
}

export interface Part {
  readonly data: AnalysisData;
  readonly notAnalysed: readonly NotAnalysed[];
}
