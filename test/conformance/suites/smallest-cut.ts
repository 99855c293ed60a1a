// The smallest fix against brute force: random systems, each solved by trying every set of changes; the cost must be the same, always.
import { readSystem } from '#ingest/read.ts';
import { buildAttackGraph } from '#scan/attack/build.ts';
import { packGraph } from '#scan/attack/builder.ts';
import { smallestFix } from '#scan/attack/fix/fix.ts';
import { fixOptions } from '#scan/attack/fix/options.ts';
import { cutProblem } from '#scan/attack/fix/problem.ts';
import type { CutProblem } from '#scan/attack/fix/problem.ts';
import { smallestCut } from '#scan/attack/fix/solve.ts';
import { flowCut } from '#scan/attack/fix/vertex-cut.ts';
import type { AttackEdge, AttackNode } from '#scan/attack/model.ts';
import { reachOf } from '#scan/reach/reach.ts';
import { attackCaseOf } from '../../fakes/attack.ts';
import type { RowResult, Suite } from '../suite.ts';
import { cheapestByTrying, isLeft } from './smallest-cut/brute.ts';
import { Dice } from './smallest-cut/dice.ts';
import { randomManifests } from './smallest-cut/manifests.ts';

const SYSTEMS = 1000;
const GRAPHS = 1000;
const PROOFS = 300;

export const suite = {
  name: 'smallest-cut',
  needs: 'README.md',
  run({ full, seed }) {
    const rows: RowResult[] = [];
    for (let i = 0; i < (full ? SYSTEMS : 100); i++) rows.push(judge(`system-${i}`, systemProblem(new Dice(seed * 100_003 + i))));
    for (let i = 0; i < (full ? GRAPHS : 100); i++) rows.push(judge(`graph-${i}`, graphProblem(new Dice(seed * 200_003 + i))));
    for (let i = 0; i < (full ? PROOFS : 30); i++) rows.push(prove(`proof-${i}`, new Dice(seed * 300_007 + i)));
    return Promise.resolve(rows);
  },
} satisfies Suite;

function judge(id: string, problem: CutProblem): RowResult {
  const best = cheapestByTrying(problem);
  const { cut } = smallestCut(problem);
  if (best === undefined || !cut) {
    const pass = (best === undefined) === !cut;
    return {
      id,
      pass,
      why: `brute force says ${best === undefined ? 'no cut is enough' : best}, the solver ${cut ? cut.cost : 'that none is enough'}`,
    };
  }
  if (isLeft(problem, new Set(cut.chosen))) return { id, pass: false, why: `a path is left by ${cut.chosen.join(', ')}` };
  const { exact, bound } = flowCut(problem);
  if (exact && (Math.abs(exact.cost - best) > 1e-9 || isLeft(problem, new Set(exact.chosen))))
    return { id, pass: false, why: `maximum flow says ${exact.cost}, brute force ${best}` };
  if (bound > best + 1e-9) return { id, pass: false, why: `the bound ${bound} is above the cheapest ${best}` };
  return {
    id,
    pass: Math.abs(cut.cost - best) < 1e-9 && cut.bound === cut.cost,
    why: `cost ${cut.cost}, bound ${cut.bound}, brute force ${best}`,
  };
}

/** The fix as it would be written: applied, read again, and no path left by brute force either. */
function prove(id: string, dice: Dice): RowResult {
  const { input, graph, ports } = attackCaseOf([randomManifests(dice)]);
  const { fix, none } = smallestFix(input, ports, { alternatives: 0 }, graph);
  if (!fix) return { id, pass: false, why: none?.text ?? 'no fix' };
  const { certificate } = fix;
  const after = fix.edits.length === 0 ? input.system : ports.reparse({ edits: fix.edits, changed: [], created: [] });
  const again = buildAttackGraph({ system: after, reach: ports.reachOf(after) });
  const options = fixOptions(input.system, graph);
  const problem = cutProblem(again, again.index.get('internet')!, options);
  const byHand = new Set(
    fix.fixes.flatMap((one) => (one.edits.length === 0 ? [options.findIndex((each) => each.id === one.id)] : [])),
  );
  const left = isLeft(problem, byHand);
  return {
    id,
    pass: certificate.holds && !left && certificate.flows.lost.length === 0,
    why: `${left ? 'a path is left; ' : ''}${JSON.stringify(certificate)}`,
  };
}

/** The real thing: manifests, read, reachability, attack graph, options. */
function systemProblem(dice: Dice): CutProblem {
  const { system, diagnostics } = readSystem([{ file: 'random.yaml', text: randomManifests(dice) }]);
  const error = diagnostics.find(({ severity }) => severity === 'error');
  if (error) throw new Error(`random manifests are wrong: ${error.message}`);
  const graph = buildAttackGraph({ system, reach: reachOf(system) });
  // No more than brute force can try.
  const options = fixOptions(system, graph).slice(0, 12);
  return cutProblem(graph, graph.index.get('internet')!, options);
}

/** Any graph at all: shapes that no manifests make. */
function graphProblem(dice: Dice): CutProblem {
  const count = dice.between(4, 9);
  const facts = dice.between(1, 8);
  const jewels = dice.between(1, 2);
  const nodes = Array.from({ length: count }, (_, n): AttackNode => {
    const workload = dice.chance(n < count - jewels ? 0.4 : 0.8) ? `w${dice.between(0, 2)}` : undefined;
    const base = { id: `n${n}`, label: `n${n}`, ...(workload !== undefined && { workload }) };
    if (n === 0) return { id: 'internet', kind: 'internet', label: 'internet' };
    if (n < count - jewels) return { ...base, kind: dice.pick(['access', 'workload', 'group', 'secret']) };
    return {
      ...base,
      kind: 'asset',
      asset: {
        holder: base.id,
        kind: 'database',
        value: dice.between(1, 9),
        declared: false,
        reason: '',
        evidence: { text: '' },
      },
    };
  });
  const edges = Array.from({ length: dice.between(count, 3 * count) }, (): AttackEdge => {
    const from = dice.between(0, count - jewels - 1);
    let to = dice.between(1, count - 1);
    if (to === from) to = count - 1;
    const used = dice.chance(0.65) ? Array.from({ length: dice.between(1, 2) }, () => `f${dice.between(0, facts - 1)}`) : [];
    return {
      from,
      to,
      kind: 'REACH_L4',
      probability: dice.pick([1, 1, 0.5, 0.25, 0.1]),
      text: '',
      evidence: [],
      facts: [...new Set(used)],
      required: false,
    };
  });
  const fixes = Array.from({ length: dice.between(1, 9) }, () => ({
    ends: [...new Set(Array.from({ length: dice.between(1, 3) }, () => `f${dice.between(0, facts - 1)}`))],
    effort: dice.pick([1, 1, 2, 3, 0.5]),
  }));
  return cutProblem(packGraph(nodes, edges), 0, fixes);
}
