// Proxy hardening C: whose word a header is. At a gateway with and without trusted proxies before it, over both versions of HTTP.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { IncomingHttpHeaders } from 'node:http';
import { http2Call } from '../fakes/http2.ts';
import {
  type Mesh,
  GATEWAY,
  authorizationPolicy,
  call,
  requestAuthentication,
  routeRule,
  startApp,
  startMesh,
} from '../fakes/mesh.ts';
import { gatewayKind, request, startGateway, tlsCall, tlsSecret } from '../fakes/gateway.ts';
import { bodyOf, sendRaw, statusOf } from '../fakes/raw-http.ts';
import { pair, publicCa } from '../fakes/serving.ts';
import { ecIssuer, jwksOf, token } from '../fakes/tokens.ts';

const ISSUER = 'https://issuer.example';
const issuer = ecIssuer('k1');
const EXPIRY = Math.floor(Date.now() / 1000) + 3600;
const header = (name: string, ...values: string[]) => ({ when: [{ key: `request.headers[${name}]`, values }] });

let app: Awaited<ReturnType<typeof startApp>>;
let mesh: Mesh;
before(async () => {
  app = await startApp((incoming, response) => {
    response.setHeader('server', 'Apache/2.4.1');
    response.setHeader('x-powered-by', 'PHP/5');
    response.setHeader('x-aspnet-version', '4');
    response.setHeader('x-cullis-source-identity', 'spiffe://forged');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ method: incoming.method, url: incoming.url, headers: incoming.headers, body: '' }));
  });
  mesh = await startMesh(app.port, {
    authorization: [
      authorizationPolicy('no-guests', { action: 'DENY', rules: [header('x-role', 'guest')] }),
      authorizationPolicy('no-joined', { action: 'DENY', rules: [header('x-pair', 'a,b')] }),
      authorizationPolicy('no-bytes', { action: 'DENY', rules: [header('x-bytes', '*evil*', 'evil*', '*evil')] }),
    ],
    requestAuthentication: [
      requestAuthentication('tokens', {
        jwtRules: [{ issuer: ISSUER, jwks: jwksOf(issuer), outputClaimToHeaders: [{ header: 'x-user', claim: 'sub' }] }],
      }),
    ],
    rules: (cluster) => [
      routeRule('shop/templates', cluster, {
        matches: [{ path: { type: 'PathPrefix', value: '/moved' }, headers: [], queryParams: [] }],
        filters: [{ type: 'RequestRedirect', statusCode: 302, path: { type: 'ReplacePrefixMatch', value: '/to' } }],
      }),
      routeRule('shop/rest', cluster),
    ],
  });
});
after(async () => {
  await mesh.close();
  await app.close();
});

const MANAGED = [
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-client-cert',
  'x-real-ip',
  'true-client-ip',
  'x-envoy-original-path',
  'x-envoy-external-address',
  'x-original-url',
  'x-rewrite-url',
  'x-client-cert',
  'x-request-id',
  'x-cullis-source-identity',
  'x-cullis-session-id',
  'x-user',
] as const;
const FORGED = 'forged.example';

test('proxy-hardening 25: what a stranger says of itself ends at the gateway, in both versions', async () => {
  const sent = Object.fromEntries([...MANAGED, 'forwarded'].map((name) => [name, FORGED]));
  const one = await call(mesh.gateway, { headers: sent });
  assert.doesNotMatch(JSON.stringify(one.seen.headers), /forged/);
  const two = await http2Call(mesh.gateway, { ':path': '/', ...sent });
  assert.equal(two.status, 200);
  assert.doesNotMatch(two.body.toString(), /forged/);
});

for (const [proxies, sent, ip, passed] of [
  [0, '6.6.6.6', '127.0.0.1', '127.0.0.1'],
  [1, '6.6.6.6, 1.2.3.4', '1.2.3.4', '1.2.3.4, 127.0.0.1'],
  [2, '6.6.6.6, 1.2.3.4, 5.6.7.8', '1.2.3.4', '1.2.3.4, 5.6.7.8, 127.0.0.1'],
  [2, '6.6.6.6', '127.0.0.1', '127.0.0.1'],
] as const)
  test(`proxy-hardening 25: behind ${proxies} trusted proxies \`${sent}\` comes from ${ip}`, async () => {
    // The address that policy sees is the same: whoever it is, is refused.
    const open = await startMesh(app.port, { mesh: { numTrustedProxies: proxies } });
    try {
      assert.equal((await call(open.gateway, { headers: { 'x-forwarded-for': sent } })).seen.headers['x-forwarded-for'], passed);
      const deny = authorizationPolicy('not-him', { action: 'DENY', rules: [{ from: [{ source: { remoteIpBlocks: [ip] } }] }] });
      assert.ok((await open.apply({ mesh: { numTrustedProxies: proxies }, gatewayAuthorization: [deny] })).ok);
      assert.equal((await call(open.gateway, { headers: { 'x-forwarded-for': sent } })).status, 403);
    } finally {
      await open.close();
    }
  });

