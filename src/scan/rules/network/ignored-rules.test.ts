import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deployment, policy } from '../../../../test/fakes/network.ts';
import { hits } from '../../../../test/fakes/scan.ts';
import { ignoredRules } from './ignored-rules.ts';

const RULES = { ingress: [{ from: [{ podSelector: {} }] }], egress: [{ ports: [{ port: 53 }] }] };

test('rules whose direction is not among the types', () => {
  for (const [spec, want] of [
    [{ policyTypes: ['Egress'], ...RULES }, ['spec.ingress']],
    [{ policyTypes: ['Ingress'], ...RULES }, ['spec.egress']],
    [{ policyTypes: ['Ingress', 'Egress'], ...RULES }, []],
    [RULES, []],
    [{ policyTypes: ['Ingress'], ingress: [], egress: [] }, []],
  ] as const) {
    assert.deepEqual(
      hits(ignoredRules, deployment('cart'), policy('p', { podSelector: {}, ...spec })).map(({ path }) => path),
      want,
    );
  }
  assert.deepEqual(hits(ignoredRules, policy('p', { podSelector: {}, policyTypes: ['Egress'], ...RULES })), []);
});
