import type { Diagnostic, Severity } from '#model/diagnostic.ts';

/** How many of each are kept. Each severity has its own room, so that hints never crowd out an error. */
const KEPT_MAX: Readonly<Record<Severity, number>> = { error: 2000, warning: 1000, info: 1000 };

/** Takes diagnostics and bounds what hostile or huge input can make of them. */
export class Findings {
  readonly #kept: Diagnostic[] = [];
  readonly #keptOf: Record<Severity, number> = { error: 0, warning: 0, info: 0 };
  readonly #dropped: Record<Severity, number> = { error: 0, warning: 0, info: 0 };

  /** Whether another one of this severity would only be counted: its place and help then need not be found out. */
  full(severity: Severity): boolean {
    return this.#keptOf[severity] >= KEPT_MAX[severity];
  }

  push(diagnostic: Diagnostic): void {
    const { severity } = diagnostic;
    if (this.full(severity)) this.#dropped[severity]++;
    else {
      this.#keptOf[severity]++;
      this.#kept.push(diagnostic);
    }
  }

  /** One more that is not kept. */
  count(severity: Severity): void {
    this.#dropped[severity]++;
  }

  /** What was kept, and one line per severity that had more. */
  all(): readonly Diagnostic[] {
    const more = (Object.keys(KEPT_MAX) as Severity[]).flatMap((severity): Diagnostic[] => {
      const rest = this.#dropped[severity];
      return rest > 0
        ? [{ code: 'resource.more', severity, message: `${rest} more findings of severity ${severity} are not listed` }]
        : [];
    });
    return [...this.#kept, ...more];
  }
}
