import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { Duplex } from 'node:stream';
import { after, describe, it } from 'node:test';
import { createServer as createTlsServer, connect as connectTls } from 'node:tls';
import { fakeCertificate } from '../../test/fakes/plain-certificates.ts';
import { BARE_LIMITS, bareProxy, machineTimers } from '../../test/fakes/bare-proxy.ts';
import { DirectReader, copyOf, readDirectly } from './direct-read.ts';
import { KEPT, passToSocket } from './passing.ts';
import type { BodySink } from './types.ts';
import { serveHttp1 } from './http1/server.ts';

const { certPem: cert, keyPem: key } = fakeCertificate('near', undefined);
const cleanUp: (() => unknown)[] = [];
after(async () => {
  for (const one of cleanUp.toReversed()) await one();
});

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUp.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Both ends of a connection. */
async function pair(kind: 'plain' | 'tls'): Promise<{ readonly near: Socket; readonly far: Socket }> {
  const server = kind === 'tls' ? createTlsServer({ cert, key }) : createServer({ pauseOnConnect: true });
  const port = await listening(server);
  const accepted = once(server, kind === 'tls' ? 'secureConnection' : 'connection') as Promise<[Socket]>;
  const far =
    kind === 'tls' ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }) : connect({ port, host: '127.0.0.1' });
  const [near] = await accepted;
  for (const socket of [near, far]) socket.on('error', () => {});
  cleanUp.push(() => {
    near.destroy();
    far.destroy();
  });
  return { near, far };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe('reading into shared memory', () => {
  for (const kind of ['plain', 'tls'] as const) {
    it(`${kind}: all connections use the same memory on this Node`, async () => {
      const seen = new Set<ArrayBufferLike>();
      for (const { near, far } of [await pair(kind), await pair(kind)]) {
        let text = '';
        readDirectly(near, (bytes) => {
          seen.add(bytes.buffer);
          text += bytes.toString();
        });
        far.write('hello');
        await until(() => text === 'hello');
      }
      assert.equal(seen.size, 1);
    });

    it(`${kind}: what was put back comes first, a pause holds back, an end is told, and nothing is lost`, async () => {
      const { near, far } = await pair(kind);
      far.write('abc');
      await once(near, 'readable');
      near.unshift((near.read() as Buffer).subarray(1));
      near.pause();
      let text = '';
      let ended = false;
      near.on('end', () => (ended = true));
      readDirectly(near, (bytes) => {
        text += bytes.toString();
        if (text === 'bc') near.pause();
      });
      await until(() => text === 'bc');
      far.write('de');
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(text, 'bc');
      near.resume();
      await until(() => text === 'bcde');
      far.end('f');
      await until(() => ended);
      assert.equal(text, 'bcdef');
    });

    it(`${kind}: a socket that is let go is a stream again`, async () => {
      const { near, far } = await pair(kind);
      let text = '';
      const stop = readDirectly(near, (bytes) => {
        text += bytes.toString();
        stop();
        near.pause();
      });
      far.write('first');
      await until(() => text === 'first');
      const content = randomBytes(1_000_000);
      far.end(content);
      const chunks: Buffer[] = [];
      near.on('data', (chunk: Buffer) => chunks.push(chunk));
      near.resume();
      await once(near, 'end');
      assert.equal(text, 'first');
      assert.ok(Buffer.concat(chunks).equals(content));
    });
  }

  for (const kind of ['plain', 'tls'] as const)
    it(`${kind}: long bodies get memory of their own, which is not read into while it is kept, and which is shared again at the end`, async () => {
      const { near, far } = await pair(kind);
      const content = randomBytes(3_000_000);
      const kept: { readonly view: Buffer; readonly copy: Buffer }[] = [];
      let [at, own, turn] = [0, 0, 0];
      const reader = new DirectReader(near, (bytes) => {
        assert.ok(bytes.equals(content.subarray(at, at + bytes.length)));
        at += bytes.length;
        if (reader.own) {
          own += bytes.length;
          if (++turn % 3 === 0) {
            reader.keep();
            kept.push({ view: bytes, copy: Buffer.from(bytes) });
          }
        }
        reader.lease(at < content.length - 100_000, false);
      });
      far.write(content);
      await until(() => at === content.length);
      assert.ok(own > content.length / 3, `only ${own} bytes came into memory of its own`);
      assert.equal(reader.own, false);
      assert.ok(kept.length > 0);
      for (const { view, copy } of kept) assert.ok(view.equals(copy), 'memory that is kept was read into');
    });

  for (const kind of ['plain', 'tls'] as const)
    it(`${kind}: what a socket was given is its own when \`pass\` does not say that the memory is kept`, async () => {
      const { near, far } = await pair(kind);
      const hash = createHash('sha256');
      const memory = Buffer.alloc(256 * 1024);
      const sink: BodySink = { write: (chunk) => near.write(chunk), end() {}, abort() {} };
      let [sent, received, kept] = [0, 0, 0];
      const arrived = createHash('sha256');
      far.on('data', (chunk: Buffer) => {
        arrived.update(chunk);
        received += chunk.length;
      });
      far.pause();
      for (let i = 0; i < 60; i++) {
        memory.fill(i + 1);
        hash.update(memory);
        sent += memory.length;
        const passed = passToSocket(sink, memory, near);
        if ((passed & KEPT) !== 0) {
          kept++;
          far.resume();
          await until(() => near.writableLength === 0);
          far.pause();
        }
        memory.fill(0);
        if (i % 10 === 9) {
          far.resume();
          await until(() => received > sent / 2);
          far.pause();
        }
      }
      far.resume();
      await until(() => received === sent);
      assert.equal(arrived.digest('hex'), hash.digest('hex'));
      // The kernel's buffers are smaller than what was sent.
      assert.equal(kept > 0, kind === 'plain');
    });

  it('streams that are no sockets get copies', () => {
    const held: Buffer[] = [];
    const stream = new Duplex({ read() {}, write: (chunk: Buffer, _, done) => (held.push(chunk), done()) });
    const view = Buffer.from('abc');
    passToSocket({ write: (chunk) => stream.write(chunk), end() {}, abort() {} }, view, stream as Socket);
    view.fill(0);
    assert.equal(held[0]?.toString(), 'abc');
  });

  it('copies take no more memory than they need', () => {
    assert.equal(copyOf(Buffer.from('abc')).buffer.byteLength, 3);
  });

  it('requests and answers of many connections at once do not meet in it', async () => {
    const timers = machineTimers();
    cleanUp.push(() => timers.stop());
    // Sends each body back, piece by piece.
    const origin = createServer((socket) =>
      serveHttp1(socket, { limits: BARE_LIMITS, timers }, (request, responder) => {
        const sink = responder.head(200, ['content-type', 'application/octet-stream'], request.body.length);
        sink.source = request.body;
        request.body.pipe(sink);
      }),
    );
    const proxy = await bareProxy(await listening(origin));
    cleanUp.push(() => proxy.close());
    const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    const exchange = async (size: number, chunked: boolean, slow = false, step = 7000): Promise<void> => {
      const body = randomBytes(size);
      const call = httpRequest({
        port: proxy.port,
        method: 'POST',
        path: '/echo',
        headers: chunked ? {} : { 'content-length': size },
      });
      const answered = once(call, 'response');
      for (let at = 0; at < size; at += step) {
        call.write(body.subarray(at, Math.min(size, at + step)));
        if (at % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      call.end();
      const [answer] = await answered;
      const chunks: Buffer[] = [];
      for await (const chunk of answer) {
        chunks.push(chunk as Buffer);
        // Slow readers make proxy and origin hold bytes back.
        if (slow && chunks.length % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal(digest(Buffer.concat(chunks)), digest(body));
    };
    const sizes = [1, 10, 500, 4096, 4097, 20_000, 65_536, 70_000, 300_000];
    await Promise.all(Array.from({ length: 72 }, (_, i) => exchange(sizes[i % sizes.length]!, i % 2 === 0)));
    await Promise.all(Array.from({ length: 60 }, (_, i) => exchange(12_000 + 1_700 * i, i % 3 === 0, i % 2 === 0, 30_000)));
    const long = [1_500_000, 6_000_000];
    await Promise.all(Array.from({ length: 8 }, (_, i) => exchange(long[i % 2]!, i % 4 < 2, i > 3, 300_000)));
  });
});
