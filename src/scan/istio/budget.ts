/** Comparisons of everything with everything are bounded, so that a file made for it cannot hold up the scan. */
export class Budget {
  #left: number;

  constructor(comparisons = 100_000) {
    this.#left = comparisons;
  }

  get isSpent(): boolean {
    return this.#left <= 0;
  }

  /** False when nothing is left. */
  take(count = 1): boolean {
    this.#left -= count;
    return this.#left >= 0;
  }
}
