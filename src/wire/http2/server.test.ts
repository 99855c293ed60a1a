import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import * as h2 from '../../../test/fakes/http2-frames.ts';
import { type Rig, serveRig } from '../../../test/fakes/http2-rig.ts';
import type { HttpHandler } from '../types.ts';

const path: HttpHandler = (request, responder) => responder.send(200, [], request.path);
const later: HttpHandler = () => {};

/** Reads the whole body, then answers with it. */
const echo: HttpHandler = (request, responder) => {
  const chunks: Buffer[] = [];
  request.body.pipe({
    write: (chunk) => chunks.push(chunk) > 0,
    end: (trailers) => responder.send(200, trailers ? ['x-trailers', JSON.stringify(trailers)] : [], Buffer.concat(chunks)),
    abort() {},
  });
};

/** Sends frames behind the client's hello. @returns what was answered */
async function answers(handler: HttpHandler, ...frames: readonly Buffer[]): Promise<string[]> {
  const rig = serveRig(handler);
  rig.feed(Buffer.concat([h2.hello(), ...frames]));
  return rig.told();
}

/** The fields of an answer from the codec's own hand, shortened. */
const plain = (lines: readonly string[]): string[] =>
  lines.map((line) =>
    line
      .replace(/ content-length=\d+ content-type=application\/problem\+json$/, '')
      .replace(/^(DATA \d+) \{.*\} end$/, '$1 problem end'),
  );

