import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { DEFAULT_LIMITS, type Limits } from '#model/platform.ts';
import { type MemorySocket, memorySocket, settle } from '../../../test/fakes/memory-socket.ts';
import { fakeClock } from '../../../test/fakes/time.ts';
import { TimerWheel } from '../timers.ts';
import type { AnswerSink, ServedConnection, HttpHandler, HttpRequest, HttpResponder } from '../types.ts';
import type { ServeOptions } from './serve-options.ts';
import { serveHttp1 } from './server.ts';

interface Rig extends MemorySocket {
  readonly connection: ServedConnection;
  readonly seen: HttpRequest[];
  readonly responders: HttpResponder[];
  readonly errors: string[];
  /** Lets time pass. */
  advance(ms: number): void;
  /** What was written, without the date. */
  text(): string;
}

function rig(handler: HttpHandler, limits: Partial<Limits> = {}, options: Partial<ServeOptions> = {}): Rig {
  const clock = fakeClock();
  const timers = new TimerWheel(clock, { byHand: true });
  const memory = memorySocket();
  const seen: HttpRequest[] = [];
  const responders: HttpResponder[] = [];
  const errors: string[] = [];
  const connection = serveHttp1(
    memory.socket,
    {
      limits: { ...DEFAULT_LIMITS, ...limits },
      timers,
      onError: (kind, status) => {
        errors.push(`${status} ${kind}`);
        return undefined;
      },
      ...options,
    },
    (request, responder) => {
      seen.push(request);
      responders.push(responder);
      handler(request, responder);
    },
  );
  return Object.assign(Object.create(memory) as MemorySocket, {
    connection,
    seen,
    responders,
    errors,
    advance: (ms: number) => {
      clock.advance(ms);
      timers.tick();
    },
    text: () => memory.written.replaceAll(/date: [^\r]*\r\n/g, ''),
  });
}

const later: HttpHandler = () => {};
const path: HttpHandler = (request, responder) => responder.send(200, [], request.path);

/** Reads the whole body, then answers with it. */
const echo: HttpHandler = (request, responder) => {
  const chunks: Buffer[] = [];
  request.body.pipe({
    write: (chunk) => chunks.push(chunk) > 0,
    end: () => responder.send(200, [], Buffer.concat(chunks)),
    abort() {},
  });
};

const get = (target = '/', fields = ''): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const post = (body: string, fields = `Content-Length: ${body.length}\r\n`): string =>
  `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n${body}`;
const ok = (body: string): string => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
/** Status of every answer written. */
const statuses = (text: string): string => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]).join(' ');

