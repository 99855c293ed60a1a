// The smallest fix of a System, with the proof: applied, read again, reachability and attack graph worked out anew, no such path left, every declared
// flow kept.
import type { FindingEdit } from '#model/finding.ts';
import type { System } from '#model/system.ts';
import { INTERNET } from '../../reach/face.ts';
import type { Reach } from '../../reach/face.ts';
import { buildAttackGraph } from '../build.ts';
import type { BuiltGraph } from '../build.ts';
import type { AttackInput } from '../context.ts';
import { attackPaths, pathOf, startNode } from '../paths.ts';
import type { AttackPath } from '../paths.ts';
import { withoutFacts } from '../builder.ts';
import { lossOf } from '../loss.ts';
import { changesOf } from './apply.ts';
import type { Changes } from './apply.ts';
import { fixOptions } from './options.ts';
import type { FixOption } from './option.ts';
import { Oracle, breakers, cutProblem } from './problem.ts';
import type { CutProblem } from './problem.ts';
import { alternativeCuts, smallestCut } from './solve.ts';
import type { Cut } from './solve.ts';

export interface FixPorts {
  /** Reads the System again with the changes made; the caller's way of reading, so that the proof is about real files. */
  readonly reparse: (changes: Changes) => System;
  readonly reachOf: (system: System) => Reach;
}

export interface FixRequest {
  /** `internet` (the default), or a workload in the attacker's hands. */
  readonly from?: string;
  /** Workload whose asset is to be protected; all jewels when absent. */
  readonly to?: string;
  /** How many alternatives to look for; 2 when absent. */
  readonly alternatives?: number;
}

export interface Certificate {
  readonly system: { readonly before: string; readonly after: string };
  /** Paths beside the declared flows: counted by looking for them in the graph of the System as it is read again. */
  readonly paths: { readonly before: number; readonly after: number };
  /** What is left when nothing but declared flows is used. */
  readonly byDesign: number;
  readonly flows: { readonly declared: number; readonly before: number; readonly kept: number; readonly lost: readonly string[] };
  /** Euros a year, as far as the table of probabilities goes. */
  readonly expectedLoss: { readonly before: number; readonly after: number };
  /** Fixes that no edit makes; the proof takes them as done. */
  readonly assumed: readonly string[];
  /** Version of the table of probabilities. */
  readonly probabilities: string;
  readonly method: Cut['method'];
  readonly cost: number;
  readonly bound: number;
  readonly exact: boolean;
  /** Whether paths are 0 and no declared flow is lost. */
  readonly holds: boolean;
}

export interface SmallestFix {
  readonly fixes: readonly FixOption[];
  readonly edits: readonly FindingEdit[];
  readonly cost: number;
  readonly bound: number;
  /** Paths that must go, the likeliest to each jewel for each reason. */
  readonly paths: readonly AttackPath[];
  readonly alternatives: readonly { readonly fixes: readonly FixOption[]; readonly cost: number }[];
  readonly certificate: Certificate;
}

/** Why there is no fix, with a path that shows it. */
export interface NoFix {
  readonly path: AttackPath;
  readonly text: string;
}

/** Rounds of reading again after a fix turned out not to do what it was meant to. */
const ROUNDS_MAX = 6;
const SHOWN_MAX = 20;
const PATHS_MAX = 100;

/**
 * @returns the cheapest fix with its proof; nothing to fix gives an empty one; undefined `fix` when no set of known changes is enough
 */
export function smallestFix(
  input: AttackInput,
  ports: FixPorts,
  request: FixRequest = {},
  graph: BuiltGraph = buildAttackGraph(input),
): { readonly fix?: SmallestFix; readonly none?: NoFix } {
  const options = fixOptions(input.system, graph, input.vulnerabilities);
  const from = startNode(graph, request.from ?? INTERNET) ?? 0;
  const targets = targetsOf(graph, request);
  const problem = cutProblem(graph, from, options, targets);
  const without = new Set<number>();
  const must: (readonly number[])[] = [];
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const { cut, unbreakable } = smallestCut(problem, { without, must });
    if (!cut) return { none: noFix(graph, unbreakable ?? []) };
    const tried = check(input, ports, request, problem, options, cut);
    if (tried.useless.length === 0 && tried.more.length === 0)
      return { fix: complete(problem, options, cut, tried.certificate, without, request.alternatives ?? 2) };
    for (const fix of tried.useless) without.add(fix);
    must.push(...tried.more);
  }
  const { unbreakable } = smallestCut(problem, { without });
  return { none: noFix(graph, unbreakable ?? new Oracle(problem).remaining(new Set(), 1)[0] ?? []) };
}

function targetsOf(graph: BuiltGraph, { to, from }: FixRequest): readonly number[] {
  return graph.jewels.filter((jewel) => {
    const { workload, asset } = graph.nodes[jewel]!;
    if (from !== undefined && workload === from) return false;
    return to === undefined || workload === to || asset?.holder === to;
  });
}

function noFix(graph: BuiltGraph, way: readonly number[]): { readonly path: AttackPath; readonly text: string } {
  return { path: pathOf(graph, way), text: 'no change that is known breaks this path and keeps every declared flow' };
}

interface Checked {
  readonly certificate: Certificate;
  /** Fixes that were made and did not end what they were meant to end, or that cost a declared flow. */
  readonly useless: readonly number[];
  /** Fixes that would break paths which only showed when the others were made; one of each must come in. */
  readonly more: readonly (readonly number[])[];
}