describe('answers', () => {
  it('one request a stream', async () => {
    assert.deepEqual(await answers(path, h2.get(1), h2.headers(3, [...h2.GET.slice(0, 3), [':path', '/b?c']])), [
      'HEADERS 1 :status=200 content-length=1',
      'DATA 1 / end',
      'HEADERS 3 :status=200 content-length=4',
      'DATA 3 /b?c end',
    ]);
  });

  it('a body in pieces, padded, with trailers', async () => {
    assert.deepEqual(
      await answers(
        echo,
        h2.post(1),
        h2.data(1, 'he'),
        h2.data(1, '\x03llo\0\0\0', h2.PADDED),
        h2.headers(1, [
          ['grpc-status', '0'],
          ['authorization', 'late'],
        ]),
      ),
      ['HEADERS 1 :status=200 content-length=5 x-trailers=["grpc-status","0"]', 'DATA 1 hello end'],
    );
  });

  it('the end of an answer is one flag: on the head, on the last piece, or trailers', async () => {
    const by = (act: HttpHandler): Promise<string[]> => answers(act, h2.get(1));
    assert.deepEqual(await by((_, responder) => responder.head(200, ['grpc-status', '5'], -1).end()), [
      'HEADERS 1 :status=200 grpc-status=5 end',
    ]);
    assert.deepEqual(
      await by((_, responder) => {
        const sink = responder.head(200, [], -1);
        sink.write(Buffer.from('a'));
        sink.end();
      }),
      ['HEADERS 1 :status=200', 'DATA 1 a end'],
    );
    assert.deepEqual(
      await by((_, responder) => {
        const sink = responder.head(200, [], -1);
        sink.write(Buffer.from('a'));
        sink.end(['grpc-status', '0']);
      }),
      ['HEADERS 1 :status=200', 'DATA 1 a', 'HEADERS 1 grpc-status=0 end'],
    );
  });

  it('an end that comes later has a frame of its own', async () => {
    const rig = serveRig((_, responder) => void responder.head(200, [], -1));
    rig.feed(Buffer.concat([h2.hello(), h2.get(1)]));
    await rig.told();
    rig.responders[0]!.head(200, [], -1).end();
    assert.deepEqual(await rig.told(), ['HEADERS 1 :status=200', 'DATA 1  end']);
  });

  it('HEAD, 204 and 304 have no body', async () => {
    for (const status of [200, 204, 304]) {
      const head = await answers(
        (_, responder) => responder.send(status, [], 'hello'),
        h2.headers(1, [[':method', 'HEAD'], ...h2.GET.slice(1)]),
      );
      assert.deepEqual(head, [`HEADERS 1 :status=${status}${status === 204 ? '' : ' content-length=5'} end`]);
    }
  });

  it('100 when the body is first read, other 1xx as given', async () => {
    const expecting = h2.post(1, ['expect', '100-continue']);
    assert.deepEqual(await answers(later, expecting), []);
    assert.deepEqual(await answers(echo, expecting), ['HEADERS 1 :status=100']);
    assert.deepEqual(
      await answers((_, responder) => {
        responder.interim(103, ['link', 'x']);
        responder.send(200, [], '');
      }, h2.get(1)),
      ['HEADERS 1 :status=103 link=x', 'HEADERS 1 :status=200 content-length=0 end'],
    );
  });

  it('a head larger than a frame goes on in others', async () => {
    const value = 'y'.repeat(40_000);
    const rig = serveRig((_, responder) => responder.send(200, ['x-large', value], ''));
    rig.feed(Buffer.concat([h2.hello(), h2.get(1)]));
    assert.deepEqual(await rig.told(), [`HEADERS 1 :status=200 content-length=0 x-large=${value} end`]);
    assert.deepEqual(
      h2
        .framesOf(rig.written)
        .filter(({ streamId }) => streamId === 1)
        .map(({ type, payload }) => [type, payload.length <= 16_384]),
      [
        [h2.TYPE.headers, true],
        [h2.TYPE.continuation, true],
        [h2.TYPE.continuation, true],
      ],
    );
  });

  it('an answer before the end of the request: what is left is not wanted', async () => {
    assert.deepEqual(await answers(path, h2.post(1)), [
      'HEADERS 1 :status=200 content-length=1',
      'DATA 1 / end',
      'RST_STREAM 1 NO_ERROR',
    ]);
    // A little is awaited, since clients may not read an answer before all is sent.
    assert.deepEqual(await answers(path, h2.post(1, ['content-length', '3']), h2.data(1, 'abc', h2.END_STREAM), h2.get(3)), [
      'HEADERS 1 :status=200 content-length=1',
      'DATA 1 / end',
      'HEADERS 3 :status=200 content-length=1',
      'DATA 3 / end',
    ]);
  });

  it('an answer that breaks off, or is not as long as it says, resets its stream only', async () => {
    const breaks: HttpHandler = (request, responder) => {
      if (request.path !== '/') return path(request, responder);
      const sink = responder.head(200, [], 5);
      sink.write(Buffer.from('ab'));
      sink.end();
    };
    assert.deepEqual(await answers(breaks, h2.get(1), h2.headers(3, [...h2.GET.slice(0, 3), [':path', '/b']])), [
      'HEADERS 1 :status=200 content-length=5',
      'DATA 1 ab',
      'RST_STREAM 1 INTERNAL_ERROR',
      'HEADERS 3 :status=200 content-length=2',
      'DATA 3 /b end',
    ]);
  });

  it('a handler that throws answers 500', async () => {
    const rig = serveRig(() => {
      throw new Error('a bug');
    });
    rig.feed(Buffer.concat([h2.hello(), h2.get(1)]));
    assert.deepEqual(plain(await rig.told()), ['HEADERS 1 :status=500', 'DATA 1 problem end']);
    assert.deepEqual(rig.bugs, ['a bug']);
  });

  it('tells the observer when the answer is out, or lost', async () => {
    const seen: string[] = [];
    const rig = serveRig((request, responder) => {
      responder.observer = {
        answerSent: () => void seen.push(`sent ${request.path}`),
        answerLost: () => void seen.push(`lost ${request.path}`),
      };
      if (request.path !== '/c') responder.send(200, [], 'x');
    });
    const at = (id: number, target: string): Buffer => h2.headers(id, [...h2.GET.slice(0, 3), [':path', target]]);
    rig.feed(Buffer.concat([h2.hello(), at(1, '/a'), at(3, '/c')]));
    await rig.told();
    assert.deepEqual(seen, ['sent /a']);
    rig.feed(h2.reset(3));
    assert.deepEqual(seen, ['sent /a', 'lost /c']);
    rig.feed(at(5, '/c'));
    rig.socket.destroy();
    await rig.told();
    assert.deepEqual(seen, ['sent /a', 'lost /c', 'lost /c']);
  });
});

