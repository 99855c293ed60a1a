import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits } from '../../../../test/fakes/scan.ts';
import { allow, DENY_ALL, DENY_INGRESS, deployment, policy } from '../../../../test/fakes/network.ts';
import { noDefaultDeny } from './no-default-deny.ts';

const PODS = [deployment('web', { port: 8080 }), deployment('cart', { port: 7070 })];

test('policies without a default deny', () => {
  for (const [docs, want] of [
    [[allow('cart', ['web'], 7070)], ['medium ingress and egress']],
    [[allow('cart', ['web'], 7070), allow('web', ['cart'], 8080)], ['low ingress and egress']],
    [[DENY_INGRESS], ['low egress']],
    [[DENY_ALL], []],
    [
      [
        DENY_INGRESS,
        policy('out', { podSelector: {}, policyTypes: ['Egress'], egress: [{ ports: [{ port: 53, protocol: 'UDP' }] }] }),
      ],
      [],
    ],
    // No policy at all is another finding.
    [[], []],
  ] as const) {
    assert.deepEqual(
      hits(noDefaultDeny, ...PODS, ...docs).map(
        ({ severity, title }) => `${severity} ${title.slice(title.indexOf(' for ') + 5)}`,
      ),
      want,
    );
  }
});

test('the fix names what is missing, and namespaces without workloads are left alone', () => {
  const [found] = hits(noDefaultDeny, ...PODS, DENY_INGRESS);
  assert.match(found!.fix!.yaml!, /policyTypes: \["Egress"\]/);
  assert.deepEqual(hits(noDefaultDeny, allow('cart', ['web'], 7070)), []);
});
