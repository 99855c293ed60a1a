import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { minCut, minVertexCut } from './flow.ts';

interface Arc {
  readonly from: number;
  readonly to: number;
  readonly capacity: number;
}

const columns = (arcs: readonly Arc[]): { from: number[]; to: number[]; capacity: number[] } => ({
  from: arcs.map(({ from }) => from),
  to: arcs.map(({ to }) => to),
  capacity: arcs.map(({ capacity }) => capacity),
});

/** Whether the sink is reached over arcs whose heads and indexes pass. */
function connected(arcs: readonly Arc[], source: number, sink: number, keep: (arc: Arc, index: number) => boolean): boolean {
  const seen = new Set([source]);
  for (const node of seen) arcs.forEach((arc, i) => arc.from === node && keep(arc, i) && seen.add(arc.to));
  return seen.has(sink);
}

/** Every bipartition of the nodes, the cheapest one. */
function bruteCut(nodes: number, arcs: readonly Arc[]): number {
  let best = Infinity;
  for (let mask = 0; mask < 1 << nodes; mask++) {
    if ((mask & 1) === 0 || (mask >> 1) % 2 === 1) continue;
    let sum = 0;
    for (const { from, to, capacity } of arcs) if (((mask >> from) & 1) === 1 && ((mask >> to) & 1) === 0) sum += capacity;
    best = Math.min(best, sum);
  }
  return best;
}

const graphs = fc.integer({ min: 2, max: 7 }).chain((nodes) =>
  fc.record({
    nodes: fc.constant(nodes),
    arcs: fc.array(
      fc.record({ from: fc.nat(nodes - 1), to: fc.nat(nodes - 1), capacity: fc.constantFrom(0.5, 1, 2, 3, 7, Infinity) }),
      { maxLength: 18 },
    ),
  }),
);

test('the minimum cut costs what the cheapest of all bipartitions costs, and separates', () => {
  fc.assert(
    fc.property(graphs, ({ nodes, arcs }) => {
      const { value, edges } = minCut(nodes, columns(arcs), 0, 1);
      assert.equal(value, bruteCut(nodes, arcs));
      if (value === Infinity) return;
      assert.equal(
        connected(arcs, 0, 1, (_, i) => !edges.includes(i)),
        false,
      );
      assert.equal(
        edges.reduce((sum, e) => sum + arcs[e]!.capacity, 0),
        value,
      );
    }),
    { numRuns: 300 },
  );
});

test('the minimum vertex cut costs what the cheapest of all sets of nodes costs, and separates', () => {
  fc.assert(
    fc.property(graphs, fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 7, maxLength: 7 }), ({ nodes, arcs }, weight) => {
      const { value, nodes: cut } = minVertexCut(nodes, columns(arcs), weight, 0, 1);
      let best = Infinity;
      for (let mask = 0; mask < 1 << nodes; mask++) {
        if ((mask & 3) !== 0 || connected(arcs, 0, 1, ({ from, to }) => ((mask >> from) & 1) === 0 && ((mask >> to) & 1) === 0))
          continue;
        let sum = 0;
        for (let n = 0; n < nodes; n++) if (((mask >> n) & 1) === 1) sum += weight[n]!;
        best = Math.min(best, sum);
      }
      assert.equal(value, best);
      if (value !== Infinity)
        assert.equal(
          connected(arcs, 0, 1, ({ from, to }) => !cut.includes(from) && !cut.includes(to)),
          false,
        );
    }),
    { numRuns: 200 },
  );
});

test('a chain of a hundred thousand nodes is cut without deep calls', () => {
  const n = 100_000;
  const from = Int32Array.from({ length: n - 1 }, (_, i) => i);
  const to = from.map((i) => i + 1);
  const capacity = Float64Array.from({ length: n - 1 }, (_, i) => (i === 4321 ? 1 : 2));
  assert.deepEqual(minCut(n, { from, to, capacity }, 0, n - 1).edges, [4321]);
});
