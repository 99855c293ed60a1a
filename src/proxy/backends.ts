import type { Fraction, HttpRouteFilter } from '#model/gateway.ts';
import type { Destination } from './destination.ts';
import type { RetryRules } from './retry.ts';

/** Where copies of a rule's requests go. */
export interface MirrorTarget {
  readonly destination: Destination;
  readonly fraction: Fraction;
}

export interface BackendChoice {
  /** Undefined: its share is answered with 500. */
  readonly destination: Destination | undefined;
  /** For what goes there, behind the rule's own. */
  readonly filters: readonly HttpRouteFilter[];
}

const NO_FILTERS: readonly HttpRouteFilter[] = Object.freeze([]);

/** The backends of one route rule with their weights (Gateway API, HTTPBackendRef.weight). */
export class Backends {
  readonly #choices: readonly (BackendChoice & { readonly upTo: number })[];
  readonly #total: number;
  /** Undefined: the default. */
  readonly retry: RetryRules | undefined;

  /** @param choices undefined destinations keep their share */
  constructor(
    choices: readonly {
      readonly weight: number;
      readonly destination: Destination | undefined;
      readonly filters?: readonly HttpRouteFilter[] | undefined;
    }[],
    retry?: RetryRules,
  ) {
    this.retry = retry;
    let total = 0;
    this.#choices = choices
      .filter(({ weight }) => weight > 0)
      .map(({ weight, destination, filters = NO_FILTERS }) => ({ upTo: (total += weight), destination, filters }));
    this.#total = total;
  }

  /** @param unit in [0, 1) @returns undefined when nothing has a weight */
  choose(unit: number): BackendChoice | undefined {
    if (this.#choices.length === 1) return this.#choices[0];
    const point = unit * this.#total;
    for (const choice of this.#choices) if (point < choice.upTo) return choice;
    return undefined;
  }

  /** Whether it still leads to this service port. */
  leadsTo({ name, port }: Pick<Destination, 'name' | 'port'>): boolean {
    return this.#choices.some(({ destination }) => destination?.name === name && destination.port === port);
  }
}
