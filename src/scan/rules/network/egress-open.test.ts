import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits } from '../../../../test/fakes/scan.ts';
import { deployment, policy } from '../../../../test/fakes/network.ts';
import { egressOpen } from './egress-open.ts';

const out = (rule: unknown, name = 'p', app = 'cart'): string =>
  policy(name, { podSelector: { matchLabels: { app } }, policyTypes: ['Egress'], egress: [rule] });
const PODS = [deployment('cart', { port: 7070 }), deployment('web', { port: 1 })];

test('egress to every address', () => {
  for (const [rule, count] of [
    [{}, 1],
    [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }, 1],
    [{ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['192.168.0.0/16'] } }] }, 1],
    [{ ports: [{ port: 443 }] }, 1],
    [{ ports: [{ port: 53, protocol: 'UDP' }, { port: 53 }] }, 0],
    [{ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'] } }] }, 0],
    [{ to: [{ ipBlock: { cidr: '203.0.113.0/24' } }] }, 0],
    [{ to: [{ namespaceSelector: {} }] }, 0],
  ] as const) {
    assert.equal(hits(egressOpen, ...PODS, out(rule)).length, count, JSON.stringify(rule));
  }
});

test('one finding a namespace, with the other places beside it', () => {
  const found = hits(egressOpen, ...PODS, out({}), out({}, 'q', 'web'));
  assert.equal(found.length, 1);
  assert.equal(found[0]!.related!.length, 1);
  assert.match(found[0]!.title, /`shop\/cart` and `shop\/web`/);
});
