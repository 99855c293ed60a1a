// Proxy hardening F 55, 56 and 63: a gateway in a process of its own, under each flood for a moment, while somebody else is served.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { FLOODS } from '../../bench/hardening/kinds.ts';
import { Target, floodLine } from '../../bench/hardening/floods.ts';

const EACH_MS = 500;
/** Generous: the machine of a test may have one core for all three processes. `npm run bench -- --parts hardening` measures in earnest. */
const P50_MS = 200;
const P99_MS = 2500;
const GROWTH_MIB = 300;

describe('floods', () => {
  let target: Target;
  let calmMiB = 0;
  before(async () => {
    target = await Target.open();
    await target.measure('', 300);
    calmMiB = target.rssMiB();
  });
  after(() => target.close());
  for (const [kind, { ends }] of Object.entries(FLOODS))
    it(`proxy-hardening 55, 56: ${kind} ends its connections or is held in bounds, and others are served`, async (t) => {
      const result = await target.measure(kind, EACH_MS);
      t.diagnostic(floodLine(result));
      assert.ok(target.alive, 'the gateway is gone');
      assert.equal(result.failed, 0);
      if (ends) assert.ok(result.ended > 0, 'its connections stay');
      assert.ok(result.p50Ms < P50_MS && result.p99Ms < P99_MS, floodLine(result));
      assert.ok(result.rssMiB - calmMiB < GROWTH_MIB, `${calmMiB} MiB before, ${result.rssMiB} MiB now`);
    });
});
