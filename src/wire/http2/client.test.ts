import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { DEFAULT_LIMITS, type Limits } from '#model/platform.ts';
import * as h2 from '../../../test/fakes/http2-frames.ts';
import { type MemorySocket, memorySocket, settle } from '../../../test/fakes/memory-socket.ts';
import { fakeClock } from '../../../test/fakes/time.ts';
import { TimerWheel } from '../timers.ts';
import type { BodyReader, BodySink, HeaderInput } from '../types.ts';
import type { UpstreamHead, UpstreamRequest } from '../upstream-types.ts';
import type { ConnectionGate } from '../connection-gate.ts';
import type { PoolOptions } from '../http1/client.ts';
import { Http2Pool } from './client.ts';

/** What happened to one request, one line an event. */
interface Asked {
  readonly events: string[];
  readonly request: UpstreamRequest;
  body: BodyReader | undefined;
  socket: Socket | undefined;
}

interface PoolRig {
  readonly pool: Http2Pool;
  /** Connections that were opened, in order. */
  readonly peers: MemorySocket[];
  readonly ask: (head?: Partial<UpstreamHead>, body?: BodyReader, take?: Partial<BodySink>) => Asked;
  readonly advance: (ms: number) => void;
  /** What peer `i` was sent, one line a frame. */
  readonly sent: (i?: number) => Promise<string[]>;
}

function rig(limits: Partial<Limits> = {}, connect?: () => Promise<Socket>, more: Partial<PoolOptions> = {}): PoolRig {
  const clock = fakeClock();
  const timers = new TimerWheel(clock, { byHand: true });
  const peers: MemorySocket[] = [];
  const pool = new Http2Pool({
    connect:
      connect ??
      (() => {
        peers.push(memorySocket());
        return Promise.resolve(peers.at(-1)!.socket);
      }),
    limits: { ...DEFAULT_LIMITS, ...limits },
    timers,
    name: 'cart',
    ...more,
  });
  return {
    pool,
    peers,
    ask(head = {}, body, take = {}) {
      const events: string[] = [];
      const asked: { -readonly [K in keyof Asked]: Asked[K] } = {
        events,
        request: undefined!,
        body: undefined,
        socket: undefined,
      };
      asked.request = pool.request(
        {
          method: 'GET',
          target: '/',
          headers: ['Host', 'a'],
          bodyKind: body ? body.kind : 'none',
          length: body ? body.length : -1,
          ...head,
        },
        body,
        {
          onHead(status, headers, answer) {
            const fields = Array.from({ length: headers.length }, (_, i) => ` ${headers.name(i)}=${headers.value(i)}`);
            events.push(`${status}${fields.join('')} ${answer.kind} ${answer.length}`);
            asked.body = answer;
            answer.pipe({
              write: (chunk) => events.push(chunk.toString()) > 0,
              end: (trailers) => void events.push(trailers && trailers.length > 0 ? `end ${JSON.stringify(trailers)}` : 'end'),
              abort: (reason) => void events.push(`abort ${reason}`),
              ...take,
            });
          },
          onInterim: (status) => void events.push(`interim ${status}`),
          onUpgrade(headers, socket) {
            events.push(`upgrade ${headers.length}`);
            asked.socket = socket;
          },
          onError: ({ kind, bytesSent, safeToRetry }) =>
            void events.push(`error ${kind}${bytesSent ? ' sent' : ''}${safeToRetry ? ' safe' : ''}`),
        },
      );
      return asked;
    },
    advance(ms) {
      for (let left = ms; left > 0; left -= 500) {
        clock.advance(Math.min(left, 500));
        timers.tick();
      }
    },
    async sent(i = 0) {
      await settle();
      return h2.told(peers[i]!.written);
    },
  };
}

/** A body that a test feeds by hand. */
class HandBody implements BodyReader {
  readonly kind: 'length' | 'chunked';
  sink: BodySink | undefined;
  resumed = 0;
  readonly length: number;

  constructor(length = -1) {
    this.length = length;
    this.kind = length >= 0 ? 'length' : 'chunked';
  }

  pipe(sink: BodySink): void {
    this.sink = sink;
  }

  discard(): void {}
  pause(): void {}
  resume(): void {
    this.resumed++;
  }
}

