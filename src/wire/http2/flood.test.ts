// Everything that costs the sender little and the receiver much (proxy hardening F 55): the connection ends, and what it held is bounded.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as h2 from '../../../test/fakes/http2-frames.ts';
import { type Rig, serveRig } from '../../../test/fakes/http2-rig.ts';
import type { HttpHandler } from '../types.ts';

const later: HttpHandler = () => {};
const ok: HttpHandler = (_, responder) => responder.send(200, [], 'x');

/** Feeds a frame again and again, in reads of many frames. @returns whether the connection ended, and after how many frames */
async function flood(
  rig: Rig,
  most: number,
  make: (i: number) => Buffer,
): Promise<{ frames: number; goaway: string | undefined }> {
  let frames = 0;
  while (frames < most && (rig.connection.state === 'idle' || rig.connection.state === 'busy')) {
    const some = Array.from({ length: 50 }, (_, i) => make(frames + i));
    frames += 50;
    rig.feed(Buffer.concat(some));
    // Lets writes out now and then, as a real connection does.
    if (frames % 1000 === 0) await rig.told();
  }
  const goaway = (await rig.told()).find((line) => line.startsWith('GOAWAY'));
  return { frames, goaway };
}

describe('floods end the connection', () => {
  const CALM = 'ENHANCE_YOUR_CALM';
  const connectWindow = (i: number): Buffer => h2.windowUpdate(0, 1 + (i % 2));
  const rows: readonly (readonly [why: string, atMost: number, make: (i: number) => Buffer, first?: readonly Buffer[]])[] = [
    ['rapid reset (CVE-2023-44487)', 1000, (i) => Buffer.concat([h2.get(2 * i + 1), h2.reset(2 * i + 1)])],
    [
      'resets that the client provokes: windows that overflow',
      1000,
      (i) => Buffer.concat([h2.get(2 * i + 1), h2.windowUpdate(2 * i + 1, 2 ** 31 - 1)]),
    ],
    [
      'resets that the client provokes: increments of zero',
      1000,
      (i) => Buffer.concat([h2.get(2 * i + 1), h2.windowUpdate(2 * i + 1, 0)]),
    ],
    ['resets that the client provokes: malformed requests', 1000, (i) => h2.get(2 * i + 1, ['X', '1'])],
    ['streams beyond the limit', 1000, (i) => h2.get(2 * i + 1)],
    ['SETTINGS', 1000, () => h2.settings([4, 65_535])],
    ['SETTINGS without a setting', 1000, () => h2.settings()],
    ['SETTINGS that move the table', 1000, (i) => h2.settings([1, (i % 2) * 4096])],
    ['PING', 2000, () => h2.ping()],
    ['PRIORITY', 2000, (i) => h2.frame(h2.TYPE.priority, 0, 2 * i + 1, '\0\0\0\0\x10')],
    ['WINDOW_UPDATE of the connection', 2000, connectWindow],
    ['WINDOW_UPDATE of a stream', 2000, () => h2.windowUpdate(1, 1), [h2.get(1)]],
    ['frames of unknown types', 2000, () => h2.frame(0x7b, 0, 0, 'x')],
    ['empty DATA', 2000, () => h2.data(1, ''), [h2.post(1)]],
    ['DATA of one byte', 2000, () => h2.data(1, 'x'), [h2.post(1)]],
    ['DATA of padding only', 2000, () => h2.data(1, '\0', h2.PADDED), [h2.post(1)]],
    ['DATA for streams that are gone', 2000, () => h2.data(1, ''), [h2.get(1), h2.reset(1)]],
    ['RST_STREAM of streams that are gone', 2000, () => h2.reset(1), [h2.get(1)]],
    ['GOAWAY', 2000, () => h2.goaway(0), [h2.get(1)]],
    [
      'CONTINUATION without end (CVE-2024-27919)',
      50,
      () => h2.frame(h2.TYPE.continuation, 0, 1, h2.block([['x', 'y'.repeat(1000)]])),
      [h2.frame(h2.TYPE.headers, 0, 1, h2.block(h2.GET))],
    ],
    [
      'CONTINUATION of full frames',
      50,
      () => h2.frame(h2.TYPE.continuation, 0, 1, 'x'.repeat(16_384)),
      [h2.frame(h2.TYPE.headers, 0, 1, h2.block(h2.GET))],
    ],
    ['empty CONTINUATION', 50, () => h2.frame(h2.TYPE.continuation, 0, 1), [h2.frame(h2.TYPE.headers, 0, 1, h2.block(h2.GET))]],
    ['CONTINUATION of one byte', 50, () => h2.frame(h2.TYPE.continuation, 0, 1, '\x82'), [h2.frame(h2.TYPE.headers, 0, 1)]],
  ];
  for (const [why, atMost, make, first = []] of rows) {
    it(why, async () => {
      const rig = serveRig(later);
      rig.feed(Buffer.concat([h2.hello(), ...first]));
      const { frames, goaway } = await flood(rig, 20_000, make);
      assert.ok(frames <= atMost, `${frames} frames were taken`);
      assert.match(goaway ?? 'none', /ENHANCE_YOUR_CALM|STREAM_CLOSED/);
      if (goaway?.endsWith(CALM) === true) assert.equal(rig.errors.at(-1), '429 flood');
      rig.advance(3000);
      assert.equal(rig.socket.destroyed, true);
    });
  }

  it('requests that are reset in the read that brought them never reach the handler', async () => {
    const rig = serveRig(later);
    rig.feed(h2.hello());
    await flood(rig, 20_000, (i) => Buffer.concat([h2.get(2 * i + 1), h2.reset(2 * i + 1)]));
    assert.equal(rig.seen.length, 0);
  });

  it('answers that nobody reads: what waits is bounded', async () => {
    const rig = serveRig(later);
    rig.feed(h2.hello());
    await rig.told();
    rig.stall(true);
    rig.feed(h2.ping());
    await rig.told();
    const { frames } = await flood(rig, 100_000, () => h2.ping());
    assert.ok(frames <= 2000);
  });
});

