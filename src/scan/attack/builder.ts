// Collects nodes, edges and facts, and packs them.
import { LIMITS } from './model.ts';
import type { AttackEdge, AttackGraph, AttackNode, EdgeKind, Evidence, Fact, FactId, NodeKind } from './model.ts';
import { PROBABILITIES_VERSION } from './probabilities.ts';

interface EdgeDraft {
  readonly kind: EdgeKind;
  readonly probability: number;
  readonly text: string;
  /** As a function: worked out when it is read, because most edges are never shown. */
  readonly evidence: readonly Evidence[] | (() => readonly Evidence[]);
  readonly facts?: readonly FactId[];
  readonly required?: boolean;
}

const NO_FACTS: readonly FactId[] = [];

export class GraphBuilder {
  readonly #nodes: AttackNode[] = [];
  readonly #edges: AttackEdge[] = [];
  readonly #facts = new Map<FactId, Fact>();
  readonly #index = new Map<string, number>();
  #left = 0;

  /** What did not fit in the bounds. */
  get left(): number {
    return this.#left;
  }

  /** Says that something did not fit. */
  leave(): void {
    this.#left++;
  }

  has(id: string): boolean {
    return this.#index.has(id);
  }

  node(id: string, kind: NodeKind, label: string, more: Pick<AttackNode, 'workload' | 'asset'> = {}): number {
    const present = this.#index.get(id);
    if (present !== undefined) return present;
    const index = this.#nodes.length;
    if (index >= LIMITS.nodes) this.#left++;
    this.#nodes.push({ id, kind, label, ...more });
    this.#index.set(id, index);
    return index;
  }

  /** Indexes of the nodes of one kind. */
  of(kind: NodeKind): readonly number[] {
    return this.#nodes.flatMap((node, i) => (node.kind === kind ? [i] : []));
  }

  fact(id: FactId, text: string, evidence: Evidence, also: readonly Evidence[] = []): FactId {
    if (!this.#facts.has(id)) this.#facts.set(id, { id, text, evidence, ...(also.length > 0 && { also }) });
    return id;
  }

  edge(from: number, to: number, draft: EdgeDraft): void {
    if (from === to) return;
    if (this.#edges.length >= LIMITS.edges) {
      this.#left++;
      return;
    }
    const { kind, text, evidence, facts = NO_FACTS, required = false } = draft;
    this.#edges.push(new PackedEdge(from, to, kind, Math.min(1, draft.probability), text, evidence, facts, required));
  }

  build(): AttackGraph {
    return packGraph(this.#nodes, this.#edges, this.#facts);
  }
}

class PackedEdge implements AttackEdge {
  readonly from: number;
  readonly to: number;
  readonly kind: EdgeKind;
  readonly probability: number;
  readonly text: string;
  readonly facts: readonly FactId[];
  readonly required: boolean;
  #evidence: readonly Evidence[] | (() => readonly Evidence[]);

  constructor(
    from: number,
    to: number,
    kind: EdgeKind,
    probability: number,
    text: string,
    evidence: readonly Evidence[] | (() => readonly Evidence[]),
    facts: readonly FactId[],
    required: boolean,
  ) {
    this.from = from;
    this.to = to;
    this.kind = kind;
    this.probability = probability;
    this.text = text;
    this.#evidence = evidence;
    this.facts = facts;
    this.required = required;
  }

  get evidence(): readonly Evidence[] {
    if (typeof this.#evidence === 'function') this.#evidence = this.#evidence();
    return this.#evidence;
  }
}

/** Edges sorted by tail (counting sort), and an index of nodes. */
export function packGraph(
  nodes: readonly AttackNode[],
  edges: readonly AttackEdge[],
  facts: ReadonlyMap<FactId, Fact> = new Map(),
): AttackGraph {
  const outStart = new Int32Array(nodes.length + 1);
  for (const { from } of edges) outStart[from + 1]! += 1;
  for (let n = 0; n < nodes.length; n++) outStart[n + 1]! += outStart[n]!;
  const next = outStart.slice();
  const out = new Int32Array(edges.length);
  for (let e = 0; e < edges.length; e++) out[next[edges[e]!.from]!++] = e;
  const jewels = nodes
    .flatMap(({ kind, asset }, n) => (kind === 'asset' && asset ? [n] : []))
    .sort((a, b) => nodes[b]!.asset!.value - nodes[a]!.asset!.value || (nodes[a]!.id < nodes[b]!.id ? -1 : 1));
  return {
    nodes,
    edges,
    outStart,
    out,
    facts,
    index: new Map(nodes.map(({ id }, n) => [id, n])),
    jewels,
    version: PROBABILITIES_VERSION,
  };
}

/** The graph without the edges that need one of the facts. */
export function withoutFacts(graph: AttackGraph, gone: ReadonlySet<FactId>): AttackGraph {
  if (gone.size === 0) return graph;
  return packGraph(
    graph.nodes,
    graph.edges.filter(({ facts }) => !facts.some((fact) => gone.has(fact))),
    graph.facts,
  );
}
