import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { DEFAULT_LIMITS, type Limits } from '#model/platform.ts';
import { type MemorySocket, memorySocket, settle } from '../../../test/fakes/memory-socket.ts';
import { fakeClock } from '../../../test/fakes/time.ts';
import { TimerWheel } from '../timers.ts';
import type { BodyReader, BodySink, HeaderList } from '../types.ts';
import { emptyBody } from './body.ts';
import { Http1Pool } from './client.ts';
import type { UpstreamCallbacks, UpstreamError, UpstreamHead, UpstreamRequest } from '../upstream-types.ts';

/** One request and all that happened to it, as a line of words. */
class Call implements UpstreamCallbacks, BodySink {
  readonly log: string[] = [];
  error: UpstreamError | undefined;
  body: BodyReader | undefined;
  open = true;
  /** Read the body as soon as the head is there. */
  eager = true;
  request!: UpstreamRequest;
  upgraded: { readonly socket: Socket; readonly head: string } | undefined;

  onHead(status: number, headers: HeaderList, body: BodyReader): void {
    this.log.push(`${status} ${body.kind} ${body.length}${headers.get('x') === undefined ? '' : ` x=${headers.get('x')}`}`);
    this.body = body;
    if (this.eager) body.pipe(this);
  }
  onInterim(status: number): void {
    this.log.push(`interim ${status}`);
  }
  onUpgrade(_headers: HeaderList, socket: Socket, head: Buffer): void {
    this.log.push('upgrade');
    this.upgraded = { socket, head: head.toString() };
  }
  onError(error: UpstreamError): void {
    this.error = error;
    this.log.push(`error ${error.kind}`);
  }
  write(chunk: Buffer): boolean {
    this.log.push(chunk.toString('latin1'));
    return this.open;
  }
  end(): void {
    this.log.push('end');
  }
  abort(): void {
    this.log.push('abort');
  }
}

/** A request body that the test pushes. */
class Upload implements BodyReader {
  sink: BodySink | undefined;
  calls: string[] = [];
  readonly kind: 'length' | 'chunked';
  readonly length: number;
  constructor(length: number) {
    this.length = length;
    this.kind = length < 0 ? 'chunked' : 'length';
  }
  pipe(sink: BodySink): void {
    this.sink = sink;
  }
  discard(): void {
    this.calls.push('discard');
  }
  pause(): void {}
  resume(): void {
    this.calls.push('resume');
  }
}

function rig(limits: Partial<Limits> = {}, connect?: () => Promise<Socket>) {
  const clock = fakeClock();
  const timers = new TimerWheel(clock, { byHand: true });
  const sockets: MemorySocket[] = [];
  const open = (): Promise<Socket> => {
    const memory = memorySocket();
    sockets.push(memory);
    return Promise.resolve(memory.socket);
  };
  const pool = new Http1Pool({ connect: connect ?? open, limits: { ...DEFAULT_LIMITS, ...limits }, timers, name: 'cart' });
  return {
    pool,
    sockets,
    advance: (ms: number) => {
      clock.advance(ms);
      timers.tick();
    },
    call(head: Partial<UpstreamHead> = {}, body?: BodyReader): Call {
      const call = new Call();
      call.request = pool.request(
        {
          method: 'GET',
          target: '/',
          headers: ['host', 'a'],
          bodyKind: body?.kind ?? 'none',
          length: body?.length ?? -1,
          ...head,
        },
        body,
        call,
      );
      return call;
    },
  };
}

