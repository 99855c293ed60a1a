import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits } from '../../../../test/fakes/scan.ts';
import { deployment, namespace, policy } from '../../../../test/fakes/network.ts';
import { splitPeer } from './split-peer.ts';

const DOCS = [
  deployment('cart', { port: 7070 }),
  deployment('web', { port: 1 }),
  deployment('agent', { namespace: 'ops' }),
  namespace('ops', { team: 'ops' }),
  namespace('shop'),
];
const OPS = { namespaceSelector: { matchLabels: { team: 'ops' } } };
const pods = (app: string): unknown => ({ podSelector: { matchLabels: { app } } });
const from = (...peers: readonly unknown[]): string =>
  policy('p', { podSelector: { matchLabels: { app: 'cart' } }, ingress: [{ from: peers }] });

test('a namespace and pods of it, split in two', () => {
  for (const doc of [
    from(OPS, pods('agent')),
    from(pods('agent'), OPS),
    from(OPS, pods('unknown')),
    from(pods('web'), OPS, pods('agent')),
  ]) {
    assert.deepEqual(
      hits(splitPeer, ...DOCS, doc).map(({ severity }) => severity),
      ['high'],
      doc,
    );
  }
  const [found] = hits(splitPeer, ...DOCS, from(OPS, pods('agent')));
  assert.deepEqual(
    found!.fix!.edits!.map((edit) => edit.op),
    ['set', 'remove'],
  );
  assert.match(found!.fix!.yaml!, /^- namespaceSelector:[\s\S]*\n {2}podSelector:/);
});

test('silent: one peer, or two that make sense', () => {
  for (const doc of [
    from({ ...OPS, podSelector: { matchLabels: { app: 'agent' } } }),
    from(OPS, pods('web')),
    from(OPS, { podSelector: {} }),
    from(OPS),
    from(pods('web'), pods('agent')),
  ]) {
    assert.deepEqual(hits(splitPeer, ...DOCS, doc), [], doc);
  }
});
