// Trust that ends while connections live: who was revoked, whose certificate ended, and whose root was given up.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { test } from 'node:test';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import type { Revocation } from '#model/snapshot.ts';
import { createCsr } from '#pki/csr.ts';
import { generateKey } from '#pki/keys.ts';
import { mergeTrustBundles } from '#pki/trust-bundle.ts';
import { systemClock } from '#telemetry/machine.ts';
import {
  CART,
  FRONTEND,
  GATEWAY,
  type Mesh,
  type MeshOptions,
  call,
  dial,
  memoryCa,
  startApp,
  startMesh,
} from '../../test/fakes/mesh.ts';
import { rawServer } from '../../test/fakes/raw-http.ts';

const MINUTE_MS = 60_000;

function revocation(kind: Revocation['kind'], subject: string): Revocation {
  return { kind, subject, reason: 'its key leaked', by: 'ann', revokedMs: 1_700_000_000_000 };
}

interface Bench extends Mesh {
  readonly app: Awaited<ReturnType<typeof startApp>>;
  /** Added to the proxy's clock. */
  readonly ahead: { ms: number };
  /** @param revoked all that are, by kind and subject */
  revoke(...revoked: readonly Revocation[]): Promise<unknown>;
}

async function withMesh(
  options: MeshOptions,
  work: (mesh: Bench) => Promise<void>,
  upgrade?: (server: Server) => void,
): Promise<void> {
  const app = await startApp((request, response) => {
    if (request.url !== '/slow') response.end('ok');
  });
  upgrade?.(app.server);
  const ahead = { ms: 0 };
  const clock = { nowMs: () => Date.now() + ahead.ms, monotonicMs: () => systemClock.monotonicMs() };
  const mesh = await startMesh(app.port, { mtls: 'STRICT', ...options, ports: { clock } });
  let trustVersion = 1;
  const revoke = (...revoked: readonly Revocation[]): Promise<unknown> =>
    mesh.proxy.trust({ trustVersion: ++trustVersion, bundle: mesh.ca.bundle, revoked });
  try {
    await work({ ...mesh, app, ahead, revoke });
  } finally {
    await mesh.close();
    await app.close();
  }
}

interface Peer {
  readonly socket: TLSSocket;
  readonly serial: string;
  /** Sends a request and gives the status of its answer, 0 when the connection ends without one. */
  get(path?: string): Promise<number>;
  readonly closed: Promise<unknown>;
}

/** A peer of the mesh with a certificate of its own, connected and verified. */
async function peer(mesh: Mesh, identity = FRONTEND, ca = mesh.ca): Promise<Peer> {
  const key = generateKey();
  const cert = await ca.sign(identity, createCsr(identity, key));
  const socket = tlsConnect({ host: '127.0.0.1', port: mesh.inbound, rejectUnauthorized: false, cert, key: key.privateKeyPem });
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  let text = '';
  let look = (): void => {};
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    look();
  });
  const get = (path = '/x'): Promise<number> =>
    new Promise((resolve) => {
      text = '';
      look = () => {
        if (text.endsWith('ok')) resolve(Number(text.slice(9, 12)));
      };
      socket.once('close', () => resolve(text === '' ? 0 : Number(text.slice(9, 12))));
      socket.write(`GET ${path} HTTP/1.1\r\nHost: cart\r\n\r\n`);
    });
  await once(socket, 'secureConnect');
  return { socket, serial: new X509Certificate(cert).serialNumber.toLowerCase(), get, closed };
}

test('proxy-hardening 52: a revoked peer is cut off on its open connection, in the midst of a request, and refused when it comes back', () =>
  withMesh({}, async (mesh) => {
    const [idle, busy] = [await peer(mesh), await peer(mesh)];
    assert.equal(await idle.get(), 200);
    const slow = busy.get('/slow');
    await once(mesh.app.server, 'request');
    await mesh.revoke(revocation('identity', FRONTEND));
    await Promise.all([idle.closed, busy.closed]);
    assert.equal(await slow, 0);
    const event = await mesh.seen.event(({ code }) => code === 'mtls.identity');
    assert.deepEqual([event.source, event.workload, event.reasons?.[0]?.field], [FRONTEND, 'shop/cart', 'revocation']);
    assert.match(event.reasons?.[0]?.text ?? '', /was revoked by `ann` at 2023-11-14T22:13:20\.000Z: its key leaked/);
    const again = await peer(mesh);
    assert.equal(await again.get(), 0);
    // The gateway is somebody else.
    assert.equal((await call(mesh.gateway)).status, 200);
  }));

