import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits } from '../../../../test/fakes/scan.ts';
import { deployment, policy, service } from '../../../../test/fakes/network.ts';
import { ipv6 } from './ipv6-counterpart.ts';

const CART = deployment('cart', { port: 7070 });
const V4 = { ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] } };
const out = (...to: readonly unknown[]): string => policy('p', { podSelector: {}, policyTypes: ['Egress'], egress: [{ to }] });
const anp = (...networks: readonly string[]): string =>
  `apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: a}\nspec: {priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{networks: [${networks.map((each) => JSON.stringify(each)).join()}]}]}]}`;
const DUAL = service('cart', 80, 7070, { ipFamilyPolicy: 'PreferDualStack' });

test('what is taken out or denied for one family alone', () => {
  for (const [docs, count] of [
    [[out(V4, { ipBlock: { cidr: '::/0' } })], 1],
    [[out(V4, { ipBlock: { cidr: '::/0', except: ['fc00::/7'] } })], 0],
    [[out(V4)], 0],
    [[out({ ipBlock: { cidr: '0.0.0.0/0' } }, { ipBlock: { cidr: '::/0' } })], 0],
    [[DUAL, anp('0.0.0.0/0')], 1],
    [[DUAL, anp('0.0.0.0/0', '::/0')], 0],
    [[DUAL, anp('203.0.113.9/32')], 0],
    [[service('cart', 80, 7070), anp('0.0.0.0/0')], 0],
  ] as const) {
    assert.equal(hits(ipv6, CART, ...docs).length, count, docs.join());
  }
});
