import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits } from '../../../../test/fakes/scan.ts';
import { deployment, policy, service } from '../../../../test/fakes/network.ts';
import { worldIngress } from './world-ingress.ts';

const PODS = [
  deployment('web', { port: 8080, env: { CART: 'cart:80' } }),
  deployment('cart', { port: 7070 }),
  deployment('db', { image: 'postgres:16', port: 5432 }),
  service('web', 80, 8080, { type: 'LoadBalancer' }),
  service('cart', 80, 7070),
];
const block = (app: string, cidr: string, except?: readonly string[]): string =>
  policy('p', { podSelector: { matchLabels: { app } }, ingress: [{ from: [{ ipBlock: { cidr, ...(except && { except }) } }] }] });

test('a whole range let in where nothing exposes the workload', () => {
  for (const [docs, want] of [
    [[block('cart', '0.0.0.0/0')], 'medium'],
    [[block('cart', '::/0')], 'medium'],
    [[block('db', '0.0.0.0/0')], 'high'],
    [[block('cart', '0.0.0.0/0', ['10.0.0.0/8'])], 'medium'],
    [[block('cart', '0.0.0.0/1')], 'medium'],
    [[block('web', '0.0.0.0/0')], undefined],
    [[block('cart', '203.0.113.0/24')], undefined],
    [[block('cart', '10.1.0.0/24')], undefined],
  ] as const) {
    assert.deepEqual(
      hits(worldIngress, ...PODS, ...docs).map(({ severity }) => severity),
      want === undefined ? [] : [want],
      docs.join(),
    );
  }
  const [found] = hits(worldIngress, ...PODS, block('cart', '0.0.0.0/0'));
  assert.equal(found!.path, 'spec.ingress[0].from[0].ipBlock.cidr');
  assert.match(found!.fix!.yaml!, /app: web/);
});

test('an ingress controller needs the internet', () => {
  const controller = deployment('ingress-nginx-controller', {
    image: 'registry.k8s.io/ingress-nginx/controller:v1.11.0',
    port: 80,
  });
  assert.deepEqual(hits(worldIngress, controller, block('ingress-nginx-controller', '0.0.0.0/0')), []);
});
