import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits } from '../../../../test/fakes/scan.ts';
import { deployment, namespace, policy } from '../../../../test/fakes/network.ts';
import { unknownPeer } from './unknown-peer.ts';

const DOCS = [
  deployment('cart', { port: 7070 }),
  deployment('frontend', { port: 1 }),
  namespace('shop'),
  namespace('ops', { team: 'platform' }),
  deployment('agent', { namespace: 'ops' }),
];
const from = (peer: unknown): string =>
  policy('p', { podSelector: { matchLabels: { app: 'cart' } }, ingress: [{ from: [peer] }] });

test('peers by labels that nothing has', () => {
  for (const [peer, help] of [
    [
      { namespaceSelector: { matchLabels: { name: 'ops' } } },
      'the namespace is there, the label is not: write `kubernetes.io/metadata.name: ops`',
    ],
    [{ namespaceSelector: { matchLabels: { team: 'platfrom' } } }, 'did you mean `team: platform`?'],
    [{ podSelector: { matchLabels: { app: 'frontent' } } }, 'did you mean `app: frontend`?'],
    [
      { namespaceSelector: { matchLabels: { team: 'platform' } }, podSelector: { matchLabels: { app: 'agnet' } } },
      'did you mean `app: agent`?',
    ],
  ] as const) {
    assert.deepEqual(
      hits(unknownPeer, ...DOCS, from(peer)).map(({ fix }) => fix!.text),
      [help],
      JSON.stringify(peer),
    );
  }
});

test('silent: labels that are there, and peers of other teams', () => {
  for (const peer of [
    { podSelector: { matchLabels: { app: 'frontend' } } },
    { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } } },
    { namespaceSelector: { matchLabels: { name: 'monitoring' } } },
    { podSelector: { matchLabels: { app: 'prometheus' } } },
    { namespaceSelector: {} },
    { ipBlock: { cidr: '10.0.0.0/24' } },
  ]) {
    assert.deepEqual(hits(unknownPeer, ...DOCS, from(peer)), [], JSON.stringify(peer));
  }
});
