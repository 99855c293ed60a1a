import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allow, DENY_INGRESS, deployment, service } from '../../../test/fakes/network.ts';
import { systemOf } from '../../../test/fakes/scan.ts';
import { renderReach } from './ask.ts';
import { diffNetmaps, netmap, netmapDot, netmapText } from './netmap.ts';
import { reachOf } from './reach.ts';

const PODS = [
  deployment('front', { port: 8080 }),
  deployment('cart', { port: 7070 }),
  deployment('db', { port: 5432, namespace: 'data' }),
  service('front', 80, 8080, { type: 'LoadBalancer' }),
];
const OPEN = reachOf(systemOf(...PODS));
const CLOSED = reachOf(systemOf(...PODS, DENY_INGRESS, allow('cart', ['front'], 7070)));

test('all flows as text, JSON and DOT', () => {
  assert.equal(
    netmapText(netmap(OPEN)),
    `shop/front TCP 8080 <- every workload
shop/cart TCP 7070 <- every workload
data/db TCP 5432 <- every workload
shop/front TCP 8080 <- internet (load-balancer, no TLS, anyone)
internet all connections <- shop/front, shop/cart, data/db
`,
  );
  const map = netmap(CLOSED);
  assert.deepEqual(JSON.parse(JSON.stringify(map.flows)), [
    { to: 'shop/cart', port: 7070, transport: 'TCP', link: 'none', requests: 'all', from: ['shop/front'] },
    { to: 'data/db', port: 5432, transport: 'TCP', link: 'none', requests: 'all', from: ['*'] },
  ]);
  const dot = netmapDot(map);
  assert.ok(dot.startsWith('digraph netmap {') && dot.endsWith('}\n'));
  assert.ok(dot.includes('  "shop/front" -> "shop/cart" [label="TCP 7070"];'));
  assert.ok(dot.includes('subgraph "cluster_data"'));
});

test('what a change opens and closes', () => {
  const diff = diffNetmaps(netmap(CLOSED), netmap(OPEN));
  assert.deepEqual(
    diff.added.map(({ from, to }) => `${from} > ${to}`),
    ['shop/cart > shop/front', 'data/db > shop/front', 'data/db > shop/cart'],
  );
  assert.deepEqual(diff.removed, []);
  assert.equal(
    diff.text,
    `+ internet -> shop/front 8080 (load-balancer, no TLS, anyone)
+ shop/cart -> shop/front TCP 8080
+ data/db -> shop/front TCP 8080
+ data/db -> shop/cart TCP 7070
`,
  );
  assert.equal(
    diffNetmaps(netmap(OPEN), netmap(CLOSED))
      .text.split('\n')
      .filter((line) => line.startsWith('- ')).length,
    4,
  );
  assert.equal(diffNetmaps(netmap(OPEN), netmap(OPEN)).text, 'no difference\n');
});

test('cullis reach: names, answers and mistakes', () => {
  const reply = renderReach(CLOSED, 'front', 'cart');
  assert.ok(reply.ok);
  assert.equal(
    reply.text,
    `shop/front -> shop/cart: TCP 7070
  TCP 7070: open, no mesh, all requests
    + no policy speaks of egress of shop/front here: Kubernetes allows
    + NetworkPolicy shop/cart-in allows TCP 7070 from pods with app=front (case5.yaml:1:200)
    + shop/cart is in no mesh (case1.yaml:1:1)
`,
  );
  const outside = renderReach(OPEN, 'internet', 'shop/front');
  assert.ok(outside.ok && outside.answer.open && outside.text.includes('through load-balancer to port 8080: no TLS, anyone'));
  const inside = renderReach(OPEN, 'internet', 'shop/cart');
  assert.ok(inside.ok && !inside.answer.open && inside.text.includes('nothing in the System leads there from outside'));
  const out = renderReach(OPEN, 'cart', '10.0.0.0/8');
  assert.ok(out.ok && out.text === 'shop/cart -> 10.0.0.0/8: all connections\n');
  for (const [from, to, want] of [
    ['fronte', 'cart', 'did you mean `front`?'],
    ['front', 'crat', 'did you mean `cart`?'],
    ['internet', '10.0.0.0/8', undefined],
  ] as const) {
    const wrong = renderReach(CLOSED, from, to);
    assert.ok(!wrong.ok && wrong.help === want, `${from} ${to}`);
  }
  const behind = reachOf(systemOf(deployment('web-v1', { labels: { app: 'web' } }), service('web', 80, 80), deployment('b')));
  const byService = renderReach(behind, 'b', 'web');
  assert.ok(byService.ok && byService.answer.to === 'shop/web-v1');
  const twice = renderReach(
    reachOf(systemOf(deployment('a', { namespace: 'x' }), deployment('a', { namespace: 'y' }))),
    'a',
    'x/a',
  );
  assert.ok(!twice.ok && twice.message === '`a` is `x/a` or `y/a`');
});