describe('requests as the handler sees them', () => {
  const see = async (fields: h2.Pairs, flags = h2.END_STREAM): Promise<Rig> => {
    const rig = serveRig(later);
    rig.feed(Buffer.concat([h2.hello(), h2.headers(1, fields, flags)]));
    await rig.told();
    return rig;
  };

  it('without pseudo-headers, cookies joined, the authority from either place', async () => {
    const { seen } = await see([...h2.GET, ['x', '1'], ['cookie', 'a=1'], ['y', '2'], ['cookie', 'b=2'], ['te', 'trailers']]);
    const { headers, authority, version, body, method, path: target, upgrade } = seen[0]!;
    assert.deepEqual(
      { authority, version, kind: body.kind, length: body.length, method, target, upgrade },
      {
        authority: 'a',
        version: '2',
        kind: 'none',
        length: -1,
        method: 'GET',
        target: '/',
        upgrade: '',
      },
    );
    assert.deepEqual(
      Array.from({ length: headers.length }, (_, i) => `${headers.name(i)}: ${headers.value(i)}`),
      ['x: 1', 'cookie: a=1; b=2', 'y: 2', 'te: trailers'],
    );
    const byHost = await see([
      [':method', 'GET'],
      [':scheme', 'https'],
      [':path', '/'],
      ['host', 'b:443'],
    ]);
    assert.equal(byHost.seen[0]!.authority, 'b:443');
  });

  it('with a body of known or unknown length', async () => {
    const known = await see([...h2.POST, ['content-length', '5']], 0);
    assert.deepEqual([known.seen[0]!.body.kind, known.seen[0]!.body.length], ['length', 5]);
    const unknown = await see(h2.POST, 0);
    assert.deepEqual([unknown.seen[0]!.body.kind, unknown.seen[0]!.body.length], ['chunked', -1]);
    const empty = await see([...h2.POST, ['content-length', '0']]);
    assert.deepEqual([empty.seen[0]!.body.kind, empty.seen[0]!.body.length], ['none', 0]);
  });

  it('a WebSocket is a GET that asks for an upgrade, and becomes a socket', async () => {
    const rig = serveRig((request, responder) => {
      assert.deepEqual([request.method, request.upgrade, request.body.kind], ['GET', 'websocket', 'none']);
      const { socket } = responder.upgrade(['sec-websocket-protocol', 'chat']);
      socket.on('data', (chunk: Buffer) => socket.write(`<${chunk.toString()}>`));
      socket.on('end', () => socket.end('bye'));
    });
    const connect: h2.Pairs = [
      [':method', 'CONNECT'],
      [':protocol', 'websocket'],
      ...h2.GET.slice(1),
      ['sec-websocket-version', '13'],
    ];
    rig.feed(Buffer.concat([h2.hello(), h2.headers(1, connect, 0), h2.data(1, 'hi')]));
    await rig.told();
    rig.feed(h2.data(1, '', h2.END_STREAM));
    await rig.told();
    const text = (await rig.told()).join('|');
    assert.match(text, /^HEADERS 1 :status=200 sec-websocket-protocol=chat\|DATA 1 <hi>\|DATA 1 bye/);
    assert.match(text, / end$/);
    assert.equal(rig.connection.state, 'idle');
  });

  it('a tunnel that breaks resets the stream, and a stream that is reset breaks the tunnel', async () => {
    const sockets: Socket[] = [];
    const rig = serveRig((_, responder) => void sockets.push(responder.upgrade([]).socket));
    const connect: h2.Pairs = [
      [':method', 'CONNECT'],
      [':protocol', 'websocket'],
      ...h2.GET.slice(1),
      ['sec-websocket-version', '13'],
    ];
    rig.feed(Buffer.concat([h2.hello(), h2.headers(1, connect, 0), h2.headers(3, connect, 0)]));
    sockets[0]!.destroy();
    rig.feed(h2.reset(3));
    assert.deepEqual(await rig.told(), ['HEADERS 1 :status=200', 'HEADERS 3 :status=200', 'RST_STREAM 1 CANCEL']);
    assert.equal(sockets[1]!.destroyed, true);
  });
});

