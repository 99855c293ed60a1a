// One listener's ways out, compiled: which hosts it lets through, where they lead, and which bounds hold for them.
import { DEFAULT_INSPECTION } from '#model/istio-egress.ts';
import type { DenyCode, Reason } from '#model/decision.ts';
import type { EgressListener, EgressPolicyPlan, EgressTarget } from '#plan/plan.ts';
import { reason } from '../reasons.ts';
import type { Destination } from '../destination.ts';
import type { EgressAccount, EgressAccounts } from './account.ts';
import { HostTable } from './host-table.ts';
import type { InspectionRule } from './inspection.ts';

/** Why something does not leave. */
export interface Refused {
  readonly code: DenyCode;
  readonly reasons: readonly Reason[];
}

interface Bounded {
  readonly policy: EgressPolicyPlan;
  readonly account: EgressAccount;
}

/** One target of a listener with the bounds that hold for calls of it. */
export class WayOut {
  readonly entry: string;
  readonly bounds: readonly Bounded[];
  readonly inspections: readonly InspectionRule[];
  /** Longest life of a connection or request, 0 for no bound. */
  readonly connectionMs: number;
  /** Where a host leads. Throws for a cluster that the plan lacks. */
  readonly destinationOf: (host: string) => Destination;

  constructor(
    target: EgressTarget,
    policies: readonly EgressPolicyPlan[],
    accountOf: (policy: EgressPolicyPlan) => EgressAccount | undefined,
    destinationOf: (host: string) => Destination,
  ) {
    this.entry = target.entry;
    const own = policies.filter(({ entries }) => entries === undefined || entries.includes(target.entry));
    this.bounds = own.flatMap((policy) => {
      const account = accountOf(policy);
      return account ? [{ policy, account }] : [];
    });
    const written = own.flatMap(({ id, at, inspect }) => (inspect ? [{ policy: id, at, inspect }] : []));
    this.inspections = written.length > 0 ? written : [{ policy: '', at: '', inspect: DEFAULT_INSPECTION }];
    const lives = own.flatMap(({ limits }) => (limits?.connectionMs === undefined ? [] : [limits.connectionMs]));
    this.connectionMs = lives.length === 0 ? 0 : Math.min(...lives);
    this.destinationOf = destinationOf;
  }

  /** A request or connection begins. */
  open(nowMs: number, host: string): Refused | undefined {
    for (const { policy, account } of this.bounds) {
      const breach = account.open(nowMs, host);
      if (breach) return refusedBy(policy, breach.limit, breach.max, breach.windowMs);
    }
    return undefined;
  }

  /** Bytes are about to leave. */
  send(nowMs: number, count: number): Refused | undefined {
    for (const { policy, account } of this.bounds) {
      const breach = account.send(nowMs, count);
      if (breach) return refusedBy(policy, breach.limit, breach.max, breach.windowMs);
    }
    return undefined;
  }

  /** Bytes of one message that are searched. */
  get bytesMax(): number {
    return Math.max(...this.inspections.map(({ inspect }) => inspect.bytesMax));
  }
}

function refusedBy(policy: EgressPolicyPlan, limit: string, max: number, windowMs: number): Refused {
  const text = `the workload may send out ${max} ${limit} within ${windowMs / 1000} s, and this would be more`;
  return {
    code: 'egress.limit',
    reasons: [{ ...reason('DENY', `limits.${limit}`, [String(max)], '', policy.at, text), policy: policy.id }],
  };
}

/** What a listener lets through. */
export class Egress {
  readonly protocol: EgressListener['protocol'];
  readonly #table = new HostTable<WayOut>();
  readonly #only: WayOut;
  readonly #ways: readonly WayOut[];

  constructor(
    listener: EgressListener,
    policies: readonly EgressPolicyPlan[],
    workload: string,
    accounts: EgressAccounts,
    destinationOf: (cluster: string, host: string) => Destination,
  ) {
    this.protocol = listener.protocol;
    this.#ways = listener.targets.map((target) => {
      const way = new WayOut(
        target,
        policies,
        ({ id, limits }) => limits && accounts.of(workload, id, limits),
        (host) => destinationOf(target.cluster, host),
      );
      for (const host of target.hosts) this.#table.add(host, way);
      return way;
    });
    this.#only = this.#ways[0]!;
  }

  /** @param host lower case, without port */
  match(host: string): WayOut | undefined {
    return this.#table.match(host);
  }

  /** Of a TCP listener, whose callers name no host. */
  get only(): WayOut {
    return this.#only;
  }

  hosts(): string[] {
    return this.#table.names();
  }

  *accounts(): Iterable<EgressAccount> {
    for (const way of this.#ways) for (const { account } of way.bounds) yield account;
  }
}
