// HTTP/2 from hostile hands: cut anywhere, frames in any order, any bytes, towards both sides of the codec. Nothing throws, nothing is left open
// for ever, and what goes on to an HTTP/1 destination is exactly what was decided on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { DEFAULT_LIMITS } from '#model/platform.ts';
import { Http1Pool } from '#wire/http1/client.ts';
import { Http2Pool } from '#wire/http2/client.ts';
import { serveHttp2 } from '#wire/http2/server.ts';
import { TimerWheel } from '#wire/timers.ts';
import type { HttpHandler } from '#wire/types.ts';
import { BARE_LIMITS, forwardAll } from '../fakes/bare-proxy.ts';
import * as h2 from '../fakes/http2-frames.ts';
import { serveRig } from '../fakes/http2-rig.ts';
import { memorySocket, settle } from '../fakes/memory-socket.ts';
import { fakeClock } from '../fakes/time.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 300);

/** Reads the whole body, then answers with it. */
const echo: HttpHandler = (request, responder) => {
  const chunks: Buffer[] = [];
  request.body.pipe({
    write: (chunk) => chunks.push(chunk) > 0,
    end: () => responder.send(200, [], Buffer.concat(chunks)),
    abort() {},
  });
};

const SESSION = Buffer.concat([
  h2.hello([1, 100], [4, 1000]),
  h2.get(1, ['cookie', 'a=1'], ['cookie', 'b=2']),
  h2.frame(h2.TYPE.headers, h2.PADDED, 3, Buffer.concat([Buffer.of(3), h2.block(h2.POST), Buffer.alloc(3)])),
  h2.frame(h2.TYPE.continuation, h2.END_HEADERS, 3, h2.block([['content-length', '8']])),
  h2.ping(),
  h2.data(3, 'hell'),
  h2.windowUpdate(0, 10),
  h2.data(3, '\x04o wo\0\0\0\0', h2.PADDED),
  h2.post(5),
  h2.data(3, '', h2.END_STREAM),
  h2.data(5, 'x'),
  h2.headers(5, [['x-sum', '1']]),
  h2.get(7, ['X', 'refused']),
]);

test('a session is the same wherever it is cut', async () => {
  const play = async (...parts: readonly Buffer[]): Promise<string[]> => {
    const rig = serveRig(echo);
    for (const part of parts) rig.feed(part);
    return (await rig.told()).filter((line) => line !== 'PONG');
  };
  const want = await play(SESSION);
  assert.equal(want.length, 6);
  const inOrder = (lines: readonly string[]): string => lines.toSorted().join('|');
  for (let at = 1; at < SESSION.length; at++)
    assert.equal(inOrder(await play(SESSION.subarray(0, at), SESSION.subarray(at))), inOrder(want), `cut at ${at}`);
  assert.equal(inOrder(await play(...Array.from(SESSION, (byte) => Buffer.of(byte)))), inOrder(want));
});

const streamId = fc.oneof({ weight: 8, arbitrary: fc.nat(6).map((n) => 2 * n + 1) }, fc.constantFrom(0, 2, 4, 2 ** 31 - 1));
const word = fc.oneof(fc.nat(70_000), fc.constantFrom(0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1));
const name = fc.constantFrom(
  ':method',
  ':path',
  ':scheme',
  ':authority',
  ':status',
  ':protocol',
  'host',
  'content-length',
  'te',
  'cookie',
  'x',
  'X',
  '',
  'expect',
  'connection',
  'trailer',
);
const value = fc.constantFrom(
  '',
  'GET',
  'POST',
  'HEAD',
  'CONNECT',
  '/',
  '*',
  'http',
  'a',
  '5',
  '0',
  '200',
  '204',
  '103',
  'trailers',
  'websocket',
  '100-continue',
  'a\r\nb',
  'a=b',
  ' x',
  'x'.repeat(5000),
);
const fields: fc.Arbitrary<h2.Pairs> = fc.oneof(
  fc.constantFrom(h2.GET, h2.POST, [[':status', '200']] as const),
  fc.array(fc.tuple(name, value), { maxLength: 8 }),
  fc
    .tuple(fc.constantFrom(h2.GET, h2.POST), fc.array(fc.tuple(name, value), { maxLength: 3 }))
    .map(([head, more]) => [...head, ...more]),
);
const flags = fc.constantFrom(0, 1, 4, 5, 8, 9, 12, 0x20, 0x24, 0x2d, 0xff);

