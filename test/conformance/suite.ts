// The contract of a conformance suite: data others wrote, judged row by row.

export interface RowResult {
  readonly id: string;
  readonly pass: boolean;
  /** Why it failed, for `--verbose`. */
  readonly why?: string;
}

export interface SuiteContext {
  /** The suites folder, e.g. `../shared/suites`. */
  readonly dir: string;
  /** False for the seeded sample of CI; a suite that takes seconds may then judge only a sample of its rows. */
  readonly full: boolean;
  /** Seed for choosing the sample. */
  readonly seed: number;
}

export interface Suite {
  readonly name: string;
  /** File or folder below `dir` that must exist; the suite is skipped with a printed reason otherwise. */
  readonly needs: string;
  /** Takes long (live processes): sampled unless --full. */
  readonly long?: boolean;
  run(context: SuiteContext): Promise<readonly RowResult[]>;
}
