// When every fix is one place that all of its edges pass, the cheapest fix is a minimum cut, found exactly by maximum flow however large the graph is.
import { minCut } from './flow.ts';
import type { CutProblem } from './problem.ts';

export interface CutAnswer {
  readonly chosen: readonly number[];
  readonly cost: number;
  readonly bound: number;
}

interface Draft {
  readonly from: number[];
  readonly to: number[];
  readonly capacity: number[];
}

/**
 * The problem as one network: two copies of each node (before and after the first weak step) and one node with a capacity for each fix.
 *
 * Whether a place is reached likelier than by design depends on the whole way there, which a network cannot see. It is laid out in two readings: `wide`
 * lets every step to such a place pass, so a cut of it is always enough; `narrow` lets none pass, so no fix is cheaper than its cut. Where both agree, and
 * every fix fits into one node, the answer is exact.
 */
export function flowCut(problem: CutProblem): { readonly exact: CutAnswer | undefined; readonly bound: number } {
  const narrow = cutOf(problem, 'narrow');
  if (!narrow) return { exact: undefined, bound: 0 };
  const wide = cutOf(problem, 'wide');
  const bound = narrow.cost;
  if (!wide || wide.cost - bound > 1e-9) return { exact: undefined, bound };
  return { exact: { chosen: wide.chosen, cost: wide.cost, bound }, bound };
}

function cutOf(problem: CutProblem, reading: 'wide' | 'narrow'): Omit<CutAnswer, 'bound'> | undefined {
  const { graph, from, targets, fixesOf, byDesign, fixes } = problem;
  const n = graph.nodes.length;
  // One sink behind all jewels needs every jewel to be treated alike: zones differ, so several jewels are left to the other method.
  if (targets.length !== 1) return undefined;
  const target = targets[0]!;
  const { workload } = graph.nodes[target]!;
  const inside = (node: number): boolean =>
    node === target ||
    (workload !== undefined && graph.nodes[node]!.workload === workload && graph.nodes[node]!.kind !== 'secret');
  const direct = new Set<number>();
  graph.edges.forEach((edge, e) => {
    if (edge.to === target && fixesOf[e]!.length === 0) direct.add(edge.from);
  });
  const draft: Draft = { from: [], to: [], capacity: [] };
  const labelled = new Map<number, { from: number; to: number }[]>();
  const add = (a: number, b: number, capacity: number): void => {
    draft.from.push(a);
    draft.to.push(b);
    draft.capacity.push(capacity);
  };
  for (const [e, edge] of graph.edges.entries()) {
    const ends = fixesOf[e]!;
    if (ends.length > 1) return undefined;
    for (const weak of [0, 1] as const) {
      if (weak === 0 && (byDesign[edge.from] === 0 || direct.has(edge.from))) continue;
      if (weak === 1 && direct.has(edge.from) && edge.to !== target) continue;
      if (weak === 0 && inside(edge.from) && !inside(edge.to)) continue;
      const after = weak === 1 || ends.length > 0 ? 1 : 0;
      if (edge.to === target && after === 0) continue;
      if (after === 1 && !inside(edge.to) && byDesign[edge.to]! > 0 && (reading === 'narrow' || edge.to === from)) continue;
      const [a, b] = [2 * edge.from + weak, 2 * edge.to + after];
      if (ends.length === 0) add(a, b, Infinity);
      else {
        const list = labelled.get(ends[0]!);
        if (list) list.push({ from: a, to: b });
        else labelled.set(ends[0]!, [{ from: a, to: b }]);
      }
    }
  }
  let nodes = 2 * n;
  const fixAt = new Map<number, number>();
  for (const [fix, edges] of labelled) {
    if (!isBiclique(edges)) return undefined;
    const gate = nodes;
    nodes += 2;
    fixAt.set(draft.from.length, fix);
    add(gate, gate + 1, fixes[fix]!.effort);
    for (const tail of new Set(edges.map((edge) => edge.from))) add(tail, gate, Infinity);
    for (const head of new Set(edges.map((edge) => edge.to))) add(gate + 1, head, Infinity);
  }
  const cut = minCut(nodes, draft, 2 * from, 2 * target + 1);
  if (cut.value === Infinity) return undefined;
  return { chosen: cut.edges.map((e) => fixAt.get(e)!).sort((a, b) => a - b), cost: cut.value };
}

/** Whether edges lead from each of their tails to each of their heads, so that one node between them adds no way. */
function isBiclique(edges: readonly { readonly from: number; readonly to: number }[]): boolean {
  const tails = new Set(edges.map(({ from }) => from));
  const heads = new Set(edges.map(({ to }) => to));
  const pairs = new Set(edges.map(({ from, to }) => `${from} ${to}`));
  return pairs.size === tails.size * heads.size;
}
