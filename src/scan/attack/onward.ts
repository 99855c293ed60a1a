// What can still fall from each place on: for every crown jewel the likeliest way to it, searched backwards once.
import { MaxHeap } from './heap.ts';
import type { AttackGraph } from './model.ts';

/** Jewels that are looked at; the most valuable ones come first. */
const JEWELS_MAX = 200;

export class Onward {
  readonly #graph: AttackGraph;
  readonly #rows: readonly Float64Array[];
  readonly #values: readonly number[];

  constructor(graph: AttackGraph) {
    this.#graph = graph;
    const jewels = graph.jewels.slice(0, JEWELS_MAX);
    const { inStart, into } = reversed(graph);
    this.#rows = jewels.map((jewel) => backwards(graph, jewel, inStart, into));
    this.#values = jewels.map((jewel) => graph.nodes[jewel]!.asset?.value ?? 0);
  }

  /** Euros that are expected to be lost when the attacker stands at a node. */
  loss(node: number): number {
    let sum = 0;
    for (const [j, row] of this.#rows.entries()) sum += row[node]! * this.#values[j]!;
    return sum;
  }

  /** Euros over the best ways that use one of the edges, with the likelihood of getting to their tails. */
  lossThrough(edges: Iterable<number>, reached: Float64Array): number {
    const best = new Float64Array(this.#rows.length);
    for (const e of edges) {
      const { from, to, probability } = this.#graph.edges[e]!;
      const arrives = reached[from]! * probability;
      if (arrives === 0) continue;
      for (const [j, row] of this.#rows.entries()) best[j] = Math.max(best[j]!, arrives * row[to]!);
    }
    let sum = 0;
    for (const [j, p] of best.entries()) sum += p * this.#values[j]!;
    return sum;
  }
}

/** Edges by head, as `outStart` and `out` hold them by tail. */
function reversed({ nodes, edges }: AttackGraph): { readonly inStart: Int32Array; readonly into: Int32Array } {
  const inStart = new Int32Array(nodes.length + 1);
  for (const { to } of edges) inStart[to + 1]! += 1;
  for (let n = 0; n < nodes.length; n++) inStart[n + 1]! += inStart[n]!;
  const next = inStart.slice();
  const into = new Int32Array(edges.length);
  for (let e = 0; e < edges.length; e++) into[next[edges[e]!.to]!++] = e;
  return { inStart, into };
}

function backwards({ nodes, edges }: AttackGraph, jewel: number, inStart: Int32Array, into: Int32Array): Float64Array {
  const best = new Float64Array(nodes.length);
  const done = new Uint8Array(nodes.length);
  const heap = new MaxHeap();
  best[jewel] = 1;
  heap.push(jewel, 1);
  while (heap.size > 0) {
    const node = heap.pop();
    if (done[node] === 1) continue;
    done[node] = 1;
    for (let i = inStart[node]!; i < inStart[node + 1]!; i++) {
      const { from, probability } = edges[into[i]!]!;
      const next = best[node]! * probability;
      if (next <= best[from]! || done[from] === 1) continue;
      best[from] = next;
      heap.push(from, next);
    }
  }
  return best;
}
