// Smuggling, looked for blindly: requests that were bent and broken in every way go through the codec's both sides, and what comes out towards
// the destination is read by another parser (Node's llhttp). Both must see the same requests, whatever the client sent.
import assert from 'node:assert/strict';
import { type IncomingMessage, METHODS, createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Http1Pool } from '#wire/http1/client.ts';
import { TimerWheel } from '#wire/timers.ts';
import { BARE_LIMITS, forwardAll } from '../fakes/bare-proxy.ts';
import { memorySocket, settle } from '../fakes/memory-socket.ts';
import { fakeClock } from '../fakes/time.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 400);

const SEEDS = [
  'GET /a?b=c HTTP/1.1\r\nHost: a\r\nX-One: 1\r\n\r\n',
  'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  'POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n',
  'PUT /c HTTP/1.1\r\nHost: a\r\nContent-Length: 44\r\nConnection: keep-alive\r\n\r\nGET /inner HTTP/1.1\r\nHost: a\r\nX: 1234567\r\n\r\n',
  'GET http://a/d HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: x-one\r\nX-One: 1\r\n\r\n',
] as const;

/** Pieces that parsers have disagreed about. */
const SPICE = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  ' ',
  '\t',
  '\0',
  '\x0b',
  '\x7f',
  '\xa0',
  '\xff',
  ':',
  ',',
  ';',
  '0',
  '5',
  '+5',
  '0x5',
  '\r\n ',
  '\r\n\t',
  'Content-Length: 5\r\n',
  'Content-Length: 0\r\n',
  'Content-Length: 5, 5\r\n',
  'content-length:5\r\n',
  'Content_Length: 9\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding : chunked\r\n',
  'Transfer-Encoding: identity, chunked\r\n',
  'Transfer-encoding:\tchunked\r\n',
  'Transfer-Encoding:\r\n chunked\r\n',
  'Connection: close\r\n',
  'Connection: content-length\r\n',
  'Connection: transfer-encoding\r\n',
  'Host: b\r\n',
  '0\r\n\r\n',
  '5;a="\r\n"\r\n',
  'GET /x HTTP/1.1\r\nHost: a\r\n\r\n',
  ' HTTP/1.0',
  'Upgrade: h2c\r\n',
  'Expect: 100-continue\r\n',
] as const;

interface Edit {
  readonly at: number;
  readonly cut: number;
  readonly put: string;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(200),
  cut: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(12)),
  put: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...SPICE) }, fc.string({ unit: 'binary-ascii', maxLength: 3 })),
});

const input = fc
  .tuple(fc.array(fc.constantFrom(...SEEDS), { minLength: 1, maxLength: 3 }), fc.array(edit, { maxLength: 4 }))
  .map(([seeds, edits]) => {
    let text = seeds.join('');
    for (const { at, cut, put } of edits)
      text = text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + cut);
    return text;
  });

interface Sent {
  /** Bytes towards the destination, one string a connection. */
  readonly upstream: readonly string[];
  /** `METHOD target` of each request the codec's server side accepted and handed on, in order. */
  readonly accepted: readonly string[];
  /** Answers of the destination that reached the client. */
  readonly answered: number;
}

/** Pushes the bytes through; the destination answers every request at once. */
async function forward(text: string, cut: number): Promise<Sent> {
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
  const accepted: string[] = [];
  const request = pool.request.bind(pool);
  pool.request = (head, body, callbacks) => {
    accepted.push(`${head.method} ${head.target}`);
    return request(head, body, callbacks);
  };
  const connection = forwardAll(client.socket, pool, timers);
  client.feed(text.slice(0, cut));
  client.feed(text.slice(cut));
  for (let i = 0; i < 6; i++) {
    await settle();
    for (const memory of sockets) memory.feed('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK');
  }
  connection.destroy();
  pool.destroy();
  return {
    upstream: sockets.map((memory) => memory.written),
    accepted,
    answered: client.written.split('HTTP/1.1 200').length - 1,
  };
}

