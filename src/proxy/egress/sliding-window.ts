const BUCKETS = 12;

/**
 * Amounts of the last `windowMs`, kept in twelve parts of it. What is counted may be older by one part, never younger: a bound that is held against it
 * closes early, not late.
 */
export class SlidingWindow {
  readonly #partMs: number;
  readonly #parts = new Float64Array(BUCKETS + 1);
  #now = 0;
  #total = 0;

  constructor(windowMs: number) {
    this.#partMs = windowMs / BUCKETS;
  }

  add(nowMs: number, amount: number): void {
    this.#turn(nowMs);
    const at = this.#now % this.#parts.length;
    this.#parts[at] = this.#parts[at]! + amount;
    this.#total += amount;
  }

  total(nowMs: number): number {
    this.#turn(nowMs);
    return this.#total;
  }

  #turn(nowMs: number): void {
    const part = Math.floor(nowMs / this.#partMs);
    if (part - this.#now > this.#parts.length) {
      this.#parts.fill(0);
      this.#total = 0;
      this.#now = part;
      return;
    }
    while (this.#now < part) {
      this.#now++;
      const at = this.#now % this.#parts.length;
      this.#total -= this.#parts[at]!;
      this.#parts[at] = 0;
    }
  }
}
