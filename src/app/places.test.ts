import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Observed } from '#model/observed.ts';
import { SHOP, systemOf } from '../../test/fakes/shop-system.ts';
import { Places } from './places.ts';

const RUN =
  '---\napiVersion: cullis.dev/v1\nkind: Workload\nmetadata: { name: web, namespace: shop }\nspec: { command: [node] }\n';
const DOOR = `---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: door, namespace: shop }
spec:
  gatewayClassName: istio
  listeners: [{ name: http, port: 19555, protocol: HTTP }]
`;
const WITH_DOOR = systemOf(SHOP + RUN + DOOR);
const WITHOUT_DOOR = systemOf(SHOP + RUN);

const doorOf = (observed: Observed): number => observed.gateways['shop/door/http']!.port;
const inboundOf = (observed: Observed): number => observed.placements['shop/web']!.inbound['8080']!.port;

/** Whether the socket is kept for the next worker. It is taken as seen by others only once a worker listens on it. */
function isHeld(places: Places, port: number): boolean {
  return places.handles(() => undefined).held?.('127.0.0.1', port) !== undefined;
}

test('what peers and the world connect to stays bound as long as it is in force, and no longer', async () => {
  const places = new Places('none', 1);
  const first = await places.offer(WITH_DOOR);
  const [door, inbound] = [doorOf(first), inboundOf(first)];
  try {
    assert.deepEqual([isHeld(places, door), isHeld(places, inbound), places.inForce], [true, true, undefined]);
    places.withdraw();
    assert.equal(isHeld(places, door), true, 'a worker may have begun to listen: the second try goes on with it');
    assert.deepEqual(await places.offer(WITH_DOOR), first);
    places.accept();
    assert.deepEqual(places.inForce, first);

    const second = await places.offer(WITHOUT_DOOR);
    assert.equal(inboundOf(second), inbound);
    assert.equal(isHeld(places, door), true, 'still in force');
    places.withdraw();
    assert.deepEqual([places.inForce, isHeld(places, door)], [first, true], 'a change that was refused takes nothing away');
    await places.offer(WITHOUT_DOOR);
    places.accept();
    assert.deepEqual([isHeld(places, door), isHeld(places, inbound)], [false, true]);
  } finally {
    places.close();
  }
  assert.equal(isHeld(places, inbound), false);
});

test('a try that failed for want of a port is followed by one with others', async () => {
  const places = new Places('none', 1);
  try {
    const first = await places.offer(WITH_DOOR);
    places.withdraw();
    places.chooseAnew();
    assert.equal(isHeld(places, inboundOf(first)), false);
    const second = await places.offer(WITH_DOOR);
    assert.equal(doorOf(second), doorOf(first), 'its own socket is not in its way');
    assert.equal(isHeld(places, doorOf(second)), true);
  } finally {
    places.close();
  }
});

test('a worker gets copies of these sockets only', async () => {
  const places = new Places('none', 1);
  try {
    const observed = await places.offer(WITH_DOOR);
    const source = places.handles(() => undefined);
    const door = { ip: '127.0.0.1', port: doorOf(observed) };
    assert.ok(source.allow?.('listen', door) && source.held?.(door.ip, door.port));
    assert.equal(source.allow?.('connect', door), false);
    assert.equal(source.held?.('127.0.0.1', 22), undefined);
  } finally {
    places.close();
  }
});
