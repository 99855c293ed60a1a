// TCP through two sidecars: one decision at the start, another with every configuration.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { connect as tlsConnect, createServer as createTlsServer } from 'node:tls';
import { createCsr } from '#pki/csr.ts';
import { generateKey } from '#pki/keys.ts';
import { type Mesh, type MeshOptions, FRONTEND, authorizationPolicy, dial, memoryCa, startMesh } from '../../test/fakes/mesh.ts';
import { rawServer } from '../../test/fakes/raw-http.ts';

const allow = [
  authorizationPolicy('db', {
    rules: [
      { from: [{ source: { principals: ['cluster.local/ns/shop/sa/frontend'] } }], to: [{ operation: { ports: ['7070'] } }] },
    ],
  }),
];
const deny = [authorizationPolicy('db', { rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/other'] } }] }] })];
/** On TCP an ALLOW rule with a field of HTTP never allows. */
const http = [authorizationPolicy('db', { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] })];

let app: Awaited<ReturnType<typeof rawServer>>;
let mesh: Mesh;
const tcp = (options: MeshOptions): MeshOptions => ({ protocol: 'tcp', ...options });

before(async () => {
  app = await rawServer((socket) => socket.pipe(socket));
  mesh = await startMesh(app.port, tcp({ authorization: allow }));
});
after(async () => {
  await mesh.close();
  await app.close();
});

async function echo(): Promise<string> {
  const socket = await dial(mesh.outbound);
  const closed = once(socket, 'close').then(() => '');
  socket.write('ping');
  const answer = await Promise.race([once(socket, 'data').then(([chunk]) => String(chunk)), closed]);
  socket.destroy();
  return answer;
}

test('an allowed connection echoes, and its end is one event with the bytes', async () => {
  await mesh.apply(tcp({ authorization: allow }));
  const before = mesh.seen.events.length;
  assert.equal(await echo(), 'ping');
  const event = await mesh.seen.event(
    (one) =>
      one.role === 'sidecar-in' &&
      one.protocol === 'tcp' &&
      one.allowed &&
      one.bytesIn === 4 &&
      mesh.seen.events.indexOf(one) >= before,
  );
  assert.deepEqual(
    [event.source, event.bytesIn, event.bytesOut, event.destinationPort, event.mtls],
    [FRONTEND, 4, 4, 7070, true],
  );
});

for (const [name, authorization] of [
  ['another caller is meant', deny],
  ['a rule about HTTP', http],
] as const) {
  test(`a connection that is not allowed is closed: ${name}`, async () => {
    await mesh.apply(tcp({ authorization }));
    const before = mesh.seen.events.length;
    assert.equal(await echo(), '');
    const event = await mesh.seen.event((one) => !one.allowed && mesh.seen.events.indexOf(one) >= before);
    assert.equal(event.code, 'rbac.no-allow-match');
  });
}

test('an open connection is decided anew when policy changes, and stays when it is still allowed', async () => {
  await mesh.apply(tcp({ authorization: allow }));
  const socket = await dial(mesh.outbound);
  socket.write('one');
  await once(socket, 'data');
  await mesh.apply(tcp({ authorization: [...allow] }));
  socket.write('two');
  assert.equal(String((await once(socket, 'data'))[0]), 'two');
  const closed = once(socket, 'close');
  const before = mesh.seen.events.length;
  await mesh.apply(tcp({ authorization: deny }));
  await closed;
  const event = await mesh.seen.event((one) => !one.allowed && mesh.seen.events.indexOf(one) >= before);
  assert.equal(event.code, 'rbac.no-allow-match');
});

test('a megabyte each way arrives whole, and half-closing is passed on', async () => {
  await mesh.apply(tcp({ authorization: allow }));
  const socket = await dial(mesh.outbound);
  const sent = Buffer.alloc(1 << 20, 'x');
  let got = 0;
  socket.on('data', (chunk: Buffer) => {
    got += chunk.length;
  });
  socket.end(sent);
  await once(socket, 'end');
  assert.equal(got, sent.length);
});

test('TLS of the application passes a PERMISSIVE port without an identity, and not a STRICT one', async () => {
  const key = generateKey();
  const ca = memoryCa();
  const cert = await ca.sign(FRONTEND, createCsr(FRONTEND, key));
  const server = createTlsServer({ cert, key: key.privateKeyPem }, (socket) => socket.on('error', () => {}).pipe(socket)).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  const own = await startMesh((server.address() as AddressInfo).port, tcp({ mtls: 'PERMISSIVE' }));
  try {
    assert.equal(await tlsEcho(own.inbound), 'ping');
    const event = await own.seen.event(({ role }) => role === 'sidecar-in');
    assert.deepEqual([event.source, event.mtls, event.allowed], ['', false, true]);
    await own.apply(tcp({ mtls: 'STRICT' }));
    assert.equal(await tlsEcho(own.inbound), '');
  } finally {
    await own.close();
    server.close();
  }
});

function tlsEcho(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = tlsConnect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    socket.on('error', () => {});
    socket.on('close', () => resolve(''));
    socket.on('data', (chunk: Buffer) => {
      resolve(chunk.toString());
      socket.destroy();
    });
    socket.write('ping');
  });
}

test('a dead destination closes the connection and is told apart from a denial', async () => {
  const gone = await rawServer(() => {});
  await gone.close();
  const dead = await startMesh(gone.port, tcp({ authorization: allow }));
  try {
    const socket = await dial(dead.outbound);
    await once(socket, 'close');
    const event = await dead.seen.event(({ role }) => role === 'sidecar-in');
    assert.deepEqual([event.code, event.allowed], ['upstream.failed', true]);
  } finally {
    await dead.close();
  }
});