test('proxy-hardening 26: nor under another spelling that an application would read as the same', async () => {
  const aliases = MANAGED.filter((name) => name !== 'x-user').flatMap((name) => [
    name.replaceAll('-', '_'),
    name.replace('-', '_'),
    name.replaceAll('-', '.'),
    name.toUpperCase(),
    name.toUpperCase().replaceAll('-', '_'),
  ]);
  const lines = aliases.map((name) => `${name}: ${FORGED}\r\n`).join('');
  const { text } = await sendRaw(mesh.gateway, `GET / HTTP/1.1\r\nHost: a\r\n${lines}Connection: close\r\n\r\n`, 2000);
  assert.equal(statusOf(text), 200);
  assert.doesNotMatch(bodyOf(text), /forged/);
  const lower = Object.fromEntries(aliases.filter((name) => name === name.toLowerCase()).map((name) => [name, FORGED]));
  const two = await http2Call(mesh.gateway, { ':path': '/', ...lower });
  assert.equal(two.status, 200);
  assert.doesNotMatch(two.body.toString(), /forged/);
});

test('proxy-hardening 27: Connection takes no managed header away, whatever its case, and each hop-by-hop header ends here', async () => {
  const listed = [...MANAGED.filter((name) => name !== 'x-user'), 'Authorization', 'Host', 'Cookie', 'content-type', 'X-Hop'];
  for (const options of [listed.join(', '), listed.join(',').toUpperCase(), listed.join(',').toLowerCase()]) {
    const { seen } = await call(mesh.gateway, {
      headers: {
        connection: `keep-alive, ${options}`,
        'x-hop': '1',
        cookie: 'a=1',
        'content-type': 'text/plain',
        'proxy-connection': 'x',
        'keep-alive': 'x',
        te: 'trailers',
      },
    });
    assert.equal(seen.headers['x-forwarded-for'], '127.0.0.1');
    assert.equal(seen.headers['x-cullis-source-identity'], GATEWAY);
    assert.ok(seen.headers['x-request-id'] && seen.headers['x-forwarded-client-cert'] && seen.headers['cookie'] === 'a=1');
    for (const name of ['x-hop', 'proxy-connection', 'keep-alive', 'te']) assert.equal(seen.headers[name], undefined, name);
  }
});

test('proxy-hardening 28: of a repeated or listed header DENY sees each part and the whole, ALLOW the whole only', async () => {
  for (const [headers, want] of [
    [{ 'x-role': 'guest' }, 403],
    [{ 'x-role': ['admin', 'guest'] }, 403],
    [{ 'x-role': ['guest', 'admin'] }, 403],
    [{ 'x-role': 'admin,guest' }, 403],
    [{ 'x-role': 'admin' }, 200],
    [{ 'x-pair': ['a', 'b'] }, 403],
    [{ 'x-pair': 'a,b' }, 403],
    [{ 'x-pair': 'a' }, 200],
  ] as const)
    assert.equal(
      (await call(mesh.gateway, { headers: headers as Record<string, string | string[]> })).status,
      want,
      JSON.stringify(headers),
    );
  const only = authorizationPolicy('only-staff', { rules: [header('x-role', 'staff')] });
  const strict = await startMesh(app.port, { authorization: [only] });
  try {
    for (const [roles, want] of [
      [['staff'], 200],
      [['staff', 'guest'], 403],
      [['guest', 'staff'], 403],
      [['staff', 'staff'], 403],
    ] as const)
      assert.equal((await call(strict.gateway, { headers: { 'x-role': [...roles] } })).status, want, String(roles));
  } finally {
    await strict.close();
  }
});

