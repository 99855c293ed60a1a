// The cheapest set that hits every set of a family: branch and bound with the usual reductions (unit sets, packing bound).

export interface HittingSet {
  readonly chosen: readonly number[];
  readonly cost: number;
  /** No hitting set is cheaper than this; equal to `cost` when the answer is exact. */
  readonly bound: number;
}

/** Nodes of the search tree before it settles for what it has. */
export const STEPS_MAX = 200_000;

/**
 * @param sets of element numbers; none empty
 * @param weight of each element, over 0
 * @param stepsMax bound of the search; Infinity for an exact answer whatever it takes
 */
export function cheapestHittingSet(
  sets: readonly (readonly number[])[],
  weight: readonly number[],
  stepsMax = STEPS_MAX,
): HittingSet {
  const family = minimal(sets);
  const greedy = greedySet(family, weight);
  const search = { best: greedy, bestCost: costOf(greedy, weight), steps: 0, stepsMax };
  const root = packing(family, weight, new Set());
  branch(family, weight, new Set(), new Set(), 0, search);
  const chosen = search.best.toSorted((a, b) => a - b);
  const exact = search.steps < stepsMax;
  return { chosen, cost: search.bestCost, bound: exact ? search.bestCost : Math.min(root, search.bestCost) };
}

interface Search {
  best: readonly number[];
  bestCost: number;
  steps: number;
  readonly stepsMax: number;
}

const SLACK = 1e-9;

function branch(
  family: readonly (readonly number[])[],
  weight: readonly number[],
  chosen: ReadonlySet<number>,
  barred: ReadonlySet<number>,
  cost: number,
  search: Search,
): void {
  if (search.steps++ >= search.stepsMax) return;
  const open = family.filter((set) => !set.some((element) => chosen.has(element)));
  if (open.length === 0) {
    if (cost < search.bestCost - SLACK) {
      search.best = [...chosen];
      search.bestCost = cost;
    }
    return;
  }
  if (cost + packing(open, weight, barred) >= search.bestCost - SLACK) return;
  // The set with the fewest ways to hit it: one way is no choice, none is a dead end.
  let pick = open[0]!;
  let ways = Infinity;
  for (const set of open) {
    const left = set.reduce((n, element) => n + (barred.has(element) ? 0 : 1), 0);
    if (left < ways) [pick, ways] = [set, left];
    if (ways <= 1) break;
  }
  const options = pick.filter((element) => !barred.has(element));
  const hits = (element: number): number => open.reduce((n, set) => n + (set.includes(element) ? 1 : 0), 0);
  options.sort((a, b) => hits(b) / weight[b]! - hits(a) / weight[a]! || a - b);
  const now = new Set(barred);
  for (const element of options) {
    branch(open, weight, new Set(chosen).add(element), now, cost + weight[element]!, search);
    // What was tried is barred in what follows, so that no set is looked at twice.
    now.add(element);
  }
}

/** Sets that share nothing each cost at least their cheapest element. */
function packing(sets: readonly (readonly number[])[], weight: readonly number[], barred: ReadonlySet<number>): number {
  const used = new Set<number>();
  let sum = 0;
  for (const set of sets) {
    if (set.some((element) => used.has(element))) continue;
    let cheapest = Infinity;
    for (const element of set) if (!barred.has(element)) cheapest = Math.min(cheapest, weight[element]!);
    if (cheapest === Infinity) return Infinity;
    sum += cheapest;
    for (const element of set) used.add(element);
  }
  return sum;
}

/** Sets that hold another one are hit when that one is. Shortest first. */
function minimal(sets: readonly (readonly number[])[]): (readonly number[])[] {
  const sorted = sets.map((set) => [...new Set(set)].sort((a, b) => a - b)).sort((a, b) => a.length - b.length);
  const kept: (readonly number[])[] = [];
  for (const set of sorted) {
    const has = new Set(set);
    if (!kept.some((smaller) => smaller.every((element) => has.has(element)))) kept.push(set);
  }
  return kept;
}

function greedySet(sets: readonly (readonly number[])[], weight: readonly number[]): readonly number[] {
  const chosen: number[] = [];
  let open = sets;
  while (open.length > 0) {
    const hits = new Map<number, number>();
    for (const set of open) for (const element of set) hits.set(element, (hits.get(element) ?? 0) + 1);
    let best = -1;
    let score = -1;
    for (const [element, n] of hits) {
      const value = n / weight[element]!;
      if (value > score || (value === score && element < best)) [best, score] = [element, value];
    }
    chosen.push(best);
    open = open.filter((set) => !set.includes(best));
  }
  // What others made needless goes, dearest first.
  for (const element of chosen.toSorted((a, b) => weight[b]! - weight[a]!)) {
    const rest = chosen.filter((each) => each !== element);
    if (sets.every((set) => rest.some((each) => set.includes(each)))) chosen.splice(chosen.indexOf(element), 1);
  }
  return chosen;
}

function costOf(chosen: readonly number[], weight: readonly number[]): number {
  let sum = 0;
  for (const element of chosen) sum += weight[element]!;
  return sum;
}