describe('refused requests', () => {
  const rest = h2.GET.slice(1);
  const without = (name: string): h2.Pairs => h2.GET.filter(([field]) => field !== name);
  const at = (target: string, method = 'GET'): h2.Pairs => [[':method', method], ...without(':path').slice(1), [':path', target]];
  /** Why, what is sent, and what comes back: a status, or the reset of the stream. */
  const rows: readonly (readonly [why: string, kind: string, fields: h2.Pairs, flags?: number])[] = [
    ['upper case in a name', 'reset field-name', [...h2.GET, ['X-A', '1']]],
    ['an empty name', 'reset field-name', [...h2.GET, ['', '1']]],
    ['space in a name', 'reset field-name', [...h2.GET, ['x y', '1']]],
    ['a colon in a name', 'reset field-name', [...h2.GET, ['x:y', '1']]],
    ['a line break in a name', 'reset field-name', [...h2.GET, ['x\r\ny', '1']]],
    ['a line break in a value', 'reset field-value', [...h2.GET, ['x', 'a\r\nb: c']]],
    ['a bare CR in a value', 'reset field-value', [...h2.GET, ['x', 'a\rb']]],
    ['NUL in a value', 'reset field-value', [...h2.GET, ['x', 'a\0']]],
    ['a line break in the path', 'reset field-value', at('/a HTTP/1.1\r\nx: y')],
    ['a line break in the method', 'reset field-value', [[':method', 'GET\r\n'], ...rest]],
    ['space before a value', 'reset field-value', [...h2.GET, ['x', ' a']]],
    ['a tab behind a value', 'reset field-value', [...h2.GET, ['x', 'a\t']]],
    ['Connection', 'reset connection-header', [...h2.GET, ['connection', 'close']]],
    ['Keep-Alive', 'reset connection-header', [...h2.GET, ['keep-alive', 'x']]],
    ['Proxy-Connection', 'reset connection-header', [...h2.GET, ['proxy-connection', 'x']]],
    ['Transfer-Encoding', 'reset connection-header', [...h2.POST, ['transfer-encoding', 'chunked']], 0],
    ['Upgrade', 'reset connection-header', [...h2.GET, ['upgrade', 'h2c']]],
    ['TE of another kind', 'reset te', [...h2.GET, ['te', 'trailers, deflate']]],
    ['a pseudo-header behind a field', 'reset pseudo-header', [...without(':path'), ['x', '1'], [':path', '/']]],
    ['a pseudo-header twice', 'reset pseudo-header', [...h2.GET, [':path', '/b']]],
    ['an unknown pseudo-header', 'reset pseudo-header', [...h2.GET, [':x', '1']]],
    ['a pseudo-header of answers', 'reset pseudo-header', [...h2.GET, [':status', '200']]],
    ['no method', 'reset pseudo-header', rest],
    ['no scheme', 'reset pseudo-header', without(':scheme')],
    ['no path', 'reset pseudo-header', without(':path')],
    ['an empty path', 'reset pseudo-header', at('')],
    [
      'a scheme that is no web',
      '400 scheme',
      [
        [':method', 'GET'],
        [':scheme', 'ftp'],
        [':authority', 'a'],
        [':path', '/'],
      ],
    ],
    ['a path without a slash (CVE-2026-33186)', '400 target', at('a')],
    ['an absolute target', '400 target', at('http://a/')],
    ['`*` for GET', '400 target', at('*')],
    ['a fragment', '400 target', at('/a#b')],
    ['space in the path', '400 target', at('/a b')],
    ['a byte above ASCII in the path', '400 target', at('/\xe9')],
    ['an escaped NUL in the path', '400 target', at('/%00')],
    ['a path that is too long', '414 target-long', at(`/${'a'.repeat(9000)}`)],
    ['a method in lower case', '400 method', at('/', 'get')],
    ['an empty method', '400 method', at('/', '')],
    ['no authority at all', '400 host-missing', without(':authority')],
    ['an empty authority', '400 host', [...without(':authority'), [':authority', '']]],
    ['user information', '400 host', [...without(':authority'), [':authority', 'u@a']]],
    ['a list of authorities', '400 host', [...without(':authority'), [':authority', 'a,b']]],
    ['Host that differs', '400 host-mismatch', [...h2.GET, ['host', 'b']]],
    ['Host twice', 'reset host-many', [...h2.GET, ['host', 'a'], ['host', 'a']]],
    ['Content-Length that is no number', 'reset content-length', [...h2.POST, ['content-length', '+5']], 0],
    ['Content-Length with zeros in front', 'reset content-length', [...h2.POST, ['content-length', '05']], 0],
    ['Content-Length twice', 'reset content-length-many', [...h2.POST, ['content-length', '5'], ['content-length', '5']], 0],
    ['Content-Length without a body', 'reset data-length', [...h2.POST, ['content-length', '5']]],
    ['Content-Length beyond the limit', '413 body-large', [...h2.POST, ['content-length', '99999999999']], 0],
    ['TRACE with a body', 'reset trace-body', at('/', 'TRACE'), 0],
    ['Expect of another kind', '417 expect', [...h2.POST, ['expect', 'x']], 0],
    [
      'CONNECT',
      '501 method-connect',
      [
        [':method', 'CONNECT'],
        [':authority', 'a:1'],
      ],
      0,
    ],
    ['CONNECT with a path', 'reset pseudo-header', at('/', 'CONNECT'), 0],
    ['a protocol without CONNECT', 'reset pseudo-header', [...h2.GET, [':protocol', 'websocket']]],
    [
      'an extended CONNECT that is no WebSocket',
      '501 protocol-unknown',
      [...at('/', 'CONNECT'), [':protocol', 'connect-udp']],
      0,
    ],
    [
      'an old WebSocket',
      '400 websocket-version',
      [...at('/', 'CONNECT'), [':protocol', 'websocket'], ['sec-websocket-version', '8']],
      0,
    ],
    [
      'a WebSocket that ends at once',
      'reset data-length',
      [...at('/', 'CONNECT'), [':protocol', 'websocket'], ['sec-websocket-version', '13']],
    ],
    ['too many fields', '431 fields-many', [...h2.GET, ...Array.from({ length: 101 }, (_, i) => [`x${i}`, ''] as const)]],
    ['too many cookie crumbs', '431 fields-many', [...h2.GET, ...Array.from({ length: 101 }, () => ['cookie', 'a'] as const)]],
    [
      'fields that are too large',
      '431 fields-large',
      [...h2.GET, ...Array.from({ length: 5 }, () => ['x', 'y'.repeat(8000)] as const)],
    ],
  ];
  for (const [why, want, fields, flags] of rows) {
    it(why, async () => {
      const rig = serveRig(later);
      const [outcome, kind] = want.split(' ');
      rig.feed(Buffer.concat([h2.hello(), h2.headers(1, fields, flags)]));
      rig.feed(h2.get(3));
      const lines = plain(await rig.told());
      assert.equal(lines[0], outcome === 'reset' ? 'RST_STREAM 1 PROTOCOL_ERROR' : `HEADERS 1 :status=${outcome}`);
      assert.deepEqual(rig.errors, [`${outcome === 'reset' ? 400 : outcome} ${kind}`]);
      // The next request on the connection is served.
      assert.deepEqual(
        rig.seen.map((request) => request.path),
        ['/'],
      );
      assert.equal(rig.connection.state, 'busy');
    });
  }

  const allowed: readonly (readonly [why: string, fields: h2.Pairs])[] = [
    ['OPTIONS *', at('*', 'OPTIONS')],
    ['Host that agrees but for case and default port', [...h2.GET, ['host', 'A:80']]],
    ['bytes above ASCII in a value', [...h2.GET, ['x', '\xe9']]],
    ['an empty value', [...h2.GET, ['x', '']]],
    ['tabs inside a value', [...h2.GET, ['x', 'a\tb']]],
    ['a hundred fields', [...h2.GET, ...Array.from({ length: 100 }, (_, i) => [`x${i}`, ''] as const)]],
    ['a hundred crumbs', [...h2.GET, ...Array.from({ length: 100 }, () => ['cookie', 'a'] as const)]],
    ['paths that browsers send', at('/a|b{c}\\d?e=%00')],
  ];
  for (const [why, fields] of allowed) {
    it(`let through: ${why}`, async () => {
      const rig = serveRig(path);
      rig.feed(Buffer.concat([h2.hello(), h2.headers(1, fields)]));
      assert.match((await rig.told())[0] ?? '', /^HEADERS 1 :status=200/);
      assert.deepEqual(rig.errors, []);
    });
  }
});

