// A destination that means harm, or is broken: every call ends in the right status within its time, and nothing of it is believed.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { call, dial } from '../../test/fakes/mesh.ts';
import { rawBackend, slices, startTraffic } from '../../test/fakes/traffic.ts';

const TIMEOUT_MS = 400;
/** The coarse timers round up to two ticks, and the machine may be busy. */
const LATE_MS = 1500;
const OK = 'HTTP/1.1 200 OK\r\n';

/** What it does with a connection once the first bytes of a request have come. `want` is the status, `broken` for an answer that is cut, `either` for one of
 * the two: 502 when the fault comes with the head, before anything went to the caller. */
const ROWS: readonly (readonly [
  name: string,
  act: (socket: Socket) => void,
  want: number | 'broken' | 'either',
  method?: string,
])[] = [
  ['never answers', () => {}, 504],
  ['closes without a word', (socket) => socket.end(), 502],
  ['resets', (socket) => socket.resetAndDestroy(), 502],
  ['says half a head and stops', (socket) => socket.write('HTTP/1.1 200 O'), 504],
  ['says half a head and closes', (socket) => socket.end(`${OK}content-le`), 502],
  ['drips its head byte by byte', (socket) => drip(socket, `${OK}x-a: ${'b'.repeat(1000)}\r\n\r\n`), 504],
  ['never ends its head', (socket) => flood(socket, OK, () => `x-${Math.random()}: ${'y'.repeat(500)}\r\n`), 502],
  ['sends one endless header', (socket) => flood(socket, `${OK}x: `, () => 'y'.repeat(4096)), 502],
  ['floods with interim answers', (socket) => flood(socket, '', () => 'HTTP/1.1 102 Processing\r\n\r\n'), 502],
  ['speaks no HTTP', (socket) => socket.write('220 smtp.example ESMTP\r\n'), 502],
  ['answers with TLS', (socket) => socket.write(Buffer.from([0x15, 3, 3, 0, 2, 2, 40])), 502],
  ['claims a length twice', (socket) => socket.write(`${OK}content-length: 1\r\ncontent-length: 2\r\n\r\nab`), 502],
  [
    'claims length and chunks',
    (socket) => socket.write(`${OK}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`),
    502,
  ],
  ['claims a length that is no number', (socket) => socket.write(`${OK}content-length: -1\r\n\r\n`), 502],
  ['sends less than its length and closes', (socket) => socket.end(`${OK}content-length: 10\r\n\r\nabc`), 'broken'],
  ['sends less than its length and stops', (socket) => socket.write(`${OK}content-length: 10\r\n\r\nabc`), 'broken'],
  ['closes inside a chunk', (socket) => socket.end(`${OK}transfer-encoding: chunked\r\n\r\n5\r\nab`), 'broken'],
  ['closes before the last chunk', (socket) => socket.end(`${OK}transfer-encoding: chunked\r\n\r\n2\r\nab\r\n`), 'broken'],
  [
    'sends a chunk size that is none',
    (socket) => socket.write(`${OK}transfer-encoding: chunked\r\n\r\n2\r\nab\r\nxyz\r\n`),
    'either',
  ],
  [
    'resets inside its body',
    (socket) => socket.write(`${OK}content-length: 10\r\n\r\nabc`, () => socket.resetAndDestroy()),
    'broken',
  ],
  [
    'never ends its trailers',
    (socket) => flood(socket, `${OK}transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n`, () => `x-${Math.random()}: y\r\n`),
    'either',
  ],
  [
    'switches protocols unasked',
    (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'),
    502,
  ],
  ['puts a line break into a header', (socket) => socket.write(`${OK}x: a\nset-cookie: b\r\ncontent-length: 0\r\n\r\n`), 502],
  [
    'answers before the request is whole',
    (socket) => socket.write(`${OK}content-length: 2\r\nconnection: close\r\n\r\nok`),
    200,
    'POST',
  ],
];

function drip(socket: Socket, text: string): void {
  let at = 0;
  const timer = setInterval(() => {
    if (at >= text.length || socket.destroyed) clearInterval(timer);
    else socket.write(text[at++]!);
  }, 10);
  socket.on('close', () => clearInterval(timer));
}

function flood(socket: Socket, head: string, more: () => string): void {
  socket.write(head);
  const pour = (): void => {
    // Many at once: the flood runs in the process that it is to flood.
    while (!socket.destroyed && socket.write(Array.from({ length: 64 }, more).join('')));
  };
  socket.on('drain', pour);
  pour();
}

/** A request whose body does not come to its end. */
async function postInPart(port: number): Promise<number> {
  const socket = await dial(port);
  socket.write('POST / HTTP/1.1\r\nhost: cart\r\ncontent-length: 1000000\r\n\r\nabc');
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return Number(/^HTTP\/1\.1 (\d+)/.exec(chunk.toString('latin1'))?.[1]);
}

test('a hostile destination', async (t) => {
  let act: (socket: Socket) => void = () => {};
  const backend = await rawBackend((socket) => socket.once('data', () => act(socket)));
  const platform = `apiVersion: cullis.dev/v1
kind: Platform
metadata: { name: platform }
spec: { limits: { upstreamTimeoutMs: ${TIMEOUT_MS} } }
`;
  const traffic = await startTraffic([slices([backend]), platform]);
  for (const [name, how, want, method = 'GET'] of ROWS) {
    await t.test(`${name}: ${want}`, async () => {
      act = how;
      const startMs = performance.now();
      const asked = method === 'POST' ? postInPart(traffic.outbound) : call(traffic.outbound).then(({ status }) => status);
      const got = await asked.catch(() => 'broken');
      const tookMs = performance.now() - startMs;
      if (want === 'either') assert.ok(got === 502 || got === 'broken', String(got));
      else assert.equal(got, want);
      assert.ok(tookMs < TIMEOUT_MS + LATE_MS, `${tookMs.toFixed(0)} ms`);
    });
  }
  await traffic.close();
  await backend.close();
});