const SERVER = h2.settings([3, 100]);
const answer = (id: number, more: h2.Pairs = [], flags = 0): Buffer => h2.headers(id, [[':status', '200'], ...more], flags);
const REQUEST = (id: number, path = '/'): string => `HEADERS ${id} :method=GET :scheme=http :path=${path} :authority=a end`;

describe('requests', () => {
  it('many on one connection, answered in any order', async () => {
    const { ask, peers, sent } = rig();
    const one = ask();
    const two = ask({ target: '/b' });
    assert.deepEqual(await sent(), [REQUEST(1), REQUEST(3, '/b')]);
    peers[0]!.feed(Buffer.concat([SERVER, answer(3, [['x', '1']]), h2.data(3, 'b', 1), answer(1, [], 1)]));
    assert.deepEqual(
      [one.events, two.events],
      [
        ['200 none -1', 'end'],
        ['200 x=1 chunked -1', 'b', 'end'],
      ],
    );
    const three = ask();
    peers[0]!.feed(
      Buffer.concat([answer(5, [['content-length', '2']]), h2.data(5, 'ok'), h2.headers(5, [['grpc-status', '0']])]),
    );
    assert.deepEqual(three.events, ['200 content-length=2 length 2', 'ok', 'end ["grpc-status","0"]']);
    assert.equal(peers.length, 1);
  });

  it('with a body of known length, of unknown length, and with trailers', async () => {
    const { ask, sent } = rig();
    const known = new HandBody(5);
    ask({ method: 'POST' }, known);
    await settle();
    known.sink!.write(Buffer.from('hello'));
    known.sink!.end();
    const unknown = new HandBody();
    ask({ method: 'POST' }, unknown);
    unknown.sink!.write(Buffer.from('abc'));
    await sent();
    const trailers: HeaderInput = ['x-sum', '1'];
    unknown.sink!.end(trailers);
    assert.deepEqual(await sent(), [
      'HEADERS 1 :method=POST :scheme=http :path=/ :authority=a content-length=5',
      'DATA 1 hello end',
      'HEADERS 3 :method=POST :scheme=http :path=/ :authority=a',
      'DATA 3 abc',
      'HEADERS 3 x-sum=1 end',
    ]);
  });

  it('a body that breaks off, or is not as long as it says, does not look complete', async () => {
    for (const act of [
      (sink: BodySink) => sink.abort('gone'),
      (sink: BodySink) => sink.end(),
      (sink: BodySink) => void sink.write(Buffer.from('123456')),
    ]) {
      const { ask, sent } = rig();
      const body = new HandBody(5);
      const asked = ask({ method: 'POST' }, body);
      await settle();
      act(body.sink!);
      assert.equal((await sent()).at(-1), 'RST_STREAM 1 CANCEL');
      assert.deepEqual(asked.events, ['error reset sent']);
    }
  });

  it('given up: the stream is reset, and whoever sends its body is not held up', async () => {
    const { ask, peers, sent, pool } = rig();
    const body = new HandBody();
    const asked = ask({ method: 'POST' }, body);
    await settle();
    asked.request.abort('no longer wanted');
    assert.equal((await sent()).at(-1), 'RST_STREAM 1 CANCEL');
    assert.equal(body.resumed, 1);
    assert.equal(body.sink!.write(Buffer.alloc(1_000_000)), true);
    // What still comes for it is nobody's, and no error.
    peers[0]!.feed(Buffer.concat([SERVER, answer(1), h2.data(1, 'late', 1)]));
    assert.deepEqual(asked.events, []);
    assert.equal(pool.counts.idle, 1);
  });

  it('waits for windows, and tells the writer', async () => {
    const { ask, peers, sent } = rig();
    const first = ask();
    await settle();
    peers[0]!.feed(Buffer.concat([h2.settings([4, 3]), answer(1, [], 1)]));
    const body = new HandBody();
    ask({ method: 'POST' }, body);
    assert.equal(body.sink!.write(Buffer.from('abcdef')), false);
    assert.equal((await sent()).at(-1), 'DATA 3 abc');
    peers[0]!.feed(h2.windowUpdate(3, 10));
    body.sink!.end();
    assert.equal((await sent()).at(-1), 'DATA 3 def end');
    assert.equal(first.events.length, 2);
  });

  it('an answer that nobody reads is not paid for', async () => {
    const { ask, peers } = rig();
    const asked = ask({}, undefined, { write: () => false });
    await settle();
    peers[0]!.feed(Buffer.concat([SERVER, answer(1)]));
    for (let i = 0; i < 4; i++) peers[0]!.feed(h2.data(1, 'x'.repeat(16_384)));
    await settle();
    const paid = (): number =>
      h2.framesOf(peers[0]!.written).filter(({ type, streamId }) => type === h2.TYPE.window && streamId === 1).length;
    assert.equal(paid(), 0);
    // While it is paused its destination cannot be blamed for silence.
    for (let i = 0; i < 4; i++) asked.body!.resume();
    await settle();
    assert.equal(paid(), 1);
  });
});

