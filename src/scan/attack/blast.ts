// What falls when one workload does: `cullis blast WORKLOAD`.
import type { AttackGraph, AttackNode } from './model.ts';
import { pathOf, startNode } from './paths.ts';
import type { AttackPath } from './paths.ts';
import { likeliest, wayTo } from './search.ts';

export interface BlastTarget {
  readonly node: AttackNode;
  readonly probability: number;
  readonly path: AttackPath;
}

export interface BlastRadius {
  /** The workload that is taken to be in the attacker's hands. */
  readonly from: AttackNode;
  /** Crown jewels within reach, the most that is expected to be lost first. */
  readonly jewels: readonly BlastTarget[];
  /** Other workloads that may fall, likeliest first. */
  readonly workloads: readonly BlastTarget[];
  /** Identities, machines, cloud roles and systems that deploy. */
  readonly others: readonly BlastTarget[];
  /** Ports that it can send to. */
  readonly ports: number;
  /** Euros: values of the jewels, each times its probability. */
  readonly expectedLoss: number;
  /** Euros: values of all jewels within reach. */
  readonly value: number;
}

/** @returns undefined when the System has no such workload */
export function blastRadius(graph: AttackGraph, workload: string): BlastRadius | undefined {
  const start = startNode(graph, workload);
  if (start === undefined) return undefined;
  const from = graph.nodes[start]!;
  const search = likeliest(graph, start);
  const targets = (wanted: (node: AttackNode) => boolean): BlastTarget[] =>
    graph.nodes.flatMap((node, n) => {
      const probability = search.probability[n]!;
      return n === start || probability === 0 || !wanted(node)
        ? []
        : [{ node, probability, path: pathOf(graph, wayTo(graph, search, n)) }];
    });
  const likelierFirst = (a: BlastTarget, b: BlastTarget): number =>
    b.probability - a.probability || (a.node.id < b.node.id ? -1 : 1);
  const jewels = targets(({ kind }) => kind === 'asset').sort((a, b) => b.path.risk - a.path.risk || likelierFirst(a, b));
  return {
    from,
    jewels,
    workloads: targets(({ kind }) => kind === 'workload').sort(likelierFirst),
    others: targets(({ kind }) => ['identity', 'node', 'cloud', 'control', 'cluster'].includes(kind)).sort(likelierFirst),
    ports: portsFrom(graph, start),
    expectedLoss: jewels.reduce((sum, { path }) => sum + path.risk, 0),
    value: jewels.reduce((sum, { node }) => sum + (node.asset?.value ?? 0), 0),
  };
}

/** Ports of others that a place sends to itself. */
function portsFrom({ nodes, edges, out, outStart }: AttackGraph, start: number): number {
  const found = new Set<number>();
  const look = (node: number): void => {
    for (let i = outStart[node]!; i < outStart[node + 1]!; i++) {
      const { to } = edges[out[i]!]!;
      if (nodes[to]!.kind === 'group') look(to);
      else if (nodes[to]!.kind === 'access' && nodes[to]!.workload !== nodes[start]!.workload) found.add(to);
    }
  };
  look(start);
  return found.size;
}
