// WebSockets in either version of HTTP on either side (RFC 6455, RFC 8441).
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { type Http2Handler, answerOf, http2App, http2Session } from '../../test/fakes/http2.ts';
import { type Mesh, authorizationPolicy, dial, startMesh } from '../../test/fakes/mesh.ts';
import { rawServer } from '../../test/fakes/raw-http.ts';
import { acceptOf } from './websocket.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const HANDSHAKE = `GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`;
const CONNECT = {
  ':method': 'CONNECT',
  ':protocol': 'websocket',
  ':path': '/ws',
  ':scheme': 'http',
  ':authority': 'x',
  'sec-websocket-version': '13',
};

let seen: Record<string, unknown> = {};

/** Accepts and says every piece back in brackets. @param accept the proof, when it shall be a wrong one */
const http1Side = (accept?: string) => (socket: Socket) => {
  socket.once('data', (head: Buffer) => {
    const text = head.toString('latin1');
    const key = /\r\nsec-websocket-key: (.*)\r\n/i.exec(text)?.[1] ?? '';
    seen = { line: text.split('\r\n', 1)[0], key, version: /\r\nsec-websocket-version: (.*)\r\n/i.exec(text)?.[1] };
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept ?? acceptOf(key)}\r\nSec-WebSocket-Protocol: chat\r\n\r\nhello`,
    );
    socket.on('data', (chunk: Buffer) => socket.write(`<${chunk.toString()}>`));
    socket.on('end', () => socket.end());
  });
};

const http2Side: Http2Handler = (stream, headers) => {
  seen = {
    line: `${headers[':method']} ${headers[':path']} ${String(headers[':protocol'])}`,
    key: headers['sec-websocket-key'] ?? '',
    version: headers['sec-websocket-version'],
  };
  stream.respond({ ':status': 200, 'sec-websocket-protocol': 'chat' });
  stream.write('hello');
  stream.on('data', (chunk: Buffer) => stream.write(`<${chunk.toString()}>`));
  stream.on('end', () => stream.end());
};

async function withApp(http2: boolean, work: (mesh: Mesh) => Promise<void>, raw = http1Side()): Promise<void> {
  const app = http2 ? await http2App(http2Side) : await rawServer(raw);
  const mesh = await startMesh(app.port, { http2 });
  try {
    await work(mesh);
  } finally {
    await mesh.close();
    await app.close();
  }
}

/** What arrives, and a wait for it to match. */
function reading(stream: NodeJS.ReadableStream) {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  return async (pattern: RegExp): Promise<string> => {
    while (!pattern.test(text)) await once(stream, 'data');
    return text;
  };
}

for (const http2 of [false, true]) {
  test(`HTTP/1 client, application of HTTP/${http2 ? 2 : 1}: the client's key is answered`, () =>
    withApp(http2, async (mesh) => {
      const socket = await dial(mesh.gateway);
      const until = reading(socket);
      socket.write(HANDSHAKE);
      const text = await until(/hello$/);
      assert.match(text, /^HTTP\/1\.1 101 /);
      assert.deepEqual(
        [...text.matchAll(/\r\nsec-websocket-accept: (.*)\r\n/gi)].map((match) => match[1]),
        [acceptOf(KEY)],
      );
      assert.match(text, /\r\nsec-websocket-protocol: chat\r\n/i);
      assert.deepEqual(seen, {
        line: http2 ? 'CONNECT /ws websocket' : 'GET /ws HTTP/1.1',
        key: http2 ? '' : KEY,
        version: '13',
      });
      socket.write('ping');
      await until(/<ping>$/);
      socket.end();
      await once(socket, 'close');
      const event = await mesh.seen.event(({ role }) => role === 'sidecar-in');
      assert.deepEqual([event.method, event.path, event.bytesIn], ['GET', '/ws', 4]);
    }));

  test(`HTTP/2 client, application of HTTP/${http2 ? 2 : 1}: no key is asked for, and none shown`, () =>
    withApp(http2, async (mesh) => {
      const session = await http2Session(mesh.gateway);
      const stream = session.request(CONNECT, { endStream: false });
      const until = reading(stream);
      const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
      assert.deepEqual(
        [headers[':status'], headers['sec-websocket-accept'], headers['sec-websocket-protocol']],
        [200, undefined, 'chat'],
      );

      await until(/^hello$/);
      stream.write('ping');
      await until(/<ping>$/);

      assert.match(String(seen['line']), http2 ? /^CONNECT/ : /^GET \/ws HTTP\/1\.1$/);
      if (!http2) assert.match(String(seen['key']), /^[A-Za-z0-9+/]{22}==$/);
      // A client ends its side when the other one is over.
      stream.once('end', () => stream.end());
      const closed = answerOf(stream);
      await mesh.apply({ http2, authorization: [authorizationPolicy('nobody', {})] });
      await closed;
      const event = await mesh.seen.event((one) => one.role === 'sidecar-in' && !one.allowed);
      assert.deepEqual([event.method, event.path, event.code], ['GET', '/ws', 'rbac.no-allow-match']);
      session.destroy();
    }));
}

test('an application that proves nothing gets no tunnel', () =>
  withApp(
    false,
    async (mesh) => {
      const session = await http2Session(mesh.gateway);
      const { status } = await answerOf(session.request(CONNECT, { endStream: false }));
      assert.equal(status, 502);
      session.destroy();
    },
    http1Side('bm90IHRoZSBwcm9vZg=='),
  ));

for (const [name, answer, want] of [
  ['200', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 502],
  ['403', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno', 403],
] as const)
  test(`an answer of ${name} to a WebSocket of HTTP/2 opens no tunnel`, () =>
    withApp(
      false,
      async (mesh) => {
        const session = await http2Session(mesh.gateway);
        const stream = session.request(CONNECT, { endStream: false });
        const { status } = await answerOf(stream);
        // 200 would be the tunnel itself to the client.
        assert.equal(status, want);
        session.destroy();
      },
      (socket) => socket.once('data', () => socket.write(answer)),
    ));

for (const [name, headers] of [
  ['a plain CONNECT', { ':method': 'CONNECT', ':authority': 'x:443' }],
  ['CONNECT for another protocol', { ...CONNECT, ':protocol': 'connect-udp' }],
] as const)
  test(`${name} is refused`, () =>
    withApp(false, async (mesh) => {
      const session = await http2Session(mesh.gateway);
      const { status, code } = await answerOf(session.request(headers, { endStream: false }));
      assert.ok(status === 501 || status === 400 || code !== 0, `${status} ${code}`);
      session.destroy();
    }));