describe('bodies that break their rules', () => {
  const rows: readonly (readonly [why: string, frames: readonly Buffer[], want: string, kind: string])[] = [
    [
      'longer than declared',
      [h2.post(1, ['content-length', '3']), h2.data(1, 'abcd')],
      'RST_STREAM 1 PROTOCOL_ERROR',
      '400 data-length',
    ],
    [
      'shorter than declared',
      [h2.post(1, ['content-length', '3']), h2.data(1, 'ab', h2.END_STREAM)],
      'RST_STREAM 1 PROTOCOL_ERROR',
      '400 data-length',
    ],
    [
      'shorter than declared, before trailers',
      [h2.post(1, ['content-length', '3']), h2.headers(1, [['x', '1']])],
      'RST_STREAM 1 PROTOCOL_ERROR',
      '400 data-length',
    ],
    [
      'larger than the limit',
      [h2.post(1), h2.data(1, 'x'.repeat(600)), h2.data(1, 'x'.repeat(600))],
      'HEADERS 1 :status=413',
      '413 body-large',
    ],
  ];
  for (const [why, frames, want, kind] of rows) {
    it(why, async () => {
      const rig = serveRig(echo, { bodyBytesMax: 1000 });
      rig.feed(Buffer.concat([h2.hello(), ...frames]));
      assert.equal(plain(await rig.told())[0], want);
      assert.deepEqual(rig.errors, [kind]);
      assert.equal(rig.seen.length, 0, 'what breaks the rules at once never happened');
    });
    it(`${why}, after the handler was called`, async () => {
      const aborted: string[] = [];
      const rig = serveRig(
        (request) => request.body.pipe({ write: () => true, end() {}, abort: (reason) => void aborted.push(reason) }),
        { bodyBytesMax: 1000 },
      );
      rig.feed(h2.hello());
      for (const bytes of frames) rig.feed(bytes);
      assert.equal(plain(await rig.told())[0], want);
      assert.equal(aborted.length, 1);
    });
  }

  it('trailers with pseudo-headers, or that do not end the stream', async () => {
    for (const trailers of [
      h2.headers(1, [[':path', '/']]),
      h2.headers(1, [['x', '1']], 0),
      h2.headers(1, [['content-length', '1']]),
      h2.headers(1, [['connection', 'x']]),
    ])
      assert.deepEqual(await answers(echo, h2.post(1), trailers), ['RST_STREAM 1 PROTOCOL_ERROR']);
  });
});

