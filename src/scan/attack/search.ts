// The likeliest way to each node: Dijkstra over products of probabilities (E. W. Dijkstra 1959; probabilities up to 1 only shrink a product).
import type { AttackGraph } from './model.ts';
import { MaxHeap } from './heap.ts';

export interface Likeliest {
  /** Probability of the likeliest way to each node; 0 where there is none. */
  readonly probability: Float64Array;
  /** Edge by which it arrives; -1 at the start and where there is no way. */
  readonly by: Int32Array;
}

export interface SearchOptions {
  /** Edges that may be used; all when absent. */
  readonly allow?: (edge: number) => boolean;
  /** Nodes that may be entered. */
  readonly enter?: (node: number) => boolean;
  /** Stops when this node is settled. */
  readonly until?: number;
}

/** The likeliest ways from one node to all others. O((n + m) log n). */
export function likeliest(graph: AttackGraph, from: number, { allow, enter, until }: SearchOptions = {}): Likeliest {
  const { nodes, edges, outStart, out } = graph;
  const probability = new Float64Array(nodes.length);
  const by = new Int32Array(nodes.length).fill(-1);
  const settled = new Uint8Array(nodes.length);
  const heap = new MaxHeap();
  probability[from] = 1;
  heap.push(from, 1);
  while (heap.size > 0) {
    const node = heap.pop();
    if (settled[node] === 1) continue;
    settled[node] = 1;
    if (node === until) break;
    const here = probability[node]!;
    for (let i = outStart[node]!; i < outStart[node + 1]!; i++) {
      const e = out[i]!;
      const edge = edges[e]!;
      const next = here * edge.probability;
      if (next <= probability[edge.to]! || settled[edge.to] === 1) continue;
      if ((allow && !allow(e)) || (enter && !enter(edge.to))) continue;
      probability[edge.to] = next;
      by[edge.to] = e;
      heap.push(edge.to, next);
    }
  }
  return { probability, by };
}

/** The edges of the way that a search found, first hop first; empty where there is none. */
export function wayTo(graph: AttackGraph, { by }: Likeliest, node: number): number[] {
  const way: number[] = [];
  for (let at = node; by[at]! >= 0; at = graph.edges[by[at]!]!.from) way.push(by[at]!);
  return way.toReversed();
}
