// Bodies, tunnels and destinations that misbehave.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import {
  type Mesh,
  type MeshOptions,
  authorizationPolicy,
  call,
  dial,
  routeRule,
  startApp,
  startMesh,
} from '../../test/fakes/mesh.ts';
import { rawServer, sendRaw, statusOf } from '../../test/fakes/raw-http.ts';

async function withRaw(
  onSocket: (socket: Socket) => void,
  options: MeshOptions,
  work: (mesh: Mesh) => Promise<void>,
): Promise<void> {
  const app = await rawServer(onSocket);
  const mesh = await startMesh(app.port, options);
  try {
    await work(mesh);
  } finally {
    await mesh.close();
    await app.close();
  }
}

/** Answers every request with fixed bytes. */
const always = (bytes: string) => (socket: Socket) => {
  socket.on('data', () => socket.write(bytes, 'latin1'));
};

test('ten megabytes pass both ways at once, chunked and by length', async () => {
  const size = 10 << 20;
  const app = await startApp((request, response) => {
    response.writeHead(200, request.headers['content-length'] ? { 'content-length': request.headers['content-length'] } : {});
    request.pipe(response);
  });
  const mesh = await startMesh(app.port);
  try {
    for (const headers of [{ 'content-length': String(size) }, { 'transfer-encoding': 'chunked' }]) {
      const chunk = Buffer.alloc(64 * 1024, 'abcdefgh');
      const sent = createHash('sha256');
      const got = createHash('sha256');
      const request = httpRequest({ host: '127.0.0.1', port: mesh.gateway, method: 'POST', path: '/', headers, agent: false });
      const answered = once(request, 'response');
      const write = async (): Promise<void> => {
        for (let i = 0; i < size / chunk.length; i++) {
          sent.update(chunk);
          if (!request.write(chunk)) await once(request, 'drain');
        }
        request.end();
      };
      const writing = write();
      const [response] = (await answered) as [NodeJS.ReadableStream];
      let bytes = 0;
      for await (const part of response) {
        got.update(part as Buffer);
        bytes += (part as Buffer).length;
      }
      await writing;
      assert.equal(bytes, size);
      assert.equal(got.digest('hex'), sent.digest('hex'));
    }
    const event = await mesh.seen.event(({ role, bytesIn }) => role === 'gateway' && bytesIn === size);
    assert.ok(event.bytesOut > size);
  } finally {
    await mesh.close();
    await app.close();
  }
});

/** Resolves when a count has stopped moving: every buffer on the way is full. */
async function settled(count: () => number): Promise<number> {
  for (let before = -1; ;) {
    if (before === count() && before > 0) return before;
    before = count();
    await new Promise((resolve) => {
      setTimeout(resolve, 25);
    });
  }
}

/** Writes without end, as fast as the socket takes it. */
function pump(socket: Socket, count: (bytes: number) => void): void {
  const chunk = Buffer.alloc(64 * 1024);
  const write = (): void => {
    while (!socket.destroyed) {
      count(chunk.length);
      if (!socket.write(chunk)) return void socket.once('drain', write);
    }
  };
  write();
}

test('a reader who does not read pauses the destination instead of filling memory', async () => {
  let written = 0;
  await withRaw(
    (socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1048576000\r\n\r\n');
        pump(socket, (bytes) => (written += bytes));
      });
    },
    {},
    async (mesh) => {
      const socket = await dial(mesh.gateway);
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      assert.ok((await settled(() => written)) < 64 << 20, `${written} bytes went out to somebody who does not read`);
      socket.destroy();
    },
  );
});

test('an application that does not read pauses the client instead of filling memory', async () => {
  await withRaw(
    (socket) => socket.pause(),
    { limits: { bodyBytesMax: 2 ** 40 } },
    async (mesh) => {
      let written = 0;
      const socket = await dial(mesh.gateway);
      socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576000\r\n\r\n');
      pump(socket, (bytes) => (written += bytes));
      assert.ok((await settled(() => written)) < 64 << 20, `${written} bytes were taken for somebody who does not read`);
      socket.destroy();
    },
  );
});

