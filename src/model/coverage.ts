/** Something that lay in the way of a scan and was not looked into. What was not analysed is a result too. */
export interface NotAnalysed {
  readonly file: string;
  readonly line?: number;
  /**
   * Short and stable: `helm-template`, `unknown-kind`, `unparsed`, `remote-base`, `too-large`, `binary`, `skipped-folder`, `unreadable`,
   * `too-many`, `alike`, `attack-graph`.
   */
  readonly what: string;
  /** Lower-case, no full stop, the user's words in backticks. */
  readonly message: string;
  /** What to do so that it is analysed. */
  readonly help?: string;
  /** How many places are alike, when only the first is named. */
  readonly count?: number;
}
