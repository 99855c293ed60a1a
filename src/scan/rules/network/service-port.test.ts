import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits } from '../../../../test/fakes/scan.ts';
import { allow, deployment, policy, service } from '../../../../test/fakes/network.ts';
import { servicePort } from './service-port.ts';

const DOCS = [
  deployment('cart', { port: 7070 }),
  deployment('web', { port: 8080 }),
  service('cart', 80, 7070),
  service('web', 8080, 8080),
];
const to = (port: number): string =>
  policy('p', {
    podSelector: { matchLabels: { app: 'web' } },
    policyTypes: ['Egress'],
    egress: [{ to: [{ podSelector: { matchLabels: { app: 'cart' } } }], ports: [{ port }] }],
  });

test('the port of the Service where that of the pod belongs', () => {
  for (const [doc, count] of [
    [allow('cart', ['web'], 80), 1],
    [to(80), 1],
    [allow('cart', ['web'], 7070), 0],
    [to(7070), 0],
    [allow('web', ['cart'], 8080), 0],
    [allow('cart', ['web'], 9999), 0],
  ] as const) {
    assert.equal(hits(servicePort, ...DOCS, doc).length, count, doc);
  }
  const [found] = hits(servicePort, ...DOCS, allow('cart', ['web'], 80));
  const [edit] = found!.fix!.edits!;
  assert.deepEqual([found!.path, edit!.op === 'set' && edit!.value], ['spec.ingress[0].ports[0].port', 7070]);
});
