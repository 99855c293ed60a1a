// Proxy hardening B: which target, host and method a request has. Both versions of HTTP, at a gateway whose policy refuses `/admin` and the host
// `admin.example`; what the application sees is what was judged.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { END_STREAM, type Pairs, headers, hello, told } from '../fakes/http2-frames.ts';
import { type Mesh, authorizationPolicy, routeRule, startApp, startMesh } from '../fakes/mesh.ts';
import { bodyOf, sendRaw, statusOf } from '../fakes/raw-http.ts';

const WAIT_MS = 2000;
let app: Awaited<ReturnType<typeof startApp>>;
let mesh: Mesh;
before(async () => {
  app = await startApp();
  const deny = { action: 'DENY' } as const;
  const policies = [
    authorizationPolicy('no-admin', {
      ...deny,
      rules: [{ to: [{ operation: { paths: ['/admin', '/admin/*'] } }] }, { to: [{ operation: { hosts: ['admin.example'] } }] }],
    }),
    authorizationPolicy('no-delete', { ...deny, rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }] }),
  ];
  mesh = await startMesh(app.port, {
    gatewayAuthorization: policies,
    rules: (cluster) => [
      routeRule('shop/rewritten', cluster, {
        matches: [{ path: { type: 'PathPrefix', value: '/api' }, headers: [], queryParams: [] }],
        filters: [{ type: 'URLRewrite', path: { type: 'ReplacePrefixMatch', value: '/v1' } }],
      }),
      routeRule('shop/rest', cluster),
    ],
  });
});
after(async () => {
  await mesh.close();
  await app.close();
});

/** A status, or what the application saw as target. */
async function http1(target: string, host = 'shop.example', method = 'GET'): Promise<number | string> {
  const bytes = `${method} ${target} HTTP/1.1\r\n${host === '' ? '' : `Host: ${host}\r\n`}Connection: close\r\n\r\n`;
  const { text } = await sendRaw(mesh.gateway, Buffer.from(bytes, 'latin1'), WAIT_MS);
  return statusOf(text) === 200 ? (JSON.parse(bodyOf(text)) as { url: string }).url : statusOf(text);
}

/** The same by HTTP/2, where a stream that is reset counts as 400. */
async function http2(target: string, authority = 'shop.example', method = 'GET', more: Pairs = []): Promise<number | string> {
  const pairs: Pairs = [
    [':method', method],
    [':scheme', 'http'],
    ...(authority === '' ? [] : ([[':authority', authority]] as const)),
    [':path', target],
    ...more,
  ];
  const bytes = Buffer.concat([hello(), headers(1, pairs, END_STREAM)]);
  const { text } = await sendRaw(mesh.gateway, bytes, WAIT_MS, 40);
  const lines = told(text);
  const status = Number(/^HEADERS 1 :status=(\d+)/.exec(lines.find((line) => line.startsWith('HEADERS 1')) ?? '')?.[1] ?? 400);
  const body = lines
    .filter((line) => line.startsWith('DATA 1'))
    .map((line) => line.replace(/^DATA 1 /, '').replace(/ end$/, ''))
    .join('');
  return status === 200 ? (JSON.parse(body) as { url: string }).url : status;
}

/** Line, target, and the status or what the application sees. */
const TARGETS: readonly (readonly [line: number, target: string, want: number | string])[] = [
  [17, '/a/b?c=/../d', '/a/b?c=/../d'],
  [17, '/a/./b', '/a/b'],
  [17, '/%61/b', '/a/b'],
  [17, '/x/../admin', 403],
  [17, '/./admin', 403],
  [17, '/%61dmin', 403],
  [17, '/admin/../a', '/a'],
  [18, '/a%00', 400],
  [18, '/admin%00', 400],
  [18, '/%00/admin', 400],
  [19, '/x/%2e%2e/admin', 403],
  [19, '/x/%2E./admin', 403],
  [19, '/x\\..\\admin', 403],
  [19, '\\admin', 400],
  [19, '/..%2fadmin', '/..%2fadmin'],
  [19, '/x/..%5cadmin', '/x/..%5cadmin'],
  [19, '/%252e%252e/admin', '/%252e%252e/admin'],
  [19, '/%c0%ae%c0%ae/admin', '/%c0%ae%c0%ae/admin'],
  [19, '/x//y', '/x//y'],
  [19, '/a;b=c/d', '/a;b=c/d'],
  [19, '/a#b', 400],
  [19, '/admin#', 400],
  [19, '/\xe9', 400],
  [19, '/a\tb', 400],
  [19, '/a b', 400],
  [19, '*', 400],
  [19, 'a', 400],
  [19, '', 400],
  [20, '/api/x', '/v1/x'],
  [20, '/api/../admin', 403],
  [20, '/api/%2e%2e/admin', 403],
  [20, '/api//x', '/v1//x'],
  [20, '/api', '/v1'],
  [20, '/api/..%2fadmin', '/v1/..%2fadmin'],
];
for (const line of [17, 18, 19, 20])
  test(`proxy-hardening ${line}: one target, judged and forwarded, in both versions`, async () => {
    await Promise.all(
      TARGETS.filter(([row]) => row === line).map(async ([, target, want]) => {
        assert.equal(await http1(target), want, `HTTP/1 ${JSON.stringify(target)}`);
        assert.equal(await http2(target), want, `HTTP/2 ${JSON.stringify(target)}`);
      }),
    );
  });

