// Fail closed, and the one switch that is loud about being open.
import assert from 'node:assert/strict';
import { connect as tlsConnect } from 'node:tls';
import { test } from 'node:test';
import type { Event } from '#model/event.ts';
import type { ProxyPorts } from './ports.ts';
import {
  type Mesh,
  type MeshOptions,
  SESSION_KEY,
  authorizationPolicy,
  call,
  HOUR_MS,
  meshPlan,
  startApp,
  startMesh,
} from '../../test/fakes/mesh.ts';

const nobody = [authorizationPolicy('nobody', {})];

async function withMesh(options: MeshOptions, work: (mesh: Mesh, app: number) => Promise<void>): Promise<void> {
  const app = await startApp();
  const mesh = await startMesh(app.port, options);
  try {
    await work(mesh, app.port);
  } finally {
    await mesh.close();
    await app.close();
  }
}

test('a journal that cannot be written to denies all the same', () => {
  const emit: ProxyPorts['emit'] = { emit: () => {}, emitDurably: () => Promise.reject(new Error('disk full')) };
  return withMesh({ authorization: nobody, ports: { emit } }, async (mesh) => {
    assert.equal((await call(mesh.gateway)).status, 403);
    assert.ok(mesh.seen.logs.some(({ level, message }) => level === 'error' && message.includes('journal')));
  });
});

test('a denial is on disk before the caller hears of it', () => {
  const written = Promise.withResolvers<void>();
  let waiting: Event | undefined;
  const emit: ProxyPorts['emit'] = {
    emit: () => {},
    emitDurably: (event) => {
      if (event.type !== 'exchange') return Promise.resolve();
      waiting = event;
      return written.promise;
    },
  };
  return withMesh({ authorization: nobody, ports: { emit } }, async (mesh) => {
    let answered = false;
    const answer = call(mesh.gateway).finally(() => {
      answered = true;
    });
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    assert.deepEqual([answered, waiting?.type], [false, 'exchange']);
    written.resolve();
    assert.equal((await answer).status, 403);
  });
});

test('policy can be off for one workload only, and every request says so', () => {
  let off = true;
  return withMesh(
    { authorization: nobody, mtls: 'STRICT', ports: { policyOff: (workload) => off && workload === 'shop/cart' } },
    async (mesh) => {
      assert.equal((await call(mesh.outbound)).status, 200);
      off = false;
      assert.equal((await call(mesh.outbound)).status, 403);
    },
  );
});

test('a cluster without endpoints is 503', () =>
  withMesh({}, async (mesh, app) => {
    const plan = meshPlan(app, [mesh.gateway, mesh.inbound, mesh.outbound]);
    const clusters = plan.clusters.map((cluster) => ({ ...cluster, endpoints: [] }));
    const snapshot = {
      version: '2',
      plan: { ...plan, clusters },
      bundle: mesh.ca.bundle,
      sessionKey: SESSION_KEY,
      expiresAtMs: Date.now() + HOUR_MS,
    };
    assert.deepEqual(await mesh.proxy.apply(snapshot), { ok: true });
    assert.equal((await call(mesh.gateway)).status, 503);
  }));

test('a second endpoint is taken when the first cannot be reached', () =>
  withMesh({}, async (mesh, app) => {
    const plan = meshPlan(app, [mesh.gateway, mesh.inbound, mesh.outbound]);
    const clusters = plan.clusters.map((cluster) => {
      const [good] = cluster.endpoints;
      return { ...cluster, endpoints: [{ ...good!, workload: 'shop/dead', address: { ip: '127.0.0.1', port: 1 } }, good!] };
    });
    const snapshot = {
      version: '2',
      plan: { ...plan, clusters },
      bundle: mesh.ca.bundle,
      sessionKey: SESSION_KEY,
      expiresAtMs: Date.now() + HOUR_MS,
    };
    assert.deepEqual(await mesh.proxy.apply(snapshot), { ok: true });
    for (let i = 0; i < 4; i++) assert.equal((await call(mesh.gateway, { method: 'POST', body: 'once' })).seen.body, 'once');
  }));

test('a TLS listener at the edge without a certificate serves nobody: the gateway never shows its own', () =>
  withMesh({}, async (mesh, app) => {
    const plan = meshPlan(app, [mesh.gateway, mesh.inbound, mesh.outbound]);
    const gateways = plan.gateways.map((gateway) => ({
      ...gateway,
      listeners: gateway.listeners.map((listener) => ({ ...listener, tls: true })),
    }));
    const snapshot = {
      version: '2',
      plan: { ...plan, gateways },
      bundle: mesh.ca.bundle,
      sessionKey: SESSION_KEY,
      expiresAtMs: Date.now() + HOUR_MS,
    };
    assert.deepEqual(await mesh.proxy.apply(snapshot), { ok: true });
    await assert.rejects(call(mesh.gateway));
    const text = await new Promise<string>((resolve) => {
      let got = '';
      const socket = tlsConnect({
        host: '127.0.0.1',
        port: mesh.gateway,
        rejectUnauthorized: false,
        ALPNProtocols: ['http/1.1'],
      });
      socket.on('data', (chunk: Buffer) => (got += chunk.toString()));
      socket.on('close', () => resolve(got));
      socket.on('error', () => {});
      socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    });
    assert.equal(text, '');
  }));

test('two listeners on one address are refused whole', () =>
  withMesh({}, async (mesh, app) => {
    const plan = meshPlan(app, [mesh.gateway, mesh.inbound, mesh.inbound]);
    const applied = await mesh.proxy.apply({
      version: '2',
      plan,
      bundle: mesh.ca.bundle,
      sessionKey: SESSION_KEY,
      expiresAtMs: Date.now() + HOUR_MS,
    });
    assert.ok(!applied.ok && applied.reason.includes('both want to listen'));
    assert.equal((await call(mesh.gateway)).status, 200);
  }));

test('a listener that a snapshot drops is closed, and one that it adds is opened', () =>
  withMesh({}, async (mesh, app) => {
    const plan = meshPlan(app, [mesh.gateway, mesh.inbound, mesh.outbound]);
    const snapshot = {
      version: '2',
      plan: { ...plan, gateways: [] },
      bundle: mesh.ca.bundle,
      sessionKey: SESSION_KEY,
      expiresAtMs: Date.now() + HOUR_MS,
    };
    assert.deepEqual(await mesh.proxy.apply(snapshot), { ok: true });
    await assert.rejects(call(mesh.gateway));
    assert.equal(mesh.proxy.report().certificates.length, 2);
    assert.deepEqual(await mesh.apply({}), { ok: true });
    assert.equal((await call(mesh.gateway)).status, 200);
  }));
