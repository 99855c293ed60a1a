// One destination as a listener or a route sees it: its endpoints, who of them is next, and what its calls came to.
import type { Clock } from '#base/ports.ts';
import { BALANCE_DEFAULT, type TrafficPlan } from '#plan/traffic.ts';
import { Chooser, Dice, type Tried } from './balance/choose.ts';
import type { Circuit } from './balance/circuit.ts';
import type { Group } from './balance/groups.ts';
import { type HashTable, maglevOf, ringOf } from './balance/hash.ts';
import type { Host, Member } from './balance/host.ts';
import { type Ejection, type Outcome, observe } from './balance/outlier.ts';
import { type Origin, type Stratum, chooseStratum, stratify } from './balance/strata.ts';
import type { UpstreamEndpoint } from './upstreams.ts';

/** An endpoint with what the plan says of it. */
export interface Placed {
  readonly endpoint: UpstreamEndpoint;
  readonly weight: number;
  readonly locality: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly draining: boolean;
}

/** Told when an endpoint is taken out of turn, and when it is back. */
export interface DestinationWatch {
  ejected(destination: Destination, ejection: Ejection): void;
  restored(destination: Destination, host: Host): void;
}

export interface DestinationOptions {
  /** Service or workload id, for events and metrics. */
  readonly name: string;
  readonly port: number;
  /** The one host outside the mesh that it is, lower case. */
  readonly outside?: string;
  readonly traffic?: TrafficPlan | undefined;
  readonly origin?: Origin;
  readonly group: Group;
  readonly seed: number;
  readonly watch?: DestinationWatch;
}

const NOWHERE: Origin = { locality: '', labels: {} };

/** Members of one stratum, and those of them that take requests now. */
interface Turn {
  readonly members: readonly Member[];
  healthy: readonly Member[];
  table: HashTable | undefined;
}

export class Destination {
  readonly name: string;
  readonly port: number;
  readonly outside: string | undefined;
  readonly traffic: TrafficPlan | undefined;
  readonly circuit: Circuit;
  readonly #options: DestinationOptions;
  readonly #group: Group;
  readonly #chooser: Chooser;
  readonly #dice: Dice;
  #endpoints: readonly UpstreamEndpoint[] = [];
  #strata: readonly Stratum[] = [];
  #turns: readonly Turn[] = [];
  /** The only endpoint there is. */
  #only: Host | undefined;
  /** The group's changes that `#turns` knows of, and when the next ejection ends. */
  #seen = -1;
  #nextRestoreMs = Infinity;
  /** So few are healthy that all are used. */
  #panic = false;
  #healthyCounts: readonly number[] = [];

  constructor(options: DestinationOptions, placed: readonly Placed[], nowMs: number) {
    this.name = options.name;
    this.port = options.port;
    this.outside = options.outside;
    this.traffic = options.traffic;
    this.#options = options;
    this.#group = options.group;
    this.circuit = options.group.circuit;
    this.#dice = new Dice(options.seed);
    this.#chooser = new Chooser(this.#dice, options.traffic?.balance.warmup);
    this.place(placed, nowMs);
  }

  get endpoints(): readonly UpstreamEndpoint[] {
    return this.#endpoints;
  }

  /** What its bounds are from now on: it is part of the configuration in force. */
  activate(): void {
    this.circuit.plan = this.traffic?.circuit ?? {};
    if (this.traffic) this.circuit.budget = this.traffic.retryBudget;
  }