describe('flow control', () => {
  it('an answer waits for windows, and streams share the connection in turn', async () => {
    const rig = serveRig((_, responder) => responder.send(200, [], 'x'.repeat(100_000)));
    rig.feed(Buffer.concat([h2.hello([4, 1_000_000]), h2.get(1), h2.get(3)]));
    const sizes = (): Record<number, number> => {
      const sum: Record<number, number> = {};
      for (const { type, streamId, payload } of h2.framesOf(rig.written))
        if (type === h2.TYPE.data) sum[streamId] = (sum[streamId] ?? 0) + payload.length;
      return sum;
    };
    await rig.told();
    const first = sizes();
    assert.equal(first[1]! + first[3]!, 65_535, 'no more than the connection allows');
    assert.ok(Math.abs(first[1]! - first[3]!) <= 16_384, 'one frame a stream in turn');
    rig.feed(h2.windowUpdate(0, 200_000));
    await rig.told();
    assert.deepEqual(sizes(), { 1: 100_000, 3: 100_000 });
  });

  it('a window that shrinks below what was sent, and opens again', async () => {
    const rig = serveRig((_, responder) => responder.send(200, [], 'abcdefghij'));
    rig.feed(Buffer.concat([h2.hello([4, 4]), h2.get(1)]));
    await rig.told();
    rig.feed(Buffer.concat([h2.settings([4, 0]), h2.windowUpdate(1, 3)]));
    await rig.told();
    rig.feed(h2.windowUpdate(1, 3));
    await rig.told();
    rig.feed(h2.settings([4, 100]));
    assert.deepEqual(
      (await rig.told()).filter((line) => line.startsWith('DATA')),
      ['DATA 1 abcd', 'DATA 1 ef', 'DATA 1 ghij end'],
    );
  });

  it('a writer is told to pause and to go on', async () => {
    let resumed = 0;
    const open: boolean[] = [];
    const rig = serveRig((_, responder) => {
      const sink = responder.head(200, [], -1);
      sink.source = { resume: () => void resumed++ };
      open.push(sink.write(Buffer.from('abcd')), sink.write(Buffer.from('efgh')));
    });
    rig.feed(Buffer.concat([h2.hello([4, 6]), h2.get(1)]));
    await rig.told();
    assert.deepEqual([open, resumed], [[true, false], 0]);
    rig.feed(h2.windowUpdate(1, 10));
    await rig.told();
    assert.equal(resumed, 1);
  });

  it('a reader that pauses is not paid for, and holds no more than a window', async () => {
    let open = false;
    const got: number[] = [];
    const rig = serveRig((request) =>
      request.body.pipe({ write: (chunk) => got.push(chunk.length) > 0 && open, end() {}, abort() {} }),
    );
    rig.feed(Buffer.concat([h2.hello(), h2.post(1)]));
    for (let i = 0; i < 4; i++) {
      rig.feed(h2.data(1, 'x'.repeat(16_384)));
      await rig.told();
    }
    const paid = (): number[] =>
      h2
        .framesOf(rig.written)
        .filter(({ type, streamId }) => type === h2.TYPE.window && streamId === 1)
        .map(({ payload }) => payload.readUInt32BE(0));
    await rig.told();
    assert.deepEqual([got, paid()], [[16_384], []]);
    open = true;
    rig.seen[0]!.body.resume();
    await rig.told();
    // All of it, and as much again for a reader that keeps up.
    const total = got.reduce((sum, size) => sum + size, 0);
    assert.deepEqual([total, paid()], [4 * 16_384, [8 * 16_384]]);
    // The window was used up: what comes before it is opened again is an error of the stream.
    open = false;
    for (let i = 0; i < 9; i++) rig.feed(h2.data(1, 'x'.repeat(16_384)));
    assert.ok((await rig.told()).includes('RST_STREAM 1 FLOW_CONTROL_ERROR'));
  });

  it('large pieces of one turn go on together, those of an end at once', async () => {
    const got: number[] = [];
    let ended = false;
    const rig = serveRig((request) =>
      request.body.pipe({ write: (chunk) => got.push(chunk.length) > 0, end: () => (ended = true), abort() {} }),
    );
    rig.feed(Buffer.concat([h2.hello(), h2.post(1)]));
    await rig.told();
    for (let i = 0; i < 2; i++) rig.feed(h2.data(1, 'x'.repeat(16_384)));
    assert.deepEqual(got, []);
    await rig.told();
    assert.deepEqual(got, [2 * 16_384]);
    rig.feed(h2.data(1, 'x'.repeat(10_000)));
    rig.feed(h2.data(1, 'x'.repeat(10_000), h2.END_STREAM));
    assert.deepEqual([got, ended], [[2 * 16_384, 20_000], true]);
    await rig.told();
    assert.equal(got.length, 2);
  });

  it('bytes for streams that are gone are paid back to the connection', async () => {
    const rig = serveRig(later);
    rig.feed(Buffer.concat([h2.hello(), h2.post(1)]));
    rig.responders[0]!.destroy();
    for (let i = 0; i < 70; i++) rig.feed(h2.data(1, 'x'.repeat(16_384)));
    await rig.told();
    assert.equal(rig.connection.state, 'idle');
    const paid = h2.framesOf(rig.written).filter(({ type, streamId }) => type === h2.TYPE.window && streamId === 0);
    assert.equal(paid.length, 2);
  });
});