describe('answers that break the rules', () => {
  const rows: readonly (readonly [why: string, frames: readonly Buffer[], method?: string])[] = [
    ['no status', [h2.headers(1, [['x', '1']])]],
    ['a status that is none', [h2.headers(1, [[':status', '20']])]],
    ['101', [h2.headers(1, [[':status', '101']], 0)]],
    ['1xx that ends', [h2.headers(1, [[':status', '103']])]],
    ['a flood of 1xx', Array.from({ length: 9 }, () => h2.headers(1, [[':status', '103']], 0))],
    ['a pseudo-header of requests', [answer(1, [[':path', '/']])]],
    ['upper case', [answer(1, [['X', '1']])]],
    ['a line break in a value', [answer(1, [['x', 'a\r\nb']])]],
    ['Connection', [answer(1, [['connection', 'close']])]],
    [
      'Content-Length twice',
      [
        answer(1, [
          ['content-length', '1'],
          ['content-length', '1'],
        ]),
      ],
    ],
    ['Content-Length without a body', [answer(1, [['content-length', '1']], 1)]],
    ['DATA before the head', [h2.data(1, 'x')]],
    [
      'too many fields',
      [
        answer(
          1,
          Array.from({ length: 101 }, (_, i) => [`x${i}`, ''] as const),
        ),
      ],
    ],
  ];
  for (const [why, frames] of rows) {
    it(why, async () => {
      const { ask, peers, sent } = rig();
      const asked = ask();
      await settle();
      peers[0]!.feed(Buffer.concat([SERVER, ...frames]));
      assert.equal(asked.events.at(-1), 'error protocol sent safe');
      assert.equal((await sent()).at(-1), 'RST_STREAM 1 PROTOCOL_ERROR');
      // The connection serves on.
      const next = ask();
      await settle();
      peers[0]!.feed(answer(3, [], 1));
      assert.deepEqual(next.events, ['200 none -1', 'end']);
    });
  }

  const late: readonly (readonly [why: string, frame: Buffer])[] = [
    ['longer than declared', h2.data(1, 'abcd')],
    ['shorter than declared', h2.data(1, 'b', 1)],
    ['reset', h2.reset(1, 2)],
    ['trailers that do not end it', h2.headers(1, [['x', '1']], 0)],
    ['trailers with a pseudo-header', h2.headers(1, [[':status', '200']])],
  ];
  for (const [why, frame] of late) {
    it(`a body that breaks off: ${why}`, async () => {
      const { ask, peers } = rig();
      const asked = ask();
      await settle();
      peers[0]!.feed(Buffer.concat([SERVER, answer(1, [['content-length', '3']]), h2.data(1, 'a')]));
      peers[0]!.feed(frame);
      assert.match(asked.events.at(-1)!, /^abort /);
      assert.ok(!asked.events.includes('end'));
    });
  }

  it('bodies where none may be', async () => {
    for (const [status, method] of [
      ['204', 'GET'],
      ['304', 'GET'],
      ['200', 'HEAD'],
    ] as const) {
      const { ask, peers } = rig();
      const asked = ask({ method });
      await settle();
      peers[0]!.feed(
        Buffer.concat([
          SERVER,
          h2.headers(
            1,
            [
              [':status', status],
              ['content-length', '9'],
            ],
            0,
          ),
          h2.data(1, '', 1),
        ]),
      );
      assert.deepEqual(asked.events, [`${status} content-length=9 none 9`, 'end']);
    }
  });

  it('a broken connection fails all of its requests', async () => {
    const { ask, peers } = rig();
    const asked = [ask(), ask(), ask()];
    await settle();
    peers[0]!.feed(Buffer.concat([SERVER, answer(1), h2.data(1, 'a')]));
    peers[0]!.feed(h2.frame(h2.TYPE.push, 4, 1, '\0\0\0\x02\x82'));
    assert.match(asked[0]!.events.at(-1)!, /^abort/);
    assert.deepEqual([asked[1]!.events, asked[2]!.events], [['error protocol sent safe'], ['error protocol sent safe']]);
    await settle();
    assert.equal(peers[0]!.ended, true);
  });

  it('whoever asks again when a connection breaks is not sent there', async () => {
    const { pool, peers, ask } = rig();
    let again: string | undefined;
    ask();
    await settle();
    const head = { method: 'GET', target: '/', headers: ['host', 'a'], bodyKind: 'none', length: -1 } as const;
    pool.request(head, undefined, {
      onHead() {},
      onError: () =>
        void pool.request(head, undefined, { onHead: () => void (again = 'answered'), onError: () => void (again = 'failed') }),
    });
    await settle();
    peers[0]!.feed(Buffer.concat([SERVER, h2.frame(h2.TYPE.push, 4, 1, '\0\0\0\x02\x82')]));
    await settle();
    peers[1]!.feed(Buffer.concat([SERVER, answer(1, [], 1)]));
    assert.equal(again, 'answered');
  });

  it('floods of a destination end its connection', async () => {
    for (const make of [() => h2.ping(), () => h2.settings(), () => h2.data(1, ''), () => h2.windowUpdate(0, 1)]) {
      const { ask, peers, sent } = rig();
      const asked = ask();
      await settle();
      peers[0]!.feed(Buffer.concat([SERVER, answer(1)]));
      for (let i = 0; i < 100; i++) peers[0]!.feed(Buffer.concat(Array.from({ length: 50 }, make)));
      assert.match(asked.events.at(-1)!, /^abort/);
      assert.match((await sent()).at(-1)!, /^GOAWAY 0 ENHANCE_YOUR_CALM/);
    }
  });
});