describe('answers', () => {
  /** [what, method and version, what the handler does, what is written, whether the connection ends] */
  const ROWS: readonly (readonly [string, string, HttpHandler, string, boolean])[] = [
    [
      'a whole answer',
      'GET 1',
      (_, to) => to.send(200, [['x-a', 'b']], 'hi'),
      'HTTP/1.1 200 OK\r\nx-a: b\r\ncontent-length: 2\r\n\r\nhi',
      false,
    ],
    [
      'fields in turn',
      'GET 1',
      (_, to) => to.send(200, ['x-a', 'b', 'X-C', 'd'], ''),
      'HTTP/1.1 200 OK\r\nx-a: b\r\nX-C: d\r\ncontent-length: 0\r\n\r\n',
      false,
    ],
    [
      'its own date',
      'GET 1',
      (_, to) => to.send(200, [['Date', 'x']], ''),
      'HTTP/1.1 200 OK\r\nDate: x\r\ncontent-length: 0\r\n\r\n',
      false,
    ],
    [
      'framing fields of the caller are dropped',
      'GET 1',
      (_, to) =>
        to.send(
          200,
          [
            ['Content-Length', '9'],
            ['transfer-encoding', 'chunked'],
            ['CONNECTION', 'x'],
            ['keep-alive', 'x'],
            ['Upgrade', 'x'],
            ['Trailer', 'x'],
          ],
          'a',
        ),
      ok('a'),
      false,
    ],
    [
      'close after',
      'GET 1',
      (_, to) => to.send(200, [], 'a', true),
      'HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: close\r\n\r\na',
      true,
    ],
    ['HEAD', 'HEAD 1', (_, to) => to.send(200, [], 'hello'), 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n', false],
    ['HEAD of unknown length', 'HEAD 1', (_, to) => stream(to.head(200, [], -1), ['a']), 'HTTP/1.1 200 OK\r\n\r\n', false],
    ['204', 'GET 1', (_, to) => to.send(204, [], 'x'), 'HTTP/1.1 204 No Content\r\n\r\n', false],
    [
      '304 keeps the length',
      'GET 1',
      (_, to) => stream(to.head(304, [], 7), []),
      'HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n',
      false,
    ],
    ['pieces of a known length', 'GET 1', (_, to) => stream(to.head(200, [], 2), ['a', 'b']), ok('ab'), false],
    [
      'chunked',
      'GET 1',
      (_, to) => stream(to.head(200, [], -1), ['a', 'bc']),
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n',
      false,
    ],
    [
      'an empty chunk is not the end',
      'GET 1',
      (_, to) => stream(to.head(200, [], -1), ['', 'a']),
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n',
      false,
    ],
    [
      '1.0 closes',
      'GET 0',
      (_, to) => to.send(200, [], 'a'),
      'HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: close\r\n\r\na',
      true,
    ],
    [
      '1.0 of unknown length',
      'GET 0',
      (_, to) => stream(to.head(200, [], -1), ['a', 'b']),
      'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nab',
      true,
    ],
    [
      'an interim answer',
      'GET 1',
      (_, to) => {
        to.interim(103, [['link', 'x']]);
        to.send(200, [], '');
      },
      'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
      false,
    ],
    [
      'no interim answer for 1.0',
      'GET 0',
      (_, to) => {
        to.interim(103, []);
        to.send(200, [], '');
      },
      'HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
      true,
    ],
    [
      'only the first answer counts',
      'GET 1',
      (_, to) => {
        to.send(200, [], 'a');
        to.send(500, [], 'b');
        to.head(500, [], 1).write(Buffer.from('c'));
      },
      ok('a'),
      false,
    ],
    ['an unknown status', 'GET 1', (_, to) => to.send(299, [], ''), 'HTTP/1.1 299 \r\ncontent-length: 0\r\n\r\n', false],
  ];
  for (const [what, request, handler, want, ends] of ROWS) {
    it(what, async () => {
      const [method, minor] = request.split(' ');
      const at = rig(handler);
      at.feed(`${method} / HTTP/1.${minor}\r\nHost: a\r\n\r\n`);
      await settle();
      assert.equal(at.text(), want);
      assert.equal(at.ended, ends);
      at.connection.destroy();
    });
  }

  function stream(sink: AnswerSink, pieces: readonly string[]): void {
    for (const piece of pieces) sink.write(Buffer.from(piece));
    sink.end();
  }

  it('keeps an HTTP/1.0 connection that asks for it', async () => {
    const at = rig(path);
    at.feed('GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    at.feed('GET /2 HTTP/1.0\r\n\r\n');
    await settle();
    assert.equal(
      at.text(),
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\n/1HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n/2',
    );
  });

  it('writes large pieces without copying them into the head', async () => {
    const big = Buffer.alloc(10_000, 'x');
    const at = rig((_, to) => {
      const sink = to.head(200, [], -1);
      sink.write(big);
      sink.end();
    });
    at.feed(get());
    await settle();
    assert.equal(at.text(), `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2710\r\n${big.toString()}\r\n0\r\n\r\n`);
    assert.equal(at.responders[0]!.bytesOut, at.written.length);
    at.connection.destroy();
  });

  it('a body that breaks off cuts the connection, and never looks whole', async () => {
    for (const breakOff of [
      (sink: AnswerSink) => sink.abort('x'),
      (sink: AnswerSink) => sink.end(),
      (sink: AnswerSink) => sink.write(Buffer.from('way too long')),
    ]) {
      let aborted = 0;
      const at = rig((_, to) => {
        to.observer = { answerSent() {}, answerLost: () => aborted++ };
        const sink = to.head(200, [], 5);
        sink.write(Buffer.from('abc'));
        breakOff(sink);
      });
      at.feed(get());
      await settle();
      assert.equal(at.reset, true);
      assert.equal(at.connection.state, 'closed');
      assert.equal(aborted, 1);
    }
  });

  it('refuses to write a header that would break the message', async () => {
    const values: unknown[] = [];
    for (const [name, value] of [
      ['x', 'a\r\nb: c'],
      ['x', 'a\nb'],
      ['x', 'a\0'],
      ['x', 'a\u010a'],
      ['x y', 'a'],
      ['', 'a'],
      ['x:', 'a'],
    ] as const) {
      const at = rig(
        (_, to) => to.send(200, [[name, value]], 'secret'),
        {},
        {
          onBug: (error) => {
            values.push(error);
            return 'ref-1';
          },
        },
      );
      at.feed(get());
      await settle();
      assert.equal(statuses(at.written), '500');
      assert.match(at.written, /"instance":"ref-1"/);
      assert.equal(at.ended, true);
    }
    assert.equal(values.length, 7);
  });
});

describe('requests', () => {
  it('one after another, pipelined ones in order and one at a time', async () => {
    const at = rig(later);
    at.feed(get('/1') + get('/2') + get('/3'));
    assert.deepEqual(
      at.seen.map((request) => request.path),
      ['/1'],
    );
    at.responders[0]!.send(200, [], '1');
    assert.deepEqual(
      at.seen.map((request) => request.path),
      ['/1', '/2'],
    );
    at.responders[1]!.send(200, [], '2');
    at.responders[2]!.send(200, [], '3');
    await settle();
    assert.equal(at.text(), ok('1') + ok('2') + ok('3'));
    assert.equal(at.connection.state, 'idle');
    at.connection.destroy();
  });

  it('any cut of a stream of requests gives the same answers', async () => {
    const input =
      get('/1') +
      post('hello') +
      post('5\r\nhello\r\n1;a\r\n!\r\n0\r\nT: 1\r\n\r\n', 'Transfer-Encoding: chunked\r\n') +
      get('/4', 'X: \xe9\r\n');
    const handler: HttpHandler = (request, responder) => (request.method === 'POST' ? echo : path)(request, responder);
    const want = ok('/1') + ok('hello') + ok('hello!') + ok('/4');
    for (let cut = 1; cut < input.length; cut++) {
      const at = rig(handler);
      at.feed(input.slice(0, cut));
      at.feed(input.slice(cut));
      await Promise.resolve();
      at.connection.destroy();
      assert.equal(at.text(), want, `cut at ${cut}`);
    }
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(input.length), { maxLength: 10 }), async (cuts) => {
        const at = rig(handler);
        let from = 0;
        for (const to of [...cuts.sort((a, b) => a - b), input.length]) {
          at.feed(input.slice(from, to));
          from = to;
        }
        await Promise.resolve();
        at.connection.destroy();
        assert.equal(at.text(), want);
      }),
      { numRuns: 50 },
    );
    const single = rig(handler);
    for (const byte of input) single.feed(byte);
    assert.equal(single.text(), want);
    single.connection.destroy();
  });

  it('a head sent byte by byte is not parsed at every byte', () => {
    const head = get('/', `X: ${'y'.repeat(150_000)}\r\n`);
    const at = rig(path, { headerBytesMax: 200_000 });
    const started = performance.now();
    for (const byte of head) at.feed(byte);
    assert.equal(at.seen.length, 1);
    // Quadratic work would take many seconds.
    assert.ok(performance.now() - started < 1000);
    at.connection.destroy();
  });

  it('a body flows at the pace of its reader', async () => {
    const at = rig(later, { bufferBytesMax: 10 });
    at.feed(post('', 'Content-Length: 100\r\n'));
    at.feed('x'.repeat(20));
    assert.equal(at.socket.isPaused(), true, 'nobody reads yet');
    const got: string[] = [];
    let open = true;
    at.seen[0]!.body.pipe({
      write: (chunk) => {
        got.push(chunk.toString());
        return open;
      },
      end: () => at.responders[0]!.send(200, [], 'done'),
      abort() {},
    });
    assert.equal(at.socket.isPaused(), false);
    open = false;
    at.feed('y'.repeat(20));
    assert.equal(at.socket.isPaused(), true, 'the reader wants a pause');
    at.seen[0]!.body.resume();
    assert.equal(at.socket.isPaused(), false);
    at.feed('z'.repeat(60));
    await settle();
    assert.equal(got.join(''), 'x'.repeat(20) + 'y'.repeat(20) + 'z'.repeat(60));
    assert.equal(statuses(at.written), '200');
    at.connection.destroy();
  });

  it('pipelined bytes are bounded', () => {
    const at = rig(later, { bufferBytesMax: 1000 });
    at.feed(get('/1'));
    at.feed(get('/2').repeat(100));
    assert.equal(at.socket.isPaused(), true);
    at.connection.destroy();
  });

  it('100 Continue is sent when the body is first read, and not when the answer comes first', async () => {
    const eager = rig(echo);
    eager.feed(post('', 'Content-Length: 2\r\nExpect: 100-continue\r\n'));
    eager.feed('hi');
    await settle();
    assert.equal(eager.text(), `HTTP/1.1 100 Continue\r\n\r\n${ok('hi')}`);
    eager.connection.destroy();
    const refusing = rig((_, to) => to.send(403, [], ''));
    refusing.feed(post('', 'Content-Length: 2\r\nExpect: 100-continue\r\n'));
    await settle();
    assert.equal(refusing.text(), 'HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
    assert.equal(refusing.ended, true);
    const here = rig(echo);
    here.feed(post('hi', 'Content-Length: 2\r\nExpect: 100-continue\r\n'));
    await settle();
    assert.equal(here.text(), ok('hi'), 'a body that is there needs no invitation');
    here.connection.destroy();
  });

  it('100 Continue never comes inside an answer', async () => {
    const at = rig((request, to) => {
      const sink = to.head(200, [], -1);
      request.body.pipe({ write: (chunk) => sink.write(chunk), end: () => sink.end(), abort() {} });
    });
    at.feed(post('', 'Content-Length: 2\r\nExpect: 100-continue\r\n'));
    await settle();
    at.feed('hi');
    await settle();
    assert.equal(statuses(at.written), '200');
  });

  it('a socket that somebody paused is read again', () => {
    const memory = memorySocket();
    memory.socket.pause();
    serveHttp1(memory.socket, { limits: DEFAULT_LIMITS, timers: new TimerWheel(fakeClock(), { byHand: true }) }, path).close();
    assert.equal(memory.socket.isPaused(), false);
    memory.socket.destroy();
  });

  it('an answer before the body is read: a small rest is read away, a large one ends the connection', async () => {
    const small = rig(path, { bufferBytesMax: 2 });
    small.feed(post('', 'Content-Length: 5\r\n'));
    for (const piece of ['he', 'l', 'l', `o${get('/2')}`]) small.feed(piece);
    assert.equal(small.socket.isPaused(), false);
    await settle();
    assert.equal(small.text(), ok('/') + ok('/2'));
    small.connection.destroy();
    const large = rig(path);
    large.feed(post('', 'Content-Length: 1000000\r\n'));
    large.feed(`hello${get('/2')}`);
    await settle();
    assert.equal(large.text(), 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: close\r\n\r\n/');
    assert.equal(large.ended, true);
  });

  it('upgrade hands the raw connection over with the bytes behind the request', async () => {
    const handed: { head?: string } = {};
    const at = rig((_, to) => {
      const { socket, head } = to.upgrade([['sec-websocket-accept', 'x']]);
      handed.head = head.toString();
      socket.on('data', (chunk: Buffer) => socket.write(chunk));
    });
    at.feed(`${get('/', 'Connection: Upgrade\r\nUpgrade: Foo\r\n')}first`);
    at.socket.resume();
    at.feed('second');
    await settle();
    assert.equal(handed.head, 'first');
    assert.equal(
      at.text(),
      'HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: x\r\nconnection: Upgrade\r\nupgrade: foo\r\n\r\nsecond',
    );
    assert.equal(at.connection.state, 'upgraded');
    at.connection.destroy();
  });
});

describe('refusals', () => {
  /** [hardening line, bytes, what the codec says, requests that reach the handler] */
  const ROWS: readonly (readonly [string, string, string, number])[] = [
    ['A1', post('0\r\n\r\n', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'), '400 length-conflict', 0],
    ['A4', post('', 'Transfer-Encoding: gzip\r\n'), '501 transfer-encoding-unknown', 0],
    ['A6', 'GET / HTTP/1.1\nHost: a\n\n', '400 request-line', 0],
    ['A9', post('zz\r\n', 'Transfer-Encoding: chunked\r\n'), '400 chunk-size', 0],
    ['A11', `${get('/1')}BAD\r\n\r\n${get('/3')}`, '400 request-line', 1],
    ['B19', 'GET / HTTP/1.1\r\n\r\n', '400 host-missing', 0],
    ['F57', `GET /${'a'.repeat(9000)} HTTP/1.1\r\n`, '414 target-long', 0],
    ['F57', get('/', `X: ${'a'.repeat(40_000)}\r\n`), '431 fields-large', 0],
    ['F57', get('/', 'X: a\r\n'.repeat(200)), '431 fields-many', 0],
    ['F57', post('', 'Content-Length: 1001\r\n'), '413 body-large', 0],
    ['F57', post(`3e9\r\n${'x'.repeat(1001)}`, 'Transfer-Encoding: chunked\r\n'), '413 body-large', 0],
    ['16', 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', '501 method-connect', 0],
    ['9112-2.3', get().replace('1.1', '3.0'), '505 version-unsupported', 0],
    ['9110-10.1.1', get('/', 'Expect: x\r\n'), '417 expect', 0],
  ];
  for (const [rule, bytes, want, requests] of ROWS) {
    it(`${rule}: ${JSON.stringify(bytes).slice(0, 50)} is answered ${want}, then silence`, async () => {
      const at = rig(path, { bodyBytesMax: 1000 });
      at.feed(bytes);
      at.feed(get('/after'));
      await settle();
      assert.deepEqual(at.errors, [want]);
      assert.equal(at.seen.length, requests);
      const status = want.slice(0, 3);
      assert.equal(statuses(at.written), requests === 1 ? `200 ${status}` : status);
      assert.match(
        at.written,
        /content-type: application\/problem\+json\r\ncontent-length: \d+\r\nconnection: close\r\n\r\n\{"type":"about:blank","title":"[^"]+","status":\d+\}$/,
      );
      assert.equal(at.ended, true);
    });
  }

  it('lingers so that the answer is read, but not for long and not for much', async () => {
    const at = rig(path);
    at.feed('BAD\r\n\r\n');
    await settle();
    assert.deepEqual([at.ended, at.socket.destroyed], [true, false]);
    at.feed('more that is not read');
    at.advance(2300);
    assert.equal(at.socket.destroyed, true);
    const flood = rig(path);
    flood.feed('BAD\r\n\r\n');
    await settle();
    for (let i = 0; i < 5; i++) flood.feed(Buffer.alloc(1024 * 1024));
    assert.equal(flood.socket.destroyed, true);
  });

  it('a body that goes wrong while it is read: 400 if nothing was answered yet, else the connection is cut; the reader hears of it', async () => {
    for (const started of [false, true]) {
      let aborted = '';
      let gone = 0;
      const at = rig((request, to) => {
        to.observer = { answerSent() {}, answerLost: () => gone++ };
        request.body.pipe({ write: () => true, end() {}, abort: (reason) => (aborted = reason) });
        if (started) to.head(200, [], -1).write(Buffer.from('x'));
      });
      at.feed(post('5\r\nhello\r\n', 'Transfer-Encoding: chunked\r\n'));
      await settle();
      at.feed('nonsense');
      await settle();
      assert.equal(statuses(at.written), started ? '200' : '400');
      assert.equal(at.reset, started);
      assert.equal(gone, 1);
      assert.notEqual(aborted, '');
    }
  });

  it('the end of the client inside a message is a refusal, between messages an end, behind a request none', async () => {
    for (const [bytes, want] of [
      ['GET / HT', '400'],
      [post('', 'Content-Length: 5\r\n'), '400'],
      ['', ''],
      [get(), '200'],
    ] as const) {
      const at = rig((request, to) => (request.method === 'GET' ? path : echo)(request, to));
      at.feed(bytes);
      at.feedEnd();
      at.socket.resume();
      await settle();
      assert.equal(statuses(at.written), want, bytes);
      assert.equal(at.socket.destroyed, true);
    }
  });

  it('an answer that comes after the client ended its side still goes out', async () => {
    const at = rig(later);
    at.feed(get());
    at.feedEnd();
    at.socket.resume();
    await settle();
    at.responders[0]!.send(200, [], 'late');
    await settle();
    assert.equal(at.text(), 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nlate');
    assert.equal(at.socket.destroyed, true);
  });

  it('any bytes give an answer, a request or a wait, and never a crash', async () => {
    const word = fc.constantFrom(
      'GET ',
      'POST ',
      '/',
      ' HTTP/1.1\r\n',
      'Host: a\r\n',
      'Content-Length: 3\r\n',
      'Transfer-Encoding: chunked\r\n',
      '\r\n',
      '3\r\nabc\r\n',
      '0\r\n\r\n',
      'abc',
      '\0',
      '\n',
      'Expect: 100-continue\r\n',
      'Connection: close\r\n',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 }),
          fc.array(
            word.map((text) => Buffer.from(text)),
            { maxLength: 14 },
          ),
        ),
        async (pieces) => {
          const at = rig((request, to) => (request.method === 'POST' ? echo : path)(request, to));
          for (const piece of pieces) at.feed(Buffer.from(piece));
          await Promise.resolve();
          for (const status of statuses(at.written).split(' '))
            assert.match(status, /^(?:|100|200|400|413|414|417|431|501|505)$/);
          at.connection.destroy();
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('time', () => {
  const LIMITS = { headerTimeoutMs: 1000, idleTimeoutMs: 5000, requestTimeoutMs: 20_000 };
  it('headers that trickle in are answered 408 (slowloris)', async () => {
    const at = rig(path, LIMITS);
    at.feed('GET / HTTP/1.1\r\nHost: a\r\n');
    for (let i = 0; i < 9; i++) {
      at.advance(100);
      at.feed(`X-${i}: 1\r\n`);
    }
    assert.equal(at.written, '');
    at.advance(400);
    await settle();
    assert.deepEqual(at.errors, ['408 header-timeout']);
    assert.equal(statuses(at.written), '408');
  });

  it('the clock of the headers starts with their first byte, also behind an answer', async () => {
    const at = rig(path, LIMITS);
    at.feed(get());
    await settle();
    at.advance(4000);
    at.feed('GET ');
    at.advance(900);
    at.feed(get('/2').slice(4));
    await settle();
    assert.equal(statuses(at.written), '200 200');
    at.connection.destroy();
  });

  it('a silent new connection and an idle kept one are ended without a word', async () => {
    const fresh = rig(path, LIMITS);
    fresh.advance(1300);
    assert.deepEqual([fresh.written, fresh.ended || fresh.socket.writableEnded], ['', true]);
    const kept = rig(path, LIMITS);
    kept.feed(get());
    await settle();
    kept.advance(4900);
    assert.equal(kept.connection.state, 'idle');
    kept.advance(400);
    assert.equal(kept.connection.state, 'closing');
    assert.equal(statuses(kept.written), '200');
  });

  it('a connection is idle again behind a body, read by the handler or read away', async () => {
    for (const handler of [echo, path]) {
      const at = rig(handler, LIMITS);
      at.feed(post('', 'Content-Length: 5\r\n'));
      at.feed('hello');
      await settle();
      assert.equal(at.connection.state, 'idle');
      at.advance(5300);
      assert.equal(at.connection.state, 'closing');
    }
  });

  it('a body that stops, and one that trickles for ever, are answered 408', async () => {
    const stops = rig(echo, LIMITS);
    stops.feed(post('', 'Content-Length: 5\r\n'));
    stops.advance(5300);
    await settle();
    assert.deepEqual(stops.errors, ['408 body-timeout']);
    const trickles = rig(echo, LIMITS);
    trickles.feed(post('', 'Content-Length: 500\r\n'));
    for (let i = 0; i < 11 && trickles.errors.length === 0; i++) {
      trickles.advance(2000);
      trickles.feed('x');
    }
    assert.deepEqual(trickles.errors, ['408 body-timeout']);
  });

  it('a client that does not read its answer is cut off (slow read), one that reads slowly is not', async () => {
    const big = Buffer.alloc(50_000);
    const at = rig((_, to) => to.send(200, [], big), LIMITS);
    at.stall(true);
    at.feed(get());
    await settle();
    at.advance(5300);
    await settle();
    assert.equal(at.reset, true);
    const slow = rig((_, to) => {
      const sink = to.head(200, [], 10 * big.length);
      for (let i = 0; i < 10; i++) sink.write(big);
      sink.end();
    }, LIMITS);
    slow.stall(true);
    slow.feed(get());
    for (let i = 0; i < 5; i++) {
      await settle();
      slow.advance(3000);
      // One of the writes is taken, the next one waits.
      slow.takeOne();
    }
    assert.equal(slow.reset, false);
    slow.connection.destroy();
  });

  it('no request is read while the answers before it are not taken', async () => {
    const at = rig((_, to) => to.send(200, [], Buffer.alloc(20_000)));
    at.stall(true);
    at.feed(get('/1') + get('/2'));
    await settle();
    assert.equal(at.seen.length, 1);
    at.stall(false);
    await settle();
    assert.equal(at.seen.length, 2);
    at.connection.destroy();
  });

  it('nothing runs out while the handler thinks', async () => {
    for (const request of [get(), post('hello')]) {
      const at = rig(later, LIMITS);
      at.feed(request.slice(0, -2));
      at.feed(request.slice(-2));
      at.seen[0]!.body.discard();
      at.advance(100_000);
      at.responders[0]!.send(200, [], '');
      await settle();
      assert.equal(statuses(at.written), '200');
      at.connection.destroy();
    }
  });
});

describe('the end of a connection', () => {
  it('draining ends an idle connection now and a busy one after its answer', async () => {
    const idle = rig(path);
    idle.feed(get());
    await settle();
    idle.connection.close();
    await settle();
    assert.equal(idle.ended, true);
    const busy = rig(later);
    busy.feed(get('/1') + get('/2'));
    busy.connection.close();
    assert.equal(busy.connection.state, 'busy');
    busy.responders[0]!.send(200, [], 'x');
    await settle();
    assert.equal(busy.text(), 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: close\r\n\r\nx');
    assert.equal(busy.seen.length, 1);
  });

  it('after so many requests it says so', async () => {
    const at = rig(path, { requestsPerConnectionMax: 2 });
    at.feed(get('/1') + get('/2') + get('/3'));
    await settle();
    assert.equal(at.text(), `${ok('/1')}HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n/2`);
  });

  it('a client that goes away aborts the answer and the body once, and everything after is nothing', async () => {
    const heard: string[] = [];
    let closed = 0;
    const at = rig(
      (request, to) => {
        to.observer = { answerSent: () => heard.push('finish'), answerLost: () => heard.push('answer') };
        request.body.pipe({ write: () => true, end: () => heard.push('end'), abort: () => heard.push('body') });
      },
      {},
      { onClose: () => closed++ },
    );
    at.feed(post('', 'Content-Length: 5\r\n'));
    at.socket.destroy();
    await settle();
    at.responders[0]!.send(200, [], 'x');
    at.responders[0]!.destroy();
    assert.deepEqual(heard, ['answer', 'body']);
    assert.equal(at.written, '');
    assert.equal(closed, 1);
    assert.equal(at.connection.state, 'closed');
  });

  it('the answer counts as sent when its last byte was taken', async () => {
    let finished = 0;
    const at = rig((_, to) => {
      to.observer = { answerSent: () => finished++, answerLost() {} };
      to.send(200, [], 'x');
    });
    at.stall(true);
    at.feed(get());
    await settle();
    assert.equal(finished, 0);
    at.stall(false);
    await settle();
    assert.equal(finished, 1);
    at.connection.destroy();
  });

  it('a bug in the handler is a bare 500 with a reference', async () => {
    const at = rig(
      () => {
        throw new Error('password=hunter2');
      },
      {},
      { onBug: () => 'ref' },
    );
    at.feed(get());
    await settle();
    assert.equal(statuses(at.written), '500');
    assert.doesNotMatch(at.written, /hunter2/);
    assert.equal(at.ended, true);
  });
});
