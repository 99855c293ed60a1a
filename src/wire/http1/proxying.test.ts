// Both sides of the codec together, over real sockets, between Node's own client and server.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { type IncomingMessage, type RequestOptions, type ServerResponse, createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect as netConnect } from 'node:net';
import { type TestContext, describe, it } from 'node:test';
import { bareProxy } from '../../../test/fakes/bare-proxy.ts';
import { rawServer, sendRaw } from '../../../test/fakes/raw-http.ts';

type Origin = (request: IncomingMessage, response: ServerResponse) => void;

async function serve(t: TestContext, origin: Origin): Promise<number> {
  const server = createServer(origin);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy = await bareProxy((server.address() as AddressInfo).port);
  t.after(async () => {
    await proxy.close();
    server.close();
    server.closeAllConnections();
  });
  return proxy.port;
}

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Sends a body in pieces and gives status and hash of the answer's body. */
function exchange(
  port: number,
  options: RequestOptions,
  pieces: readonly Buffer[],
): Promise<{ status: number; bytes: number; hash: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ host: '127.0.0.1', port, agent: false, ...options }, (response) => {
      const hash = createHash('sha256');
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        hash.update(chunk);
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode!, bytes, hash: hash.digest('hex') }));
    });
    outgoing.on('error', reject);
    for (const piece of pieces) outgoing.write(piece);
    outgoing.end();
  });
}

const pipeBack: Origin = (request, response) => {
  const length = request.headers['content-length'];
  response.writeHead(200, length === undefined ? {} : { 'content-length': length });
  request.pipe(response);
};

describe('a proxy made of the codec', () => {
  const body = randomBytes(6_000_003);
  const pieces = Array.from({ length: 40 }, (_, i) => body.subarray(i * 150_001, (i + 1) * 150_001));

  for (const [what, headers] of [
    ['of known length', { 'content-length': body.length }],
    ['chunked', {}],
  ] as const) {
    it(`passes large bodies ${what} both ways unchanged`, async (t) => {
      const port = await serve(t, pipeBack);
      const answer = await exchange(port, { method: 'POST', headers }, pieces);
      assert.deepEqual(answer, { status: 200, bytes: body.length, hash: hashOf(body) });
    });
  }

  it('holds back a fast origin for a slow client', async (t) => {
    let written = 0;
    const port = await serve(t, (_request, response) => {
      response.writeHead(200, { 'content-length': String(400 * 100_000) });
      const chunk = Buffer.alloc(100_000);
      const more = (): void => {
        while (written < 400) {
          written++;
          if (!response.write(chunk)) {
            response.once('drain', more);
            return;
          }
        }
        response.end();
      };
      more();
    });
    const socket = netConnect({ host: '127.0.0.1', port });
    t.after(() => socket.destroy());
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    socket.pause();
    let before = -1;
    // Until nothing moves any more: the buffers of five sockets are full, the rest stays at the origin.
    while (before !== written) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    assert.ok(written < 300, `${written} of 400 pieces left the origin`);
    let received = 0;
    socket.on('data', (chunk) => (received += chunk.length));
    socket.resume();
    await new Promise<void>((resolve) => {
      const done = setInterval(() => {
        if (received < 39_000_000) return;
        clearInterval(done);
        resolve();
      }, 10);
    });
  });

  it('an origin that breaks off in a body breaks the client off too', async (t) => {
    const port = await serve(t, (_request, response) => {
      response.writeHead(200, { 'transfer-encoding': 'chunked' });
      response.write('part');
      setImmediate(() => response.socket!.destroy());
    });
    await assert.rejects(exchange(port, {}, []), /aborted|hang up|ECONNRESET/);
  });

  it('a client that goes away is gone at the origin too', async (t) => {
    const gone = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const port = await serve(t, (request) => {
      arrived.resolve();
      request.socket.once('close', () => gone.resolve());
    });
    const socket = netConnect({ host: '127.0.0.1', port });
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await arrived.promise;
    socket.resetAndDestroy();
    await gone.promise;
  });

  it('many clients at once, kept connections, every answer to its own question', async (t) => {
    const port = await serve(t, (request, response) => response.end(request.url));
    await Promise.all(
      Array.from({ length: 20 }, async (_, client) => {
        const targets = Array.from({ length: 30 }, (_, i) => `/${client}/${i}`);
        const bytes = targets
          .map((target, i) => `GET ${target} HTTP/1.1\r\nHost: a\r\n${i === 29 ? 'Connection: close\r\n' : ''}\r\n`)
          .join('');
        const { text } = await sendRaw(port, bytes, 4000);
        assert.deepEqual(
          [...text.matchAll(/\r\n\r\n(\/\d+\/\d+)/g)].map((match) => match[1]),
          targets,
        );
      }),
    );
  });

  it('an origin that answers what it likes never mixes up two clients', async (t) => {
    // Sends a second, unasked answer behind every first one.
    const origin = await rawServer((socket) => {
      socket.on('data', (chunk) => {
        const path = /GET (\S+)/.exec(chunk.toString())?.[1] ?? '?';
        const answer = (text: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
        socket.write(answer(path) + answer('/stolen'));
      });
    });
    const proxy = await bareProxy(origin.port);
    t.after(async () => {
      await proxy.close();
      await origin.close();
    });
    for (let i = 0; i < 5; i++) {
      const { text } = await sendRaw(proxy.port, `GET /${i} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`, 4000);
      assert.match(text, new RegExp(`\\r\\n\\r\\n/${i}$`));
    }
  });
});
