import type { Destination } from './destination.ts';
import type { RetryRules } from './retry.ts';

/** The backends of one route rule with their weights (Gateway API, HTTPBackendRef.weight). */
export class Backends {
  readonly #choices: readonly { readonly upTo: number; readonly destination: Destination | undefined }[];
  readonly #total: number;
  /** Undefined: the default. */
  readonly retry: RetryRules | undefined;

  /** @param choices undefined destinations keep their share, which is then answered with 500 */
  constructor(
    choices: readonly { readonly weight: number; readonly destination: Destination | undefined }[],
    retry?: RetryRules,
  ) {
    this.retry = retry;
    let total = 0;
    this.#choices = choices
      .filter(({ weight }) => weight > 0)
      .map(({ weight, destination }) => ({ upTo: (total += weight), destination }));
    this.#total = total;
  }

  /** @param unit in [0, 1) @returns undefined when the share has no destination, or nothing has a weight */
  choose(unit: number): Destination | undefined {
    if (this.#choices.length === 1) return this.#choices[0]!.destination;
    const point = unit * this.#total;
    for (const { upTo, destination } of this.#choices) if (point < upTo) return destination;
    return undefined;
  }
}
