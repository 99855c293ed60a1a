import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits } from '../../../../test/fakes/scan.ts';
import { deployment, policy, service } from '../../../../test/fakes/network.ts';
import { allowAll } from './allow-all.ts';

const PODS = [
  deployment('web', { port: 8080, env: { CART: 'cart:80' } }),
  deployment('cart', { port: 7070 }),
  deployment('db', { image: 'redis:7', port: 6379 }),
  service('web', 80, 8080, { type: 'LoadBalancer' }),
  service('cart', 80, 7070),
];
const open = (app: string | undefined, rule: unknown): string =>
  policy('p', { podSelector: app === undefined ? {} : { matchLabels: { app } }, ingress: [rule] });

test('everyone let in', () => {
  for (const [app, rule, want] of [
    [undefined, {}, 'high'],
    ['cart', {}, 'medium'],
    ['cart', { ports: [{ port: 7070 }] }, 'low'],
    ['cart', { from: [{ namespaceSelector: {} }] }, 'medium'],
    ['cart', { from: [{ podSelector: { matchLabels: { app: 'web' } } }, { namespaceSelector: {}, podSelector: {} }] }, 'medium'],
    [
      'cart',
      { from: [{ namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'Exists' }] } }] },
      'medium',
    ],
    ['cart', { from: [{ namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'Exists' }] } }] }, undefined],
    ['db', { ports: [{ port: 6379 }] }, 'high'],
    [
      'cart',
      { from: [{ namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['x'] }] } }] },
      'medium',
    ],
    // What is exposed needs everyone; a namespace, a label or a range is not everyone.
    ['web', {}, undefined],
    ['web', { ports: [{ port: 8080 }] }, undefined],
    ['cart', { from: [{ podSelector: {} }] }, undefined],
    ['cart', { from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'web' } } }] }, undefined],
    ['nobody', {}, undefined],
  ] as const) {
    assert.deepEqual(
      hits(allowAll, ...PODS, open(app, rule)).map(({ severity }) => severity),
      want === undefined ? [] : [want],
      `${app} ${JSON.stringify(rule)}`,
    );
  }
});

test('the fix lets in who calls', () => {
  const [found] = hits(allowAll, ...PODS, open('cart', {}));
  assert.match(found!.fix!.yaml!, /app: web/);
  assert.equal(found!.path, 'spec.ingress[0]');
});

test('what the API server calls is needed from outside', () => {
  const webhook =
    'apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: w}\nwebhooks: [{name: a.example, clientConfig: {service: {name: cart, namespace: shop}}}]';
  assert.deepEqual(hits(allowAll, ...PODS, webhook, open('cart', { ports: [{ port: 7070 }] })), []);
});

test('an AdminNetworkPolicy that allows everyone', () => {
  const admin = (rule: string): string =>
    `apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: a}\nspec: {priority: 1, subject: {namespaces: {}}, ingress: [${rule}]}`;
  assert.deepEqual(
    hits(allowAll, ...PODS, admin('{action: Allow, from: [{namespaces: {}}]}')).map(({ severity }) => severity),
    ['high'],
  );
  for (const rule of [
    '{action: Pass, from: [{namespaces: {}}]}',
    '{action: Deny, from: [{namespaces: {}}]}',
    '{action: Allow, from: [{namespaces: {matchLabels: {team: ops}}}]}',
    '{action: Allow, from: [{namespaces: {}}], ports: [{portNumber: {protocol: TCP, port: 9090}}]}',
  ]) {
    assert.deepEqual(hits(allowAll, ...PODS, admin(rule)), [], rule);
  }
});

test('a store open to its whole namespace, when fewer call it', () => {
  const docs = [...PODS, deployment('cache-user', { env: { REDIS: 'db:6379' } }), service('db', 6379, 6379)];
  assert.deepEqual(
    hits(allowAll, ...docs, open('db', { from: [{ podSelector: {} }] })).map(({ severity }) => severity),
    ['medium'],
  );
  assert.deepEqual(hits(allowAll, ...docs, open(undefined, { from: [{ podSelector: {} }] })), []);
  assert.deepEqual(hits(allowAll, ...PODS, open('db', { from: [{ podSelector: {} }] })), []);
});
