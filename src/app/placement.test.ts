import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { Address, Observed } from '#model/observed.ts';
import type { System } from '#model/system.ts';
import { SHOP, systemOf, workload } from '../../test/fakes/shop-system.ts';
import { place } from './placement.ts';

const run = (name: string, how = 'command: [node]'): string =>
  `---\napiVersion: cullis.dev/v1\nkind: Workload\nmetadata: { name: ${name}, namespace: shop }\nspec: { ${how} }\n`;
const gateway = (port: number): string =>
  `---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: door, namespace: shop }\nspec:\n  gatewayClassName: istio\n  listeners: [{ name: http, port: ${port}, protocol: HTTP }]\n`;
const RUNS = run('web') + run('cart') + run('db', 'address: { "5432": "127.0.0.1:9999" }');

function addresses({ placements, gateways }: Observed): Address[] {
  const placed = Object.values(placements).flatMap(({ app, inbound, outbound }) =>
    [app, inbound, outbound].flatMap((one) => Object.values(one)),
  );
  return [...placed, ...Object.values(gateways)];
}

async function placed(system: System, isolation: 'none' | 'namespaces', before?: Observed): Promise<Observed> {
  return (await place(system, isolation, before)).observed;
}

test('without namespaces every listener has a port of its own, outside of where the system gives out ports', async () => {
  const observed = await placed(systemOf(SHOP + RUNS), 'none');
  const own = addresses(observed).filter((one) => one.port !== 9999);
  // Two workloads with an application, a sidecar and a way to each of three services; the third runs elsewhere and has a sidecar only.
  assert.equal(own.length, 2 * (2 + 3) + 1);
  assert.equal(new Set(own.map((one) => one.port)).size, own.length);
  const range = /^\d+/.exec(
    process.platform === 'linux' ? readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1') : '32768',
  );
  for (const { ip, port } of own) assert.ok(ip === '127.0.0.1' && port >= 18_000 && port < Number(range![0]), `${ip}:${port}`);
  assert.deepEqual(observed.placements['shop/db']?.app, { 5432: { ip: '127.0.0.1', port: 9999 } });
  assert.deepEqual(observed.placements['shop/db']?.outbound, {});
});

test('with namespaces a program keeps its port, and services have addresses of a cluster', async () => {
  const { placements } = await placed(systemOf(SHOP + RUNS), 'namespaces');
  assert.deepEqual(placements['shop/web']?.app, { 8080: { ip: '127.0.0.1', port: 8080, namespaceOf: 'shop/web' } });
  const out = placements['shop/web']?.outbound['shop/cart:80'];
  assert.ok(out?.port === 80 && out.namespaceOf === 'shop/web' && out.ip.startsWith('10.96.'));
  assert.deepEqual(placements['shop/cart']?.outbound['shop/cart:80']?.ip, out.ip);
});

test('what is placed stays where it is when something comes, and what goes is forgotten', async () => {
  for (const isolation of ['none', 'namespaces'] as const) {
    const first = await placed(systemOf(SHOP + RUNS + gateway(0 + 18_999)), isolation);
    const more = systemOf(`${SHOP}---\n${workload('extra')}${RUNS}${run('extra')}${gateway(18_999)}`);
    const second = await placed(more, isolation, first);
    const kept = addresses(first).map((one) => JSON.stringify(one));
    const now = new Set(addresses(second).map((one) => JSON.stringify(one)));
    assert.deepEqual(
      kept.filter((one) => !now.has(one)),
      [],
      isolation,
    );
    assert.ok(second.placements['shop/extra'] && second.placements['shop/web']?.outbound['shop/extra:80']);
    const third = await placed(systemOf(SHOP + RUNS), isolation, second);
    assert.deepEqual([Object.keys(third.placements), third.gateways], [['shop/web', 'shop/cart', 'shop/db'], {}]);
  }
});

test('a gateway whose port is taken moves to the next free one, and says who has it', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as AddressInfo;
  try {
    const { observed, moved } = await place(systemOf(SHOP + gateway(port)), 'none');
    const [got] = Object.values(observed.gateways);
    assert.notEqual(got?.port, port);
    assert.equal(moved.length, 1);
    assert.deepEqual({ ...moved[0], why: '' }, { what: 'gateway shop/door/http', wanted: port, got: got?.port, why: '' });
    assert.match(moved[0]?.why ?? '', new RegExp(`port ${port} is held by .*pid ${process.pid}`));
  } finally {
    holder.close();
  }
});
