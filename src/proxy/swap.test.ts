// Configurations come and go while requests run.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { test } from 'node:test';
import type { ConfigEvent } from '#model/event.ts';
import { mergeTrustBundles } from '#pki/trust-bundle.ts';
import { systemClock } from '#telemetry/machine.ts';
import {
  type Mesh,
  type MeshOptions,
  CART,
  HOUR_MS,
  authorizationPolicy,
  call,
  dial,
  memoryCa,
  meshPlan,
  startApp,
  startMesh,
} from '../../test/fakes/mesh.ts';

const open = { authorization: [authorizationPolicy('cart', { rules: [{}] })] };
const closed = { authorization: [authorizationPolicy('cart', {})] };

/** @param work gets a promise for the arrival of a request for `/slow` at the application, which takes its time over it */
async function withMesh(options: MeshOptions, work: (mesh: Mesh, slow: Promise<void>) => Promise<void>): Promise<void> {
  const slow = Promise.withResolvers<void>();
  const app = await startApp((request, response) => {
    if (request.url === '/slow') {
      slow.resolve();
      setTimeout(() => response.end('slow'), 100);
    } else response.end('ok');
  });
  const mesh = await startMesh(app.port, options);
  try {
    await work(mesh, slow.promise);
  } finally {
    await mesh.close();
    await app.close();
  }
}

const configs = (mesh: Mesh): ConfigEvent[] => mesh.seen.events.filter((event): event is ConfigEvent => event.type === 'config');

test('no request is lost while configurations are swapped under load', () =>
  withMesh(open, async (mesh) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const until = { stop: false };
    const statuses = new Map<number, number>();
    const worker = async (): Promise<void> => {
      while (!until.stop) {
        const { status } = await call(mesh.gateway, { agent });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    const workers = Array.from({ length: 8 }, worker);
    for (let i = 0; i < 15; i++) {
      assert.deepEqual(await mesh.apply({ ...open, limits: { connectTimeoutMs: 5000 + (i % 3) } }), { ok: true });
      await call(mesh.outbound);
    }
    until.stop = true;
    await Promise.all(workers);
    agent.destroy();
    assert.deepEqual([...statuses.keys()], [200]);
    assert.ok(statuses.get(200)! > 30);
  }));

test('the next request on an open connection is judged by the new policy, one in flight by the old', () =>
  withMesh(open, async (mesh, slow) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    assert.equal((await call(mesh.gateway, { agent })).status, 200);
    const running = call(mesh.gateway, { path: '/slow' });
    await slow;
    await mesh.apply(closed);
    assert.equal((await call(mesh.gateway, { agent })).status, 403);
    assert.equal((await running).text, 'slow');
    await mesh.apply(open);
    assert.equal((await call(mesh.gateway, { agent })).status, 200);
    agent.destroy();
  }));

test('a snapshot that cannot be honoured changes nothing and says why', () =>
  withMesh(open, async (mesh) => {
    const clash = await mesh.apply({
      ...closed,
      rules: () => [
        { id: 'r', rule: { matches: [], filters: [], backendRefs: [] }, backends: [{ cluster: 'nowhere', weight: 1 }], at: '' },
      ],
    });
    assert.ok(!clash.ok && clash.reason.includes('nowhere'));
    assert.equal((await call(mesh.gateway)).status, 200);
    assert.equal(mesh.proxy.report().snapshotVersion, '1');
    const rejected = configs(mesh).at(-1);
    assert.deepEqual([rejected?.action, rejected?.version], ['rejected', '2']);
  }));

test('a port that is taken is a reason to refuse, and what was opened for the snapshot is closed again', () =>
  withMesh(open, async (mesh) => {
    const other = await startMesh(mesh.inbound, open);
    try {
      const applied = await mesh.proxy.apply({
        version: 'clash',
        plan: meshPlan(1, [other.gateway, mesh.inbound, mesh.outbound], open),
        bundle: mesh.ca.bundle,
        sessionKey: '',
        expiresAtMs: Date.now() + HOUR_MS,
      });
      assert.ok(!applied.ok && applied.reason.includes('cannot listen'), JSON.stringify(applied));
      assert.equal((await call(mesh.gateway)).status, 200);
    } finally {
      await other.close();
    }
  }));

test('a certificate that cannot be had is a reason to refuse', () =>
  withMesh(open, async (mesh) => {
    mesh.ca.refuse = 'the CA is locked';
    const applied = await mesh.apply({ ...open }, { bundle: memoryCa().bundle });
    assert.ok(!applied.ok && applied.reason.includes('the CA is locked'));
    assert.equal((await call(mesh.gateway)).status, 200);
  }));