describe('what was not processed is sent again, once it is sure', () => {
  it('GOAWAY: streams above the last one go over another connection', async () => {
    const { ask, peers, sent } = rig();
    const first = ask();
    const post = ask({ method: 'POST' });
    const body = new HandBody();
    const upload = ask({ method: 'POST' }, body);
    await settle();
    peers[0]!.feed(Buffer.concat([SERVER, h2.goaway(1)]));
    await settle();
    assert.equal(peers.length, 2);
    assert.deepEqual(await sent(1), ['HEADERS 1 :method=POST :scheme=http :path=/ :authority=a end']);
    peers[0]!.feed(answer(1, [], 1));
    peers[1]!.feed(Buffer.concat([SERVER, answer(1, [], 1)]));
    assert.deepEqual(
      [first.events, post.events],
      [
        ['200 none -1', 'end'],
        ['200 none -1', 'end'],
      ],
    );
    // Its body was taken already.
    assert.deepEqual(upload.events, ['error reset']);
    await settle();
    assert.equal(peers[0]!.ended, true);
  });

  it('REFUSED_STREAM: three times at most', async () => {
    const { ask, peers, sent } = rig();
    const asked = ask({ method: 'POST' });
    await settle();
    peers[0]!.feed(SERVER);
    for (let i = 0; i < 3; i++) {
      peers[0]!.feed(h2.reset(1 + 2 * i, 7));
      await settle();
    }
    assert.equal((await sent()).filter((line) => line.startsWith('HEADERS')).length, 3);
    assert.deepEqual(asked.events, ['error reset safe']);
  });

  it('a kept connection that turns out to be dead: only what is safe, once', async () => {
    const { ask, peers } = rig();
    const warm = ask();
    await settle();
    peers[0]!.feed(Buffer.concat([SERVER, answer(1, [], 1)]));
    assert.equal(warm.events.length, 2);
    const get = ask();
    const post = ask({ method: 'POST' });
    peers[0]!.socket.destroy();
    await settle();
    assert.deepEqual([get.events, post.events, peers.length], [[], ['error reset sent'], 2]);
    peers[1]!.socket.destroy();
    await settle();
    assert.deepEqual(get.events, ['error reset sent safe']);
  });
});

