// The port's TLS mode, and who counts as a peer.
import assert from 'node:assert/strict';
import { type Socket, connect } from 'node:net';
import { test } from 'node:test';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { createCsr } from '#pki/csr.ts';
import { generateKey } from '#pki/keys.ts';
import {
  type Mesh,
  type MeshOptions,
  FRONTEND,
  authorizationPolicy,
  call,
  memoryCa,
  startApp,
  startMesh,
} from '../../test/fakes/mesh.ts';

async function withMesh(options: MeshOptions, work: (mesh: Mesh) => Promise<void>): Promise<void> {
  const app = await startApp();
  const mesh = await startMesh(app.port, options);
  try {
    await work(mesh);
  } finally {
    await mesh.close();
    await app.close();
  }
}

function plaintext(port: number): Promise<string> {
  return answerOf(connect({ host: '127.0.0.1', port }));
}

/** What comes back until the end, however that comes. */
function answerOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
    socket.write('GET /api/x HTTP/1.1\r\nHost: cart\r\nConnection: close\r\n\r\n');
  });
}

/** A TLS client with a certificate that `ca` signed for `identity`; no certificate when it is ''. */
async function tlsAnswer(port: number, ca: ReturnType<typeof memoryCa>, identity: string): Promise<string> {
  const key = generateKey();
  const cert = identity === '' ? {} : { cert: await ca.sign(identity, createCsr(identity, key)), key: key.privateKeyPem };
  const socket: TLSSocket = tlsConnect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...cert });
  return answerOf(socket);
}

test('proxy-hardening 44: STRICT resets plaintext and says why', () =>
  withMesh({ mtls: 'STRICT' }, async (mesh) => {
    assert.equal(await plaintext(mesh.inbound), '');
    const event = await mesh.seen.event(({ code }) => code === 'mtls.required');
    assert.deepEqual([event.role, event.workload, event.allowed], ['sidecar-in', 'shop/cart', false]);
    assert.equal(event.reasons?.[0]?.at, 'peer.yaml:1:1');
    assert.equal((await call(mesh.gateway)).status, 200);
  }));

test('PERMISSIVE takes both and tells them apart', () =>
  withMesh(
    {
      mtls: 'PERMISSIVE',
      authorization: [
        authorizationPolicy('known', {
          action: 'DENY',
          rules: [{ from: [{ source: { notPrincipals: ['*'] } }], to: [{ operation: { paths: ['/closed'] } }] }],
        }),
      ],
    },
    async (mesh) => {
      assert.match(await plaintext(mesh.inbound), /^HTTP\/1\.1 200 /);
      assert.match(await tlsAnswer(mesh.inbound, mesh.ca, FRONTEND), /^HTTP\/1\.1 200 /);
      const open = await call(mesh.inbound, {
        path: '/open',
        headers: { 'x-forwarded-client-cert': 'URI=spiffe://x', 'x-forwarded-for': '6.6.6.6', 'x-request-id': 'mine' },
      });
      assert.equal(open.seen.headers['x-forwarded-client-cert'], undefined);
      assert.equal(open.seen.headers['x-forwarded-for'], '127.0.0.1');
      assert.notEqual(open.seen.headers['x-request-id'], 'mine');
      assert.equal((await call(mesh.inbound, { path: '/closed' })).status, 403);
      assert.equal((await call(mesh.outbound, { path: '/closed' })).status, 200);
    },
  ));

test('DISABLE speaks plaintext only', () =>
  withMesh({ mtls: 'DISABLE', expectedIdentity: '' }, async (mesh) => {
    assert.match(await plaintext(mesh.inbound), /^HTTP\/1\.1 200 /);
    assert.equal((await call(mesh.outbound)).status, 200);
    assert.doesNotMatch(await tlsAnswer(mesh.inbound, mesh.ca, FRONTEND), /200/);
  }));

for (const [name, identity, foreign] of [
  ['no certificate', '', false],
  ['a certificate of another CA', FRONTEND, true],
] as const) {
  test(`a TLS client with ${name} is refused`, () =>
    withMesh({ mtls: 'STRICT' }, async (mesh) => {
      const ca = foreign ? memoryCa() : mesh.ca;
      assert.equal(await tlsAnswer(mesh.inbound, ca, identity), '');
      const event = await mesh.seen.event(({ code }) => code === 'mtls.identity');
      assert.ok(event.reasons?.[0]?.text);
    }));
}

test('an expired certificate is refused', () =>
  withMesh({ mtls: 'STRICT' }, async (mesh) => {
    mesh.ca.nowMs = () => Date.now() - 48 * 3_600_000;
    assert.equal(await tlsAnswer(mesh.inbound, mesh.ca, FRONTEND), '');
    await mesh.seen.event(({ code }) => code === 'mtls.identity');
  }));

test('a server of the same trust domain that is not the one meant is refused', () =>
  withMesh({ expectedIdentity: 'spiffe://cluster.local/ns/shop/sa/other' }, async (mesh) => {
    const { status, text, headers } = await call(mesh.gateway);
    assert.equal(status, 503);
    assert.doesNotMatch(text, /spiffe/);
    const event = await mesh.seen.event((one) => one.id === headers['x-cullis-decision-id']);
    assert.equal(event.code, 'upstream.failed');
    assert.match(event.reasons?.[0]?.text ?? '', /did not prove `spiffe:\/\/cluster\.local\/ns\/shop\/sa\/other`/);
  }));

test('an outbound listener serves its own workload only', () => {
  let owned = false;
  return withMesh({ ports: { ownsSocket: async (workload) => owned && workload === 'shop/frontend' } }, async (mesh) => {
    assert.equal(await plaintext(mesh.outbound), '');
    const event = await mesh.seen.event(({ code }) => code === 'listener.foreign');
    assert.deepEqual([event.role, event.workload], ['sidecar-out', 'shop/frontend']);
    owned = true;
    assert.equal((await call(mesh.outbound)).status, 200);
  });
});

test('a caller that cannot be identified is refused', () =>
  withMesh(
    {
      ports: {
        ownsSocket: () => {
          throw new Error('no such table');
        },
      },
    },
    async (mesh) => {
      assert.equal(await plaintext(mesh.outbound), '');
      await mesh.seen.event(({ code }) => code === 'listener.foreign');
    },
  ));
