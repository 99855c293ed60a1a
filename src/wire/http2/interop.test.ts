// The codec and Node's own HTTP/2 (nghttp2), each on either side, over loopback.
import assert from 'node:assert/strict';
import {
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
  connect,
  createServer,
} from 'node:http2';
import { type AddressInfo, type Socket, connect as dial, createServer as listen } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { DEFAULT_LIMITS } from '#model/platform.ts';
import { TimerWheel } from '../timers.ts';
import type { AnswerSink, BodyReader, BodySink, HeaderInput, HeaderList, HttpRequest, HttpResponder } from '../types.ts';
import type { UpstreamCallbacks, UpstreamError } from '../upstream-types.ts';
import { Http2Pool } from './client.ts';
import { serveHttp2 } from './server.ts';

const limits = { ...DEFAULT_LIMITS, bodyBytesMax: 2 ** 40 };

const flat = (headers: HeaderList): string[] =>
  Array.from({ length: headers.length }, (_, i) => [headers.name(i), headers.value(i)]).flat();

/** One request forwarded as it is. */
class Forward implements UpstreamCallbacks, BodySink {
  readonly #responder: HttpResponder;
  #sink: AnswerSink | undefined;

  constructor(request: HttpRequest, responder: HttpResponder, pool: Http2Pool) {
    this.#responder = responder;
    const { method, path, headers, body, authority } = request;
    const asked = pool.request(
      { method, target: path, headers: ['host', authority, ...flat(headers)], bodyKind: body.kind, length: body.length },
      body,
      this,
    );
    responder.observer = { answerSent() {}, answerLost: () => asked.abort('lost') };
  }

  onHead(status: number, headers: HeaderList, body: BodyReader): void {
    this.#sink = this.#responder.head(status, flat(headers), body.length);
    this.#sink.source = body;
    body.pipe(this);
  }

  onError(error: UpstreamError): void {
    this.#responder.send(502, [], error.message);
  }

  write(chunk: Buffer): boolean {
    return this.#sink!.write(chunk);
  }

  end(trailers?: HeaderInput): void {
    this.#sink!.end(trailers);
  }

  abort(reason: string): void {
    this.#sink!.abort(reason);
  }
}

/** What the origin does, by path. */
function origin(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  stream.on('error', () => {});
  const path = headers[':path'] ?? '';
  if (path === '/reset') {
    stream.respond({ ':status': 200 });
    stream.write('half');
    setImmediate(() => stream.destroy(new Error('broken off')));
    return;
  }
  if (path === '/trailers-only') {
    stream.respond({ ':status': 200, 'grpc-status': '5' }, { endStream: true });
    return;
  }
  if (path === '/early') {
    stream.respond({ ':status': 413 }, { endStream: true });
    return;
  }
  stream.additionalHeaders({ ':status': 103, link: '</a>' });
  stream.respond(
    { ':status': 200, 'x-method': headers[':method'] ?? '', 'x-cookie': headers.cookie ?? '' },
    { waitForTrailers: true },
  );
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.pipe(stream);
}

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders | undefined;
  readonly body: Buffer;
}

describe('with Node on both ends', () => {
  let session: ClientHttp2Session;
  const closers: (() => void)[] = [];

  before(async () => {
    const timers = new TimerWheel({ nowMs: () => Date.now(), monotonicMs: () => performance.now() });
    // Node counts what waits to be sent, too.
    const server = createServer({ maxSessionMemory: 100 });
    server.on('stream', origin);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const port = (server.address() as AddressInfo).port;
    const pool = new Http2Pool({
      connect: () =>
        new Promise<Socket>((resolve, reject) => {
          const socket = dial(port, '127.0.0.1', () => resolve(socket));
          socket.once('error', reject);
        }),
      limits,
      timers,
      name: 'origin',
    });
    const sockets = new Set<Socket>();
    const proxy = listen((socket) => {
      sockets.add(socket);
      serveHttp2(socket, { limits, timers }, (request, responder) => void new Forward(request, responder, pool));
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    session = connect(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, { maxSessionMemory: 100 });
    closers.push(
      () => session.destroy(),
      () => pool.destroy(),
      () => sockets.forEach((socket) => socket.destroy()),
      () => proxy.close(),
      () => server.close(),
      () => timers.stop(),
    );
  });
  after(() => closers.forEach((close) => close()));

  function ask(headers: OutgoingHttpHeaders, body?: Buffer | readonly Buffer[]): Promise<Got> {
    return new Promise((resolve, reject) => {
      const stream = session.request(headers, { endStream: body === undefined });
      const chunks: Buffer[] = [];
      let head: IncomingHttpHeaders = {};
      let trailers: IncomingHttpHeaders | undefined;
      stream.on('response', (answer) => (head = answer));
      stream.on('trailers', (fields) => (trailers = fields));
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', reject);
      stream.on('end', () =>
        resolve({ status: head[':status'] as unknown as number, headers: head, trailers, body: Buffer.concat(chunks) }),
      );
      if (Buffer.isBuffer(body)) stream.end(body);
      else if (body) {
        for (const chunk of body) stream.write(chunk);
        stream.end();
      }
    });
  }

  it('a request without a body, with cookies and trailers', async () => {
    const got = await ask({ ':path': '/', cookie: 'a=1; b=2' });
    assert.deepEqual(
      [got.status, got.headers['x-method'], got.headers['x-cookie'], got.trailers?.['grpc-status'], got.body.length],
      [200, 'GET', 'a=1; b=2', '0', 0],
    );
  });

  it('twenty bodies at once, each larger than every window', async () => {
    const bodies = Array.from({ length: 20 }, (_, i) => Buffer.alloc(1_000_000, `${i} `));
    const got = await Promise.all(bodies.map((body) => ask({ ':method': 'POST', ':path': '/' }, body)));
    got.forEach(({ body, trailers }, i) => {
      assert.ok(body.equals(bodies[i]!));
      assert.equal(trailers?.['grpc-status'], '0');
    });
  });

  it('small messages in a row', async () => {
    const got = await ask(
      { ':method': 'POST', ':path': '/' },
      Array.from({ length: 2000 }, (_, i) => Buffer.from(`${i};`)),
    );
    assert.equal(got.body.toString().split(';').length, 2001);
  });

  it('an answer in one block of headers stays one', async () => {
    const got = await ask({ ':method': 'POST', ':path': '/trailers-only' }, Buffer.from('x'));
    assert.deepEqual([got.headers['grpc-status'], got.trailers], ['5', undefined]);
  });

  it('an answer before the end of a large upload', async () => {
    const got = await ask({ ':method': 'POST', ':path': '/early' }, Buffer.alloc(5_000_000));
    assert.equal(got.status, 413);
  });

  it('an answer that breaks off does not look whole', async () => {
    await assert.rejects(ask({ ':path': '/reset' }), /NGHTTP2_INTERNAL_ERROR/);
  });

  it('many requests one after another, then all at once', async () => {
    for (let i = 0; i < 50; i++) assert.equal((await ask({ ':path': `/${i}` })).status, 200);
    const got = await Promise.all(Array.from({ length: 300 }, (_, i) => ask({ ':path': `/${i}` })));
    assert.ok(got.every(({ status }) => status === 200));
  });
});
