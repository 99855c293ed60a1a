import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meshNames } from './mesh-names.ts';
import type { Service } from './system.ts';

const service = (namespace: string, name: string, ...ports: number[]): Service => ({
  id: `${namespace}/${name}`,
  namespace,
  name,
  host: `${name}.${namespace}.svc.cluster.local`,
  type: 'ClusterIP',
  selector: {},
  ports: ports.map((port) => ({ name: '', port, targetPort: port, protocol: 'http' as const })),
  resource: { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace, labels: {}, annotations: {} }, spec: {}, body: {} },
});
const names = meshNames(
  [service('shop', 'cart', 7070, 80), service('shop', 'db', 5432), service('other', 'cart', 9)],
  'cluster.local',
);

for (const [text, want] of [
  ['cart:7070', ['shop/cart:7070 cart:7070']],
  ['CART:7070', ['shop/cart:7070 CART:7070']],
  ['mycart:7070', []],
  ['cart-x:7070', []],
  ['cart', []],
  ['cart:7071', []],
  ['http://cart/api', ['shop/cart:80 cart']],
  ['http://cart.shop.svc.cluster.local./api', ['shop/cart:80 cart.shop.svc.cluster.local.']],
  ['https://cart/', []],
  ['cart.other:9,cart:80', ['other/cart:9 cart.other:9', 'shop/cart:80 cart:80']],
  ['postgres://cart:cart@db/orders', ['shop/db:5432 db']],
  ['postgres://db:x@db:5432/db', ['shop/db:5432 db:5432']],
  ['redis://cart.shop.svc:7070', ['shop/cart:7070 cart.shop.svc:7070']],
  ['x'.repeat(9000), []],
] as const)
  test(`mesh names in ${text.slice(0, 40)}`, () => {
    const found = names.find(text, 'shop').map((one) => `${one.service.id}:${one.port.port} ${text.slice(one.start, one.end)}`);
    assert.deepEqual(found, want);
  });
