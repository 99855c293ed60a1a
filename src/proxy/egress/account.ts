// What one workload has sent out within the window of one EgressPolicy.
import type { EgressLimits } from '#model/istio-egress.ts';
import { SlidingWindow } from './sliding-window.ts';

export interface Breach {
  readonly limit: 'bytes' | 'requests' | 'destinations';
  readonly max: number;
  readonly windowMs: number;
}

export class EgressAccount {
  readonly limits: EgressLimits;
  readonly #bytes: SlidingWindow;
  readonly #requests: SlidingWindow;
  /** Host -> when it was called last. */
  readonly #destinations = new Map<string, number>();

  constructor(limits: EgressLimits) {
    this.limits = limits;
    this.#bytes = new SlidingWindow(limits.windowMs);
    this.#requests = new SlidingWindow(limits.windowMs);
  }

  /** A request, or a connection. What is refused is not counted. */
  open(nowMs: number, host: string): Breach | undefined {
    const { requests, destinations, bytes, windowMs } = this.limits;
    if (requests !== undefined && this.#requests.total(nowMs) >= requests) return { limit: 'requests', max: requests, windowMs };
    if (bytes !== undefined && this.#bytes.total(nowMs) >= bytes) return { limit: 'bytes', max: bytes, windowMs };
    if (destinations !== undefined && !this.#destinations.has(host)) {
      if (this.#destinations.size >= destinations)
        for (const [known, lastMs] of this.#destinations) if (nowMs - lastMs > windowMs) this.#destinations.delete(known);
      if (this.#destinations.size >= destinations) return { limit: 'destinations', max: destinations, windowMs };
    }
    this.#requests.add(nowMs, 1);
    if (destinations !== undefined) this.#destinations.set(host, nowMs);
    return undefined;
  }

  /** Bytes that are about to leave. */
  send(nowMs: number, count: number): Breach | undefined {
    const { bytes, windowMs } = this.limits;
    if (bytes === undefined) return undefined;
    if (this.#bytes.total(nowMs) + count > bytes) return { limit: 'bytes', max: bytes, windowMs };
    this.#bytes.add(nowMs, count);
    return undefined;
  }
}

/** The accounts of a proxy. They outlive configurations: a reload gives nobody a new allowance, unless the bounds themselves were changed. */
export class EgressAccounts {
  readonly #accounts = new Map<string, EgressAccount>();

  of(workload: string, policy: string, limits: EgressLimits): EgressAccount {
    const key = `${workload} ${policy}`;
    const known = this.#accounts.get(key);
    if (known && JSON.stringify(known.limits) === JSON.stringify(limits)) return known;
    const made = new EgressAccount(limits);
    this.#accounts.set(key, made);
    return made;
  }

  /** Forgets what no configuration names. @param used accounts of the one in force */
  keepOnly(used: ReadonlySet<EgressAccount>): void {
    for (const [key, account] of this.#accounts) if (!used.has(account)) this.#accounts.delete(key);
  }
}
