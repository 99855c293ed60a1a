// Proxy hardening A, HTTP/1: one row a trick, as bytes at a gateway and at a sidecar's outbound listener. Refused, closed, silent behind it, and nothing
// reaches the application.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { carelessOrigin, fieldOf } from '../fakes/careless-origin.ts';
import { type Mesh, startMesh } from '../fakes/mesh.ts';
import { rawServer, sendRaw, statusOf } from '../fakes/raw-http.ts';

const WAIT_MS = 2000;
/** A second request behind each first one: it must never be answered (line 11). */
const SECOND = 'GET /second HTTP/1.1\r\nHost: a\r\n\r\n';

const get = (more: string): string => `GET /x HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
const post = (fields: string, body = 'hello'): string => `POST /x HTTP/1.1\r\nHost: a\r\n${fields}\r\n${body}`;
const CHUNKED = 'Transfer-Encoding: chunked\r\n';
const chunks = (body: string): string => post(CHUNKED, body);

/** Line of the list, what is sent, and the statuses that may answer it. */
const REFUSED: readonly (readonly [line: number, title: string, bytes: string, ...statuses: number[]])[] = [
  [1, 'Content-Length and Transfer-Encoding', post(`Content-Length: 5\r\n${CHUNKED}`, '0\r\n\r\n'), 400],
  [1, 'Transfer-Encoding and Content-Length', post(`${CHUNKED}Content-Length: 5\r\n`, '0\r\n\r\n'), 400],
  [2, 'Content-Length twice, equal', post('Content-Length: 5\r\nContent-Length: 5\r\n'), 400],
  [2, 'Content-Length twice, different', post('Content-Length: 5\r\nContent-Length: 0\r\n'), 400],
  ...['+5', '-5', '005', '5 ', '5,5', '5, 5', '0x5', '5.0', '5e0', '', '５', '99999999999999999999', '5;', "'5'"].map(
    (value) =>
      [3, `Content-Length: \`${value}\``, post(`Content-Length: ${Buffer.from(value).toString('latin1')}\r\n`), 400] as const,
  ),
  ...[
    'xchunked',
    'chunkedx',
    'chunked, identity',
    'chunked, chunked',
    'identity, chunked',
    'gzip, chunked',
    'identity',
    '\x0bchunked',
    'chunked\x0b',
    '',
    'chunked;q=1',
    '"chunked"',
    ',chunked',
    'chunked,',
    'chunk\0ed',
    'c\u0131hunked',
    '[chunked]',
  ].map(
    (value) =>
      [4, `Transfer-Encoding: ${JSON.stringify(value)}`, post(`Transfer-Encoding: ${value}\r\n`, '0\r\n\r\n'), 400, 501] as const,
  ),
  [4, 'Transfer-Encoding twice', post(`${CHUNKED}${CHUNKED}`, '0\r\n\r\n'), 400],
  [5, 'Transfer-Encoding in HTTP/1.0', 'POST /x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
  [6, 'bare LF behind the request line', 'GET /x HTTP/1.1\nHost: a\r\n\r\n', 400],
  [6, 'bare LF behind a header', 'GET /x HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n', 400],
  [6, 'bare LF as the empty line', 'GET /x HTTP/1.1\r\nHost: a\r\n\nX', 400],
  [6, 'bare CR in a value', get('X: 1\rY: 2\r\n'), 400],
  [6, 'bare CR in the request line', 'GET /x\rHTTP/1.1\r\nHost: a\r\n\r\n', 400],
  [6, 'bare LF behind a chunk size', chunks('5\nhello\r\n0\r\n\r\n'), 400],
  [6, 'bare LF behind a chunk', chunks('5\r\nhello\n0\r\n\r\n'), 400],
  [6, 'bare CR behind a chunk size', chunks('5\rhello\r\n0\r\n\r\n'), 400],
  [6, 'bare LF behind a trailer', chunks('5\r\nhello\r\n0\r\nX: 1\n\r\n'), 400],
  [7, 'a folded line', get('X: 1\r\n 2\r\n'), 400],
  [7, 'a folded line with a tab', get('X: 1\r\n\t2\r\n'), 400],
  [7, 'a first header that begins with space', 'GET /x HTTP/1.1\r\n Host: a\r\n\r\n', 400],
  [7, 'a folded Transfer-Encoding', post('Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n'), 400],
  [8, 'space before the colon', get('X : 1\r\n'), 400],
  [8, 'tab before the colon', get('X\t: 1\r\n'), 400],
  [8, 'an empty name', get(': 1\r\n'), 400],
  [8, 'a line without a colon', get('X\r\n'), 400],
  [8, 'NUL in a value', get('X: 1\0\r\n'), 400],
  [8, 'a control byte in a value', get('X: 1\x01\r\n'), 400],
  [8, 'DEL in a value', get('X: 1\x7f\r\n'), 400],
  ...['X@Y', 'X(Y', 'X/Y', 'X[Y', 'X{Y', 'X"Y', 'X,Y', 'X;Y', 'X=Y', 'X Y', 'X\xe9', 'X\x80', 'X\0'].map(
    (name) => [8, `name ${JSON.stringify(name)}`, get(`${name}: 1\r\n`), 400] as const,
  ),
  ...[
    'FFFFFFFFFFFFFFFFF',
    '8000000000000000',
    '-5',
    '+5',
    '0x5',
    '5_0',
    ' 5',
    '5 ',
    '',
    'g',
    '5;',
    '5;a="\x01"',
    '5;a=\x00',
    `5;${'a=b;'.repeat(1100)}c`,
  ].map((size) => [9, `chunk size ${JSON.stringify(size.slice(0, 20))}`, chunks(`${size}\r\nhello\r\n0\r\n\r\n`), 400] as const),
  [9, 'a chunk longer than its size', chunks('5\r\nhello!\r\n0\r\n\r\n'), 400],
  [9, 'extensions of many chunks together', chunks(`${'1;aaaaaaaa=bbbbbbbb\r\nx\r\n'.repeat(300)}0\r\n\r\n`), 400],
  [12, 'a body on TRACE', 'TRACE /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello', 400],
  [16, 'CONNECT', 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n', 400, 405, 501],
  [16, 'CONNECT to an absolute target', 'CONNECT http://a/ HTTP/1.1\r\nHost: a\r\n\r\n', 400, 405, 501],
];

const seen: { readonly line: string; readonly fields: readonly string[] }[] = [];
let origin: Awaited<ReturnType<typeof rawServer>>;
let mesh: Mesh;
before(async () => {
  origin = await rawServer(carelessOrigin((request) => void seen.push(request)));
  mesh = await startMesh(origin.port);
});
after(async () => {
  await mesh.close();
  await origin.close();
});

for (const way of ['gateway', 'outbound'] as const)
  for (const line of new Set(REFUSED.map(([first]) => first)))
    test(`proxy-hardening ${line}: refused and closed at the ${way}`, async () => {
      await Promise.all(
        REFUSED.filter(([first]) => first === line).map(async ([, title, bytes, ...statuses]) => {
          const { text, closed } = await sendRaw(mesh[way], Buffer.from(bytes + SECOND, 'latin1'), WAIT_MS);
          assert.ok(statuses.includes(statusOf(text)), `${title}: ${text.slice(0, 60)}`);
          assert.equal(closed, true, `${title}: stays open`);
          assert.equal(text.split('HTTP/1.1 ').length, 2, `${title}: more than one answer`);
        }),
      );
      assert.deepEqual(
        seen.filter(({ line: first }) => first.includes('/second')),
        [],
      );
    });

test('proxy-hardening 11: of what is sent behind an error nothing is answered, nor forwarded', async () => {
  const count = seen.length;
  const { text, closed } = await sendRaw(mesh.gateway, `${get('')}${get('X : 1\r\n')}${SECOND}`, WAIT_MS);
  assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 400']);
  assert.equal(closed, true);
  assert.equal(seen.length, count + 1);
});

test('proxy-hardening 12: a body on GET and DELETE goes on framed, and what is in it is no request', async () => {
  for (const method of ['GET', 'DELETE', 'OPTIONS']) {
    const body = 'GET /in-body HTTP/1.1\r\nHost: a\r\n\r\n';
    const bytes = `${method} /framed HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
    const { text } = await sendRaw(mesh.gateway, bytes, WAIT_MS);
    assert.equal(statusOf(text), 200);
    const got = seen.findLast(({ line }) => line === `${method} /framed HTTP/1.1`)!;
    assert.equal(fieldOf(got.fields, 'content-length'), String(body.length));
    assert.equal(seen.filter(({ line }) => line.includes('/in-body')).length, 0);
  }
});

test('proxy-hardening 10: trailers that frame, route or prove something do not go on', async () => {
  const trailers = [
    'Content-Length: 9',
    'Transfer-Encoding: chunked',
    'Host: b',
    'Authorization: x',
    'X-Forwarded-For: 6.6.6.6',
    'X-Plain: 1',
  ];
  for (const announced of ['', `Trailer: ${trailers.map((one) => one.split(':')[0]).join(', ')}\r\n`]) {
    const chunksSeen: string[] = [];
    const raw = await rawServer((socket) => {
      socket.on('data', (chunk) => {
        chunksSeen.push(chunk.toString('latin1'));
        if (chunksSeen.join('').includes('\r\n0\r\n'))
          socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      });
    });
    const one = await startMesh(raw.port);
    try {
      const bytes = `POST /t HTTP/1.1\r\nHost: a\r\n${CHUNKED}${announced}Connection: close\r\n\r\n5\r\nhello\r\n0\r\n${trailers.join('\r\n')}\r\n\r\n`;
      assert.ok([200, 400].includes(statusOf((await sendRaw(one.gateway, bytes, WAIT_MS)).text)));
      const tail = chunksSeen.join('').split('\r\n0\r\n')[1] ?? '';
      assert.doesNotMatch(tail, /content-length|transfer-encoding|host|authorization|x-forwarded-for/i);
    } finally {
      await one.close();
      await raw.close();
    }
  }
});

test('proxy-hardening 16: an upgrade to HTTP/2 in plaintext is an ordinary request, and its fields do not go on', async () => {
  const bytes = get('Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n');
  const { text } = await sendRaw(mesh.gateway, bytes, WAIT_MS, 50);
  assert.equal(statusOf(text), 200);
  const { fields } = seen.findLast(({ line }) => line === 'GET /x HTTP/1.1')!;
  for (const name of ['upgrade', 'http2-settings']) assert.equal(fieldOf(fields, name), undefined, name);
});

for (const [title, fields] of [
  [
    'another version',
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n',
  ],
  ['no Connection', 'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'],
  ['no key', 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n'],
  [
    'a right one that the application answers with 200',
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n',
  ],
] as const)
  test(`proxy-hardening 16: no tunnel by a WebSocket handshake with ${title}`, async () => {
    const { text } = await sendRaw(mesh.gateway, `${get(fields)}GET /behind HTTP/1.1\r\nHost: a\r\n\r\n`, WAIT_MS, 50);
    assert.notEqual(statusOf(text), 101);
    // What stands behind it was read as a request of its own, or as nothing: never passed on as bytes of a tunnel.
    assert.ok(!seen.some(({ line, fields: got }) => line.includes('/behind') && fieldOf(got, 'x-request-id') === undefined));
  });
