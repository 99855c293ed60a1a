import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { labelsMatch } from '#model/resource.ts';
import type { Workload } from '#model/system.ts';
import { workloadsMatching } from './matching.ts';

test('workloads are found by their labels as if each were looked at, in their order', () => {
  const labels = fc.dictionary(fc.constantFrom('app', 'tier', 'x'), fc.constantFrom('a', 'b', ''), { maxKeys: 3 });
  const namespace = fc.constantFrom('n', 'm');
  fc.assert(
    fc.property(fc.array(fc.record({ namespace, labels }), { maxLength: 8 }), namespace, labels, (all, where, wanted) => {
      const workloads = all.map((each, i) => ({ ...each, id: String(i) }) as unknown as Workload);
      assert.deepEqual(
        workloadsMatching({ workloads }, where, wanted),
        workloads.filter((each) => each.namespace === where && labelsMatch(wanted, each.labels)),
      );
    }),
    { numRuns: 300 },
  );
});
