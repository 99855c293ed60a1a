// What the rules of the threat model see, worked out once.
import type { Finding } from '#model/finding.ts';
import type { Workload } from '#model/system.ts';
import type { Exposure } from '../reach/face.ts';
import type { BuiltGraph } from '../attack/build.ts';
import type { AttackInput } from '../attack/context.ts';
import { evidenceIn } from '../attack/evidence.ts';
import { fixOptions } from '../attack/fix/options.ts';
import type { FixOption } from '../attack/fix/option.ts';
import { lossOf } from '../attack/loss.ts';
import type { FactId } from '../attack/model.ts';
import { Onward } from '../attack/onward.ts';
import { likeliest, wayTo } from '../attack/search.ts';
import type { Likeliest } from '../attack/search.ts';
import { drawElements } from './elements.ts';
import type { Drawn } from './elements.ts';
import type { Control, Element, Stride, Threat } from './model.ts';

/** What a rule of the table says about one element. */
export interface ThreatDraft {
  readonly stride: Stride;
  readonly rule: string;
  readonly title: string;
  readonly description: string;
  readonly likelihood: number;
  readonly impact: number;
  readonly controls: readonly Control[];
  readonly evidence: Threat['evidence'];
  /** Tells two threats of one rule and element apart. */
  readonly detail?: string;
}

/** What rules see. */
export interface ThreatContext {
  readonly input: AttackInput;
  readonly graph: BuiltGraph;
  readonly drawn: Drawn;
  readonly workloads: ReadonlyMap<string, Workload>;
  readonly elements: ReadonlyMap<string, Element>;
  readonly flowsTo: ReadonlyMap<string, readonly Element[]>;
  readonly exposures: ReadonlyMap<string, readonly Exposure[]>;
  /** From the internet. */
  readonly search: Likeliest;
  readonly onward: Onward;
  readonly options: readonly FixOption[];
  readonly optionsByFact: ReadonlyMap<FactId, readonly FixOption[]>;
  /** Euros a year, from the internet. */
  readonly expectedLoss: number;
  /** Euros. */
  readonly value: number;
  /** Probabilities of all nodes from the internet when a fix is made; undefined beyond a bounded number of fixes. */
  readonly with: (option: FixOption) => Float64Array | undefined;
  /** Likelihood that some workload falls, of those that are likeliest to. */
  readonly foothold: number;
}

/** Works out what the rules need. */
export function contextOf(input: AttackInput, graph: BuiltGraph): ThreatContext {
  const start = graph.index.get('internet')!;
  const search = likeliest(graph, start);
  const options = fixOptions(input.system, graph, input.vulnerabilities);
  const optionsByFact = new Map<FactId, FixOption[]>();
  for (const option of options)
    for (const fact of option.ends) {
      const present = optionsByFact.get(fact);
      if (present) present.push(option);
      else optionsByFact.set(fact, [option]);
    }
  const drawn = drawElements(input.system, input.reach, graph);
  let foothold = 0;
  for (const [n, { kind }] of graph.nodes.entries())
    if (kind === 'workload') foothold = Math.max(foothold, search.probability[n]!);
  return {
    input,
    graph,
    drawn,
    workloads: new Map(input.system.workloads.map((workload) => [workload.id, workload])),
    elements: new Map(drawn.elements.map((element) => [element.id, element])),
    flowsTo: Map.groupBy(
      drawn.elements.filter(({ kind }) => kind === 'flow'),
      ({ to }) => to ?? '',
    ),
    exposures: Map.groupBy(input.reach.exposures(), ({ to }) => to),
    search,
    onward: new Onward(graph),
    with: fixedSearches(graph, start),
    options,
    optionsByFact,
    expectedLoss: lossOf(graph),
    value: graph.jewels.reduce((sum, jewel) => sum + (graph.nodes[jewel]!.asset?.value ?? 0), 0),
    foothold,
  };
}

/** Fixes whose effect is worked out exactly; what comes after is taken to close the way whole. */
const SEARCHES_MAX = 200;

function fixedSearches(graph: BuiltGraph, start: number): ThreatContext['with'] {
  const known = new Map<string, Float64Array>();
  return ({ id, ends }) => {
    const present = known.get(id);
    if (present || known.size >= SEARCHES_MAX) return present;
    const gone = new Set(ends);
    const { probability } = likeliest(graph, start, { allow: (e) => !graph.edges[e]!.facts.some((fact) => gone.has(fact)) });
    known.set(id, probability);
    return probability;
  };
}

/** The weak facts on the likeliest way to a node, each with the fixes that end it and what that takes off, in euros a year at `impact`. */
export function controlsOnWay(context: ThreatContext, node: number, impact: number): readonly Control[] {
  const { graph, search, optionsByFact } = context;
  const way = wayTo(graph, search, node);
  const facts = new Set(way.flatMap((e) => graph.edges[e]!.facts));
  const controls = new Map<string, Control>();
  for (const fact of facts)
    for (const option of optionsByFact.get(fact) ?? []) {
      if (controls.has(option.id) || controls.size >= 6) continue;
      const without = context.with(option)?.[node] ?? 0;
      const evidence = graph.facts.get(fact)?.evidence;
      controls.set(option.id, {
        text: option.text,
        exists: false,
        reduction: Math.max(0, search.probability[node]! - without) * impact,
        fix: option.id,
        ...(evidence && { evidence }),
      });
    }
  return [...controls.values()].sort((a, b) => b.reduction - a.reduction);
}

/** Evidence of the hops of the likeliest way to a node, weakest facts first. */
export function evidenceOnWay({ graph, search }: ThreatContext, node: number): Threat['evidence'] {
  const hops = wayTo(graph, search, node).filter((e) => graph.nodes[graph.edges[e]!.to]!.kind !== 'group');
  const told = hops
    .map((e) => graph.edges[e]!)
    .flatMap((edge) =>
      edge.evidence.slice(0, 1).map((each) => ({ weak: edge.facts.length > 0, each: { ...each, text: edge.text } })),
    );
  return told
    .sort((a, b) => Number(b.weak) - Number(a.weak))
    .map(({ each }) => each)
    .slice(0, 8);
}

/** Evidence of a finding. */
export function findingEvidence(finding: Finding): Threat['evidence'][number] {
  return evidenceIn(`${finding.code}: ${finding.title}`, finding.location);
}
