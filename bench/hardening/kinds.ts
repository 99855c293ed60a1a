// What a hostile client sends, endlessly, over connections of its own.
import * as h2 from '../../test/fakes/http2-frames.ts';

export interface FloodKind {
  /** Sent once, when the connection is there. */
  readonly first: Buffer;
  /** The `i`th piece of the flood; undefined: nothing more is sent, the connection is held. */
  next(i: number): Buffer | undefined;
  /** It does not read what comes back. */
  readonly deaf?: boolean;
  /** Milliseconds between pieces; absent: as fast as they are taken. */
  readonly everyMs?: number;
  /** Connections at once; 4 when absent. */
  readonly connections?: number;
  /** The gateway ends such a connection within seconds by its own rules. */
  readonly ends: boolean;
}

const many = (count: number, make: (i: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, i) => make(i)));
const hello = h2.hello();
const ends = true;
/** A header block that puts 3 KB into the table, and one that names it over and over. */
const BOMB_FILL = Buffer.concat([Buffer.of(0x40), h2.block([['x', 'a'.repeat(3000)]]).subarray(1)]);

export const FLOODS: Readonly<Record<string, FloodKind>> = {
  'rapid reset': {
    ends,
    first: hello,
    next: (i) => many(50, (j) => Buffer.concat([h2.get(2 * (i * 50 + j) + 1), h2.reset(2 * (i * 50 + j) + 1)])),
  },
  CONTINUATION: {
    ends,
    first: Buffer.concat([hello, h2.frame(h2.TYPE.headers, 0, 1, h2.block(h2.GET))]),
    next: () => many(50, () => h2.frame(h2.TYPE.continuation, 0, 1, h2.block([['x', 'y']]))),
  },
  SETTINGS: { ends, first: hello, next: () => many(100, (i) => h2.settings([4, 65_535 + (i % 2)])) },
  PING: { ends, first: hello, next: () => many(100, () => h2.ping()) },
  'PING, nothing read': { ends, deaf: true, first: hello, next: () => many(100, () => h2.ping()) },
  'tiny DATA': { ends, first: Buffer.concat([hello, h2.post(1)]), next: () => many(100, () => h2.data(1, 'x')) },
  'empty DATA': { ends, first: Buffer.concat([hello, h2.post(1)]), next: () => many(100, () => h2.data(1, '')) },
  WINDOW_UPDATE: { ends, first: hello, next: () => many(100, () => h2.windowUpdate(0, 1)) },
  'HPACK bomb': {
    ends,
    first: hello,
    next: (i) =>
      h2.frame(
        h2.TYPE.headers,
        h2.END_HEADERS | h2.END_STREAM,
        2 * i + 1,
        Buffer.concat([h2.block(h2.GET), BOMB_FILL, Buffer.alloc(4000, 0xbe)]),
      ),
  },
  'cookie crumbs': {
    // Two hundred of them are taken, which are a while on their way.
    ends: false,
    first: hello,
    next: (i) => h2.headers(2 * i + 1, [...h2.GET, ...Array.from({ length: 1000 }, () => ['cookie', 'a=b'] as const)]),
  },
  'malformed requests': { ends, first: hello, next: (i) => many(50, (j) => h2.get(2 * (i * 50 + j) + 1, ['X', '1'])) },
  // Held rather than flooded: what waits costs memory, and ends by time.
  'zero window': {
    ends: false,
    first: Buffer.concat([
      h2.hello([4, 0]),
      many(100, (i) => h2.headers(2 * i + 1, [...h2.GET.slice(0, 3), [':path', '/large']])),
    ]),
    next: () => undefined,
  },
  slowloris: {
    ends: false,
    connections: 200,
    everyMs: 100,
    first: Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n'),
    next: (i) => Buffer.from(`X-${i}: 1\r\n`),
  },
  'slow bodies': {
    ends: false,
    connections: 200,
    everyMs: 100,
    first: Buffer.from('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n'),
    next: () => Buffer.from('x'),
  },
  'slow readers': {
    ends: false,
    connections: 50,
    deaf: true,
    first: Buffer.from('GET /large HTTP/1.1\r\nHost: a\r\n\r\n'),
    next: () => undefined,
  },
};
