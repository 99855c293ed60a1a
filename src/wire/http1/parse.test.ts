import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { CHUNKED, UNFRAMED } from './framing.ts';
import { INCOMPLETE, REFUSED, RequestParser, ResponseParser } from './parse.ts';

const LIMITS = { headerBytesMax: 1024, headersMax: 20, targetBytesMax: 200 };

/** What a request head comes to: the words asked for, or the refusal. */
function read(text: string): string {
  const parser = new RequestParser(LIMITS);
  const bytes = Buffer.from(text, 'latin1');
  const after = parser.parse(bytes, 0, bytes.length);
  if (after === INCOMPLETE) return 'incomplete';
  return after === REFUSED ? parser.error : 'ok';
}

function accepted(text: string): RequestParser {
  const parser = new RequestParser(LIMITS);
  const bytes = Buffer.from(text, 'latin1');
  assert.equal(parser.parse(bytes, 0, bytes.length), bytes.length, parser.error);
  return parser;
}

const get = (fields: string, line = 'GET / HTTP/1.1'): string => `${line}\r\nHost: a\r\n${fields}\r\n`;
const post = (fields: string): string => get(fields, 'POST / HTTP/1.1');

/** [proxy-hardening line or RFC section, head, outcome] */
const ROWS: readonly (readonly [string, string, string])[] = [
  // Request line
  ['9112-3', get(''), 'ok'],
  ['9112-3', get('', 'GET /a/b;c=1?d=%20&e=[]{}|^"`\\ HTTP/1.1'), 'ok'],
  ['9112-3', get('', 'VERSION-CONTROL / HTTP/1.1'), 'ok'],
  ['9112-3', get('', '-GET / HTTP/1.1'), 'method'],
  ['9112-3', get('', 'PROPFIND / HTTP/1.1'), 'ok'],
  ['9112-3', get('', 'GET  / HTTP/1.1'), 'request-line'],
  ['9112-3', get('', 'GET / HTTP/1.1 '), 'request-line'],
  ['9112-3', get('', 'GET /  HTTP/1.1'), 'version'],
  ['9112-3', get('', ' GET / HTTP/1.1'), 'request-line'],
  ['9112-3', get('', 'GET\t/ HTTP/1.1'), 'request-line'],
  ['9112-3', get('', 'GET /'), 'request-line'],
  ['9112-3', get('', 'GET'), 'request-line'],
  ['9112-2.2 leading CRLF', `\r\n${get('')}`, 'request-line'],
  ['B24 lower case', get('', 'get / HTTP/1.1'), 'method'],
  ['B24 mixed case', get('', 'GeT / HTTP/1.1'), 'method'],
  ['B24 long method', get('', `${'A'.repeat(33)} / HTTP/1.1`), 'method'],
  ['B24 method of 32', get('', `${'A'.repeat(32)} / HTTP/1.1`), 'ok'],
  ['16 CONNECT', get('', 'CONNECT a:443 HTTP/1.1').replace('Host: a', 'Host: a:443'), 'method-connect'],
  ['A12 TRACE with a body', get('Content-Length: 1\r\n', 'TRACE / HTTP/1.1'), 'trace-body'],
  ['A12 TRACE without', get('', 'TRACE / HTTP/1.1'), 'ok'],
  ['A12 GET with a body', get('Content-Length: 1\r\n'), 'ok'],
  // Version
  ['9112-2.3', get('', 'GET / HTTP/1.0'), 'ok'],
  ['9112-2.3', get('', 'GET / HTTP/1.2'), 'version-unsupported'],
  ['9112-2.3', get('', 'GET / HTTP/2.0'), 'version-unsupported'],
  ['9112-2.3 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'version-unsupported'],
  ['9112-2.3', get('', 'GET / HTTP/1'), 'version'],
  ['9112-2.3', get('', 'GET / http/1.1'), 'version'],
  ['9112-2.3', get('', 'GET / HTTP/01.1'), 'version'],
  ['9112-2.3', get('', 'GET / HTTP/1.10'), 'request-line'],
  ['9112-2.3', get('', 'GET / HTTP/ 1.1'), 'version'],
  ['9112-2.3', get('', 'GET / HTTPS/1.1'), 'version'],
  // Bare CR and LF (A6), obs-fold (A7)
  ['A6 in the request line', 'GET / HTTP/1.1\nHost: a\r\n\r\n', 'request-line'],
  ['A6 in the request line', 'GET / HTTP/1.1\rHost: a\r\n\r\n', 'request-line'],
  ['A6 in a header', get('X: 1\nY: 2\r\n'), 'field-value'],
  ['A6 in a header', get('X: 1\rY: 2\r\n'), 'field-value'],
  ['A6 CR CR LF', get('X: 1\r\r\n'), 'field-value'],
  ['A6 at the end', 'GET / HTTP/1.1\r\nHost: a\r\n\n', 'field-name'],
  ['A6 at the end', 'GET / HTTP/1.1\r\nHost: a\r\n\rX', 'field-name'],
  ['A7 obs-fold', get('X: 1\r\n 2\r\n'), 'field-name'],
  ['A7 obs-fold with tab', get('X: 1\r\n\t2\r\n'), 'field-name'],
  ['A7 before the first header', 'GET / HTTP/1.1\r\n Host: a\r\n\r\n', 'field-name'],
  // Names and values (A8)
  ['A8 space before colon', get('X : 1\r\n'), 'field-name'],
  ['A8 tab before colon', get('X\t: 1\r\n'), 'field-name'],
  ['A8 empty name', get(': 1\r\n'), 'field-name'],
  ['A8 no colon', get('X\r\n'), 'field-name'],
  ['A8 not a token', get('X[]: 1\r\n'), 'field-name'],
  ['A8 not ASCII', get('X\xe9: 1\r\n'), 'field-name'],
  ['A8 NUL in a name', get('X\0: 1\r\n'), 'field-name'],
  ['A8 NUL in a value', get('X: a\0b\r\n'), 'field-value'],
  ['A8 BEL in a value', get('X: a\x07b\r\n'), 'field-value'],
  ['A8 DEL in a value', get('X: a\x7fb\r\n'), 'field-value'],
  ['A8 tab inside a value', get('X: a\tb\r\n'), 'ok'],
  ['A8 obs-text in a value', get('X: \xe9\xff\r\n'), 'ok'],
  ['A8 empty value', get('X:\r\n'), 'ok'],
  ['A8 every token byte', get("!#$%&'*+-.^_`|~09azAZ: 1\r\n"), 'ok'],
  // Content-Length (A2, A3)
  ['A3', post('Content-Length: 5\r\n'), 'ok'],
  ['A3', post('Content-Length:5\r\n'), 'ok'],
  ['A3', post('Content-Length: 0\r\n'), 'ok'],
  ['A3 largest', post('Content-Length: 999999999999999\r\n'), 'ok'],
  ['A2 twice, equal', post('Content-Length: 5\r\nContent-Length: 5\r\n'), 'content-length-many'],
  ['A2 twice, different', post('Content-Length: 5\r\ncontent-length: 6\r\n'), 'content-length-many'],
  ['A3 sign', post('Content-Length: +5\r\n'), 'content-length'],
  ['A3 negative', post('Content-Length: -1\r\n'), 'content-length'],
  ['A3 leading zeros', post('Content-Length: 005\r\n'), 'content-length'],
  ['A3 double zero', post('Content-Length: 00\r\n'), 'content-length'],
  ['A3 trailing space', post('Content-Length: 5 \r\n'), 'content-length'],
  ['A3 two spaces', post('Content-Length:  5\r\n'), 'content-length'],
  ['A3 tab', post('Content-Length:\t5\r\n'), 'content-length'],
  ['A3 list', post('Content-Length: 5,5\r\n'), 'content-length'],
  ['A3 list', post('Content-Length: 5, 5\r\n'), 'content-length'],
  ['A3 hex', post('Content-Length: 0x5\r\n'), 'content-length'],
  ['A3 letters', post('Content-Length: five\r\n'), 'content-length'],
  ['A3 inner space', post('Content-Length: 1 0\r\n'), 'content-length'],
  ['A3 underscore', post('Content-Length: 1_0\r\n'), 'content-length'],
  ['A3 empty', post('Content-Length:\r\n'), 'content-length'],
  ['A3 overflow', post('Content-Length: 9999999999999999\r\n'), 'content-length'],
  ['A3 fraction', post('Content-Length: 5.0\r\n'), 'content-length'],
  // Transfer-Encoding (A1, A4, A5)
  ['A4', post('Transfer-Encoding: chunked\r\n'), 'ok'],
  ['A4 case (9112-7)', post('Transfer-Encoding: Chunked\r\n'), 'ok'],
  ['A1', post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'), 'length-conflict'],
  ['A1', post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n'), 'length-conflict'],
  ['A1 unknown coding', post('Transfer-Encoding: gzip\r\nContent-Length: 5\r\n'), 'length-conflict'],
  ['A4 xchunked', post('Transfer-Encoding: xchunked\r\n'), 'transfer-encoding-unknown'],
  ['A4 identity', post('Transfer-Encoding: identity\r\n'), 'transfer-encoding-unknown'],
  ['A4 gzip', post('Transfer-Encoding: gzip\r\n'), 'transfer-encoding-unknown'],
  ['A4 gzip, chunked', post('Transfer-Encoding: gzip, chunked\r\n'), 'transfer-encoding-unknown'],
  ['A4 chunked, identity', post('Transfer-Encoding: chunked, identity\r\n'), 'transfer-encoding'],
  ['A4 chunked, chunked', post('Transfer-Encoding: chunked, chunked\r\n'), 'transfer-encoding'],
  ['A4 two fields', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n'), 'transfer-encoding'],
  ['A4 empty', post('Transfer-Encoding:\r\n'), 'transfer-encoding'],
  ['A4 leading comma', post('Transfer-Encoding: ,chunked\r\n'), 'transfer-encoding'],
  ['A4 trailing comma', post('Transfer-Encoding: chunked,\r\n'), 'transfer-encoding'],
  ['A4 params', post('Transfer-Encoding: chunked;q=1\r\n'), 'transfer-encoding'],
  ['A4 quoted', post('Transfer-Encoding: "chunked"\r\n'), 'transfer-encoding'],
  ['A4 tab', post('Transfer-Encoding:\tchunked\r\n'), 'transfer-encoding'],
  ['A4 trailing space', post('Transfer-Encoding: chunked \r\n'), 'transfer-encoding'],
  ['A4 vertical tab', post('Transfer-Encoding: \x0bchunked\r\n'), 'field-value'],
  ['A4 obs-text', post('Transfer-Encoding: chunked\xa0\r\n'), 'transfer-encoding'],
  ['A5 on 1.0', get('Transfer-Encoding: chunked\r\n', 'POST / HTTP/1.0'), 'transfer-encoding-old'],
  // Host (B19)
  ['B19 missing', 'GET / HTTP/1.1\r\n\r\n', 'host-missing'],
  ['B19 missing on 1.0', 'GET / HTTP/1.0\r\n\r\n', 'ok'],
  ['B19 twice', get('Host: a\r\n'), 'host-many'],
  ['B19 twice on 1.0', get('Host: b\r\n', 'GET / HTTP/1.0'), 'host-many'],
  ...(
    [
      ['a.b-c_d~1', 'ok'],
      ['a.', 'ok'],
      ['a:8080', 'ok'],
      ['127.0.0.1:1', 'ok'],
      ['[::1]', 'ok'],
      ['[::ffff:1.2.3.4]:443', 'ok'],
      ['', 'host'],
      [':80', 'host'],
      ['a:', 'host'],
      ['a:x', 'host'],
      ['a:65536', 'host'],
      ['a:000080', 'host'],
      ['a:80:80', 'host'],
      ['u@a', 'host'],
      ['a/b', 'host'],
      ['a?b', 'host'],
      ['a#b', 'host'],
      ['a, b', 'host'],
      ['a b', 'host'],
      ['a%41', 'host'],
      ['a\\b', 'host'],
      ['\xe4', 'host'],
      ['[a]', 'host'],
      ['[::1', 'host'],
      ['[::1]x', 'host'],
      ['a'.repeat(256), 'host'],
    ] as const
  ).map(([host, want]) => [`B19 host ${host.slice(0, 20)}`, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, want] as const),
  // Target (B17-19)
  ['B19 absolute, same', get('', 'GET http://a/x HTTP/1.1'), 'ok'],
  ['B19 absolute, case', get('', 'GET HTTP://A/x HTTP/1.1'), 'ok'],
  ['B19 absolute, own port', get('', 'GET http://a:80/x HTTP/1.1'), 'ok'],
  ['B19 absolute, https', get('', 'GET https://a:443/ HTTP/1.1'), 'ok'],
  ['B19 absolute, other host', get('', 'GET http://b/x HTTP/1.1'), 'host-mismatch'],
  ['B19 absolute, other port', get('', 'GET http://a:81/x HTTP/1.1'), 'host-mismatch'],
  ['B19 absolute, wrong own port', get('', 'GET https://a:80/ HTTP/1.1'), 'host-mismatch'],
  ['B19 absolute, user', get('', 'GET http://u@a/x HTTP/1.1'), 'target'],
  ['B19 absolute, scheme', get('', 'GET ftp://a/x HTTP/1.1'), 'target'],
  ['B19 absolute, empty', get('', 'GET http:///x HTTP/1.1'), 'target'],
  ['B19 relative', get('', 'GET x HTTP/1.1'), 'target'],
  ['B19 empty query form', get('', 'GET ?a HTTP/1.1'), 'target'],
  ['B19 asterisk', get('', 'GET * HTTP/1.1'), 'target'],
  ['B19 asterisk for OPTIONS', get('', 'OPTIONS * HTTP/1.1'), 'ok'],
  ['B19 authority form', get('', 'GET a:80 HTTP/1.1'), 'target'],
  ['B19 fragment', get('', 'GET /a#b HTTP/1.1'), 'target'],
  ['B19 not ASCII', get('', 'GET /caf\xe9 HTTP/1.1'), 'target'],
  ['B19 tab', get('', 'GET /a\tb HTTP/1.1'), 'target'],
  ['B19 NUL', get('', 'GET /a\0 HTTP/1.1'), 'target'],
  ['B18 %00', get('', 'GET /a%00b HTTP/1.1'), 'target'],
  ['B18 %0d%0a', get('', 'GET /a%0D%0ab HTTP/1.1'), 'target'],
  ['B18 %7f', get('', 'GET /a%7Fb HTTP/1.1'), 'target'],
  ['B18 in the query', get('', 'GET /a?b=%0A HTTP/1.1'), 'ok'],
  ['B19 dots and double encoding are for the normaliser', get('', 'GET /a/../%2e%2e//%252e;x=y\\ HTTP/1.1'), 'ok'],
  // Expect
  ['9110-10.1.1', post('Expect: 100-continue\r\nContent-Length: 1\r\n'), 'ok'],
  ['9110-10.1.1 case', post('Expect: 100-Continue\r\nContent-Length: 1\r\n'), 'ok'],
  ['9110-10.1.1 other', post('Expect: 200-ok\r\n'), 'expect'],
  ['9110-10.1.1 two', post('Expect: 100-continue\r\nExpect: 100-continue\r\n'), 'expect'],
  ['9110-10.1.1 ignored on 1.0', get('Expect: x\r\n', 'GET / HTTP/1.0'), 'ok'],
  // Sizes (F57)
  ['F57 target', get('', `GET /${'a'.repeat(199)} HTTP/1.1`), 'ok'],
  ['F57 target', get('', `GET /${'a'.repeat(200)} HTTP/1.1`), 'target-long'],
  ['F57 target without end', `GET /${'a'.repeat(300)}`, 'target-long'],
  ['F57 headers', get(`X: ${'a'.repeat(900)}\r\n`), 'ok'],
  ['F57 headers', get(`X: ${'a'.repeat(1100)}\r\n`), 'fields-large'],
  ['F57 headers without end', get(`X: ${'a'.repeat(1100)}`), 'fields-large'],
  ['F57 count', get('X: 1\r\n'.repeat(19)), 'ok'],
  ['F57 count', get('X: 1\r\n'.repeat(20)), 'fields-many'],
  // Unfinished
  ['9112-2', 'GET / HTTP/1.1\r\nHost: a\r\n', 'incomplete'],
  ['9112-2', 'GET / HTTP/1.1\r\nHost: a\r\n\r', 'incomplete'],
  ['9112-2', 'G', 'incomplete'],
  ['9112-2', '', 'incomplete'],
];

describe('request heads', () => {
  for (const [rule, head, want] of ROWS) {
    it(`${rule}: ${JSON.stringify(head).slice(0, 60)} is ${want}`, () => assert.equal(read(head), want));
  }

  it('gives method, target, authority and fields as they came', () => {
    const parser = accepted(
      'POST http://Shop:80/a?b HTTP/1.1\r\nHOST: Shop\r\nX-A:  1 \r\nx-a:2\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    assert.equal(parser.method, 'POST');
    assert.equal(parser.target, 'http://Shop:80/a?b');
    assert.equal(parser.path, '/a?b');
    assert.equal(parser.authority, 'Shop');
    assert.equal(parser.framing, CHUNKED);
    const { headers } = parser;
    assert.deepEqual(
      Array.from({ length: headers.length }, (_, i) => [headers.name(i), headers.rawName(i), headers.value(i)]),
      [
        ['host', 'HOST', 'Shop'],
        ['x-a', 'X-A', '1'],
        ['x-a', 'x-a', '2'],
        ['transfer-encoding', 'Transfer-Encoding', 'chunked'],
      ],
    );
    assert.equal(headers.get('x-a'), '1');
    assert.deepEqual(headers.all('x-a'), ['1', '2']);
    assert.equal(headers.get('x-b'), undefined);
  });

  it('reads an absolute target without a path, and the authority of HTTP/1.0', () => {
    assert.equal(accepted(get('', 'GET http://a?b HTTP/1.1')).path, '/?b');
    assert.equal(accepted(get('', 'GET http://a HTTP/1.1')).path, '/');
    assert.equal(accepted(get('', 'OPTIONS http://a HTTP/1.1')).path, '*');
    assert.equal(accepted('GET http://b/ HTTP/1.0\r\n\r\n').authority, 'b');
    assert.equal(accepted('GET / HTTP/1.0\r\n\r\n').authority, '');
  });

  it('reads the Connection options over several fields, close first', () => {
    assert.deepEqual(accepted(get('')).connection, { close: false, keepAlive: false, upgrade: false });
    assert.equal(accepted(get('Connection: Keep-Alive\r\n')).connection.keepAlive, true);
    assert.equal(accepted(get('Connection: x, CLOSE\r\n')).connection.close, true);
    assert.deepEqual(accepted(get('Connection: upgrade\r\nConnection: keep-alive\r\n')).connection, {
      close: false,
      keepAlive: true,
      upgrade: true,
    });
  });

  const WS =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  const UPGRADES: readonly (readonly [string, string, string])[] = [
    ['a WebSocket', get(WS), 'websocket'],
    ['another protocol', get('Connection: keep-alive, upgrade\r\nUpgrade: Foo/1.0\r\n'), 'foo/1.0'],
    ['A16 without Connection', get(WS.replace('Connection: Upgrade\r\n', '')), ''],
    ['A16 version', get(WS.replace('13', '99')), ''],
    ['A16 no key', get(WS.replace('Sec-WebSocket-Key', 'X')), ''],
    ['A16 short key', get(WS.replace('dGhl', '')), ''],
    ['A16 h2c', get('Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n'), ''],
    ['a list', get('Connection: Upgrade\r\nUpgrade: a, b\r\n'), ''],
    ['two fields', get('Connection: Upgrade\r\nUpgrade: a\r\nUpgrade: b\r\n'), ''],
    ['POST', post(WS), ''],
    ['a body', get(`${WS}Content-Length: 1\r\n`), ''],
    ['HTTP/1.0', get(WS, 'GET / HTTP/1.0'), ''],
    ['close', get(WS.replace('Upgrade\r\n', 'Upgrade, close\r\n')), ''],
  ];
  for (const [what, head, want] of UPGRADES) {
    it(`Upgrade, ${what}: ${want === '' ? 'is not offered' : want}`, () => assert.equal(accepted(head).upgrade, want));
  }

  it('any cut of any row gives the same outcome in the end, and no outcome before it is certain', () => {
    for (const [rule, head, want] of ROWS) {
      const bytes = Buffer.from(head, 'latin1');
      const parser = new RequestParser(LIMITS);
      for (let end = 0; end <= bytes.length; end++) {
        const after = parser.parse(bytes, 0, end);
        if (after === INCOMPLETE) continue;
        assert.equal(after === REFUSED ? parser.error : 'ok', want, `${rule} cut at ${end}`);
        break;
      }
    }
  });

  it('reads at any offset of the buffer', () => {
    const bytes = Buffer.concat([Buffer.alloc(77, 'x'), Buffer.from(get('Content-Length: 12\r\n')), Buffer.from('rest')]);
    const parser = new RequestParser(LIMITS);
    assert.equal(parser.parse(bytes, 77, bytes.length), bytes.length - 4);
    assert.equal(parser.framing, 12);
    assert.equal(parser.headers.get('content-length'), '12');
  });

  it('never crashes, whatever the bytes', () => {
    const parser = new RequestParser(LIMITS);
    const word = fc.constantFrom(
      'GET ',
      '/',
      ' HTTP/1.1',
      '\r\n',
      'Host: a',
      'Content-Length: 1',
      ':',
      ' ',
      '\n',
      '\r',
      '\0',
      '%00',
      'http://',
      '[',
      '#',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.array(word).map((words) => Buffer.from(words.join(''), 'latin1')),
        ),
        (input) => {
          const bytes = Buffer.from(input);
          const after = parser.parse(bytes, 0, bytes.length);
          assert.ok(after >= -1 && after <= bytes.length);
        },
      ),
      { numRuns: 500 },
    );
  });
});

const ANSWERS: readonly (readonly [string, string])[] = [
  ['HTTP/1.1 200 OK\r\n\r\n', 'ok 200 -2'],
  ['HTTP/1.1 200 \r\n\r\n', 'ok 200 -2'],
  ['HTTP/1.1 200\r\n\r\n', 'ok 200 -2'],
  ['HTTP/1.0 404 Not Found\r\nContent-Length: 3\r\n\r\n', 'ok 404 3'],
  ['HTTP/1.1 200 \xe9t\xe9\tok\r\nTransfer-Encoding: chunked\r\n\r\n', 'ok 200 -1'],
  ['HTTP/1.1 099 x\r\n\r\n', 'status-line'],
  ['HTTP/1.1 600 x\r\n\r\n', 'status-line'],
  ['HTTP/1.1 20 x\r\n\r\n', 'status-line'],
  ['HTTP/1.1 2000 x\r\n\r\n', 'status-line'],
  ['HTTP/1.1  200 x\r\n\r\n', 'status-line'],
  ['HTTP/2.0 200 x\r\n\r\n', 'status-line'],
  ['ICY 200 OK\r\n\r\n', 'status-line'],
  ['HTTP/1.1 200 a\0\r\n\r\n', 'status-line'],
  ['HTTP/1.1 200 OK\n\r\n', 'status-line'],
  [`HTTP/1.1 200 ${'x'.repeat(600)}\r\n\r\n`, 'status-line'],
  ['HTTP/1.1 200 OK\r\nX : 1\r\n\r\n', 'field-name'],
  ['HTTP/1.1 200 OK\r\nX: 1\r\n 2\r\n\r\n', 'field-name'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n', 'content-length-many'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n', 'content-length'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 'length-conflict'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n', 'transfer-encoding-unknown'],
  ['HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', 'transfer-encoding-old'],
  [`HTTP/1.1 200 OK\r\n${'X: 1\r\n'.repeat(21)}\r\n`, 'fields-many'],
  ['HTTP/1.1 200 OK\r\nX: 1\r\n', 'incomplete'],
  ['HTTP/1.1 200', 'incomplete'],
  ['HTT', 'incomplete'],
];

describe('heads of answers', () => {
  for (const [head, want] of ANSWERS) {
    it(`${JSON.stringify(head).slice(0, 60)} is ${want}`, () => {
      const bytes = Buffer.from(head, 'latin1');
      // However it is cut: the first certain outcome is the outcome.
      for (let end = 0; end <= bytes.length; end++) {
        const parser = new ResponseParser(LIMITS);
        const after = parser.parse(bytes, 0, end);
        if (after === INCOMPLETE && end < bytes.length) continue;
        const seen =
          after === INCOMPLETE ? 'incomplete' : after === REFUSED ? parser.error : `ok ${parser.status} ${parser.framing}`;
        assert.equal(seen, want);
        break;
      }
    });
  }

  it('knows how long the destination keeps the connection', () => {
    const parser = new ResponseParser(LIMITS);
    for (const [value, want] of [
      ['timeout=5, max=3', 5000],
      ['max=3, TIMEOUT=2', 2000],
      ['max=3', -1],
      ['xtimeout=5', -1],
    ] as const) {
      const bytes = Buffer.from(`HTTP/1.1 200 OK\r\nKeep-Alive: ${value}\r\n\r\n`);
      parser.parse(bytes, 0, bytes.length);
      assert.equal(parser.keepAliveMs(), want, value);
    }
    assert.equal(UNFRAMED, parser.framing);
  });
});
