// Proxy hardening F 56 to 59: what one request may cost, at a gateway with small limits.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { after, before, test } from 'node:test';
import { http2Call } from '../fakes/http2.ts';
import {
  type Mesh,
  authorizationPolicy,
  call,
  dial,
  requestAuthentication,
  routeRule,
  startApp,
  startMesh,
} from '../fakes/mesh.ts';
import { sendRaw, statusOf } from '../fakes/raw-http.ts';
import { ecIssuer, jwksOf, token } from '../fakes/tokens.ts';

const LIMITS = {
  headerBytesMax: 8192,
  headersMax: 50,
  targetBytesMax: 1024,
  bodyBytesMax: 10_000,
  headerTimeoutMs: 250,
  requestTimeoutMs: 600,
  idleTimeoutMs: 300,
} as const;
const BOMB = gzipSync(Buffer.alloc(8 * 1024 * 1024));
const ISSUER = 'https://issuer.example';
const issuer = ecIssuer('k1');

let app: Awaited<ReturnType<typeof startApp>>;
let mesh: Mesh;
before(async () => {
  app = await startApp((incoming, response) => {
    let bytes = 0;
    incoming.on('data', (chunk: Buffer) => (bytes += chunk.length));
    incoming.on('end', () => {
      if (incoming.url === '/bomb') response.writeHead(200, { 'content-encoding': 'gzip' }).end(BOMB);
      else response.end(String(bytes));
    });
  });
  mesh = await startMesh(app.port, {
    limits: LIMITS,
    requestAuthentication: [requestAuthentication('tokens', { jwtRules: [{ issuer: ISSUER, jwks: jwksOf(issuer) }] })],
    authorization: [
      authorizationPolicy('all', { rules: [{}] }),
      authorizationPolicy('nested', {
        action: 'DENY',
        rules: [{ when: [{ key: 'request.auth.claims[deep][deep]', values: ['x'] }] }],
      }),
    ],
    rules: (cluster) => [
      routeRule('shop/slow', cluster, {
        matches: [
          {
            path: { type: 'RegularExpression', value: '/re/(a+)+b' },
            headers: [{ type: 'RegularExpression', name: 'x-re', value: '(a|a|aa)*c' }],
            queryParams: [],
          },
        ],
      }),
      routeRule('shop/rest', cluster),
    ],
  });
});
after(async () => {
  await mesh.close();
  await app.close();
});

for (const [title, options, want] of [
  ['many headers', { headers: Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`x-${i}`, '1'])) }, 431],
  ['large headers', { headers: { 'x-large': 'a'.repeat(9000) } }, 431],
  ['many cookies', { headers: { cookie: Array.from({ length: 60 }, (_, i) => `c${i}=1`).join('; ') } }, 200],
  ['a long target', { path: `/${'a'.repeat(1100)}` }, 414],
  ['a large body', { method: 'POST', body: 'a'.repeat(20_000) }, 413],
  [
    'what is within all of them',
    { method: 'POST', path: `/${'a'.repeat(900)}`, body: 'a'.repeat(9000), headers: { 'x-large': 'a'.repeat(6000) } },
    200,
  ],
] as const)
  test(`proxy-hardening 57: ${title} is ${want} in both versions`, async () => {
    const {
      method = 'GET',
      path = '/',
      body,
      headers = {},
    } = options as { method?: string; path?: string; body?: string; headers?: Record<string, string> };
    assert.equal((await call(mesh.gateway, { method, path, headers, ...(body !== undefined && { body }) })).status, want);
    assert.equal((await http2Call(mesh.gateway, { ':method': method, ':path': path, ...headers }, body)).status, want);
  });

test('proxy-hardening 57: a body without a length is bounded as it comes, in both versions', async () => {
  const chunks = `3e8\r\n${'a'.repeat(1000)}\r\n`.repeat(20);
  const bytes = `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
  assert.equal(statusOf((await sendRaw(mesh.gateway, bytes, 2000)).text), 413);
  assert.equal((await http2Call(mesh.gateway, { ':method': 'POST', ':path': '/' }, 'a'.repeat(20_000))).status, 413);
});

test('proxy-hardening 56: headers that trickle are 408, a body that stops too, and a client that sends nothing is left', async () => {
  const begun = performance.now();
  const [head, body, nothing] = await Promise.all([
    sendRaw(mesh.gateway, 'GET / HTTP/1.1\r\nHost: a\r\nX-Begun:', 3000),
    sendRaw(mesh.gateway, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nbegun', 3000),
    sendRaw(mesh.gateway, '', 3000),
  ]);
  assert.deepEqual([statusOf(head.text), head.closed], [408, true]);
  assert.deepEqual([statusOf(body.text), body.closed], [408, true]);
  assert.deepEqual([nothing.text, nothing.closed], ['', true]);
  assert.ok(performance.now() - begun < 2500);
});

test('proxy-hardening 56: one byte at a time does not stretch the time for headers', async () => {
  const socket = await dial(mesh.gateway);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  const text = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(500)}`;
  let at = 0;
  const drip = setInterval(() => void (socket.writable && socket.write(text[at++ % text.length]!)), 20);
  await once(socket, 'close');
  clearInterval(drip);
  assert.equal(statusOf(answer), 408);
  assert.ok(at < 60, 'it lasted for as long as bytes came');
});

test('proxy-hardening 58: compressed bodies are passed on as they are, so that a bomb is the receiver’s to open', async () => {
  const answer = await http2Call(mesh.gateway, { ':path': '/bomb' });
  assert.deepEqual([answer.status, answer.headers['content-encoding'], answer.body.length], [200, 'gzip', BOMB.length]);
  const headers = { 'content-encoding': 'gzip' };
  const back = await http2Call(mesh.gateway, { ':method': 'POST', ':path': '/', ...headers }, BOMB);
  assert.equal(back.body.toString(), String(BOMB.length));
});

test('proxy-hardening 58: a token whose claims are nested without end is refused or read, in bounded time', async () => {
  const begun = performance.now();
  const claims = (depth: number): string =>
    `{"iss":"${ISSUER}","exp":9999999999,"deep":${'{"deep":'.repeat(depth)}"x"${'}'.repeat(depth)}}`;
  for (const [depth, want] of [
    [0, 200],
    [1, 403],
    [500, 200],
    [2000, 401],
  ] as const) {
    const signed = token(issuer, JSON.parse(claims(Math.min(depth, 500))) as Record<string, unknown>);
    const text =
      depth <= 500 ? signed : signed.replace(/\.[^.]*\./, () => `.${Buffer.from(claims(depth)).toString('base64url')}.`);
    const { status } = await call(mesh.gateway, { headers: { authorization: `Bearer ${text.slice(0, 7500)}` } });
    assert.equal(status, want, String(depth));
  }
  assert.ok(performance.now() - begun < 2000);
});

test('proxy-hardening 59: patterns of users that would make a backtracking engine explode cost a request little', async () => {
  const begun = performance.now();
  for (let i = 0; i < 5; i++) {
    const { status } = await call(mesh.gateway, { path: `/re/${'a'.repeat(900)}`, headers: { 'x-re': 'a'.repeat(6000) } });
    assert.equal(status, 200);
    const both = await call(mesh.gateway, { path: `/re/${'a'.repeat(900)}b`, headers: { 'x-re': 'a'.repeat(6000) } });
    assert.equal(both.status, 200);
  }
  assert.ok(performance.now() - begun < 2000);
});
