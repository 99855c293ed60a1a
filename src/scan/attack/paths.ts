// The attack paths that matter most: for each crown jewel the likeliest routes, ranked by what they are expected to cost.
import { hash } from 'node:crypto';
import type { AttackEdge, AttackGraph, AttackNode } from './model.ts';
import { likeliest, wayTo } from './search.ts';

export interface Hop {
  readonly from: AttackNode;
  readonly to: AttackNode;
  readonly edge: AttackEdge;
}

export interface AttackPath {
  /** Stable: the same route has the same id in the next scan. */
  readonly id: string;
  readonly from: AttackNode;
  readonly to: AttackNode;
  readonly hops: readonly Hop[];
  /** Product of the hops. */
  readonly probability: number;
  /** Euros: probability times the value of the asset. */
  readonly risk: number;
  /** Only declared flows and flaws that nobody can rule out: it stays whatever is fixed. */
  readonly byDesign: boolean;
}

export interface PathOptions {
  /** `internet` (the default), or the id of a workload that is taken to be in the attacker's hands. */
  readonly from?: string;
  /** Id of the workload (or `cluster`, `cloud`) whose asset is the goal; all when absent. */
  readonly to?: string;
  /** How many at most; 10 when absent. */
  readonly max?: number;
  /** Routes to one jewel at most; 3 when absent and several jewels are the goal. */
  readonly perJewel?: number;
}

/** Searches that one call may make: Yen's algorithm asks for one a hop and path. */
const SEARCHES_MAX = 2000;

/** Index of the node that `internet` or a workload id stands for; undefined when the System has none of that name. */
export function startNode(graph: AttackGraph, from: string): number | undefined {
  return from === 'internet' ? graph.index.get('internet') : (graph.index.get(`workload:${from}`) ?? graph.index.get(from));
}

/**
 * The riskiest simple paths, at most one for each distinct route: two that differ only in how a hop is made (two capabilities, two roles) are one, and the
 * likelier is kept. J. Y. Yen, "Finding the k shortest loopless paths in a network" (1971), with E. Lawler's bookkeeping, bounded in work.
 * @returns riskiest first; empty when nothing leads from `from` to a jewel
 */
export function attackPaths(graph: AttackGraph, options: PathOptions = {}): readonly AttackPath[] {
  const from = startNode(graph, options.from ?? 'internet');
  if (from === undefined) return [];
  const jewels = graph.jewels.filter((jewel) => options.to === undefined || isNamed(graph.nodes[jewel]!, options.to));
  const max = options.max ?? 10;
  const perJewel =
    options.perJewel ?? (options.to === undefined ? Math.max(3, Math.ceil(max / Math.max(1, jewels.length))) : max);
  const first = likeliest(graph, from);
  // Jewels by the risk of their best path, so that bounded work goes where it counts.
  const own = ownWorkload(graph, from);
  const reached = jewels.filter(
    (jewel) => first.probability[jewel]! > 0 && (own === undefined || graph.nodes[jewel]!.workload !== own),
  );
  reached.sort((a, b) => first.probability[b]! * valueOf(graph, b) - first.probability[a]! * valueOf(graph, a));
  const budget = { left: SEARCHES_MAX };
  const found = reached.slice(0, Math.max(max, 50)).flatMap((jewel) => kLikeliest(graph, from, jewel, perJewel, budget));
  return found
    .map((way) => pathOf(graph, way))
    .sort((a, b) => b.risk - a.risk || a.hops.length - b.hops.length || (a.id < b.id ? -1 : 1))
    .slice(0, max);
}

function ownWorkload(graph: AttackGraph, from: number): string | undefined {
  const { kind, workload } = graph.nodes[from]!;
  return kind === 'workload' ? workload : undefined;
}

function isNamed(node: AttackNode, name: string): boolean {
  return node.id === name || node.id === `asset:${name}` || node.workload === name || node.asset?.holder === name;
}

function valueOf(graph: AttackGraph, jewel: number): number {
  return graph.nodes[jewel]!.asset?.value ?? 0;
}

/** Makes a path of edge indexes; hops through groups of sources become one. */
export function pathOf(graph: AttackGraph, way: readonly number[]): AttackPath {
  const hops: Hop[] = [];
  let probability = 1;
  let start: AttackNode | undefined;
  for (const e of way) {
    const edge = graph.edges[e]!;
    probability *= edge.probability;
    start ??= graph.nodes[edge.from]!;
    const to = graph.nodes[edge.to]!;
    if (to.kind === 'group') continue;
    hops.push({ from: start, to, edge });
    start = undefined;
  }
  const from = graph.nodes[graph.edges[way[0]!]!.from]!;
  const to = graph.nodes[graph.edges[way.at(-1)!]!.to]!;
  const route = hops.map((hop) => [hop.edge.kind, hop.to.id]);
  const id = hash('sha256', JSON.stringify([from.id, route])).slice(0, 12);
  return {
    id,
    from,
    to,
    hops,
    probability,
    risk: probability * (to.asset?.value ?? 0),
    byDesign: hops.every(({ edge }) => edge.facts.length === 0),
  };
}