test('proxy-hardening 29: bytes above ASCII are matched as they are, never skipped', async () => {
  for (const [value, want] of [
    ['\xffevil', 403],
    ['evil\x80', 403],
    ['\xc3\xa9vil', 200],
    ['\xff', 200],
  ] as const) {
    const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\nX-Bytes: ${value}\r\nConnection: close\r\n\r\n`, 'latin1');
    assert.equal(statusOf((await sendRaw(mesh.gateway, bytes, 2000)).text), want, JSON.stringify(value));
  }
});

test('proxy-hardening 30: what software runs inside stays inside', async () => {
  const { headers } = await call(mesh.gateway);
  for (const name of ['server', 'x-powered-by', 'x-aspnet-version', 'x-cullis-source-identity', 'x-envoy-upstream-service-time'])
    assert.equal(headers[name], undefined, name);
});

test('proxy-hardening 30: nothing that a request or a token says can begin another line', async () => {
  for (const target of [
    '/moved/%0d%0aset-cookie:%20a=1',
    '/moved/a?x=%0d%0aset-cookie:%20a=1',
    '/moved/\u0120',
    '//evil.example/moved',
  ]) {
    const { text } = await sendRaw(
      mesh.gateway,
      `GET ${target} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n`,
      2000,
    );
    assert.doesNotMatch(text, /\r\nset-cookie/i, target);
    const location = /\r\nlocation: (.*)\r\n/i.exec(text)?.[1];
    if (location !== undefined) assert.match(location, /^http:\/\/shop\.example[:/]/);
  }
  for (const sub of ['a\r\nx-role: admin', 'a\nb', 'a\0b', '\u2028', ' a']) {
    const { status, seen } = await call(mesh.gateway, {
      headers: { authorization: `Bearer ${token(issuer, { iss: ISSUER, sub, exp: EXPIRY })}`, 'x-user': 'forged' },
    });
    assert.equal(status, 200);
    assert.ok(seen.headers['x-role'] === undefined && !/forged|[\r\n\0]/.test(seen.headers['x-user'] ?? ''), JSON.stringify(sub));
  }
});

const SECURITY = [
  'strict-transport-security',
  'x-content-type-options',
  'referrer-policy',
  'content-security-policy',
  'x-frame-options',
];
const ca = publicCa();
for (const [title, platform, own, want] of [
  [
    'an application that says nothing',
    '',
    {},
    ['max-age=31536000', 'nosniff', 'strict-origin-when-cross-origin', "frame-ancestors 'self'", 'SAMEORIGIN'],
  ],
  [
    'one that says it all, twice',
    '',
    {
      'strict-transport-security': ['max-age=5', 'max-age=6'],
      'X-Content-Type-Options': ['nosniff', 'nosniff'],
      'content-security-policy': ["default-src 'self'"],
    },
    ['max-age=5', 'nosniff', 'strict-origin-when-cross-origin', "default-src 'self'", undefined],
  ],
  ['a Platform that does not want it', '{securityHeaders: false}', {}, [undefined, undefined, undefined, undefined, undefined]],
] as const)
  test(`proxy-hardening 30: security headers over HTTPS, each once: ${title}`, async (t) => {
    const web = await startApp((_, response) => response.writeHead(200, own as Record<string, string[]>).end('ok'));
    const gateway = await startGateway({
      apps: { web: web.port },
      manifests: [
        tlsSecret('a', pair(ca, ['a.example'])),
        gatewayKind(
          'Gateway',
          'edge',
          '{gatewayClassName: x, listeners: [{name: a, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: a}]}}]}',
        ),
        gatewayKind(
          'HTTPRoute',
          'all',
          '{parentRefs: [{name: edge}], hostnames: [a.example], rules: [{backendRefs: [{name: web, port: 80}]}]}',
        ),
        ...(platform === '' ? [] : [`apiVersion: cullis.dev/v1\nkind: Platform\nmetadata: {name: p}\nspec: ${platform}`]),
      ],
    });
    t.after(async () => {
      await gateway.close();
      await web.close();
    });
    const ask = (host: string) =>
      tlsCall(gateway.port(443), { servername: 'a.example', ALPNProtocols: ['http/1.1'] }, request(host));
    const values = (text: string, name: string): string[] =>
      [...text.split('\r\n\r\n')[0]!.matchAll(new RegExp(`^${name}: (.*)$`, 'gim'))].map(([, value]) => value!.trim());
    const { text } = await ask('a.example');
    assert.match(text, /^HTTP\/1\.1 200 /);
    assert.deepEqual(
      SECURITY.map((name) => values(text, name)),
      want.map((value) => (value === undefined ? [] : [value])),
    );
    // An answer that is made here: 404 for a host without a route.
    const none = (await ask('b.example')).text;
    assert.match(none, /^HTTP\/1\.1 404 /);
    for (const name of SECURITY) assert.equal(values(none, name).length, platform === '' ? 1 : 0, name);
  });

test('proxy-hardening 30: over plaintext HSTS would be noise, and nothing is added', async () => {
  const { headers } = await call(mesh.gateway);
  for (const name of SECURITY) assert.equal(headers[name], undefined, name);
});

test('proxy-hardening 31: no session is given out here, and none that a client brings is believed', async () => {
  const setCookie = (headers: IncomingHttpHeaders): unknown => headers['set-cookie'];
  const id = 'a'.repeat(32);
  for (const headers of [{}, { cookie: `sid=${id}; __Host-cullis=${id}` }, { 'x-cullis-session-id': id }]) {
    const answer = await call(mesh.gateway, { headers });
    assert.equal(setCookie(answer.headers), undefined);
    assert.notEqual(answer.seen.headers['x-cullis-session-id'], id);
  }
});