describe('connections', () => {
  it('as many streams as the destination allows, the rest waits; another connection is opened for it', async () => {
    const { ask, peers, sent, pool } = rig();
    const warm = ask();
    await settle();
    peers[0]!.feed(Buffer.concat([h2.settings([3, 2]), answer(1, [], 1)]));
    const asked = Array.from({ length: 5 }, () => ask());
    await settle();
    assert.equal(warm.events.length, 2);
    assert.equal(peers.length, 3);
    for (const peer of peers.slice(1)) peer.feed(h2.settings([3, 2]));
    await settle();
    assert.deepEqual([(await sent(0)).length, (await sent(1)).length, (await sent(2)).length], [3, 2, 1]);
    assert.deepEqual(pool.counts, { idle: 0, busy: 3, connecting: 0, pending: 0 });
    assert.equal(asked.filter(({ events }) => events.length > 0).length, 0);
  });

  it('a destination that allows no stream gets one connection, not all of them', async () => {
    const { ask, peers, sent } = rig();
    ask();
    await settle();
    peers[0]!.feed(h2.settings([3, 0]));
    peers[0]!.feed(h2.reset(1, 7));
    for (let i = 0; i < 5; i++) ask();
    await settle();
    assert.equal(peers.length, 1);
    peers[0]!.feed(h2.settings([3, 10]));
    assert.equal((await sent()).length, 7);
  });

  it('a connection at a time, when no more is allowed; waiting is bounded and ends', async () => {
    const { ask, peers, pool, advance } = rig({ upstreamConnectionsMax: 1, upstreamPendingMax: 2 });
    ask();
    await settle();
    peers[0]!.feed(h2.settings([3, 1]));
    const waiting = [ask(), ask()];
    const over = ask();
    assert.deepEqual([pool.counts.pending, over.events], [2, ['error overload safe']]);
    peers[0]!.feed(answer(1, [], 1));
    assert.equal(pool.counts.pending, 1);
    advance(6000);
    assert.deepEqual([waiting[0]!.events, waiting[1]!.events], [[], ['error overload safe']]);
  });

  it('that cannot be opened fail what waits for them', async () => {
    const { ask } = rig({}, () => Promise.reject(new Error('refused')));
    const asked = [ask(), ask({ method: 'POST' })];
    await settle();
    assert.deepEqual(
      asked.map(({ events }) => events),
      [['error connect safe'], ['error connect safe']],
    );
  });

  it('a destination that is silent: its stream ends in time, the connection is kept', async () => {
    const { ask, peers, advance, sent } = rig({ upstreamTimeoutMs: 2000 });
    const asked = ask();
    await settle();
    peers[0]!.feed(SERVER);
    advance(3500);
    assert.deepEqual(asked.events, ['error timeout sent safe']);
    assert.equal((await sent()).at(-1), 'RST_STREAM 1 CANCEL');
    const next = ask();
    peers[0]!.feed(answer(3, [], 1));
    assert.equal(next.events.length, 2);
  });

  it('a destination whose window never opens: the request ends in time', async () => {
    const { ask, peers, advance } = rig({ upstreamTimeoutMs: 2000 });
    const body = new HandBody();
    const asked = ask({ method: 'POST' }, body);
    await settle();
    peers[0]!.feed(h2.settings([4, 0]));
    body.sink!.write(Buffer.from('x'));
    advance(3500);
    assert.deepEqual(asked.events, ['error timeout sent']);
  });

  it('a peer that no longer answers pings is dead', async () => {
    const { ask, peers, advance } = rig();
    const asked = ask();
    await settle();
    peers[0]!.feed(Buffer.concat([SERVER, answer(1)]));
    advance(21_000);
    await settle();
    const pings = (): number => h2.framesOf(peers[0]!.written).filter(({ type }) => type === h2.TYPE.ping).length;
    assert.equal(pings(), 1);
    peers[0]!.feed(h2.ping(1));
    advance(25_000);
    await settle();
    assert.equal(pings(), 1, 'not again while it sends nothing else');
    peers[0]!.feed(h2.data(1, 'x'));
    advance(21_000);
    await settle();
    assert.equal(pings(), 2);
    advance(11_000);
    await settle();
    assert.equal(peers[0]!.socket.destroyed, true);
    assert.match(asked.events.at(-1)!, /^abort/);
  });

  it('idle connections end in time, and when the pool closes', async () => {
    for (const end of [(made: PoolRig) => made.advance(62_000), (made: PoolRig) => made.pool.close()]) {
      const made = rig();
      made.ask();
      await settle();
      made.peers[0]!.feed(Buffer.concat([SERVER, answer(1, [], 1)]));
      end(made);
      assert.equal((await made.sent()).at(-1), 'GOAWAY 0 NO_ERROR');
      assert.equal(made.peers[0]!.ended, true);
    }
  });

  it('a pool that closes answers what is under way and takes no more', async () => {
    const { ask, peers, pool } = rig();
    const asked = ask();
    await settle();
    peers[0]!.feed(SERVER);
    pool.close();
    const refused = ask();
    peers[0]!.feed(answer(1, [], 1));
    assert.deepEqual([asked.events, refused.events], [['200 none -1', 'end'], ['error overload safe']]);
    await settle();
    assert.equal(peers[0]!.ended, true);
  });
});