test('proxy-hardening 19: an absolute target and Host must agree, and nothing but a host may stand in either', async () => {
  for (const [target, host, want] of [
    ['http://shop.example/x', 'shop.example', '/x'],
    ['http://shop.example', 'shop.example', '/'],
    ['http://shop.example/admin', 'shop.example', 403],
    ['http://admin.example/x', 'shop.example', 400],
    ['http://user@shop.example/x', 'shop.example', 400],
    ['http://shop.example@admin.example/x', 'shop.example', 400],
    ['ftp://shop.example/x', 'shop.example', 400],
    ['/x', '', 400],
    ['/x', ' ', 400],
    ['/x', 'a b', 400],
    ['/x', 'a,b', 400],
    ['/x', 'a/b', 400],
    ['/x', 'user@a', 400],
    ['/x', 'a\r\nHost: b', 400],
    ['/x', 'a\r\nHost: a', 400],
    ['/x', 'a:b', 400],
    ['/x', 'a:99999', 400],
    ['/x', 'b\xfccher.example', 400],
    ['/x', '[::1', 400],
  ] as const)
    assert.equal(await http1(target, host), want, `${target} ${JSON.stringify(host)}`);
  for (const [authority, more, want] of [
    ['shop.example', [['host', 'shop.example']], '/x'],
    ['shop.example', [['host', 'admin.example']], 400],
    ['', [['host', 'shop.example']], '/x'],
    ['user@shop.example', [], 400],
    ['a,b', [], 400],
    ['', [], 400],
  ] as const)
    assert.equal(await http2('/x', authority, 'GET', more), want, `${authority} ${JSON.stringify(more)}`);
});

test('proxy-hardening 21: a host is the same host in any case, with the root’s dot, and without its port where routes are chosen', async () => {
  const rows = [
    ...['admin.example', 'ADMIN.example', 'Admin.Example', 'admin.example.', 'ADMIN.EXAMPLE.'].map(
      (host) => [host, 403] as const,
    ),
    ...['shop.example:80', 'shop.example.:80', '127.0.0.1', '[::1]', '[::1]:80', 'xn--bcher-kva.example'].map(
      (host) => [host, '/x'] as const,
    ),
  ];
  await Promise.all(
    rows.flatMap(([host, want]) => [http1, http2].map(async (ask) => assert.equal(await ask('/x', host), want, host))),
  );
});

test('proxy-hardening 24: a method is an upper-case word, and what overrides it is only a header', async () => {
  for (const [method, want] of [
    ['get', 400],
    ['Delete', 400],
    ['GE\x00T', 400],
    ['', 400],
    ['A'.repeat(40), 400],
    ['DELETE', 403],
  ] as const) {
    assert.equal(await http1('/x', 'shop.example', method), want, method);
    assert.equal(await http2('/x', 'shop.example', method), want, method);
  }
  // Policy refuses DELETE; whoever says it in a header is judged by the method that is forwarded, and the application does not see it either.
  for (const name of ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', 'x_http_method_override']) {
    const bytes = `POST /x HTTP/1.1\r\nHost: a\r\n${name}: DELETE\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
    const { text } = await sendRaw(mesh.gateway, bytes, WAIT_MS);
    assert.equal(statusOf(text), 200);
    assert.doesNotMatch(bodyOf(text), /DELETE/, name);
  }
});