test('one certificate is revoked, and the identity goes on with another', () =>
  withMesh({}, async (mesh) => {
    const [stolen, good] = [await peer(mesh), await peer(mesh)];
    assert.deepEqual([await stolen.get(), await good.get()], [200, 200]);
    await mesh.revoke(revocation('serial', stolen.serial));
    await stolen.closed;
    assert.equal(await good.get(), 200);
  }));

test('a state of trust that comes late changes nothing', () =>
  withMesh({}, async (mesh) => {
    const [one, bundle] = [await peer(mesh), mesh.ca.bundle];
    await mesh.proxy.trust({ trustVersion: 9, bundle, revoked: [] });
    await mesh.proxy.trust({ trustVersion: 8, bundle, revoked: [revocation('identity', FRONTEND)] });
    assert.equal(await one.get(), 200);
    assert.equal(mesh.proxy.trustVersion, 9);
    // A snapshot that waited behind a newer revocation does not take it back.
    await mesh.proxy.trust({ trustVersion: 10, bundle, revoked: [revocation('identity', FRONTEND)] });
    assert.deepEqual(await mesh.apply({ mtls: 'STRICT' }, { trustVersion: 9, revoked: [] }), { ok: true });
    assert.equal(await (await peer(mesh)).get(), 0);
  }));

test('proxy-hardening 52: a TCP connection of a revoked peer ends', async () => {
  const echo = await rawServer((socket) => socket.pipe(socket));
  const mesh = await startMesh(echo.port, { protocol: 'tcp' });
  try {
    const socket = await dial(mesh.outbound);
    const closed = once(socket, 'close');
    socket.write('ping');
    assert.equal(String((await once(socket, 'data'))[0]), 'ping');
    await mesh.proxy.trust({ trustVersion: 1, bundle: mesh.ca.bundle, revoked: [revocation('identity', FRONTEND)] });
    await closed;
    const event = await mesh.seen.event(({ code, role }) => code === 'mtls.identity' && role === 'sidecar-in');
    assert.deepEqual([event.protocol, event.source, event.bytesIn], ['tcp', FRONTEND, 4]);
  } finally {
    await mesh.close();
    await echo.close();
  }
});

test('proxy-hardening 52: a WebSocket of a revoked peer ends', () =>
  withMesh(
    {},
    async (mesh) => {
      const one = await peer(mesh);
      one.socket.write(
        'GET /ws HTTP/1.1\r\nHost: cart\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      );
      assert.match(String((await once(one.socket, 'data'))[0]), /^HTTP\/1\.1 101 /);
      await mesh.revoke(revocation('identity', FRONTEND));
      await one.closed;
      const event = await mesh.seen.event(({ code }) => code === 'mtls.identity');
      assert.deepEqual([event.path, event.source], ['/ws', FRONTEND]);
    },
    (server) =>
      server.on('upgrade', (_request, socket) => {
        socket.on('error', () => {});
        socket.pipe(socket);
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n',
        );
      }),
  ));

test('a revoked workload is quarantined: nothing in, nothing out, until it is restored', () =>
  withMesh({}, async (mesh) => {
    assert.equal((await call(mesh.outbound)).status, 200);
    await mesh.revoke(revocation('identity', CART), revocation('identity', FRONTEND));
    assert.equal((await call(mesh.gateway)).status, 503);
    await assert.rejects(call(mesh.outbound), 'the sidecar of a revoked workload serves it no more');
    await once(await dial(mesh.inbound), 'close');
    const out = await mesh.seen.event(({ code, role }) => code === 'mtls.identity' && role === 'sidecar-out');
    assert.equal(out.reasons?.[0]?.actual, FRONTEND);
    assert.deepEqual(
      mesh.proxy.report().certificates.map(({ identity }) => identity),
      [GATEWAY],
      'their keys are gone',
    );
    // A change of configuration goes on without them.
    assert.deepEqual(
      await mesh.apply(
        { mtls: 'STRICT', limits: { connectTimeoutMs: 4000 } },
        { trustVersion: 2, revoked: [revocation('identity', CART), revocation('identity', FRONTEND)] },
      ),
      { ok: true },
    );
    await mesh.revoke();
    assert.equal((await call(mesh.outbound)).status, 200);
    assert.equal((await call(mesh.gateway)).status, 200);
    assert.equal(mesh.ca.issued.filter((identity) => identity === CART).length, 2, 'with new keys');
  }));