test('without a renewed lease everything is refused until control comes back', () =>
  withMesh(open, async (mesh) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    assert.equal((await call(mesh.gateway, { agent })).status, 200);
    mesh.proxy.lease(Date.now() - 1);
    await assert.rejects(call(mesh.gateway));
    assert.deepEqual([configs(mesh).at(-1)?.action], ['expired']);
    mesh.proxy.lease(Date.now() + HOUR_MS);
    assert.equal((await call(mesh.gateway, { agent })).status, 200);
    agent.destroy();
  }));

test('a request that runs when the lease ends is answered, and its connection ends with it', () =>
  withMesh(open, async (mesh, slow) => {
    const socket = await dial(mesh.gateway);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
    await slow;
    mesh.proxy.lease(Date.now() - 1);
    await once(socket, 'close');
    assert.match(text, /^HTTP\/1\.1 200 [^]*connection: close/);
  }));

test('a certificate is renewed at half its life, new handshakes use it, and no request is lost', async () => {
  let nowMs = Date.now();
  const clock = { ...systemClock, nowMs: () => nowMs };
  await withMesh({ ...open, ports: { clock } }, async (mesh) => {
    mesh.ca.nowMs = () => nowMs;
    const serials = (): string[] => mesh.proxy.report().certificates.map(({ serial }) => serial);
    const before = serials();
    const agent = new Agent({ keepAlive: true });
    assert.equal((await call(mesh.gateway, { agent })).status, 200);
    // Refused at first: the old one stays in use and the proxy tries again.
    mesh.ca.refuse = 'busy';
    nowMs += 14 * HOUR_MS;
    mesh.proxy.lease(nowMs + HOUR_MS);
    await until(() => mesh.seen.logs.some(({ message }) => message === 'a certificate could not be renewed'));
    assert.deepEqual(serials(), before);
    mesh.ca.refuse = undefined;
    nowMs += HOUR_MS / 2;
    await until(() => serials().every((serial) => !before.includes(serial)));
    assert.equal((await call(mesh.gateway, { agent })).status, 200);
    const renewed = mesh.seen.events.filter((event) => event.type === 'certificate' && event.action === 'renewed');
    assert.equal(renewed.length, 3);
    agent.destroy();
  });
});

test('another root is trusted from the next handshake on, and certificates of the old one are replaced', () =>
  withMesh(open, async (mesh) => {
    const fresh = memoryCa();
    const both = mergeTrustBundles(mesh.ca.bundle, fresh.bundle);
    assert.deepEqual(await mesh.apply(open, { bundle: both }), { ok: true });
    assert.equal((await call(mesh.gateway)).status, 200);
    mesh.ca.sign = fresh.sign;
    assert.deepEqual(await mesh.apply(open, { bundle: fresh.bundle }), { ok: true });
    assert.equal((await call(mesh.gateway)).status, 200);
    assert.ok(fresh.issued.includes(CART));
  }));

test('draining lets a running request end and takes no new one', () =>
  withMesh(open, async (mesh, slow) => {
    const running = call(mesh.gateway, { path: '/slow' });
    await slow;
    const drained = mesh.proxy.drain(2000);
    assert.equal((await running).status, 200);
    await drained;
    await assert.rejects(call(mesh.gateway));
  }));

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !condition(); i++) {
    await new Promise((resolve) => {
      setTimeout(resolve, 25);
    });
  }
  assert.ok(condition());
}

test('proxy-hardening 52: an answer without an end is judged again with every configuration', async () => {
  const app = await startApp((request, response) => {
    response.write('first');
    if (request.url === '/short') response.end();
  });
  const mesh = await startMesh(app.port, open);
  try {
    const socket = await dial(mesh.gateway);
    const ended = new Promise((resolve) => socket.once('close', resolve));
    let text = '';
    const first = new Promise<void>((resolve) =>
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
        if (text.includes('first')) resolve();
      }),
    );
    socket.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n');
    await first;
    await mesh.apply({ ...open, limits: { connectTimeoutMs: 4000 } });
    assert.equal((await call(mesh.gateway, { path: '/short' })).text, 'first');
    assert.equal(socket.destroyed, false, 'what is still allowed goes on');
    await mesh.apply(closed);
    await ended;
    assert.ok(!text.endsWith('0\r\n\r\n'), 'what was broken off does not look whole');
    const event = await mesh.seen.event(({ code, path }) => code === 'rbac.no-allow-match' && path === '/events');
    assert.deepEqual([event.role, event.workload, event.allowed], ['sidecar-in', 'shop/cart', false]);
  } finally {
    await mesh.close();
    await app.close();
  }
});