/** Applies, reads again, and looks whether it is true. */
function check(
  input: AttackInput,
  ports: FixPorts,
  request: FixRequest,
  problem: CutProblem,
  options: readonly FixOption[],
  cut: Cut,
): Checked {
  const chosen = cut.chosen.map((fix) => options[fix]!);
  const edits = editsOf(chosen);
  const changes = changesOf(input.system, edits);
  const after = edits.length === 0 ? input.system : ports.reparse(changes);
  const reach = edits.length === 0 ? input.reach : ports.reachOf(after);
  const { permissions: _before, ...rest } = input;
  const rebuilt = buildAttackGraph({ ...rest, system: after, reach });
  // What only a person can do is taken as done, and said so.
  const assumed = new Set(chosen.filter((fix) => fix.edits.length === 0).flatMap((fix) => fix.ends));
  const graph = { ...rebuilt, ...withoutFacts(rebuilt, assumed) };
  // The same fixes as labels, so that "by design" means the same as before.
  const again = cutProblem(graph, startNode(graph, request.from ?? INTERNET) ?? 0, options, targetsOf(graph, request));
  const left = new Oracle(again).remaining(new Set());
  const made = new Set(cut.chosen);
  const useless = new Set<number>();
  const more: (readonly number[])[] = [];
  for (const way of left) {
    const all = breakers(again, way);
    const others = all.filter((fix) => !made.has(fix));
    if (others.length > 0) more.push(others);
    else for (const fix of all) useless.add(fix);
  }
  const flows = keptFlows(input.reach, reach, problem.graph as BuiltGraph);
  if (flows.lost.length > 0) for (const fix of blameFor(flows.lost, cut.chosen, options)) useless.add(fix);
  const before = lossOf(problem.graph, request.from);
  // Counted as `cullis paths` lists them.
  const pathsOf = (of: BuiltGraph): readonly AttackPath[] =>
    attackPaths(of, { from: request.from ?? INTERNET, ...(request.to !== undefined && { to: request.to }), max: PATHS_MAX });
  const waysAfter = pathsOf(graph);
  const certificate: Certificate = {
    system: { before: input.system.hash, after: after.hash },
    paths: {
      before: pathsOf(problem.graph as BuiltGraph).filter(({ byDesign }) => !byDesign).length,
      after: Math.max(left.length, waysAfter.filter(({ byDesign }) => !byDesign).length),
    },
    byDesign: waysAfter.filter(({ byDesign }) => byDesign).length,
    flows: { declared: flows.declared, before: flows.before, kept: flows.before - flows.lost.length, lost: flows.lost },
    expectedLoss: { before, after: lossOf(graph, request.from) },
    assumed: chosen.filter((fix) => fix.edits.length === 0).map(({ text }) => text),
    probabilities: graph.version,
    method: cut.method,
    cost: cut.cost,
    bound: cut.bound,
    exact: cut.cost - cut.bound < 1e-9,
    holds: left.length === 0 && flows.lost.length === 0,
  };
  return { certificate, useless: [...useless], more };
}

/** Edits of several fixes, each once. */
function editsOf(fixes: readonly FixOption[]): readonly FindingEdit[] {
  const seen = new Map<string, FindingEdit>();
  for (const edit of fixes.flatMap(({ edits }) => edits)) seen.set(JSON.stringify(edit), edit);
  return [...seen.values()];
}

function keptFlows(
  before: Reach,
  after: Reach,
  graph: BuiltGraph,
): { readonly declared: number; readonly before: number; readonly lost: readonly string[] } {
  const open = (reach: Reach): ReadonlySet<string> => new Set(reach.exposures().map(({ to, port }) => `${to}:${port}`));
  const [exposedBefore, exposedAfter] = [open(before), open(after)];
  let count = 0;
  const lost: string[] = [];
  for (const { from, to, port, transport } of graph.flows) {
    const works = (reach: Reach, exposed: ReadonlySet<string>): number => {
      if (from === INTERNET) return exposed.has(`${to}:${port}`) ? 2 : 0;
      const { network, link, requests } = reach.explain(from, to, port, transport);
      return !network || link === 'refused' || requests === 'none' ? 0 : requests === 'some' ? 1 : 2;
    };
    const was = works(before, exposedBefore);
    if (was === 0) continue;
    count++;
    if (works(after, exposedAfter) < was) lost.push(`${from} -> ${to}:${port}`);
  }
  return { declared: graph.flows.length, before: count, lost };
}

/** The fixes that closed too much: those about the target of a lost flow, or all when none is. */
function blameFor(lost: readonly string[], chosen: readonly number[], options: readonly FixOption[]): readonly number[] {
  const about = chosen.filter((fix) =>
    lost.some((flow) =>
      options[fix]!.ends.some((fact) => fact === `open:${flow.slice(flow.indexOf('-> ') + 3, flow.lastIndexOf(':'))}`),
    ),
  );
  return about.length > 0 ? about : chosen;
}

function complete(
  problem: CutProblem,
  options: readonly FixOption[],
  cut: Cut,
  certificate: Certificate,
  without: ReadonlySet<number>,
  alternatives: number,
): SmallestFix {
  const fixes = cut.chosen.map((fix) => options[fix]!);
  const usable =
    without.size === 0 ? problem : { ...problem, fixesOf: problem.fixesOf.map((own) => own.filter((fix) => !without.has(fix))) };
  const others = cut.chosen.length === 0 ? [] : alternativeCuts(usable, cut, alternatives);
  return {
    fixes,
    edits: editsOf(fixes),
    cost: cut.cost,
    bound: cut.bound,
    paths: cut.paths
      .slice(0, SHOWN_MAX)
      .map((way) => pathOf(problem.graph, way))
      .sort((a, b) => b.risk - a.risk),
    alternatives: others.map(({ chosen, cost }) => ({ fixes: chosen.map((fix) => options[fix]!), cost })),
    certificate,
  };
}