const ok = (body: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

describe('what is written', () => {
  const ROWS: readonly (readonly [string, Partial<UpstreamHead>, BodyReader | undefined, string])[] = [
    ['a GET', {}, undefined, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'],
    [
      'pairs',
      {
        headers: [
          ['Host', 'a'],
          ['X', 'y'],
        ],
      },
      undefined,
      'GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n',
    ],
    ['a POST without a body', { method: 'POST' }, undefined, 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n'],
    ['a GET with an empty body', { length: 0 }, emptyBody(0), 'GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n'],
    [
      'framing and Expect of the caller are dropped',
      { headers: ['host', 'a', 'Content-Length', '5', 'Expect', '100-continue', 'Connection', 'x', 'transfer-encoding', 'gzip'] },
      undefined,
      'GET / HTTP/1.1\r\nhost: a\r\n\r\n',
    ],
    [
      'an upgrade',
      { upgrade: 'websocket' },
      undefined,
      'GET / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n',
    ],
  ];
  for (const [what, head, body, want] of ROWS) {
    it(what, async () => {
      const at = rig();
      at.call(head, body);
      await settle();
      assert.equal(at.sockets[0]!.written, want);
      at.pool.destroy();
    });
  }

  it('a body of known length, and a chunked one, in pieces and large', async () => {
    const at = rig();
    const known = new Upload(5);
    at.call({ method: 'POST' }, known);
    await settle();
    known.sink!.write(Buffer.from('he'));
    known.sink!.write(Buffer.from('llo'));
    known.sink!.end();
    await settle();
    assert.equal(at.sockets[0]!.written, 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello');
    const chunked = new Upload(-1);
    at.call({ method: 'POST' }, chunked);
    await settle();
    chunked.sink!.write(Buffer.from('hello'));
    chunked.sink!.write(Buffer.alloc(5000, 'x'));
    chunked.sink!.end();
    await settle();
    assert.equal(
      at.sockets[1]!.written,
      `POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n1388\r\n${'x'.repeat(5000)}\r\n0\r\n\r\n`,
    );
    at.pool.destroy();
  });

  it('refuses text that would break the message', () => {
    const at = rig();
    for (const head of [
      { target: '/ x' },
      { target: '/\r\nX: y' },
      { target: '' },
      { method: 'G T' },
      { headers: ['x', 'a\r\nb: c'] },
      { headers: ['x\n', 'a'] },
    ]) {
      assert.throws(() => at.call(head), /forbidden byte/);
    }
    at.pool.destroy();
  });

  it('a body that breaks off, or disagrees with its length, takes the connection with it', async () => {
    for (const breakOff of [
      (sink: BodySink) => sink.abort('gone'),
      (sink: BodySink) => sink.end(),
      (sink: BodySink) => void sink.write(Buffer.from('too long')),
    ]) {
      const at = rig();
      const upload = new Upload(5);
      const call = at.call({ method: 'POST' }, upload);
      await settle();
      upload.sink!.write(Buffer.from('hel'));
      breakOff(upload.sink!);
      await settle();
      assert.deepEqual(call.log, ['error reset']);
      assert.equal(call.error!.safeToRetry, false);
      assert.equal(at.sockets[0]!.socket.destroyed, true);
    }
  });

  it('the upload goes at the pace of the destination', async () => {
    const at = rig();
    const upload = new Upload(100_000);
    at.call({ method: 'POST' }, upload);
    await settle();
    at.sockets[0]!.stall(true);
    assert.equal(upload.sink!.write(Buffer.alloc(50_000)), false);
    assert.deepEqual(upload.calls, []);
    at.sockets[0]!.stall(false);
    await settle();
    assert.deepEqual(upload.calls, ['resume']);
    at.pool.destroy();
  });
});

/** [what, request, pieces of the answer ('' ends the destination's side), what the caller hears, whether the connection is used again] */
const ANSWERS: readonly (readonly [string, Partial<UpstreamHead>, readonly string[], string, boolean])[] = [
  ['of known length', {}, [ok('hi')], '200 length 2|hi|end', true],
  ['in pieces', {}, ['HTTP/1.1 200 OK\r\nContent-Le', 'ngth: 5\r\n\r\nhe', 'llo'], '200 length 5|he|llo|end', true],
  ['empty', {}, [ok('')], '200 none 0|end', true],
  ['chunked', {}, ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n'], '200 chunked -1|hi|end', true],
  ['until the connection closes', {}, ['HTTP/1.1 200 OK\r\nX: 1\r\n\r\nhi', ''], '200 until-close -1 x=1|hi|end', false],
  ['of HTTP/1.0', {}, ['HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi'], '200 length 2|hi|end', false],
  [
    'of HTTP/1.0 kept',
    {},
    ['HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi'],
    '200 length 2|hi|end',
    true,
  ],
  [
    'with Connection: close',
    {},
    ['HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi'],
    '200 length 2|hi|end',
    false,
  ],
  ...(
    [
      ['NTLM TlRMTVNTUAAD', false],
      ['negotiate YIIC', false],
      ['Bearer ntlm', true],
      ['Basic bmVnb3RpYXRl', true],
    ] as const
  ).map(
    ([credentials, shared]) =>
      [
        `proxy-hardening 53: to credentials \`${credentials}\``,
        { headers: ['host', 'a', 'Authorization', credentials] },
        [ok('hi')],
        '200 length 2|hi|end',
        shared,
      ] as const,
  ),
  [
    'proxy-hardening 53: that challenges the connection',
    {},
    ['HTTP/1.1 401 x\r\nWWW-Authenticate: Basic realm="x", Negotiate\r\nContent-Length: 0\r\n\r\n'],
    '401 none 0|end',
    false,
  ],
  [
    'that challenges the request only',
    {},
    ['HTTP/1.1 401 x\r\nWWW-Authenticate: Basic realm="ntlm"\r\nContent-Length: 0\r\n\r\n'],
    '401 none 0|end',
    true,
  ],
  ['to HEAD', { method: 'HEAD' }, ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'], '200 none 9|end', true],
  ['204', {}, ['HTTP/1.1 204 No Content\r\n\r\n'], '204 none -1|end', true],
  ['304 with a length', {}, ['HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n'], '304 none 9|end', true],
  [
    'behind interim ones',
    {},
    ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\n\r\n', ok('hi')],
    'interim 103|200 length 2|hi|end',
    true,
  ],
  // Hostile
  ['A14 bad length', {}, ['HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nhi'], 'error protocol', false],
  ['A14 two lengths', {}, ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi'], 'error protocol', false],
  [
    'A14 length and chunked',
    {},
    ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n'],
    'error protocol',
    false,
  ],
  ['A14 unknown coding', {}, ['HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhi'], 'error protocol', false],
  ['A14 bad chunk at once', {}, ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'], 'error protocol', false],
  [
    'A14 bad chunk later',
    {},
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n', 'zz\r\n'],
    '200 chunked -1|hi|abort',
    false,
  ],
  ['A13 bytes behind the answer', {}, [`${ok('hi')}HTTP/1.1 200 OK\r\n`], '200 length 2|hi|end', false],
  ['A13 bytes behind no body', { method: 'HEAD' }, ['HTTP/1.1 200 OK\r\n\r\nhi'], '200 none -1|end', false],
  ['A13 a second answer later', {}, [ok('hi'), ok('ho')], '200 length 2|hi|end', false],
  [
    'A13 flood of interim answers',
    {},
    ['HTTP/1.1 102 Processing\r\n\r\n'.repeat(9)],
    `${'interim 102|'.repeat(8)}error protocol`,
    false,
  ],
  ['interim with a length', {}, ['HTTP/1.1 103 x\r\nContent-Length: 2\r\n\r\nhi'], 'error protocol', false],
  ['A16 unasked 101', {}, ['HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'], 'error protocol', false],
  [
    'A16 101 to another protocol',
    { upgrade: 'websocket' },
    ['HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n'],
    'error protocol',
    false,
  ],
  [
    'A16 101 without Connection',
    { upgrade: 'websocket' },
    ['HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n'],
    'error protocol',
    false,
  ],
  ['A16 200 to an upgrade', { upgrade: 'websocket' }, [ok('no')], '200 length 2|no|end', true],
  ['no HTTP', {}, ['SSH-2.0-x\r\n'], 'error protocol', false],
  ['endless headers', {}, ['HTTP/1.1 200 OK\r\n', 'X: 1\r\n'.repeat(6000)], 'error protocol', false],
  ['endless line', {}, ['HTTP/1.1 200 OK\r\nX: ', 'x'.repeat(40_000)], 'error protocol', false],
  ['endless reason', {}, [`HTTP/1.1 200 ${'x'.repeat(4000)}`], 'error protocol', false],
  ['closed at once', { method: 'POST' }, [''], 'error reset', false],
  ['closed in the head', {}, ['HTTP/1.1 200 OK\r\n', ''], 'error reset', false],
  ['closed in the body', {}, ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe', ''], '200 length 5|he|abort', false],
  [
    'closed in a chunk',
    {},
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe', ''],
    '200 chunked -1|he|abort',
    false,
  ],
];

describe('answers', () => {
  for (const [what, head, pieces, want, kept] of ANSWERS) {
    it(`${what}: ${want.slice(0, 60)}`, async () => {
      const at = rig();
      const call = at.call(head);
      await settle();
      const memory = at.sockets[0]!;
      for (const piece of pieces) {
        if (piece === '') {
          memory.feedEnd();
          memory.socket.resume();
        } else memory.feed(piece);
        await settle();
      }
      assert.equal(call.log.join('|'), want);
      assert.equal(memory.socket.destroyed, !kept);
      assert.deepEqual(at.pool.counts, { idle: kept ? 1 : 0, busy: 0, connecting: 0, pending: 0 });
      at.pool.destroy();
    });
  }

  it('any cut of an answer tells the same', async () => {
    const input = `HTTP/1.1 103 x\r\n\r\nHTTP/1.1 200 OK\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nT: u\r\n\r\n`;
    const at = rig();
    for (let cut = 0; cut <= input.length; cut++) {
      const call = at.call();
      if (cut === 0) await settle();
      at.sockets[0]!.feed(input.slice(0, cut));
      at.sockets[0]!.feed(input.slice(cut));
      const text = call.log.slice(2, -1).join('');
      assert.deepEqual(
        [call.log[0], call.log[1], text, call.log.at(-1)],
        ['interim 103', '200 chunked -1 x=y', 'hello!', 'end'],
        `cut at ${cut}`,
      );
    }
    assert.equal(at.sockets.length, 1, 'one connection served them all');
    at.pool.destroy();
  });

  it('never crashes, whatever the bytes', async () => {
    const word = fc.constantFrom(
      'HTTP/1.1 200 OK\r\n',
      'HTTP/1.1 101 x\r\n',
      'HTTP/1.1 100 x\r\n',
      'Content-Length: 3\r\n',
      'Transfer-Encoding: chunked\r\n',
      '\r\n',
      '3\r\nabc\r\n',
      '0\r\n\r\n',
      'abc',
      '\0',
      'Connection: close\r\n',
    );
    const bytes = fc.oneof(
      word.map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 20 }).map((raw) => Buffer.from(raw)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { maxLength: 14 }), async (pieces) => {
        const at = rig();
        const call = at.call();
        await Promise.resolve();
        await Promise.resolve();
        for (const piece of pieces) at.sockets[0]!.feed(piece);
        at.pool.destroy();
        // Exactly one outcome, and a body that started ended in one way.
        const outcomes = call.log.filter((line) => /^(?:\d{3} |error|upgrade)/.test(line)).length;
        assert.equal(outcomes, 1, call.log.join('|'));
      }),
      { numRuns: 300 },
    );
  });

  it('the body flows at the pace of its reader, and the clock stands still meanwhile', async () => {
    const at = rig({ upstreamTimeoutMs: 1000 });
    const call = at.call();
    await settle();
    call.open = false;
    at.sockets[0]!.feed('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello');
    assert.equal(at.sockets[0]!.socket.isPaused(), true);
    at.advance(5000);
    call.open = true;
    call.body!.resume();
    assert.equal(at.sockets[0]!.socket.isPaused(), false);
    at.sockets[0]!.feed('world');
    assert.deepEqual(call.log, ['200 length 10', 'hello', 'world', 'end']);
    at.pool.destroy();
  });

  it('switches to the protocol that was asked for, with the bytes behind the 101', async () => {
    const at = rig();
    const call = at.call({ upgrade: 'websocket' });
    await settle();
    at.sockets[0]!.feed('HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\nfirst');
    assert.deepEqual(call.log, ['upgrade']);
    assert.equal(call.upgraded!.head, 'first');
    assert.equal(call.upgraded!.socket, at.sockets[0]!.socket);
    call.request.abort('of the request, which is done');
    assert.equal(at.pool.counts.busy, 1, 'it counts among the connections to the destination');
    call.upgraded!.socket.destroy();
    await settle();
    assert.equal(at.pool.counts.busy, 0);
  });

  it('an answer that comes before the request is sent ends the connection; the rest of the body is dropped', async () => {
    const at = rig();
    const upload = new Upload(100);
    const call = at.call({ method: 'POST' }, upload);
    await settle();
    upload.sink!.write(Buffer.from('part'));
    at.sockets[0]!.feed('HTTP/1.1 413 x\r\nContent-Length: 0\r\n\r\n');
    assert.deepEqual(call.log, ['413 none 0', 'end']);
    assert.equal(at.sockets[0]!.socket.destroyed, true);
    assert.equal(upload.sink!.write(Buffer.from('more')), true);
    upload.sink!.end();
    assert.deepEqual(call.log, ['413 none 0', 'end']);
  });
});

describe('connections', () => {
  it('are used again, the last one first', async () => {
    const at = rig();
    const calls = [at.call(), at.call()];
    await settle();
    assert.equal(at.sockets.length, 2);
    for (const memory of at.sockets) memory.feed(ok('x'));
    at.call();
    assert.match(at.sockets[1]!.written, /GET[^]*GET/);
    assert.equal(
      calls.every((call) => call.log.at(-1) === 'end'),
      true,
    );
    at.pool.destroy();
  });

  it('are never written to after an answer to nothing, or an end', async () => {
    for (const spoil of [
      (memory: MemorySocket) => memory.feed('x'),
      (memory: MemorySocket) => memory.feedEnd(),
      (memory: MemorySocket) => memory.socket.destroy(),
    ]) {
      const at = rig();
      at.call();
      await settle();
      at.sockets[0]!.feed(ok('x'));
      spoil(at.sockets[0]!);
      at.sockets[0]!.socket.resume();
      await settle();
      const call = at.call();
      await settle();
      assert.equal(at.sockets.length, 2);
      at.sockets[1]!.feed(ok('y'));
      assert.deepEqual(call.log, ['200 length 1', 'y', 'end']);
      at.pool.destroy();
    }
  });

  it('a destination that speaks first is not listened to', async () => {
    const at = rig();
    const call = at.call();
    call.request.abort('never mind');
    await settle();
    at.sockets[0]!.feed(ok('x'));
    assert.equal(at.sockets[0]!.socket.destroyed, true);
    assert.deepEqual(call.log, []);
  });

  it('a kept connection that turns out dead: once more on a fresh one, only where that is safe', async () => {
    for (const [method, body, retried] of [
      ['GET', false, true],
      ['PUT', false, true],
      ['POST', false, false],
      ['PUT', true, false],
    ] as const) {
      const at = rig();
      at.call();
      await settle();
      at.sockets[0]!.feed(ok('x'));
      const upload = body ? new Upload(3) : undefined;
      const call = at.call({ method }, upload);
      upload?.sink!.write(Buffer.from('abc'));
      upload?.sink!.end();
      at.sockets[0]!.socket.destroy();
      await settle();
      assert.equal(at.sockets.length, retried ? 2 : 1, method);
      if (retried) {
        at.sockets[1]!.socket.destroy();
        await settle();
      }
      assert.deepEqual(call.log, ['error reset']);
      assert.equal(call.error!.bytesSent, true);
      assert.equal(call.error!.safeToRetry, method !== 'POST' && !body);
      assert.equal(at.sockets.length, retried ? 2 : 1, 'not twice');
    }
  });

  it('the one retry may meet a kept connection, but not a second time', async () => {
    const fresh: MemorySocket[] = [];
    let connects = 0;
    const at = rig({ upstreamConnectionsMax: 2 }, () => {
      // Two connections, then none ever.
      if (++connects > 2) return new Promise(() => {});
      fresh.push(memorySocket());
      return Promise.resolve(fresh.at(-1)!.socket);
    });
    at.call();
    at.call();
    await settle();
    fresh[0]!.feed(ok('x'));
    const call = at.call();
    fresh[0]!.socket.destroy();
    await settle();
    assert.deepEqual(call.log, []);
    fresh[1]!.feed(ok('y'));
    await settle();
    assert.match(fresh[1]!.written, /GET[^]*GET/);
    fresh[1]!.socket.destroy();
    await settle();
    assert.deepEqual(call.log, ['error reset']);
    at.pool.destroy();
  });

  it('one that is gone before its end is told is not used', async () => {
    const at = rig();
    at.call();
    await settle();
    at.sockets[0]!.feed(ok('x'));
    at.sockets[0]!.socket.destroy();
    at.call({ method: 'POST' });
    await settle();
    assert.equal(at.sockets.length, 2);
    assert.match(at.sockets[1]!.written, /^POST/);
    at.pool.destroy();
  });

  it('a first byte of an answer forbids the retry', async () => {
    const at = rig();
    at.call();
    await settle();
    at.sockets[0]!.feed(ok('x'));
    const call = at.call();
    at.sockets[0]!.feed('H');
    at.sockets[0]!.socket.destroy();
    await settle();
    assert.deepEqual(call.log, ['error reset']);
    assert.equal(at.sockets.length, 1);
  });

  it('are left when idle for too long, and before the destination would close them', async () => {
    const at = rig({ idleTimeoutMs: 10_000 });
    at.call();
    await settle();
    at.sockets[0]!.feed(ok('x'));
    at.advance(9900);
    assert.equal(at.pool.counts.idle, 1);
    at.advance(400);
    assert.equal(at.pool.counts.idle, 0);
    at.call();
    await settle();
    at.sockets[1]!.feed('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n');
    at.advance(4300);
    assert.equal(at.pool.counts.idle, 0);
  });

  it('are bounded; more requests wait in order, and too many are refused', async () => {
    const at = rig({ upstreamConnectionsMax: 1, upstreamPendingMax: 2 });
    const calls = [at.call({ target: '/1' })];
    await settle();
    calls.push(at.call({ target: '/2' }), at.call({ target: '/3' }), at.call({ target: '/4' }));
    assert.deepEqual(calls[3]!.log, ['error overload']);
    assert.deepEqual([calls[3]!.error!.bytesSent, calls[3]!.error!.safeToRetry], [false, true]);
    for (let i = 0; i < 3; i++) at.sockets[0]!.feed(ok(String(i)));
    assert.deepEqual(
      calls.slice(0, 3).map((call) => call.log[1]),
      ['0', '1', '2'],
    );
    assert.match(at.sockets[0]!.written, /\/1[^]*\/2[^]*\/3/);
    assert.equal(at.sockets.length, 1);
    at.pool.destroy();
  });

  it('a wait for a connection has an end', async () => {
    const busy = rig({ upstreamConnectionsMax: 1, connectTimeoutMs: 1000 });
    busy.call();
    await settle();
    const waiting = busy.call();
    busy.advance(1300);
    assert.deepEqual(waiting.log, ['error overload']);
    const silent = rig({ connectTimeoutMs: 1000 }, () => new Promise(() => {}));
    const call = silent.call();
    silent.advance(1300);
    assert.deepEqual(call.log, ['error connect']);
    busy.pool.destroy();
  });

  it('a refused connection answers one request each, also when connecting throws at once', async () => {
    for (const connect of [
      () => Promise.reject(new Error('refused')),
      () => {
        throw new Error('refused');
      },
    ]) {
      const at = rig({}, connect);
      const calls = [at.call(), at.call(), at.call()];
      await settle();
      assert.deepEqual(
        calls.map((call) => call.log.join()),
        ['error connect', 'error connect', 'error connect'],
      );
      assert.equal(calls[0]!.error!.message, 'refused');
      assert.deepEqual([calls[0]!.error!.bytesSent, calls[0]!.error!.safeToRetry], [false, true]);
      assert.equal(at.pool.counts.connecting, 0);
    }
  });
});

describe('time', () => {
  it('a destination that never answers, or stops in the middle', async () => {
    const at = rig({ upstreamTimeoutMs: 1000 });
    const never = at.call();
    const half = at.call();
    const stops = at.call();
    await settle();
    at.sockets[1]!.feed('HTTP/1.1 200 OK\r\n');
    at.sockets[2]!.feed('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe');
    at.advance(1300);
    assert.deepEqual(never.log, ['error timeout']);
    assert.deepEqual(half.log, ['error timeout']);
    assert.deepEqual(stops.log, ['200 length 5', 'he', 'abort']);
    assert.equal(
      at.sockets.every((memory) => memory.socket.destroyed),
      true,
    );
  });

  it('a stream of events may be silent for longer than another answer', async () => {
    const at = rig({ upstreamTimeoutMs: 1000, streamIdleTimeoutMs: 10_000 });
    const call = at.call();
    await settle();
    at.sockets[0]!.feed('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n');
    at.advance(5000);
    at.sockets[0]!.feed('2\r\nhi\r\n');
    assert.deepEqual(call.log, ['200 chunked -1', 'hi']);
    at.advance(10_300);
    assert.deepEqual(call.log, ['200 chunked -1', 'hi', 'abort']);
  });

  it("a slow upload is not the destination's silence", async () => {
    const at = rig({ upstreamTimeoutMs: 1000 });
    const upload = new Upload(10);
    const call = at.call({ method: 'POST' }, upload);
    await settle();
    for (let i = 0; i < 10; i++) {
      at.advance(900);
      upload.sink!.write(Buffer.from('x'));
    }
    upload.sink!.end();
    assert.deepEqual(call.log, []);
    at.advance(1300);
    assert.deepEqual(call.log, ['error timeout']);
  });
});

describe('giving up', () => {
  it('closes the connection and tells nobody', async () => {
    const at = rig();
    const before = at.call();
    const during = at.call();
    await settle();
    at.sockets[1]!.feed('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe');
    before.request.abort('x');
    during.request.abort('x');
    await settle();
    assert.deepEqual(before.log, []);
    assert.deepEqual(during.log, ['200 length 5', 'he']);
    assert.equal(
      at.sockets.every((memory) => memory.socket.destroyed),
      true,
    );
    assert.deepEqual(at.pool.counts, { idle: 0, busy: 0, connecting: 0, pending: 0 });
  });

  it('after the answer is nothing: the connection may serve somebody else already', async () => {
    const at = rig();
    const first = at.call();
    await settle();
    at.sockets[0]!.feed(ok('x'));
    const second = at.call();
    first.request.abort('late');
    at.sockets[0]!.feed(ok('y'));
    assert.deepEqual(second.log, ['200 length 1', 'y', 'end']);
    at.pool.destroy();
  });

  it('closing the pool ends idle connections, refuses new requests and lets running ones finish', async () => {
    const at = rig();
    const idle = at.call();
    const running = at.call();
    await settle();
    at.sockets[0]!.feed(ok('x'));
    at.pool.close();
    const refused = at.call();
    assert.deepEqual(refused.log, ['error overload']);
    assert.equal(at.sockets[0]!.socket.destroyed, true);
    at.sockets[1]!.feed(ok('y'));
    assert.deepEqual(running.log, ['200 length 1', 'y', 'end']);
    assert.equal(idle.log.at(-1), 'end');
    assert.equal(at.sockets[1]!.socket.destroyed, true);
  });

  it('destroying it fails what runs', async () => {
    const at = rig();
    const running = at.call();
    await settle();
    at.pool.destroy();
    assert.deepEqual(running.log, ['error reset']);
  });
});