describe('tunnels (RFC 8441)', () => {
  const upgrade = { headers: ['host', 'a', 'sec-websocket-version', '13'], upgrade: 'websocket' };

  it('wait for the settings of the destination, then become a socket', async () => {
    const { ask, peers, sent } = rig();
    const asked = ask(upgrade);
    await settle();
    assert.deepEqual(await sent(), []);
    peers[0]!.feed(h2.settings([8, 1]));
    assert.deepEqual(await sent(), [
      'HEADERS 1 :method=CONNECT :scheme=http :path=/ :authority=a :protocol=websocket sec-websocket-version=13',
    ]);
    peers[0]!.feed(Buffer.concat([answer(1), h2.data(1, 'hi')]));
    assert.deepEqual(asked.events, ['upgrade 0']);
    const got: string[] = [];
    asked.socket!.on('data', (chunk: Buffer) => got.push(chunk.toString()));
    asked.socket!.end('bye');
    peers[0]!.feed(h2.data(1, '!', 1));
    await settle();
    assert.deepEqual([got.join(''), (await sent()).slice(1)], ['hi!', ['DATA 1 bye end']]);
  });

  it('are refused by an ordinary answer, and by destinations that do not know them', async () => {
    const { ask, peers } = rig();
    const asked = ask(upgrade);
    await settle();
    peers[0]!.feed(h2.settings([8, 1]));
    peers[0]!.feed(h2.headers(1, [[':status', '403']]));
    assert.deepEqual(asked.events, ['403 none -1', 'end']);
    const other = rig();
    const lost = other.ask(upgrade);
    await settle();
    other.peers[0]!.feed(h2.settings());
    assert.deepEqual(lost.events, ['error protocol safe']);
  });
});

describe("a destination's own bounds", () => {
  it('a connection takes so many requests, or grows so old, and another follows it', async () => {
    for (const [more, waitMs] of [
      [{ requestsMax: 2 }, 0],
      [{ ageMaxMs: 5000 }, 6000],
    ] as const) {
      const { ask, peers, advance, sent } = rig({}, undefined, more);
      ask();
      ask();
      await settle();
      peers[0]!.feed(Buffer.concat([SERVER, answer(1, [], 1), answer(3, [], 1)]));
      advance(waitMs);
      ask({ target: '/next' });
      assert.deepEqual(await sent(1), [REQUEST(1, '/next')]);
      assert.equal((await sent()).at(-1), 'GOAWAY 0 NO_ERROR');
    }
  });

  it('connections and waiting requests are asked for at the gate, and places given back', async () => {
    let places = 1;
    const log: string[] = [];
    const gate: ConnectionGate = {
      join: () => log.push('join'),
      leave: () => log.push('leave'),
      get mayWait() {
        return log.length < 3;
      },
      mayConnect: () => places-- > 0,
      connectionGone: () => log.push('gone'),
    };
    const { ask, pool, peers } = rig({}, undefined, { gate });
    const first = ask();
    await settle();
    peers[0]!.feed(Buffer.concat([SERVER, answer(1, [], 1)]));
    assert.deepEqual(first.events, ['200 none -1', 'end']);
    peers[0]!.socket.destroy();
    await settle();
    assert.deepEqual(log, ['join', 'gone']);
    const second = ask();
    await settle();
    assert.deepEqual([second.events, peers.length, pool.waiting], [[], 1, 1], 'it waits for a place');
    places = 1;
    pool.roomFreed();
    await settle();
    assert.equal(peers.length, 2);
    log.push('full');
    pool.destroy();
    await settle();
    assert.deepEqual(log, ['join', 'gone', 'full', 'gone', 'leave']);
    assert.deepEqual(ask().events, ['error overload safe']);
  });
});