describe('what looks like a flood and is none', () => {
  it('requests that are answered may be many, and now and then one is cancelled', async () => {
    const rig = serveRig(ok);
    rig.feed(h2.hello());
    for (let i = 0; i < 4000; i++) {
      const id = 4 * i + 1;
      rig.feed(Buffer.concat([h2.get(id), h2.post(id + 2), h2.reset(id + 2)]));
      if (i % 100 === 0) await rig.told();
    }
    assert.equal(rig.ended, false);
    assert.equal(rig.seen.length, 4000);
  });

  it('window updates for what is sent, and pieces of a stream of small messages', async () => {
    const rig = serveRig((request, responder) => {
      const sink = responder.head(200, [], -1);
      request.body.pipe({ write: () => sink.write(Buffer.from('answer')), end: () => sink.end(), abort() {} });
    });
    rig.feed(Buffer.concat([h2.hello(), h2.post(1)]));
    for (let i = 0; i < 10_000; i++) {
      rig.feed(Buffer.concat([h2.data(1, 'hello'), h2.windowUpdate(0, 6), h2.windowUpdate(1, 6)]));
      if (i % 100 === 0) await rig.told();
    }
    assert.equal(rig.ended, false);
  });
});

describe('memory', () => {
  /** A request with an entry of 4 KB and `times` references to it. */
  const bomb = (streamId: number, times: number): Buffer => {
    const big = Buffer.concat([Buffer.of(0x40), h2.block([['x', 'y'.repeat(3900)]]).subarray(1)]);
    return h2.frame(h2.TYPE.headers, 5, streamId, Buffer.concat([h2.block(h2.GET), big, Buffer.alloc(times, 0xbe)]));
  };

  it('an HPACK bomb ends the connection before much of it is read, a small one is an answer 431', async () => {
    const small = serveRig(later);
    small.feed(Buffer.concat([h2.hello(), bomb(1, 10), h2.get(3)]));
    assert.match((await small.told())[0]!, /^HEADERS 1 :status=431/);
    assert.deepEqual([small.errors, small.seen.length], [['431 fields-large'], 1]);
    const large = serveRig(later);
    large.feed(Buffer.concat([h2.hello(), bomb(1, 11_000)]));
    assert.deepEqual(await large.told(), ['GOAWAY 1 ENHANCE_YOUR_CALM']);
    assert.deepEqual(large.errors, ['429 flood']);
  });

  it('small ones in a row are a flood', async () => {
    const rig = serveRig(later);
    rig.feed(h2.hello());
    const { frames, goaway } = await flood(rig, 20_000, (i) => bomb(2 * i + 1, 10));
    assert.ok(frames <= 500);
    assert.match(goaway!, /ENHANCE_YOUR_CALM/);
  });

  it('a body that is not read is held in few buffers, however it is cut', async () => {
    const rig = serveRig(later);
    rig.feed(Buffer.concat([h2.hello(), h2.post(1)]));
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 10_000; i++) rig.feed(h2.data(1, 'hello'));
    const held = process.memoryUsage().arrayBuffers - before;
    assert.ok(held < 8 * 50_000, `${held} bytes for 50,000`);
    const sizes: number[] = [];
    rig.seen[0]!.body.pipe({ write: (chunk) => sizes.push(chunk.length) > 0, end() {}, abort() {} });
    assert.equal(
      sizes.reduce((sum, size) => sum + size, 0),
      50_000,
    );
    assert.ok(sizes.length < 20);
  });

  it('a client that never opens its window: writers pause, and its stream ends in time', async () => {
    const lost: string[] = [];
    let written = 0;
    const rig = serveRig((_, responder) => {
      responder.observer = { answerSent() {}, answerLost: () => void lost.push('lost') };
      const sink = responder.head(200, [], -1);
      while (sink.write(Buffer.alloc(1000))) written += 1000;
    });
    rig.feed(Buffer.concat([h2.hello([4, 0]), h2.get(1), h2.get(3)]));
    await rig.told();
    assert.ok(written <= 2000);
    rig.advance(59_000);
    // Asking for nothing does not count as taking something.
    rig.feed(h2.ping());
    rig.advance(3000);
    assert.deepEqual(
      (await rig.told()).filter((line) => line.startsWith('RST')),
      ['RST_STREAM 1 CANCEL', 'RST_STREAM 3 CANCEL'],
    );
    assert.deepEqual([lost.length, rig.errors], [2, ['408 window-stalled', '408 window-stalled']]);
    assert.equal(rig.connection.state, 'idle');
  });

  it('a client that reads nothing of the socket is cut off in time', async () => {
    const rig = serveRig((_, responder) => responder.send(200, [], 'x'.repeat(60_000)));
    rig.feed(h2.hello());
    await rig.told();
    rig.stall(true);
    rig.feed(Buffer.concat([h2.get(1), h2.get(3)]));
    await rig.told();
    rig.advance(61_000);
    assert.equal(rig.socket.destroyed, true);
  });

  it('a window that trickles is slow, not stuck', async () => {
    const rig = serveRig((_, responder) => responder.send(200, [], 'x'.repeat(30)));
    rig.feed(Buffer.concat([h2.hello([4, 1]), h2.get(1)]));
    for (let i = 0; i < 10; i++) {
      rig.advance(30_000);
      rig.feed(h2.windowUpdate(1, 1));
      await rig.told();
    }
    assert.equal(rig.connection.state, 'busy');
    assert.deepEqual(rig.errors, []);
  });
});

