import type { Location } from './origin.ts';

export type Severity = 'error' | 'warning' | 'info';

/** A mistake in what the user wrote. Readers collect all of them; they never throw for one. */
export interface Diagnostic {
  /** Stable, e.g. `authz.unknown-field`. */
  readonly code: string;
  readonly severity: Severity;
  /** Lower-case, no full stop, the user's words in backticks. */
  readonly message: string;
  readonly location?: Location;
  /** `spec.rules[0].to` when the mistake sits inside a resource. */
  readonly path?: string;
  /** What to do: the nearest right word, the field to set. */
  readonly help?: string;
}
