// HTTP/2 on either side of gateway and sidecars, and translation to and from HTTP/1.1.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { answerOf, http2App, http2Call, http2Session } from '../../test/fakes/http2.ts';
import { type Mesh, type MeshOptions, authorizationPolicy, call, startApp, startMesh } from '../../test/fakes/mesh.ts';
import { servingPair } from '../../test/fakes/serving.ts';

/** An application that shows what reached it, in either version. */
async function echo(http2: boolean): Promise<{ readonly port: number; close(): Promise<void> }> {
  if (!http2) return startApp();
  return http2App((stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const { ':method': method, ':path': url, ':authority': host, ':scheme': _, ...rest } = headers;
      stream.respond({ ':status': 200, 'content-type': 'application/json' });
      stream.end(JSON.stringify({ method, url, headers: { host, ...rest }, body: Buffer.concat(chunks).toString() }));
    });
  });
}

async function withMesh(http2: boolean, options: MeshOptions, work: (mesh: Mesh) => Promise<void>): Promise<void> {
  const app = await echo(http2);
  const mesh = await startMesh(app.port, { http2, ...options });
  try {
    await work(mesh);
  } finally {
    await mesh.close();
    await app.close();
  }
}

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

for (const http2 of [false, true])
  for (const by of ['gateway', 'outbound'] as const) {
    const name = `${by} to an application of HTTP/${http2 ? 2 : 1}`;
    test(`HTTP/2 from the client through the ${name}`, () =>
      withMesh(http2, {}, async (mesh) => {
        const { status, body, headers } = await http2Call(
          mesh[by],
          { ':method': 'POST', ':path': '/a/../b?c=d', ':authority': 'shop.test', 'x-mine': 'm', cookie: ['a=1', 'b=2'] },
          'hello',
        );
        assert.equal(status, 200, body.toString());
        assert.equal(headers['content-type'], 'application/json');
        const seen = JSON.parse(body.toString()) as Seen;
        assert.deepEqual(
          [seen.method, seen.url, seen.headers['host'], seen.headers['x-mine'], seen.headers['cookie'], seen.body],
          ['POST', '/b?c=d', 'shop.test', 'm', 'a=1; b=2', 'hello'],
        );
        const event = await mesh.seen.event(({ role }) => role === 'sidecar-in');
        assert.deepEqual([event.status, event.path, event.mtls, event.bytesIn], [200, '/b', true, 5]);
      }));
    test(`HTTP/1 from the client through the ${name}`, () =>
      withMesh(http2, {}, async (mesh) => {
        const { status, seen } = await call(mesh[by], {
          method: 'PUT',
          path: '/x',
          body: 'hello',
          headers: { 'X-Mine': 'm', connection: 'keep-alive, x-hop', 'x-hop': 'gone', 'keep-alive': 'timeout=5' },
        });
        assert.equal(status, 200);
        assert.deepEqual(
          [seen.method, seen.url, seen.headers['x-mine'], seen.headers['x-hop'], seen.headers['keep-alive'], seen.body],
          ['PUT', '/x', 'm', undefined, undefined, 'hello'],
        );
      }));
  }

test('a TLS gateway settles the version by ALPN', () =>
  withMesh(false, { gatewayTls: servingPair(['shop.example']) }, async (mesh) => {
    // cullis:ignore code.tls-verification-off: the test reads what was negotiated until 2027-11-30
    const options = { host: '127.0.0.1', port: mesh.gateway, rejectUnauthorized: false, servername: 'shop.example' };
    for (const [offered, want] of [
      [['h2', 'http/1.1'], 'h2'],
      [['http/1.1'], 'http/1.1'],
      [[], false],
    ] as const) {
      const socket = tlsConnect({ ...options, ALPNProtocols: [...offered] });
      await once(socket, 'secureConnect');
      assert.equal(socket.alpnProtocol, want);
      if (want === 'h2') {
        const session = await http2Session(mesh.gateway, { createConnection: () => socket }, undefined, 'https');
        const { status } = await answerOf(session.request({ ':path': '/' }));
        assert.equal(status, 200);
        session.destroy();
      }
      socket.destroy();
    }
  }));

test('policy judges every stream of a connection by itself', () =>
  withMesh(
    true,
    { authorization: [authorizationPolicy('some', { rules: [{ to: [{ operation: { paths: ['/ok'], methods: ['GET'] } }] }] })] },
    async (mesh) => {
      const session = await http2Session(mesh.gateway);
      const answers = await Promise.all(
        ['/ok', '/no', '/ok', '/no/../ok'].map((path) => answerOf(session.request({ ':path': path }))),
      );
      session.destroy();
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 403, 200, 200],
      );
      const id = answers[1]!.headers['x-cullis-decision-id'];
      assert.equal((await mesh.seen.event((event) => event.id === id || event.code !== undefined)).code, 'rbac.no-allow-match');
    },
  ));

test('no request is lost while configurations change under a connection', () =>
  withMesh(true, {}, async (mesh) => {
    let session = await http2Session(mesh.gateway);
    const answers: number[] = [];
    const ask = async (): Promise<void> => {
      // A connection that is being ended by its server takes no new request; a client opens another one.
      if (session.closed || session.destroyed) session = await http2Session(mesh.gateway);
      const { status } = await answerOf(session.request({ ':path': '/', ':method': 'POST' }, { endStream: false }).end('x'));
      answers.push(status);
    };
    const asking = Array.from({ length: 8 }, async () => {
      for (let i = 0; i < 25; i++) await ask();
    });
    for (let i = 0; i < 6; i++)
      await mesh.apply({ http2: true, authorization: [authorizationPolicy(`all-${i}`, { rules: [{}] })] });
    await Promise.all(asking);
    session.destroy();
    assert.deepEqual([answers.length, new Set(answers)], [200, new Set([200])]);
  }));

test('a service that speaks HTTP/2 is spoken to over one connection, whoever asks', async () => {
  const app = await http2App((stream) => {
    stream.respond({ ':status': 200 });
    stream.end();
  });
  const mesh = await startMesh(app.port, { http2: true });
  try {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => call(i % 2 === 0 ? mesh.gateway : mesh.outbound)));
    assert.ok(answers.every(({ status }) => status === 200));
    assert.ok(app.sessions() <= 2, `${app.sessions()} connections`);
  } finally {
    await mesh.close();
    await app.close();
  }
});
