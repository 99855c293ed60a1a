// Proxy hardening A 13 and 14: an application that answers as it should not. The client gets one clean answer or none, and the application's connection
// is never used again.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Socket } from 'node:net';
import { type Mesh, startMesh } from '../fakes/mesh.ts';
import { rawServer, sendRaw, statusOf } from '../fakes/raw-http.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK';
const WAIT_MS = 3000;

/** What the application does with its next connection's first request. */
let act: (socket: Socket) => void;
let connections: { readonly socket: Socket; requests: number }[] = [];
let app: Awaited<ReturnType<typeof rawServer>>;
let mesh: Mesh;
before(async () => {
  app = await rawServer((socket) => {
    const connection = { socket, requests: 0 };
    connections.push(connection);
    socket.on('data', (chunk) => {
      if (!/^[A-Z]+ \//.test(chunk.toString('latin1'))) return;
      connection.requests++;
      act(socket);
    });
  });
  mesh = await startMesh(app.port, { limits: { upstreamTimeoutMs: 1000 } });
});
after(async () => {
  await mesh.close();
  await app.close();
});
beforeEach(() => {
  for (const { socket } of connections) socket.destroy();
  connections = [];
});

const GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const answerWith = (text: string) => (socket: Socket) => void socket.write(Buffer.from(text, 'latin1'));

/** The next request must find a connection of its own. */
async function nextIsFresh(): Promise<void> {
  const before = connections.length;
  act = answerWith(OK);
  assert.equal(statusOf((await sendRaw(mesh.gateway, GET, WAIT_MS)).text), 200);
  assert.equal(connections.length, before + 1, 'the connection was used again');
}

for (const [title, answer] of [
  ['Content-Length and Transfer-Encoding', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nOK!'],
  ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nOK'],
  ['a list of lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nOK'],
  ['a coding that is not known', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
  ['chunked twice', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n'],
  ['a folded header', 'HTTP/1.1 200 OK\r\nX: 1\r\n 2\r\nContent-Length: 0\r\n\r\n'],
  ['space before a colon', 'HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n'],
  ['a bare LF', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n'],
  ['NUL in a header', 'HTTP/1.1 200 OK\r\nX: \0\r\nContent-Length: 0\r\n\r\n'],
  ['a status that is none', 'HTTP/1.1 2xx OK\r\nContent-Length: 0\r\n\r\n'],
  ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n'],
  ['101 that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
  ['headers without end', `HTTP/1.1 200 OK\r\n${`X: ${'a'.repeat(1000)}\r\n`.repeat(200)}`],
] as const)
  test(`proxy-hardening 14: an answer with ${title} is 502, and the connection ends`, async () => {
    act = answerWith(answer);
    const { text } = await sendRaw(mesh.gateway, GET, WAIT_MS);
    assert.equal(statusOf(text), 502, text.slice(0, 80));
    assert.equal(text.split('HTTP/1.1 ').length, 2);
    await nextIsFresh();
  });

test('proxy-hardening 14: a chunk that is malformed cuts the answer, it does not end it', async () => {
  act = answerWith('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n-1\r\n');
  const { text, closed } = await sendRaw(mesh.gateway, GET, WAIT_MS);
  assert.ok(statusOf(text) === 502 || (closed && !text.includes('\r\n0\r\n\r\n')), text);
  await nextIsFresh();
});

test('proxy-hardening 13: a flood of interim answers is 502', async () => {
  act = (socket) => {
    let left = 100_000;
    const more = (): void => {
      while (left-- > 0 && !socket.destroyed) if (!socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')) break;
      if (left > 0) socket.once('drain', more);
    };
    more();
  };
  const { text } = await sendRaw(mesh.gateway, GET, WAIT_MS);
  assert.equal(Number(/HTTP\/1\.1 (?!1)(\d+)/.exec(text)?.[1]), 502);
  assert.ok(text.split('HTTP/1.1 103').length < 200, 'interim answers are bounded');
  await nextIsFresh();
});

test('proxy-hardening 13: an answer before the request is all there ends the connection to the application', async () => {
  act = answerWith('HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n');
  const bytes = 'POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\nbegin';
  const { text } = await sendRaw(mesh.gateway, bytes, WAIT_MS);
  assert.equal(statusOf(text), 413);
  await nextIsFresh();
});

test('proxy-hardening 13: bytes behind an answer, and `Connection: close`, end the connection', async () => {
  for (const answer of [
    `${OK}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged`,
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK',
    'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nOK',
  ]) {
    act = answerWith(answer);
    const { text } = await sendRaw(mesh.gateway, GET, WAIT_MS);
    assert.equal(statusOf(text), 200);
    assert.doesNotMatch(text, /forged/);
    await nextIsFresh();
  }
});

test('proxy-hardening 13: an answer to HEAD that has a body, and 204 with one, poison nothing', async () => {
  for (const [method, answer] of [
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged'],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\nforged'],
  ] as const) {
    act = answerWith(answer);
    const { text } = await sendRaw(mesh.gateway, GET.replace('GET', method), WAIT_MS);
    assert.doesNotMatch(text, /forged/);
    act = answerWith(OK);
    const next = await sendRaw(mesh.gateway, GET, WAIT_MS);
    assert.match(next.text, /\r\n\r\nOK$/);
  }
});
