import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cheapestHittingSet } from './hitting-set.ts';

test('no hitting set is cheaper, of all that there are', () => {
  const weights = fc.array(fc.constantFrom(0.5, 1, 2, 3), { minLength: 8, maxLength: 8 });
  const families = fc.array(fc.uniqueArray(fc.nat(7), { minLength: 1, maxLength: 4 }), { maxLength: 10 });
  fc.assert(
    fc.property(weights, families, (weight, sets) => {
      let best = Infinity;
      for (let mask = 0; mask < 256; mask++) {
        if (!sets.every((set) => set.some((element) => ((mask >> element) & 1) === 1))) continue;
        best = Math.min(
          best,
          weight.reduce((sum, each, i) => sum + (((mask >> i) & 1) === 1 ? each : 0), 0),
        );
      }
      const { chosen, cost, bound } = cheapestHittingSet(sets, weight);
      assert.ok(sets.every((set) => set.some((element) => chosen.includes(element))));
      assert.ok(Math.abs(cost - best) < 1e-9);
      assert.equal(bound, cost);
    }),
    { numRuns: 400 },
  );
});

test('a search that is cut short still hits every set and says how good it is at worst', () => {
  const sets = Array.from({ length: 60 }, (_, i) =>
    [i % 31, (i * 7 + 3) % 31, (i * 11 + 5) % 31].filter((each, at, all) => all.indexOf(each) === at),
  );
  const { chosen, cost, bound } = cheapestHittingSet(
    sets,
    Array.from({ length: 31 }, () => 1),
    5,
  );
  assert.ok(sets.every((set) => set.some((element) => chosen.includes(element))));
  assert.ok(bound >= 1 && bound <= cost);
});