describe('connection errors', () => {
  const rows: readonly (readonly [why: string, bytes: readonly Buffer[], code: string])[] = [
    ['another preface', [Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')], 'PROTOCOL_ERROR'],
    ['a first frame that is not SETTINGS', [h2.hello().subarray(0, 24), h2.get(1)], 'PROTOCOL_ERROR'],
    ['a frame that is too large', [h2.hello(), h2.data(1, 'x'.repeat(16_385))], 'FRAME_SIZE_ERROR'],
    ['a block that cannot be decoded', [h2.hello(), h2.frame(h2.TYPE.headers, 5, 1, '\x80')], 'COMPRESSION_ERROR'],
    ['a push', [h2.hello(), h2.frame(h2.TYPE.push, 4, 1, '\0\0\0\x02\x82')], 'PROTOCOL_ERROR'],
    ['an even stream', [h2.hello(), h2.get(2)], 'PROTOCOL_ERROR'],
    ['a stream that goes back', [h2.hello(), h2.get(5), h2.get(3)], 'PROTOCOL_ERROR'],
    [
      'a frame between the parts of a block',
      [h2.hello(), h2.frame(h2.TYPE.headers, 1, 1, h2.block(h2.GET)), h2.ping()],
      'PROTOCOL_ERROR',
    ],
    [
      'DATA between the parts of a block',
      [h2.hello(), h2.frame(h2.TYPE.headers, 0, 1, h2.block(h2.GET)), h2.data(1, 'x')],
      'PROTOCOL_ERROR',
    ],
    ['CONTINUATION of nothing', [h2.hello(), h2.frame(h2.TYPE.continuation, 4, 1)], 'PROTOCOL_ERROR'],
    ['DATA on an idle stream', [h2.hello(), h2.data(1, 'x')], 'PROTOCOL_ERROR'],
    ['padding longer than its frame', [h2.hello(), h2.post(1), h2.data(1, '\x05abc', h2.PADDED)], 'PROTOCOL_ERROR'],
    ['a window of the connection that overflows', [h2.hello(), h2.windowUpdate(0, 2 ** 31 - 1)], 'FLOW_CONTROL_ERROR'],
    ['a setting out of range', [h2.hello([5, 1])], 'PROTOCOL_ERROR'],
    [
      'more bytes than the connection allows',
      [
        h2.hello(),
        ...Array.from({ length: 33 }, (_, i) => h2.post(2 * i + 1)),
        ...Array.from({ length: 132 }, (_, i) => h2.data(1 + 2 * (i % 33), 'x'.repeat(16_384))),
      ],
      'FLOW_CONTROL_ERROR',
    ],
  ];
  for (const [why, bytes, code] of rows) {
    it(why, async () => {
      const rig = serveRig(later);
      for (const part of bytes) rig.feed(part);
      const lines = await rig.told();
      assert.equal(lines.at(-1)?.split(' ').at(-1), code);
      assert.equal(rig.ended, true);
      assert.equal(rig.errors.length, 1);
      rig.feed(h2.get(7));
      assert.equal(rig.connection.state, 'closing');
      rig.advance(3000);
      assert.equal(rig.socket.destroyed, true);
    });
  }
});