  /** Other endpoints from now on. Requests under way end where they are. */
  place(placed: readonly Placed[], nowMs: number): void {
    this.#endpoints = placed.map(({ endpoint }) => endpoint);
    const members = placed
      .filter(({ draining }) => !draining)
      .map(({ endpoint, weight, locality, labels }) => ({ host: this.#group.host(endpoint, nowMs), weight, locality, labels }));
    this.#only = members.length === 1 ? members[0]!.host : undefined;
    const strata = stratify(members, this.#options.origin ?? NOWHERE, this.traffic?.balance.locality);
    this.#strata = strata.filter((one) => one.members.length > 0);
    this.#turns = this.#strata.map((stratum) => ({ members: stratum.members, healthy: stratum.members, table: undefined }));
    this.#seen = -1;
  }

  /**
   * The endpoint for a request.
   * @param tried endpoints that failed for it already: others are preferred over none, never over nobody
   * @param hash of what the request is to be kept together by; undefined when it has none
   * @returns undefined when there is none (left)
   */
  pick(nowMs: number, tried?: Tried, hash?: number): UpstreamEndpoint | undefined {
    const only = this.#only;
    if (only !== undefined && only.ejectedUntilMs === 0)
      return tried?.includes(only.endpoint) === true ? undefined : only.endpoint;
    const turns = this.#turns;
    if (turns.length === 0) return undefined;
    if (this.#seen !== this.#group.changes || nowMs >= this.#nextRestoreMs) this.#refresh(nowMs);
    let index = 0;
    if (turns.length > 1) {
      const counts = this.#panic ? turns.map(({ members }) => members.length) : this.#healthyCounts;
      index = chooseStratum(this.#strata, counts, this.#dice.unit());
      if (index < 0) return undefined;
    }
    const chosen = this.#choose(turns[index]!, tried, hash, nowMs);
    if (chosen !== undefined || turns.length === 1) return chosen?.host.endpoint;
    // The near ones were tried: the others, nearest first.
    for (const turn of turns) {
      const other = this.#choose(turn, tried, undefined, nowMs);
      if (other) return other.host.endpoint;
    }
    return undefined;
  }

  /** Looks whether somebody's time out of turn is over, so that it is told without waiting for a request. */
  tick(nowMs: number): void {
    if (nowMs >= this.#nextRestoreMs) this.#refresh(nowMs);
  }

  #choose(turn: Turn, tried: Tried | undefined, hash: number | undefined, nowMs: number): Member | undefined {
    const members = this.#panic ? turn.members : turn.healthy;
    if (members.length === 0) return undefined;
    const { kind } = this.traffic?.balance ?? BALANCE_DEFAULT;
    if (kind === 'least-request') return this.#chooser.leastRequest(members, tried, nowMs);
    if (kind === 'hash' && hash !== undefined) {
      const healthy = new Set(members);
      return this.#table(turn).find(hash, (member) => healthy.has(member) && tried?.includes(member.host.endpoint) !== true);
    }
    if (kind === 'round-robin') return this.#chooser.roundRobin(members, tried, nowMs);
    return this.#chooser.random(members, tried, nowMs);
  }

  #table(turn: Turn): HashTable {
    if (turn.table) return turn.table;
    const { algorithm, size } = this.traffic!.balance.hash!;
    return (turn.table = algorithm === 'maglev' ? maglevOf(turn.members, size) : ringOf(turn.members, size));
  }

  /** Looks again who takes requests: somebody was taken out, or somebody's time is over. */
  #refresh(nowMs: number): void {
    this.#nextRestoreMs = Infinity;
    let all = 0;
    let healthy = 0;
    for (const turn of this.#turns) {
      const able: Member[] = [];
      for (const member of turn.members) {
        const { host } = member;
        if (host.ejectedUntilMs > 0 && host.ejectedUntilMs <= nowMs) this.#restore(host, nowMs);
        if (host.ejectedUntilMs === 0) able.push(member);
        else this.#nextRestoreMs = Math.min(this.#nextRestoreMs, host.ejectedUntilMs);
      }
      turn.healthy = able.length === turn.members.length ? turn.members : able;
      all += turn.members.length;
      healthy += able.length;
    }
    this.#healthyCounts = this.#turns.map((turn) => turn.healthy.length);
    const { panicPercent } = this.traffic?.balance ?? BALANCE_DEFAULT;
    this.#panic = healthy < all && (healthy * 100) / all < panicPercent;
    this.#seen = this.#group.changes;
  }

  #restore(host: Host, nowMs: number): void {
    host.ejectedUntilMs = 0;
    host.restoredMs = nowMs;
    this.#group.changes++;
    if (host.ejections > 0) this.#options.watch?.restored(this, host);
  }

  /** What a try came to. */
  report(endpoint: UpstreamEndpoint, outcome: Outcome, clock: Clock): void {
    // An answer says nothing where nobody counts.
    if (typeof outcome === 'number' && this.traffic?.outlier === undefined) return;
    const nowMs = clock.monotonicMs();
    const host = this.#group.hosts.get(endpoint);
    if (!host) return;
    const before = host.ejectedUntilMs;
    const ejection = observe(host, outcome, this.traffic?.outlier, this.#group.hosts.values(), nowMs);
    if (host.ejectedUntilMs !== before) this.#group.changes++;
    if (ejection) this.#options.watch?.ejected(this, ejection);
  }
}
