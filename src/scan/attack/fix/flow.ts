// Maximum flow and minimum cut: Dinic's algorithm over compressed rows (E. A. Dinic 1970). O(V²E) at worst, near linear on attack graphs.

export interface FlowEdges {
  readonly from: ArrayLike<number>;
  readonly to: ArrayLike<number>;
  /** Over 0; Infinity for what must not be cut. */
  readonly capacity: ArrayLike<number>;
}

export interface MinCut {
  /** Sum of the capacities cut; Infinity when only uncuttable edges lead across. */
  readonly value: number;
  /** Indexes of the edges cut. */
  readonly edges: readonly number[];
  /** 1 for nodes on the source's side. */
  readonly side: Uint8Array;
}

/** The cheapest set of edges whose removal separates `sink` from `source`; of equal ones, the one nearest the source. */
export function minCut(nodes: number, edges: FlowEdges, source: number, sink: number): MinCut {
  const count = edges.from.length;
  // Infinite capacities become a number that no finite cut reaches.
  let finite = 0;
  for (let e = 0; e < count; e++) if (edges.capacity[e] !== Infinity) finite += edges.capacity[e]!;
  const huge = finite * 2 + 1;
  const network = new Network(nodes, edges, huge);
  const value = network.run(source, sink, huge);
  const side = network.reachable(source);
  if (value >= huge) return { value: Infinity, edges: [], side };
  const cut: number[] = [];
  for (let e = 0; e < count; e++) if (side[edges.from[e]!] === 1 && side[edges.to[e]!] === 0) cut.push(e);
  let sum = 0;
  for (const e of cut) sum += edges.capacity[e]!;
  return { value: sum, edges: cut, side };
}

/**
 * The cheapest set of nodes whose removal separates `sink` from `source`: every node becomes two with an edge between them that costs its weight.
 * @param weight of each node; Infinity for those that must stay
 */
export function minVertexCut(
  nodes: number,
  edges: Pick<FlowEdges, 'from' | 'to'>,
  weight: ArrayLike<number>,
  source: number,
  sink: number,
): { readonly value: number; readonly nodes: readonly number[] } {
  const count = edges.from.length;
  const from = new Int32Array(nodes + count);
  const to = new Int32Array(nodes + count);
  const capacity = new Float64Array(nodes + count);
  for (let n = 0; n < nodes; n++) {
    from[n] = 2 * n;
    to[n] = 2 * n + 1;
    capacity[n] = n === source || n === sink ? Infinity : weight[n]!;
  }
  for (let e = 0; e < count; e++) {
    from[nodes + e] = 2 * edges.from[e]! + 1;
    to[nodes + e] = 2 * edges.to[e]!;
    capacity[nodes + e] = Infinity;
  }
  const cut = minCut(2 * nodes, { from, to, capacity }, 2 * source, 2 * sink + 1);
  return { value: cut.value, nodes: cut.edges };
}

class Network {
  readonly #start: Int32Array;
  /** Arcs by tail: head, capacity left, and the place of the arc that runs back. */
  readonly #head: Int32Array;
  readonly #left: Float64Array;
  readonly #back: Int32Array;
  readonly #level: Int32Array;
  readonly #next: Int32Array;
  readonly #queue: Int32Array;

  constructor(nodes: number, { from, to, capacity }: FlowEdges, huge: number) {
    const count = from.length;
    const start = new Int32Array(nodes + 1);
    for (let e = 0; e < count; e++) {
      start[from[e]! + 1]! += 1;
      start[to[e]! + 1]! += 1;
    }
    for (let n = 0; n < nodes; n++) start[n + 1]! += start[n]!;
    const at = start.slice();
    this.#head = new Int32Array(2 * count);
    this.#left = new Float64Array(2 * count);
    this.#back = new Int32Array(2 * count);
    for (let e = 0; e < count; e++) {
      const forward = at[from[e]!]!;
      at[from[e]!]! += 1;
      const backward = at[to[e]!]!;
      at[to[e]!]! += 1;
      this.#head[forward] = to[e]!;
      this.#left[forward] = capacity[e] === Infinity ? huge : capacity[e]!;
      this.#back[forward] = backward;
      this.#head[backward] = from[e]!;
      this.#back[backward] = forward;
    }
    this.#start = start;
    this.#level = new Int32Array(nodes);
    this.#next = new Int32Array(nodes);
    this.#queue = new Int32Array(nodes);
  }

  /** Pushes flow until no way is left, or until more than `enough` passes. */
  run(source: number, sink: number, enough: number): number {
    let total = 0;
    while (total < enough && this.#levels(source, sink)) {
      this.#next.set(this.#start.subarray(0, this.#next.length));
      for (;;) {
        const pushed = this.#push(source, sink);
        if (pushed === 0) break;
        total += pushed;
      }
    }
    return total;
  }

  /** Nodes that still have a way from the source. */
  reachable(source: number): Uint8Array {
    const side = new Uint8Array(this.#level.length);
    const queue = this.#queue;
    let size = 0;
    queue[size++] = source;
    side[source] = 1;
    for (let i = 0; i < size; i++) {
      const node = queue[i]!;
      for (let a = this.#start[node]!; a < this.#start[node + 1]!; a++) {
        const head = this.#head[a]!;
        if (side[head] === 1 || !(this.#left[a]! > EPSILON)) continue;
        side[head] = 1;
        queue[size++] = head;
      }
    }
    return side;
  }

  #levels(source: number, sink: number): boolean {
    const level = this.#level.fill(-1);
    const queue = this.#queue;
    let size = 0;
    level[source] = 0;
    queue[size++] = source;
    for (let i = 0; i < size; i++) {
      const node = queue[i]!;
      for (let a = this.#start[node]!; a < this.#start[node + 1]!; a++) {
        const head = this.#head[a]!;
        if (level[head] !== -1 || !(this.#left[a]! > EPSILON)) continue;
        level[head] = level[node]! + 1;
        queue[size++] = head;
      }
    }
    return level[sink] !== -1;
  }

  /** One way down the levels, kept as a list of arcs so that deep graphs need no deep calls. */
  #push(source: number, sink: number): number {
    const way: number[] = [];
    let node = source;
    while (node !== sink) {
      let a = this.#next[node]!;
      const end = this.#start[node + 1]!;
      const below = this.#level[node]! + 1;
      while (a < end && (this.#left[a]! <= EPSILON || this.#level[this.#head[a]!] !== below)) a++;
      this.#next[node] = a;
      if (a < end) {
        way.push(a);
        node = this.#head[a]!;
        continue;
      }
      const last = way.pop();
      if (last === undefined) return 0;
      node = this.#head[this.#back[last]!]!;
      this.#next[node]! += 1;
    }
    let amount = Infinity;
    for (const a of way) amount = Math.min(amount, this.#left[a]!);
    for (const a of way) {
      this.#left[a]! -= amount;
      this.#left[this.#back[a]!]! += amount;
    }
    return amount;
  }
}

/** Efforts are sums of a few decimal figures; less than this is rounding. */
const EPSILON = 1e-9;