const anyFrame: fc.Arbitrary<Buffer> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(streamId, fields, fc.constantFrom(0, 1)).map(([id, pairs, end]) => h2.headers(id, pairs, end)),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(streamId, fields, flags)
      .map(([id, pairs, bits]) => h2.frame(h2.TYPE.headers, bits, id, h2.block(pairs).subarray(0, 16_384))),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(streamId, fields, flags)
      .map(([id, pairs, bits]) => h2.frame(h2.TYPE.continuation, bits, id, h2.block(pairs).subarray(0, 16_384))),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(streamId, fc.constantFrom('', 'a', 'hello', '\x02abcd', 'x'.repeat(16_384)), flags)
      .map(([id, text, bits]) => h2.data(id, text, bits)),
  },
  { weight: 2, arbitrary: fc.tuple(streamId, word).map(([id, size]) => h2.windowUpdate(id, size)) },
  { weight: 2, arbitrary: fc.tuple(streamId, fc.nat(14)).map(([id, code]) => h2.reset(id, code)) },
  { weight: 2, arbitrary: fc.array(fc.tuple(fc.nat(9), word), { maxLength: 3 }).map((pairs) => h2.settings(...pairs)) },
  fc.constantFrom(h2.ping(), h2.ping(1), h2.goaway(0), h2.goaway(3, 2), h2.frame(h2.TYPE.settings, 1, 0)),
  fc
    .tuple(fc.nat(255), flags, streamId, fc.uint8Array({ maxLength: 40 }))
    .map(([type, bits, id, bytes]) => h2.frame(type % 12, bits, id, Buffer.from(bytes))),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
);
/** A decent beginning, then anything. */
const session = (decent: readonly Buffer[]): fc.Arbitrary<Buffer[]> =>
  fc
    .tuple(fc.subarray([...decent]), fc.array(anyFrame, { minLength: 1, maxLength: 20 }))
    .map(([first, rest]) => [...first, ...rest]);
const REQUESTS = [h2.get(1), h2.post(3), h2.data(3, 'hello'), h2.post(5, ['content-length', '5']), h2.data(5, 'he')];
const ANSWERS = [
  h2.headers(1, [[':status', '103']], 0),
  h2.headers(1, [[':status', '200']], 0),
  h2.data(1, 'hello'),
  h2.headers(
    3,
    [
      [':status', '200'],
      ['content-length', '5'],
    ],
    0,
  ),
  h2.data(3, 'he'),
];

test('frames in any order: a server throws nothing, holds nothing for ever, and writes whole frames', async () => {
  let served = 0;
  await fc.assert(
    fc.asyncProperty(session(REQUESTS), fc.nat(3), fc.boolean(), async (frames, habit, stalls) => {
      let open = 0;
      const rig = serveRig((request, responder) => {
        served++;
        open++;
        responder.observer = { answerSent: () => void open--, answerLost: () => void open-- };
        if (habit === 0 && request.upgrade === '') echo(request, responder);
        else if (habit === 1) responder.send(200, ['x', '1'], 'y'.repeat(3000));
        else if (habit === 2) responder.head(200, [], -1).write(Buffer.alloc(100_000));
        else if (request.path.length % 2 === 0) responder.destroy();
      });
      rig.feed(h2.hello());
      if (stalls) rig.stall(true);
      for (const bytes of frames) rig.feed(bytes);
      await settle();
      rig.stall(false);
      await rig.told();
      // Whatever was begun has an end, and so has the connection.
      rig.feedEnd();
      for (let i = 0; i < 4 && !rig.socket.destroyed; i++) {
        rig.advance(301_000);
        await settle();
      }
      for (const responder of rig.responders) responder.destroy();
      rig.socket.destroy();
      await settle();
      assert.equal(open, 0);
      assert.equal(rig.connection.state, 'closed');
      assert.deepEqual(rig.bugs, []);
    }),
    { numRuns: RUNS },
  );
  assert.ok(served > RUNS / 4, 'most sessions must reach the handler, or nothing was tested');
});

test('frames in any order: a client throws nothing, and every request ends once', async () => {
  let answered = 0;
  await fc.assert(
    fc.asyncProperty(session(ANSWERS), fc.boolean(), async (frames, refusesMore) => {
      const clock = fakeClock();
      const timers = new TimerWheel(clock, { byHand: true });
      const peers: ReturnType<typeof memorySocket>[] = [];
      const pool = new Http2Pool({
        connect: () => {
          if (refusesMore && peers.length > 0) return Promise.reject(new Error('no more'));
          peers.push(memorySocket());
          return Promise.resolve(peers.at(-1)!.socket);
        },
        limits: { ...DEFAULT_LIMITS, upstreamTimeoutMs: 2000 },
        timers,
        name: 'fuzz',
      });
      const ends = [0, 0, 0, 0];
      const bodies = [0, 0, 0, 0];
      for (let i = 0; i < 4; i++) {
        pool.request(
          {
            method: i === 3 ? 'HEAD' : 'GET',
            target: '/',
            headers: ['host', 'a'],
            bodyKind: 'none',
            length: -1,
            upgrade: i === 2 ? 'websocket' : '',
          },
          undefined,
          {
            onHead(_status, _headers, body) {
              ends[i]!++;
              answered++;
              body.pipe({ write: () => true, end: () => void bodies[i]!++, abort: () => void bodies[i]!++ });
            },
            onInterim() {},
            onUpgrade(_headers, socket) {
              ends[i]!++;
              bodies[i]!++;
              socket.on('error', () => {});
              socket.resume();
              socket.destroy();
            },
            onError() {
              ends[i]!++;
              bodies[i]!++;
            },
          },
        );
      }
      await settle();
      peers[0]!.feed(h2.settings([8, 1]));
      await settle();
      for (const bytes of frames) peers[0]!.feed(bytes);
      for (let i = 0; i < 40; i++) {
        clock.advance(500);
        timers.tick();
        if (i % 10 === 0) await settle();
      }
      pool.destroy();
      await settle();
      assert.deepEqual(
        [ends, bodies],
        [
          [1, 1, 1, 1],
          [1, 1, 1, 1],
        ],
      );
    }),
    { numRuns: RUNS },
  );
  assert.ok(answered > RUNS / 8);
});

