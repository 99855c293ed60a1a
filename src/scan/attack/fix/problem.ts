// What a fix has to achieve: which paths must go, and which options end them.
//
// A path must go when it uses a weak fact that some option ends and is no detour. What the system is meant to do stays: from the declared flows alone an
// attacker gets to some places anyway, each with some probability. A path that comes back to such a place no likelier than that has won nothing on its way,
// and a place that is a client of the jewel by design has the jewel already. So a path must go if every place after its first weak step is either out of
// reach by design, or reached likelier than by design, or belongs to the jewel itself.
import { MaxHeap } from '../heap.ts';
import type { AttackGraph, FactId } from '../model.ts';
import { likeliest } from '../search.ts';

/** A change that ends facts. */
export interface LabelledFix {
  readonly ends: readonly FactId[];
  /** Over 0. */
  readonly effort: number;
}

export interface CutProblem {
  readonly graph: AttackGraph;
  readonly from: number;
  /** Jewels that must not be reached on other ways than by design. */
  readonly targets: readonly number[];
  readonly fixes: readonly LabelledFix[];
  /** Fixes that end each edge; empty: nothing does. */
  readonly fixesOf: readonly (readonly number[])[];
  /** Probability by declared flows alone. */
  readonly byDesign: Float64Array;
}

const NONE: readonly number[] = [];

/** @param targets nodes of kind `asset`; all jewels when absent */
export function cutProblem(
  graph: AttackGraph,
  from: number,
  fixes: readonly LabelledFix[],
  targets: readonly number[] = graph.jewels,
): CutProblem {
  const enders = new Map<FactId, number[]>();
  fixes.forEach(({ ends }, i) => {
    for (const fact of ends) {
      const present = enders.get(fact);
      if (present) present.push(i);
      else enders.set(fact, [i]);
    }
  });
  const fixesOf = graph.edges.map(({ facts }) => {
    if (facts.length === 0) return NONE;
    if (facts.length === 1) return enders.get(facts[0]!) ?? NONE;
    return [...new Set(facts.flatMap((fact) => enders.get(fact) ?? NONE))];
  });
  const byDesign = likeliest(graph, from, { allow: (e) => fixesOf[e]!.length === 0 }).probability;
  return { graph, from, targets: targets.filter((target) => target !== from), fixes, fixesOf, byDesign };
}

/** Parts of the graph that belong to one jewel. */
interface Zone {
  readonly target: number;
  readonly inside: (node: number) => boolean;
  /** Nodes that have the jewel by design: an edge that nothing ends leads from them to it. */
  readonly direct: ReadonlySet<number>;
}

/** The oracle of one problem: finds paths that must go. */
export class Oracle {
  readonly problem: CutProblem;
  readonly #zones: readonly Zone[];
  /** Two states a node: before and after the first weak step. */
  readonly #best: Float64Array;
  readonly #by: Int32Array;
  readonly #done: Uint8Array;

  constructor(problem: CutProblem) {
    this.problem = problem;
    const { graph, fixesOf } = problem;
    const direct = new Map<number, Set<number>>(problem.targets.map((target) => [target, new Set()]));
    graph.edges.forEach(({ from, to }, e) => {
      if (fixesOf[e]!.length === 0) direct.get(to)?.add(from);
    });
    this.#zones = problem.targets.map((target) => {
      const { workload } = graph.nodes[target]!;
      const inside = (node: number): boolean =>
        node === target ||
        (workload !== undefined && graph.nodes[node]!.workload === workload && graph.nodes[node]!.kind !== 'secret');
      return { target, inside, direct: direct.get(target)! };
    });
    this.#best = new Float64Array(2 * graph.nodes.length);
    this.#by = new Int32Array(2 * graph.nodes.length);
    this.#done = new Uint8Array(2 * graph.nodes.length);
  }

  /**
   * The likeliest path to each jewel that must go and that the chosen fixes leave.
   * @returns edges of each path, first hop first; none for a jewel that is safe
   */
  remaining(chosen: ReadonlySet<number>, max = Infinity): number[][] {
    const found: number[][] = [];
    for (const zone of this.#zones) {
      if (found.length >= max) break;
      const way = this.#search(zone, chosen);
      if (way) found.push(way);
    }
    return found;
  }

  /**
   * Paths that must go, of which no two can be broken by the same fix: each next one avoids every fix that would break one before. What is looked for
   * grows only scarcer, so each jewel is searched until it has none left.
   */
  apart(chosen: ReadonlySet<number>): number[][] {
    const avoided = new Set(chosen);
    const found: number[][] = [];
    for (const zone of this.#zones)
      for (let way = this.#search(zone, avoided); way; way = this.#search(zone, avoided)) {
        found.push(way);
        const fixes = breakers(this.problem, way);
        // One that nothing breaks would be found again and again.
        if (fixes.length === 0) return found;
        for (const fix of fixes) avoided.add(fix);
      }
    return found;
  }

  #search({ target, inside, direct }: Zone, chosen: ReadonlySet<number>): number[] | undefined {
    const { graph, from, fixesOf, byDesign } = this.problem;
    const { edges, outStart, out } = graph;
    const [best, by, done] = [this.#best.fill(0), this.#by.fill(-1), this.#done.fill(0)];
    const heap = new MaxHeap();
    best[2 * from] = 1;
    heap.push(2 * from, 1);
    while (heap.size > 0) {
      const state = heap.pop();
      if (done[state] === 1) continue;
      done[state] = 1;
      const [node, weak] = [state >> 1, state & 1];
      if (node === target) return wayOf(graph, by, state);
      // By design the attacker has the jewel here: what comes after wins nothing.
      if (weak === 0 && direct.has(node)) continue;
      const bound = weak === 0 && inside(node);
      for (let i = outStart[node]!; i < outStart[node + 1]!; i++) {
        const e = out[i]!;
        const { to, probability } = edges[e]!;
        const fixes = fixesOf[e]!;
        if (fixes.some((fix) => chosen.has(fix))) continue;
        if (weak === 1 && direct.has(node) && to !== target) continue;
        if (bound && !inside(to)) continue;
        const after = weak === 1 || fixes.length > 0 ? 1 : 0;
        // A jewel that is reached by declared flows alone is so by design.
        if (to === target && after === 0) continue;
        const next = best[state]! * probability;
        const step = 2 * to + after;
        if (next <= best[step]! || done[step] === 1) continue;
        if (after === 1 && !inside(to) && next <= byDesign[to]! * LIKELIER) continue;
        best[step] = next;
        by[step] = 2 * e + weak;
        heap.push(step, next);
      }
    }
    return undefined;
  }
}

/** Likelier than by rounding. */
const LIKELIER = 1 + 1e-9;

function wayOf(graph: AttackGraph, by: Int32Array, state: number): number[] {
  const way: number[] = [];
  for (let at = state; by[at]! >= 0;) {
    const e = by[at]! >> 1;
    way.push(e);
    at = 2 * graph.edges[e]!.from + (by[at]! & 1);
  }
  return way.toReversed();
}

/** The fixes of which one at least must be chosen to break a path. */
export function breakers({ fixesOf }: CutProblem, way: readonly number[]): readonly number[] {
  const all = new Set<number>();
  for (const e of way) for (const fix of fixesOf[e]!) all.add(fix);
  return [...all];
}