describe('ends', () => {
  it('gracefully: a warning, what is on its way, then no more', async () => {
    const rig = serveRig(later);
    rig.feed(Buffer.concat([h2.hello(), h2.get(1)]));
    rig.connection.close();
    await rig.told();
    rig.feed(Buffer.concat([h2.get(3), h2.frame(h2.TYPE.ping, 1, 0, 'goodbye.'), h2.get(5)]));
    for (const responder of rig.responders) responder.send(200, [], '');
    assert.deepEqual(await rig.told(), [
      `GOAWAY ${2 ** 31 - 1} NO_ERROR`,
      'GOAWAY 3 NO_ERROR',
      'HEADERS 1 :status=200 content-length=0 end',
      'HEADERS 3 :status=200 content-length=0 end',
      'GOAWAY 3 NO_ERROR',
    ]);
    assert.deepEqual([rig.seen.length, rig.ended], [2, true]);
  });

  it('gracefully, when the peer does not answer', async () => {
    const rig = serveRig(later);
    rig.feed(h2.hello());
    rig.connection.close();
    rig.advance(2500);
    await rig.told();
    assert.equal(rig.ended, true);
  });

  it('an answer may ask for it', async () => {
    const rig = serveRig((_, responder) => responder.send(503, [], '', true));
    rig.feed(Buffer.concat([h2.hello(), h2.get(1)]));
    assert.deepEqual((await rig.told()).slice(0, 2), [
      'HEADERS 1 :status=503 content-length=0 end',
      `GOAWAY ${2 ** 31 - 1} NO_ERROR`,
    ]);
  });

  const idle: readonly (readonly [why: string, bytes: Buffer, ms: number])[] = [
    ['nothing is sent', Buffer.alloc(0), 11_000],
    ['half a preface is sent', h2.hello().subarray(0, 10), 11_000],
    ['no request comes', h2.hello(), 11_000],
    ['half a frame comes', Buffer.concat([h2.hello(), h2.get(1).subarray(0, 12)]), 11_000],
    ['a header block does not end', Buffer.concat([h2.hello(), h2.frame(h2.TYPE.headers, 0, 1, h2.block(h2.GET))]), 11_000],
    ['a request was answered', Buffer.concat([h2.hello(), h2.get(1)]), 61_000],
  ];
  for (const [why, bytes, ms] of idle) {
    it(`when ${why} in time`, async () => {
      const rig = serveRig(path);
      rig.feed(bytes);
      await rig.told();
      rig.advance(ms / 2);
      assert.equal(rig.ended, false);
      rig.advance(ms);
      await rig.told();
      assert.equal(rig.ended || rig.socket.destroyed, true);
      rig.advance(3000);
      assert.equal(rig.socket.destroyed, true);
    });
  }

  it('a body that does not come in time is answered 408', async () => {
    const rig = serveRig(echo);
    rig.feed(Buffer.concat([h2.hello(), h2.post(1), h2.data(1, 'a')]));
    rig.advance(50_000);
    rig.feed(h2.data(1, 'b'));
    rig.advance(50_000);
    assert.deepEqual(await rig.told(), []);
    rig.advance(12_000);
    assert.deepEqual(plain(await rig.told()), ['HEADERS 1 :status=408', 'DATA 1 problem end', 'RST_STREAM 1 NO_ERROR']);
  });

  it('a body that trickles for too long is answered 408', async () => {
    const rig = serveRig(echo);
    rig.feed(Buffer.concat([h2.hello(), h2.post(1)]));
    for (let i = 0; i < 8; i++) {
      rig.advance(40_000);
      rig.feed(h2.data(1, 'abcdef'));
    }
    assert.equal(plain(await rig.told())[0], 'HEADERS 1 :status=408');
  });

  it('a client that ends its side inside a request', async () => {
    const rig = serveRig(echo);
    rig.feed(Buffer.concat([h2.hello(), h2.post(1)]));
    rig.feedEnd();
    assert.equal(plain(await rig.told())[0], 'HEADERS 1 :status=400');
    assert.deepEqual([rig.errors, rig.ended], [['400 truncated'], true]);
  });

  it('a client that ends its side after its request is answered', async () => {
    const rig = serveRig(later);
    rig.feed(Buffer.concat([h2.hello(), h2.get(1)]));
    rig.feedEnd();
    await rig.told();
    rig.responders[0]!.send(200, [], '');
    assert.equal((await rig.told())[0], 'HEADERS 1 :status=200 content-length=0 end');
    assert.equal(rig.ended, true);
  });

  it('the last answer leaves whole although the client is slow to take it', async () => {
    const seen: string[] = [];
    const rig = serveRig((_, responder) => {
      responder.observer = { answerSent: () => void seen.push('sent'), answerLost: () => void seen.push('lost') };
    });
    rig.feed(Buffer.concat([h2.hello(), h2.get(1), h2.get(3)]));
    await rig.told();
    rig.stall(true);
    rig.responders[0]!.send(200, [], 'x'.repeat(20_000));
    await rig.told();
    rig.feedEnd();
    await rig.told();
    rig.responders[1]!.send(204, [], '');
    await rig.told();
    assert.deepEqual([seen, rig.connection.state], [[], 'closing']);
    rig.advance(5000);
    rig.stall(false);
    assert.deepEqual((await rig.told()).slice(-2), ['HEADERS 3 :status=204 end', 'GOAWAY 3 NO_ERROR']);
    assert.deepEqual(seen, ['sent', 'sent']);
  });

  it('an answer that was not written when the connection broke is lost', async () => {
    const seen: string[] = [];
    const rig = serveRig((_, responder) => {
      responder.observer = { answerSent: () => void seen.push('sent'), answerLost: () => void seen.push('lost') };
      responder.send(200, [], 'x');
    });
    rig.feed(Buffer.concat([h2.hello(), h2.get(1)]));
    rig.socket.destroy();
    await rig.told();
    assert.deepEqual(seen, ['lost']);
  });

  it('requests that come behind the last goodbye are passed over, bodies too', async () => {
    const rig = serveRig(later);
    rig.feed(Buffer.concat([h2.hello(), h2.get(1)]));
    rig.connection.close();
    rig.feed(Buffer.concat([h2.ping(1), h2.post(3), h2.data(3, 'hello'), h2.windowUpdate(3, 1), h2.reset(3)]));
    rig.responders[0]!.send(200, [], '');
    assert.equal((await rig.told()).at(-1), 'GOAWAY 1 NO_ERROR');
    assert.ok((await rig.told()).includes('HEADERS 1 :status=200 content-length=0 end'));
    assert.ok(!(await rig.told()).some((line) => line.startsWith('RST_STREAM')));
    assert.equal(rig.seen.length, 1);
  });

  it('an upload may take its time, wherever its frames are cut', async () => {
    const rig = serveRig(echo);
    const piece = h2.data(1, 'x'.repeat(100));
    rig.feed(Buffer.concat([h2.hello(), h2.post(1), piece.subarray(0, 5)]));
    for (let i = 0; i < 60; i++) {
      rig.advance(1000);
      rig.feed(Buffer.concat([piece.subarray(5), piece.subarray(0, 5)]));
    }
    assert.deepEqual([rig.errors, rig.connection.state], [[], 'busy']);
  });
});
