// The bounds of one destination, counted over all its endpoints and kept while configurations change (Envoy, "Circuit breaking").
import type { RetryBudget } from '#model/istio-traffic.ts';
import { type CircuitPlan, RETRY_BUDGET } from '#plan/traffic.ts';
import type { ConnectionGate, GatedPool } from '#wire/connection-gate.ts';

export class Circuit implements ConnectionGate {
  plan: CircuitPlan = {};
  budget: RetryBudget = RETRY_BUDGET;
  /** Requests under way, retries among them. */
  requests = 0;
  retries = 0;
  connections = 0;
  readonly #pools = new Set<GatedPool>();
  readonly #waiting = new Set<GatedPool>();

  /** Another request may begin. */
  get mayRequest(): boolean {
    return this.requests < (this.plan.requestsMax ?? Infinity);
  }

  /** Another retry may begin: the budget is a share of what is under way (hardening F 61), and a written bound holds besides. */
  get mayRetry(): boolean {
    const share = Math.floor((this.requests * this.budget.percent) / 100);
    const allowed = Math.max(share, this.budget.minRetryConcurrency);
    return this.retries < Math.min(allowed, this.plan.retriesMax ?? Infinity);
  }

  join(pool: GatedPool): void {
    this.#pools.add(pool);
  }

  leave(pool: GatedPool): void {
    this.#pools.delete(pool);
    this.#waiting.delete(pool);
  }

  get mayWait(): boolean {
    const { pendingMax } = this.plan;
    if (pendingMax === undefined) return true;
    let pending = 0;
    for (const pool of this.#pools) pending += pool.waiting;
    return pending < pendingMax;
  }

  /** One connection to each endpoint is always had (as in Envoy), else idle ones to others could starve it. */
  mayConnect(pool: GatedPool, held: number): boolean {
    if (held === 0 || this.connections < (this.plan.connectionsMax ?? Infinity)) {
      this.connections++;
      return true;
    }
    this.#waiting.add(pool);
    return false;
  }

  connectionGone(): void {
    this.connections--;
    for (const pool of this.#waiting) {
      this.#waiting.delete(pool);
      pool.roomFreed();
      return;
    }
  }
}
