// The same question answered the slow way, from its words alone: every set of changes, every simple path.
import type { CutProblem } from '#scan/attack/fix/problem.ts';

/** The cost of the cheapest set that leaves no path that must go; undefined when all changes together are not enough. */
export function cheapestByTrying(problem: CutProblem): number | undefined {
  const { fixes } = problem;
  let best: number | undefined;
  for (let mask = 0; mask < 1 << fixes.length; mask++) {
    const chosen = new Set(fixes.flatMap((_, i) => (((mask >> i) & 1) === 1 ? [i] : [])));
    let cost = 0;
    for (const fix of chosen) cost += fixes[fix]!.effort;
    if ((best === undefined || cost < best - 1e-9) && !isLeft(problem, chosen)) best = cost;
  }
  return best;
}

/** Probability of the likeliest way that no change could end, by trying all simple ones. */
function byDesign(problem: CutProblem): readonly number[] {
  const best = problem.graph.nodes.map(() => 0);
  const { edges } = problem.graph;
  // Products of probabilities only shrink, so repeating the step once a node is enough (Bellman and Ford).
  best[problem.from] = 1;
  for (let round = 0; round < best.length; round++)
    edges.forEach(({ from, to, probability, facts }) => {
      if (!endable(problem, facts)) best[to] = Math.max(best[to]!, best[from]! * probability);
    });
  return best;
}

function endable({ fixes }: CutProblem, facts: readonly string[]): boolean {
  return fixes.some(({ ends }) => ends.some((fact) => facts.includes(fact)));
}

/** Whether any path that must go is left: depth-first over simple paths. */
export function isLeft(problem: CutProblem, chosen: ReadonlySet<number>): boolean {
  const { graph, from, targets, fixes } = problem;
  const gone = new Set([...chosen].flatMap((fix) => fixes[fix]!.ends));
  const design = byDesign(problem);
  return targets.some((target) => {
    const { workload } = graph.nodes[target]!;
    const own = (node: number): boolean =>
      node === target ||
      (workload !== undefined && graph.nodes[node]!.workload === workload && graph.nodes[node]!.kind !== 'secret');
    const client = (node: number): boolean =>
      graph.edges.some((edge) => edge.from === node && edge.to === target && !endable(problem, edge.facts));
    const seen = new Set([from]);
    const walk = (node: number, product: number, weak: boolean): boolean =>
      graph.edges.some((edge) => {
        if (edge.from !== node || seen.has(edge.to) || edge.facts.some((fact) => gone.has(fact))) return false;
        const isWeak = endable(problem, edge.facts);
        const after = weak || isWeak;
        // By design the jewel is there already, or the way goes through the jewel's own parts and leaves them again.
        if (!weak && client(node)) return false;
        if (!weak && own(node) && !own(edge.to)) return false;
        if (weak && client(node) && edge.to !== target) return false;
        if (edge.to === target) return after;
        const next = product * edge.probability;
        if (after && !own(edge.to) && next <= design[edge.to]! * (1 + 1e-9)) return false;
        seen.add(edge.to);
        const found = walk(edge.to, next, after);
        seen.delete(edge.to);
        return found;
      });
    return walk(from, 1, false);
  });
}