test('a connection ends soon after the certificate of its peer did', () =>
  withMesh({}, async (mesh) => {
    mesh.ca.ttlMs = 10 * MINUTE_MS;
    const one = await peer(mesh);
    assert.equal(await one.get(), 200);
    mesh.ahead.ms = 20 * MINUTE_MS;
    // So that nobody has to wait for the next look.
    await mesh.apply({ mtls: 'STRICT' });
    const event = await mesh.seen.event(({ code }) => code === 'mtls.identity');
    assert.equal(event.source, FRONTEND);
    assert.equal(await one.get(), 403, 'and its last answer says so');
    await one.closed;
  }));

test('a certificate of its own that ended and cannot be renewed closes what needs it', () =>
  withMesh({}, async (mesh) => {
    mesh.ca.ttlMs = 10 * MINUTE_MS;
    await mesh.proxy.renew([]);
    const one = await peer(mesh, GATEWAY);
    assert.equal(await one.get(), 200);
    mesh.ca.refuse = 'the CA is away';
    mesh.ahead.ms = 20 * MINUTE_MS;
    const { status } = await call(mesh.gateway);
    assert.equal(status, 503);
    const failed = await mesh.seen.event(({ code }) => code === 'upstream.failed');
    assert.match(failed.reasons?.[0]?.text ?? '', /ended at .* and could not be renewed/);
    await one.closed;
    await once(await dial(mesh.inbound), 'close');
    const refused = await mesh.seen.event(({ code, source }) => code === 'mtls.identity' && source === '');
    assert.match(refused.reasons?.[0]?.text ?? '', /could not be renewed/);
    assert.ok(
      mesh.seen.events.some((event) => event.type === 'certificate' && event.action === 'expired' && event.identity === CART),
    );
    mesh.ca.refuse = undefined;
    mesh.ca.nowMs = () => Date.now() + mesh.ahead.ms;
    await mesh.proxy.renew([]);
    assert.equal((await call(mesh.gateway)).status, 200, 'a new one opens it again');
  }));

test('a root takes over from another without a lost request, and the old one is believed no more', () =>
  withMesh({}, async (mesh) => {
    const next = memoryCa();
    const both = mergeTrustBundles(mesh.ca.bundle, next.bundle);
    const old = await peer(mesh);
    assert.equal(await old.get(), 200);
    assert.deepEqual(await mesh.proxy.trust({ trustVersion: 2, bundle: both, revoked: [] }), { ok: true });
    assert.equal(await old.get(), 200, 'phase 1 ends nothing');
    const sign = mesh.ca.sign;
    mesh.ca.sign = next.sign;
    await mesh.proxy.renew([]);
    assert.equal((await call(mesh.gateway)).status, 200);
    assert.deepEqual(await mesh.proxy.trust({ trustVersion: 3, bundle: next.bundle, revoked: [] }), { ok: true });
    assert.equal(await old.get(), 200, 'what was under way gets its answer');
    await old.closed;
    mesh.ca.sign = sign;
    assert.equal(await (await peer(mesh)).get(), 0, 'the old root vouches for nobody');
    assert.equal((await call(mesh.gateway)).status, 200);
  }));

test('a root whose successor does not sign for this worker is not given up', () =>
  withMesh({}, async (mesh) => {
    const next = memoryCa();
    const answer = await mesh.proxy.trust({ trustVersion: 2, bundle: next.bundle, revoked: [revocation('identity', FRONTEND)] });
    assert.equal(answer.ok, false);
    assert.equal(mesh.proxy.trustVersion, 0);
    assert.equal((await call(mesh.gateway)).status, 200);
    assert.equal(await (await peer(mesh)).get(), 0, 'the revocation holds all the same');
  }));
