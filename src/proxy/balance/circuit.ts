// The bounds of one destination, counted over all its endpoints and all workers, and kept while configurations change (Envoy, "Circuit breaking").
import type { Portion, Portions } from '#base/portions.ts';
import type { RetryBudget } from '#model/istio-traffic.ts';
import { type CircuitPlan, RETRY_BUDGET } from '#plan/traffic.ts';
import type { ConnectionGate, GatedPool } from '#wire/connection-gate.ts';

export class Circuit implements ConnectionGate {
  budget: RetryBudget = RETRY_BUDGET;
  /** Requests under way, retries among them. */
  readonly requests: Portion;
  readonly retries: Portion;
  readonly connections: Portion;
  readonly #pending: Portion;
  readonly #pools = new Set<GatedPool>();
  readonly #waiting = new Set<GatedPool>();

  /** @param name of the destination and who calls it, the same in every worker */
  constructor(portions: Portions, name: string) {
    this.requests = portions.of(`requests ${name}`, Infinity);
    this.retries = portions.of(`retries ${name}`, Infinity);
    this.connections = portions.of(`connections ${name}`, Infinity);
    this.#pending = portions.of(`pending ${name}`, Infinity);
  }

  set plan(plan: CircuitPlan) {
    this.requests.max = plan.requestsMax ?? Infinity;
    this.retries.max = plan.retriesMax ?? Infinity;
    this.connections.max = plan.connectionsMax ?? Infinity;
    this.#pending.max = plan.pendingMax ?? Infinity;
  }

  /** Takes a retry's place, when another may begin: the budget is a share of what is under way (hardening F 61), and a written bound holds besides. */
  takeRetry(): boolean {
    const share = Math.floor((this.requests.used * this.budget.percent) / 100);
    if (this.retries.used >= Math.max(share, this.budget.minRetryConcurrency)) return false;
    if (this.retries.take()) return true;
    // A retry that is not made harms nobody; the next one may find room.
    void this.retries.ask();
    return false;
  }

  join(pool: GatedPool): void {
    this.#pools.add(pool);
  }

  leave(pool: GatedPool): void {
    this.#pools.delete(pool);
    this.#waiting.delete(pool);
  }

  /** One may always wait, since a worker without a portion yet could not begin otherwise. */
  get mayWait(): boolean {
    if (this.#pending.max === Infinity) return true;
    let pending = 0;
    for (const pool of this.#pools) pending += pool.waiting;
    if (this.#pending.covers(pending)) return true;
    void this.#pending.ask();
    return pending === 0;
  }

  /** One connection to each endpoint is always had (as in Envoy), else idle ones to others could starve it. */
  mayConnect(pool: GatedPool, held: number): boolean {
    if (this.connections.take()) return true;
    if (held === 0) {
      this.connections.force();
      return true;
    }
    this.#waiting.add(pool);
    void this.#askForConnection();
    return false;
  }

  connectionGone(): void {
    this.connections.give();
    this.#roomFreed();
  }

  async #askForConnection(): Promise<void> {
    if (await this.connections.ask()) this.#roomFreed();
  }

  #roomFreed(): void {
    for (const pool of this.#waiting) {
      this.#waiting.delete(pool);
      pool.roomFreed();
      return;
    }
  }
}
