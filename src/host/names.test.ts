import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assignServiceIps, assignWorkloadIps, hostsText, nameTable, resolvText, serviceNames } from './names.ts';

test('a service has a short name at home only', () => {
  assert.deepEqual(serviceNames('cart', 'shop', 'shop'), ['cart', 'cart.shop.svc.cluster.local', 'cart.shop.svc', 'cart.shop']);
  assert.deepEqual(serviceNames('cart', 'shop', 'web', 'corp.local'), ['cart.shop.svc.corp.local', 'cart.shop.svc', 'cart.shop']);
});

test('addresses are distinct, in range, and stay when others come', () => {
  const ids = Array.from({ length: 3000 }, (_, i) => `ns-${i % 7}/service-${i}`);
  const all = assignServiceIps(ids);
  assert.equal(new Set(all.values()).size, ids.length);
  for (const ip of all.values()) assert.match(ip, /^10\.96\.([1-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-4])\.\d+$/);
  assert.deepEqual(assignServiceIps(ids.toReversed()), all);
  const few = assignServiceIps(['shop/cart', 'shop/pay']);
  assert.equal(assignServiceIps(['shop/cart', 'shop/pay', 'shop/new']).get('shop/cart'), few.get('shop/cart'));
  assert.match(assignWorkloadIps(['shop/cart']).get('shop/cart')!, /^10\.244\./);
});

test('hosts and the name table hold every name, and no line can be broken open', () => {
  const services = [
    { names: ['cart', 'Cart.shop'], ip: '10.96.1.1', ports: [80] },
    { names: ['evil\n1.2.3.4 bank', 'x y'], ip: '10.96.1.2', ports: [80] },
  ];
  assert.equal(hostsText(services, 'web', '10.244.1.1'), '127.0.0.1 localhost\n10.244.1.1 web\n10.96.1.1 cart Cart.shop\n');
  assert.deepEqual(nameTable(services).slice(0, 2), [
    ['cart', '10.96.1.1'],
    ['cart.shop', '10.96.1.1'],
  ]);
  assert.match(resolvText('shop'), /^search shop\.svc\.cluster\.local svc\.cluster\.local cluster\.local$/m);
});