test('a WebSocket passes gateway and sidecars, and ends when policy no longer allows it', async () => {
  await withRaw(
    (socket) => {
      socket.once('data', (head: Buffer) => {
        assert.match(head.toString('latin1'), /\r\nupgrade: websocket\r\n/i);
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\nhello',
        );
        socket.on('data', (chunk: Buffer) => socket.write(`<${chunk.toString()}>`));
      });
    },
    {},
    async (mesh) => {
      const socket = await dial(mesh.gateway);
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
      });
      const until = async (pattern: RegExp): Promise<void> => {
        while (!pattern.test(text)) await once(socket, 'data');
      };
      socket.write(
        'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      );
      await until(/^HTTP\/1\.1 101 [^]*sec-websocket-accept: x[^]*\r\n\r\nhello$/i);
      socket.write('ping');
      await until(/<ping>$/);
      const closed = new Promise((resolve) => {
        socket.on('close', resolve);
      });
      await mesh.apply({ authorization: [authorizationPolicy('nobody', {})] });
      await closed;
      const event = await mesh.seen.event((one) => one.role === 'sidecar-in' && !one.allowed);
      assert.deepEqual([event.path, event.code], ['/ws', 'rbac.no-allow-match']);
    },
  );
});

const HANDSHAKE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
for (const [name, fields, answer, want] of [
  ['an upgrade answered with 200 is an ordinary answer', HANDSHAKE, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 200],
  [
    'a 101 that nobody asked for is refused',
    '',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    502,
  ],
  [
    'a 101 to another protocol is refused',
    HANDSHAKE,
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n',
    502,
  ],
  [
    'another WebSocket version is not an upgrade',
    HANDSHAKE.replace('13', '8'),
    'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    200,
  ],
  [
    'a 101 to a handshake without a key is refused',
    HANDSHAKE.replace(/Sec-WebSocket-Key.*\r\n/, ''),
    'HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    502,
  ],
  [
    'h2c is not passed on',
    'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    200,
  ],
  ['an answer with two lengths is refused', '', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok', 502],
  [
    'an answer with length and chunks is refused',
    '',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    502,
  ],
  ['an answer that is no HTTP is refused', '', 'SSH-2.0-OpenSSH_9.9\r\n\r\n', 502],
  ['a flood of interim answers is refused', '', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(200), 502],
] as const) {
  test(name, () =>
    withRaw(always(answer), {}, async (mesh) => {
      const { text } = await sendRaw(
        mesh.gateway,
        `GET / HTTP/1.1\r\nHost: x\r\n${fields}${fields === '' ? 'Connection: close\r\n' : ''}\r\n`,
        3000,
        30,
      );
      const final = text.replace(/^(HTTP\/1\.1 103 [^]*?\r\n\r\n)+/, '');
      assert.equal(statusOf(final), want, text);
      if (want === 502) assert.match(final, /"instance":"[0-9a-f-]{36}"/);
      assert.doesNotMatch(final, /SSH|h2c/i);
    }),
  );
}

test('an answer that breaks off is cut, not ended', () =>
  withRaw(
    (socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n')),
    {},
    async (mesh) => {
      await assert.rejects(call(mesh.gateway), /aborted|ECONNRESET|hang up/);
      const event = await mesh.seen.event(({ role }) => role === 'sidecar-in');
      assert.equal(event.allowed, true);
    },
  ));

test('a dead application is 503, a silent one 504, and both say so in the journal only', async () => {
  const gone = await rawServer(() => {});
  await gone.close();
  const dead = await startMesh(gone.port);
  try {
    const { status, text, headers } = await call(dead.gateway);
    assert.equal(status, 503);
    assert.equal(headers['content-type'], 'application/problem+json');
    assert.doesNotMatch(text, /ECONNREFUSED|127\.0\.0\.1/);
    const { instance } = JSON.parse(text) as { instance: string };
    assert.match((await dead.seen.event(({ id }) => id === instance)).reasons?.[0]?.text ?? '', /ECONNREFUSED/);
  } finally {
    await dead.close();
  }
  await withRaw(
    () => {},
    { limits: { upstreamTimeoutMs: 50 } },
    async (mesh) => {
      assert.equal((await call(mesh.gateway)).status, 504);
    },
  );
});

test("a route's own timeouts answer 504", async () => {
  for (const timeouts of [{ requestMs: 20 }, { backendRequestMs: 20 }]) {
    await withRaw(
      () => {},
      { rules: (cluster) => [routeRule('slow', cluster, { timeouts })] },
      async (mesh) => {
        assert.equal((await call(mesh.gateway)).status, 504);
        const event = await mesh.seen.event(({ role }) => role === 'gateway');
        assert.match(event.reasons?.[0]?.text ?? '', /longer than the route allows/);
      },
    );
  }
});

test('a client that goes away takes its request with it', async () => {
  const arrived = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  await withRaw(
    (socket) => {
      socket.once('data', () => arrived.resolve());
      socket.once('close', () => closed.resolve());
      socket.once('end', () => socket.destroy());
    },
    {},
    async (mesh) => {
      const socket = await dial(mesh.gateway);
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await arrived.promise;
      socket.destroy();
      await closed.promise;
      const event = await mesh.seen.event(({ role }) => role === 'gateway');
      assert.equal(event.status, 499);
    },
  );
});
