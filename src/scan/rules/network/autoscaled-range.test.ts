import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits } from '../../../../test/fakes/scan.ts';
import { deployment, policy, service } from '../../../../test/fakes/network.ts';
import { autoscaledRange } from './autoscaled-range.ts';
import { podAddress } from './pod-address.ts';

const CART = deployment('cart', { port: 7070 });
const POOL = 'apiVersion: crd.projectcalico.org/v1\nkind: IPPool\nmetadata: {name: pool}\nspec: {cidr: 10.244.0.0/16}';
const HPA =
  'apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h, namespace: shop}\nspec: {scaleTargetRef: {kind: Deployment, name: web}, maxReplicas: 9}';
const KARPENTER = 'apiVersion: karpenter.sh/v1\nkind: NodePool\nmetadata: {name: nodes}\nspec: {}';
const VPC = 'apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: c}\nvpc: {cidr: 10.10.0.0/16}';
const from = (cidr: string): string =>
  policy('p', { podSelector: { matchLabels: { app: 'cart' } }, ingress: [{ from: [{ ipBlock: { cidr } }] }] });

test('a range where an autoscaler adds pods or nodes', () => {
  for (const [docs, want] of [
    [[POOL, HPA, from('10.244.3.0/24')], 'adds pods'],
    [[POOL, KARPENTER, from('10.244.3.0/24')], 'adds nodes'],
    [[VPC, KARPENTER, from('10.10.0.0/16')], 'adds nodes'],
    [[VPC, from('10.10.0.0/16')], undefined],
    [[VPC, KARPENTER, from('10.11.0.0/24')], undefined],
    [[POOL, HPA, from('192.168.3.0/24')], undefined],
    [[POOL, from('10.244.3.0/24')], undefined],
  ] as const) {
    const titles = hits(autoscaledRange, CART, ...docs).map(({ title }) => title);
    assert.equal(titles.length, want === undefined ? 0 : 1, docs.join());
    if (want !== undefined) assert.ok(titles[0]!.includes(want), titles.join());
  }
});

test('without an autoscaler a range over pod addresses is told as such, once', () => {
  assert.equal(hits(podAddress, CART, POOL, from('10.244.3.0/24')).length, 1);
  assert.deepEqual(hits(podAddress, CART, POOL, HPA, from('10.244.3.0/24')), []);
});

test('a range that stands for a caller which is scaled', () => {
  const docs = [deployment('web', { port: 1, env: { CART: 'cart:80' } }), CART, service('cart', 80, 7070), from('10.9.8.0/24')];
  const [found] = hits(autoscaledRange, ...docs, HPA);
  assert.match(found!.title, /stands for `shop\/web`/);
  assert.deepEqual(hits(podAddress, ...docs, HPA), []);
});