const hostile = fc.oneof(
  value,
  fc.string({ unit: 'binary-ascii', maxLength: 6 }),
  fc.constantFrom(
    'a\nb: c',
    '/ HTTP/1.1\r\nhost: b\r\n\r\nGET /smuggled',
    '5\r\ntransfer-encoding: chunked',
    'chunked',
    '/a b',
    'http://b/',
    '/%00',
    '\xa0',
    'a:b',
  ),
);
const hostileName = fc.oneof(
  name,
  fc.constantFrom('transfer-encoding', 'content_length', 'x:y', 'x y', 'x\r\ny', 'upgrade', 'proxy-connection', 'keep-alive'),
  fc.string({ unit: 'binary-ascii', maxLength: 4 }),
);
const hostileRequest = fc.tuple(
  fc.constantFrom(h2.GET, h2.POST),
  fc.array(fc.tuple(hostileName, hostile), { maxLength: 3 }),
  fc.array(fc.tuple(fc.nat(3), hostile), { maxLength: 1 }),
  fc.array(fc.constantFrom('hello', '0\r\n\r\n', 'GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n', ''), { maxLength: 3 }),
);

test('what goes on to an HTTP/1 destination has one meaning: no field breaks its line, no body ends early', async () => {
  let forwarded = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(hostileRequest, { minLength: 1, maxLength: 4 }), async (requests) => {
      const timers = new TimerWheel(fakeClock(), { byHand: true });
      const client = memorySocket();
      const sockets: ReturnType<typeof memorySocket>[] = [];
      const pool = new Http1Pool({
        connect: () => {
          sockets.push(memorySocket());
          return Promise.resolve(sockets.at(-1)!.socket);
        },
        limits: BARE_LIMITS,
        timers,
        name: 'fuzz',
      });
      const connection = forwardAll(client.socket, pool, timers, undefined, serveHttp2);
      client.feed(h2.hello());
      requests.forEach(([head, more, changes, body], i) => {
        const pairs = [...head, ...more].map(
          ([field, text], at) => [field, changes.find(([n]) => n === at)?.[1] ?? text] as const,
        );
        client.feed(h2.headers(2 * i + 1, pairs, body.length === 0 ? 1 : 0));
        body.forEach((text, at) => client.feed(h2.data(2 * i + 1, text, at === body.length - 1 ? 1 : 0)));
      });
      await settle();
      for (const { written } of sockets) {
        if (written === '') continue;
        forwarded++;
        // One request a connection, since none was answered: one head, and a body that is what its framing says.
        const at = written.indexOf('\r\n\r\n');
        const [line, ...lines] = written.slice(0, at).split('\r\n');
        assert.match(line!, /^[A-Z-]+ (?:\/[\x21-\x7e]*|\*) HTTP\/1\.1$/);
        for (const field of lines) assert.match(field, /^[a-z0-9!#$%&'*+.^_`|~-]+: [\t\x20-\x7e\x80-\xff]*$/);
        const all = lines.join('\n');
        const length = /^content-length: (\d+)$/m.exec(all)?.[1];
        const chunked = /^transfer-encoding: chunked$/m.test(all);
        assert.ok(
          !(chunked && length !== undefined) && (all.match(/^(?:content-length|transfer-encoding|host):/gm) ?? []).length <= 2,
        );
        const rest = written.slice(at + 4);
        if (chunked) assert.match(rest, /^(?:[0-9a-f]+\r\n[^]*?\r\n)*(?:0\r\n\r\n)?$/);
        else assert.ok(rest.length <= Number(length ?? 0));
      }
      connection.destroy();
      pool.destroy();
    }),
    { numRuns: RUNS },
  );
  assert.ok(forwarded > RUNS / 4);
});