/** The nodes that tell two routes apart: where the attacker stands, and in what way the goal falls. */
function routeKey(graph: AttackGraph, way: readonly number[]): string {
  return way
    .map((e) => graph.edges[e]!)
    .flatMap(({ to }) => (graph.nodes[to]!.kind === 'group' ? [] : [to]))
    .join();
}

interface Candidate {
  readonly way: readonly number[];
  readonly probability: number;
  /** First hop that may differ (Lawler). */
  readonly deviates: number;
}

function kLikeliest(graph: AttackGraph, from: number, to: number, k: number, budget: { left: number }): (readonly number[])[] {
  // Who is a client of the jewel by design has it: a route that goes on from there to it in another way is a detour.
  const clients = new Set<number>();
  for (const edge of graph.edges) if (edge.to === to && edge.facts.length === 0) clients.add(edge.from);
  const sensible = (e: number): boolean =>
    !clients.has(graph.edges[e]!.from) || (graph.edges[e]!.to === to && graph.edges[e]!.facts.length === 0);
  const best = wayTo(graph, likeliest(graph, from, { until: to, allow: sensible }), to);
  if (best.length === 0) return [];
  const accepted: Candidate[] = [];
  const routes = new Set<string>();
  const waiting: Candidate[] = [{ way: best, probability: productOf(graph, best), deviates: 0 }];
  const seen = new Set<string>([best.join()]);
  const kept: (readonly number[])[] = [];
  while (kept.length < k && waiting.length > 0) {
    let top = 0;
    for (let i = 1; i < waiting.length; i++) if (waiting[i]!.probability > waiting[top]!.probability) top = i;
    const [current] = waiting.splice(top, 1);
    accepted.push(current!);
    const route = routeKey(graph, current!.way);
    if (!routes.has(route)) {
      routes.add(route);
      if (accepted.length === 1 || isStraight(graph, current!.way)) kept.push(current!.way);
    }
    if (accepted.length > 10 * k) break;
    for (const next of deviations(graph, to, from, current!, accepted, sensible, budget)) {
      const key = next.way.join();
      if (seen.has(key)) continue;
      seen.add(key);
      waiting.push(next);
    }
  }
  return kept;
}

/** Every best way that leaves an accepted one at a later hop (Yen's spur paths). */
function deviations(
  graph: AttackGraph,
  to: number,
  from: number,
  { way, deviates }: Candidate,
  accepted: readonly Candidate[],
  sensible: (edge: number) => boolean,
  budget: { left: number },
): Candidate[] {
  const found: Candidate[] = [];
  const visited = new Set<number>();
  let prefix = 1;
  for (let i = 0; i < way.length; i++) {
    const spur = i === 0 ? from : graph.edges[way[i - 1]!]!.to;
    if (i >= deviates && graph.nodes[spur]!.kind !== 'group') {
      if (budget.left-- <= 0) break;
      // Parallel edges make the same route: all edges to the same node are barred, so that the next way is another one.
      const banned = new Set<number>();
      for (const other of accepted)
        if (other.way.length > i && other.way.slice(0, i).every((e, j) => e === way[j]))
          banned.add(nextStand(graph, other.way, i));
      const search = likeliest(graph, spur, {
        until: to,
        enter: (node) => !visited.has(node),
        allow: (e) => sensible(e) && (graph.edges[e]!.from !== spur || !banned.has(graph.edges[e]!.to)),
      });
      if (search.probability[to]! > 0) {
        const rest = wayTo(graph, search, to);
        found.push({ way: [...way.slice(0, i), ...rest], probability: prefix * search.probability[to]!, deviates: i });
      }
    }
    visited.add(spur);
    prefix *= graph.edges[way[i]!]!.probability;
  }
  return found;
}

/** Whether no place of a route leads straight to one that comes more than a step later: then what lies between is for nothing. */
function isStraight(graph: AttackGraph, way: readonly number[]): boolean {
  const stands = [graph.edges[way[0]!]!.from, ...way.map((e) => graph.edges[e]!.to)].filter(
    (node) => graph.nodes[node]!.kind !== 'group',
  );
  // How the jewel itself falls at the end is of interest in every way there is.
  stands.pop();
  const order = new Map(stands.map((node, i) => [node, i]));
  const { edges, out, outStart } = graph;
  const far = (node: number, at: number): boolean => {
    for (let i = outStart[node]!; i < outStart[node + 1]!; i++) {
      const { to } = edges[out[i]!]!;
      if (graph.nodes[to]!.kind === 'group' ? far(to, at) : (order.get(to) ?? 0) > at + 1) return true;
    }
    return false;
  };
  return stands.every((node, at) => !far(node, at));
}

function nextStand(graph: AttackGraph, way: readonly number[], at: number): number {
  return graph.edges[way[at]!]!.to;
}

function productOf(graph: AttackGraph, way: readonly number[]): number {
  let product = 1;
  for (const e of way) product *= graph.edges[e]!.probability;
  return product;
}
