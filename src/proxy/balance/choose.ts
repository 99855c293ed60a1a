// How one of several equal endpoints is chosen.
import type { Warmup } from '#model/istio-traffic.ts';
import type { UpstreamEndpoint } from '../upstreams.ts';
import type { Member } from './host.ts';

/** Up to so many are all looked at; of more, two drawn at random are compared (Mitzenmacher, "The power of two choices", 2001). */
const SCAN_MAX = 8;

/** Endpoints that were tried for this request already. */
export type Tried = readonly UpstreamEndpoint[];

/** A small generator of even numbers; what it must be is cheap and different in each worker (Numerical Recipes' LCG). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1). */
  unit(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#state / 0x1_0000_0000;
  }
}

/** Requests that an endpoint should get beside one with weight 1 (Envoy, slow start). */
export function effectiveWeight(member: Member, warmup: Warmup | undefined, nowMs: number): number {
  const { weight, host } = member;
  if (!warmup) return weight;
  const ageMs = nowMs - host.sinceMs;
  if (ageMs >= warmup.durationMs) return weight;
  const share = Math.max(ageMs / warmup.durationMs, 0) ** (1 / warmup.aggression);
  return weight * Math.max(share, warmup.minimumPercent / 100, 0.001);
}

export class Chooser {
  readonly #dice: Dice;
  readonly #warmup: Warmup | undefined;
  #next = 0;
  /** Of smooth weighted round robin: what each is owed. */
  readonly #owed = new Map<Member, number>();

  constructor(dice: Dice, warmup: Warmup | undefined) {
    this.#dice = dice;
    this.#warmup = warmup;
  }

  /** The one with the fewest requests under way for its weight, in turn among equals. */
  leastRequest(members: readonly Member[], tried: Tried | undefined, nowMs: number): Member | undefined {
    const count = members.length;
    if (count > SCAN_MAX) {
      const first = members[(this.#dice.unit() * count) | 0]!;
      const second = members[(this.#dice.unit() * count) | 0]!;
      const free = !(tried?.includes(first.host.endpoint) || tried?.includes(second.host.endpoint));
      if (free) return this.#load(first, nowMs) <= this.#load(second, nowMs) ? first : second;
    }
    let best: Member | undefined;
    let bestLoad = Infinity;
    const start = this.#next++ % count;
    for (let i = 0; i < count; i++) {
      const at = start + i;
      const member = members[at < count ? at : at - count]!;
      if (tried?.includes(member.host.endpoint)) continue;
      const load = this.#load(member, nowMs);
      if (load >= bestLoad) continue;
      best = member;
      bestLoad = load;
    }
    return best;
  }

  /** In turn, by weight (nginx's smooth weighted round robin). */
  roundRobin(members: readonly Member[], tried: Tried | undefined, nowMs: number): Member | undefined {
    let sum = 0;
    let best: Member | undefined;
    for (const member of members) {
      if (tried?.includes(member.host.endpoint)) continue;
      const weight = effectiveWeight(member, this.#warmup, nowMs);
      const owed = (this.#owed.get(member) ?? 0) + weight;
      this.#owed.set(member, owed);
      sum += weight;
      if (!best || owed > this.#owed.get(best)!) best = member;
    }
    if (best) this.#owed.set(best, this.#owed.get(best)! - sum);
    return best;
  }

  random(members: readonly Member[], tried: Tried | undefined, nowMs: number): Member | undefined {
    let sum = 0;
    for (const member of members) if (!tried?.includes(member.host.endpoint)) sum += effectiveWeight(member, this.#warmup, nowMs);
    let left = this.#dice.unit() * sum;
    let last: Member | undefined;
    for (const member of members) {
      if (tried?.includes(member.host.endpoint)) continue;
      last = member;
      left -= effectiveWeight(member, this.#warmup, nowMs);
      if (left < 0) return member;
    }
    return last;
  }

  #load(member: Member, nowMs: number): number {
    return (member.host.endpoint.active + 1) / effectiveWeight(member, this.#warmup, nowMs);
  }
}
