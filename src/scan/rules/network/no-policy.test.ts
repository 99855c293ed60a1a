import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits } from '../../../../test/fakes/scan.ts';
import { allow, DENY_INGRESS, deployment, policy, service } from '../../../../test/fakes/network.ts';
import { meshOnly } from './mesh-only.ts';
import { noPolicy } from './no-policy.ts';

const PODS = [
  deployment('web', { port: 8080, env: { CART: 'cart:80' } }),
  deployment('cart', { port: 7070 }),
  service('cart', 80, 7070),
];

test('one finding a namespace, with all that is open', () => {
  const found = hits(noPolicy, ...PODS, deployment('other', { namespace: 'else', port: 1 }));
  assert.deepEqual(
    found.map(({ title, severity }) => [title, severity]),
    [
      ['no workload of namespace `shop` is selected by a NetworkPolicy', 'medium'],
      ['no workload of namespace `else` is selected by a NetworkPolicy', 'medium'],
    ],
  );
  assert.match(found[0]!.fix!.yaml!, /app: cart[\s\S]*port: 7070/);
  assert.equal(found[0]!.fix!.edits![0]!.op, 'create');
});

test('those that are left out are named', () => {
  assert.deepEqual(
    hits(noPolicy, ...PODS, allow('cart', ['web'], 7070)).map(({ title }) => title),
    ['1 of 2 workloads of namespace `shop` are selected by no NetworkPolicy: `shop/web`'],
  );
});

test('what listens nowhere is low', () => {
  assert.deepEqual(
    hits(noPolicy, deployment('loadgenerator')).map(({ severity }) => severity),
    ['low'],
  );
});

test('a store beside something exposed is high', () => {
  const found = hits(
    noPolicy,
    ...PODS,
    deployment('db', { image: 'postgres:16', port: 5432 }),
    service('web', 80, 8080, { type: 'LoadBalancer' }),
  );
  assert.deepEqual(
    found.map(({ severity }) => severity),
    ['high'],
  );
  assert.match(found[0]!.message, /shop\/db/);
});

test('nothing to say where policies, other products or the mesh hold, or where nothing listens', () => {
  const strict =
    'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: p, namespace: shop}\nspec: {mtls: {mode: STRICT}}\n---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a, namespace: shop}\nspec: {rules: [{from: [{source: {namespaces: [shop]}}]}]}';
  for (const docs of [
    [...PODS, DENY_INGRESS],
    [...PODS, policy('all', { podSelector: {}, ingress: [{}] })],
    [
      ...PODS,
      'apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: c}\nspec: {endpointSelector: {}}',
    ],
    [
      ...PODS,
      'apiVersion: policy.networking.k8s.io/v1alpha1\nkind: BaselineAdminNetworkPolicy\nmetadata: {name: default}\nspec: {subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}',
    ],
    [deployment('dns', { namespace: 'kube-system', port: 53 })],
    [deployment('agent', { port: 1, spec: { hostNetwork: true } })],
    [...PODS, strict],
  ]) {
    assert.deepEqual(hits(noPolicy, ...docs), []);
  }
  assert.deepEqual(
    hits(meshOnly, ...PODS, strict).map(({ severity }) => severity),
    ['info'],
  );
  assert.deepEqual(hits(meshOnly, ...PODS, strict, DENY_INGRESS), []);
  assert.deepEqual(hits(meshOnly, ...PODS), []);
});