test('whatever the client sends, the destination reads exactly the requests that were decided on', async (t) => {
  const seen: string[] = [];
  const server = createServer((message: IncomingMessage, response) => {
    seen.push(`${message.method} ${message.url}`);
    message.resume();
    response.end();
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const replay = (bytes: string): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.on('error', () => {});
      socket.on('close', () => resolve());
      socket.resume();
      socket.end(bytes, 'latin1');
    });

  let forwarded = 0;
  await fc.assert(
    fc.asyncProperty(input, fc.nat(300), async (text, cut) => {
      seen.length = 0;
      const { upstream, accepted, answered } = await forward(text, cut);
      for (const bytes of upstream) await replay(bytes);
      forwarded += accepted.length;
      // A request may be given up before all of it is sent, so fewer may arrive; never others, and never one of them twice.
      const rest = [...accepted];
      for (const line of seen) {
        const at = rest.indexOf(line);
        assert.notEqual(at, -1, `\`${line}\` was never decided on`);
        rest.splice(at, 1);
      }
      // llhttp knows a list of methods only, and gives up a connection on another one.
      if (accepted.every((line) => METHODS.includes(line.split(' ')[0]!)))
        assert.ok(seen.length >= answered, 'an answer to nothing');
    }),
    { numRuns: RUNS },
  );
  assert.ok(forwarded > RUNS / 4, 'most inputs must not be refused outright, or nothing was tested');
});

const ANSWERS = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.0 200 OK\r\n\r\nuntil the end',
  'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
] as const;

const answer = fc
  .tuple(fc.array(fc.constantFrom(...ANSWERS), { minLength: 1, maxLength: 2 }), fc.array(edit, { maxLength: 3 }))
  .map(([seeds, edits]) => {
    let text = seeds.join('');
    for (const { at, cut, put } of edits)
      text = text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + cut);
    return text;
  });

/** How many whole answers `text` holds and what is left, read as plainly as can be. */
function countAnswers(text: string): { readonly whole: number; readonly rest: string } {
  let rest = text;
  let whole = 0;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n') + 4;
    if (end < 4) return { whole, rest };
    const [line, ...fields] = rest.slice(0, end - 4).split('\r\n');
    const status = Number(line!.slice(9, 12));
    const find = (name: string): string | undefined =>
      fields.find((field) => field.startsWith(`${name}: `))?.slice(name.length + 2);
    let size = 0;
    if (status >= 200 && status !== 204 && status !== 304) {
      if (find('transfer-encoding') === 'chunked') {
        let at = end;
        for (;;) {
          const chunk = /^([0-9a-f]+)\r\n/.exec(rest.slice(at));
          if (!chunk) return { whole, rest };
          const bytes = Number.parseInt(chunk[1]!, 16);
          at += chunk[0].length + bytes + 2;
          if (at > rest.length) return { whole, rest };
          if (bytes === 0) break;
        }
        size = at - end;
      } else size = Number(find('content-length'));
    }
    if (!(end + size <= rest.length)) return { whole, rest };
    if (status >= 200) whole++;
    rest = rest.slice(end + size);
  }
}

test('whatever the destination answers, the client reads one answer to one request', async () => {
  let answered = 0;
  await fc.assert(
    fc.asyncProperty(answer, fc.nat(200), fc.boolean(), async (text, cut, ends) => {
      const timers = new TimerWheel(fakeClock(), { byHand: true });
      const client = memorySocket();
      const upstream = memorySocket();
      const pool = new Http1Pool({ connect: () => Promise.resolve(upstream.socket), limits: BARE_LIMITS, timers, name: 'fuzz' });
      const connection = forwardAll(client.socket, pool, timers);
      client.feed('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await settle();
      upstream.feed(text.slice(0, cut));
      upstream.feed(text.slice(cut));
      if (ends) upstream.socket.destroy();
      await settle();
      const { whole, rest } = countAnswers(client.written);
      const open = !client.reset && !client.ended && !client.socket.destroyed;
      answered += whole;
      assert.ok(whole <= 1);
      if (whole === 1) assert.equal(rest, '', 'nothing behind the answer');
      else if (ends) assert.equal(open, false, 'half an answer does not stay open once the destination is gone');
      connection.destroy();
      pool.destroy();
    }),
    { numRuns: RUNS },
  );
  assert.ok(answered > RUNS / 2);
});
