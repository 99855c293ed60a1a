// The smallest fix: the cheapest set of changes that breaks every path that must go.
import { cheapestHittingSet, STEPS_MAX } from './hitting-set.ts';
import { Oracle, breakers } from './problem.ts';
import type { CutProblem } from './problem.ts';
import { flowCut } from './vertex-cut.ts';

export interface Cut {
  /** Indexes of the fixes, ascending. */
  readonly chosen: readonly number[];
  readonly cost: number;
  /** No cut is cheaper than this. */
  readonly bound: number;
  /** How it was found. */
  readonly method: 'max-flow' | 'hitting-set';
  /** One path for each reason why the fixes are needed: indexes of edges. */
  readonly paths: readonly (readonly number[])[];
}

export interface SolveOptions {
  /** Fixes that must not be used (they turned out not to help, or an alternative is asked for). */
  readonly without?: ReadonlySet<number>;
  /** Further sets of which one fix at least must be chosen: paths that showed only when a fix was tried. */
  readonly must?: readonly (readonly number[])[];
  /** Rounds of finding another path; each adds at least one set. */
  readonly roundsMax?: number;
}

/** With so few fixes the search is always run to its end. */
export const EXACT_MAX = 20;
const ROUNDS_MAX = 2000;

/**
 * Finds the cheapest cut.
 *
 * Exact by maximum flow where the fixes are places that all of their edges pass; else by implicit hitting sets (E. Moreno-Centeno and R. Karp, 2013): hit the
 * paths known so far as cheaply as can be, look for a path that is left, repeat. Exact for up to 20 fixes; for more, `bound` says how far from the
 * cheapest the answer can be at most, and equals `cost` when it is the cheapest.
 * @returns undefined when a path is left that the allowed fixes cannot break, with that path
 */
export function smallestCut(
  problem: CutProblem,
  options: SolveOptions = {},
): { readonly cut?: Cut; readonly unbreakable?: readonly number[] } {
  const without = options.without ?? new Set<number>();
  const { fixes } = problem;
  const oracle = new Oracle(problem);
  let flowBound = 0;
  const weight = fixes.map(({ effort }) => effort);
  const sets: (readonly number[])[] = [...(options.must ?? [])];
  const paths: (readonly number[])[] = [];
  if (without.size === 0 && sets.length === 0 && fixes.length > EXACT_MAX) {
    const { exact, bound } = flowCut(problem);
    flowBound = bound;
    if (exact && oracle.remaining(new Set(exact.chosen), 1).length === 0) {
      return { cut: { ...exact, method: 'max-flow', paths: oracle.remaining(new Set()) } };
    }
  }
  const stepsMax = fixes.length <= EXACT_MAX ? Infinity : STEPS_MAX;
  let answer = cheapestHittingSet(sets, weight, stepsMax);
  for (let round = 0; round < (options.roundsMax ?? ROUNDS_MAX); round++) {
    const chosen = new Set(answer.chosen);
    const left = oracle.apart(chosen);
    if (left.length === 0) {
      const bound = Math.max(answer.bound, Math.min(flowBound, answer.cost));
      return { cut: { chosen: answer.chosen, cost: answer.cost, bound, method: 'hitting-set', paths } };
    }
    for (const way of left) {
      const set = breakers(problem, way).filter((fix) => !without.has(fix));
      if (set.length === 0) return { unbreakable: way };
      sets.push(set);
      paths.push(way);
    }
    answer = cheapestHittingSet(sets, weight, stepsMax);
  }
  // Not reached by real systems: everything that breaks a known path, and the bound says what that is worth.
  const all = [...new Set(sets.flat())].sort((a, b) => a - b);
  return {
    cut: {
      chosen: all,
      cost: all.reduce((sum, fix) => sum + weight[fix]!, 0),
      bound: answer.bound,
      method: 'hitting-set',
      paths,
    },
  };
}

/**
 * The `k` cheapest cuts, each minimal (no fix of it can be left out), cheapest first; E. Lawler's partition: the next one leaves out a fix of one before.
 * @param first the cheapest
 */
export function alternativeCuts(
  problem: CutProblem,
  first: Cut,
  k: number,
  searchesMax = affordable(problem, first),
): readonly Cut[] {
  const found: Cut[] = [];
  const seen = new Set<string>([first.chosen.join()]);
  const tried = new Set<string>();
  const waiting: { readonly cut: Cut; readonly without: ReadonlySet<number> }[] = [{ cut: first, without: new Set() }];
  let searches = 0;
  while (waiting.length > 0 && found.length < k) {
    waiting.sort((a, b) => a.cut.cost - b.cut.cost);
    const { cut, without } = waiting.shift()!;
    if (cut !== first) found.push(cut);
    for (const fix of cut.chosen) {
      const next = new Set(without).add(fix);
      const key = [...next].sort((a, b) => a - b).join();
      if (tried.has(key) || searches++ >= searchesMax) continue;
      tried.add(key);
      const { cut: other } = smallestCut(problem, { without: next });
      if (!other || seen.has(other.chosen.join())) continue;
      seen.add(other.chosen.join());
      waiting.push({ cut: other, without: next });
    }
  }
  return found;
}

/** Searches that take about a second together: large systems with large fixes get fewer alternatives, down to none. */
function affordable({ graph, targets }: CutProblem, { chosen }: Cut): number {
  return Math.min(40, Math.floor(3e7 / Math.max(1, graph.edges.length * targets.length * chosen.length)));
}
