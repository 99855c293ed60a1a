// The words of this layer. They have the shape of model's Location and Diagnostic, which syntax/ stands beside and does not import.

/** Line and column count from 1; the column counts UTF-16 units. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What is wrong with a text, whatever it was meant to say. */
export interface SyntaxMistake {
  /** `syntax.…` */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  /** Lower-case, no full stop, the user's words in backticks; never a value, since a value may be a secret. */
  readonly message: string;
  readonly location: Position;
  readonly help?: string;
}

/** What one file may cost its reader. */
export interface YamlLimits {
  /** Bytes of a binary input, UTF-16 units of a text. */
  readonly fileSizeMax: number;
  readonly documentsMax: number;
  /** Collections inside collections, those that aliases bring along included. */
  readonly depthMax: number;
  /** Characters that aliases and merge keys may stand for beyond what is written: so many, and twice the length of the file. */
  readonly aliasCostMax: number;
  /** After so many mistakes the rest of the file is not looked at. */
  readonly mistakesMax: number;
}

export const DEFAULT_YAML_LIMITS: YamlLimits = {
  fileSizeMax: 32 * 1024 * 1024,
  documentsMax: 50_000,
  depthMax: 100,
  aliasCostMax: 256 * 1024,
  mistakesMax: 200,
};
