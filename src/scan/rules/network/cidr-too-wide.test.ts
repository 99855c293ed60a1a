import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits } from '../../../../test/fakes/scan.ts';
import { deployment, policy, service } from '../../../../test/fakes/network.ts';
import { cidrTooWide } from './cidr-too-wide.ts';

const PODS = [
  deployment('web', { port: 8080, env: { CART: 'cart:80' } }),
  deployment('cart', { port: 7070 }),
  service('cart', 80, 7070),
];
const NODE = 'apiVersion: v1\nkind: Node\nmetadata: {name: node-1}\nspec: {podCIDR: 10.244.0.0/24}';
const POOL = 'apiVersion: crd.projectcalico.org/v1\nkind: IPPool\nmetadata: {name: pool}\nspec: {cidr: 10.244.0.0/16}';
const from = (cidr: string, app = 'cart'): string =>
  policy('p', { podSelector: { matchLabels: { app } }, ingress: [{ from: [{ ipBlock: { cidr } }], ports: [{ port: 7070 }] }] });
const to = (cidr: string, port: number): string =>
  policy('p', {
    podSelector: { matchLabels: { app: 'web' } },
    policyTypes: ['Egress'],
    egress: [{ to: [{ ipBlock: { cidr } }], ports: [{ port }] }],
  });

test('wider than what is known, or than what can be meant', () => {
  for (const [docs, want] of [
    [[NODE, from('10.0.0.0/8')], 'wider than the pods'],
    [[POOL, from('10.0.0.0/8')], 'wider than the pods'],
    [[POOL, to('10.0.0.0/8', 7070)], 'wider than the pods'],
    [[from('10.0.0.0/8')], '16777216 addresses'],
    [[from('10.20.0.0/16')], '65536 addresses'],
    [[from('172.16.0.0/12')], '1048576 addresses'],
    [[to('10.0.0.0/8', 7070)], '`shop/cart` is meant'],
    // Precise: a subnet, what is exactly there, another network, an egress to something that is not in the System.
    [[from('10.20.30.0/24')], undefined],
    [[POOL, from('192.168.7.0/24')], undefined],
    [[to('10.50.0.0/16', 5432)], undefined],
    [[to('10.0.0.0/8', 5432)], '16777216 addresses'],
    [[POOL, from('172.16.0.0/12')], '1048576 addresses'],
    [[to('203.0.113.0/24', 443)], undefined],
    [[from('10.0.0.0/8', 'nobody')], undefined],
  ] as const) {
    const titles = hits(cidrTooWide, ...PODS, ...docs).map(({ title }) => title);
    if (want === undefined) assert.deepEqual(titles, [], docs.join());
    else assert.ok(titles.length === 1 && titles[0]!.includes(want), `${docs.join()} ${titles.join()}`);
  }
});

test('the fix names the callers by label', () => {
  const [found] = hits(cidrTooWide, ...PODS, NODE, from('10.0.0.0/8'));
  assert.match(found!.fix!.yaml!, /from:[\s\S]*app: web/);
  assert.deepEqual(found!.fix!.edits![0]!.op, 'set');
  assert.equal(found!.related!.length, 1);
});

test('an internal balancer needs the private range', () => {
  const internal = service('cart', 80, 7070, { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0/8'] });
  assert.deepEqual(hits(cidrTooWide, deployment('cart', { port: 7070 }), internal, from('10.0.0.0/8')), []);
});
