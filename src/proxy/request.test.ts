// A request through gateway and sidecars with real TLS: who is told what, and what does not pass.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { Agent } from 'node:http';
import { after, before, test } from 'node:test';
import {
  type Mesh,
  FRONTEND,
  GATEWAY,
  SESSION_KEY,
  authorizationPolicy,
  call,
  requestAuthentication,
  startApp,
  startMesh,
} from '../../test/fakes/mesh.ts';
import { bodyOf, sendRaw, statusOf } from '../../test/fakes/raw-http.ts';
import { ecIssuer, jwksOf, token } from '../../test/fakes/tokens.ts';

const ISSUER = 'https://issuer.example';
const issuer = ecIssuer('k1');
const EXPIRY = Math.floor(Date.now() / 1000) + 3600;
let app: Awaited<ReturnType<typeof startApp>>;
let mesh: Mesh;

before(async () => {
  app = await startApp();
  const callers = ['cluster.local/ns/shop/sa/edge', 'cluster.local/ns/shop/sa/frontend'];
  mesh = await startMesh(app.port, {
    sessionCookie: 'sid',
    authorization: [
      authorizationPolicy('cart', {
        rules: [
          { from: [{ source: { principals: callers } }], to: [{ operation: { paths: ['/api/*'], notPaths: ['/api/secret*'] } }] },
        ],
      }),
      authorizationPolicy('no-forged-role', {
        action: 'DENY',
        rules: [{ when: [{ key: 'request.headers[x-role]', values: ['guest'] }] }],
      }),
      authorizationPolicy('meant-host', { action: 'DENY', rules: [{ to: [{ operation: { hosts: ['forbidden.example'] } }] }] }),
    ],
    requestAuthentication: [
      requestAuthentication('tokens', {
        jwtRules: [{ issuer: ISSUER, jwks: jwksOf(issuer), outputClaimToHeaders: [{ header: 'x-user', claim: 'sub' }] }],
      }),
    ],
  });
});
after(async () => {
  await mesh.close();
  await app.close();
});

test('a request passes gateway and sidecar, and the application learns the verified caller', async () => {
  const { status, seen } = await call(mesh.gateway, {
    path: '/api/cart?x=1',
    method: 'POST',
    body: 'hello',
    headers: { host: 'shop.example' },
  });
  assert.equal(status, 200);
  assert.deepEqual([seen.method, seen.url, seen.body], ['POST', '/api/cart?x=1', 'hello']);
  assert.equal(seen.headers['host'], 'shop.example');
  assert.match(
    seen.headers['x-forwarded-client-cert'] ?? '',
    /^By=spiffe:\/\/cluster\.local\/ns\/shop\/sa\/cart;Hash=[0-9a-f]{64};Subject="";URI=spiffe:\/\/cluster\.local\/ns\/shop\/sa\/edge$/,
  );
  assert.equal(seen.headers['x-cullis-source-identity'], GATEWAY);
  assert.equal(seen.headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(seen.headers['x-forwarded-proto'], 'http');
  assert.equal(seen.headers['x-forwarded-host'], 'shop.example');
});

test('a program reaches the service through its own listener, and the authority it meant comes back', async () => {
  const own = await call(mesh.outbound, { path: '/api/x' });
  assert.equal(own.seen.headers['host'], 'cart:7070');
  assert.equal(own.seen.headers['x-cullis-source-identity'], FRONTEND);
  const other = await call(mesh.outbound, { path: '/api/x', headers: { host: 'cart.shop.svc.cluster.local:7070' } });
  assert.equal(other.seen.headers['host'], 'cart.shop.svc.cluster.local:7070');
  const forbidden = await call(mesh.outbound, { path: '/api/x', headers: { host: 'forbidden.example' } });
  assert.equal(forbidden.status, 403);
});

test('a denial shows an opaque id and nothing else, and the event has the reason', async () => {
  const { status, text, headers } = await call(mesh.gateway, { path: '/admin?token=hidden' });
  assert.equal(status, 403);
  assert.equal(text, 'RBAC: access denied');
  const id = headers['x-cullis-decision-id'];
  const event = await mesh.seen.event((one) => one.id === id);
  assert.equal(event.role, 'sidecar-in');
  assert.equal(event.allowed, false);
  assert.equal(event.code, 'rbac.no-allow-match');
  assert.equal(event.path, '/admin');
  assert.equal(event.source, GATEWAY);
  assert.ok(event.mtls && event.tlsProtocol === 'TLSv1.3');
  assert.equal(event.reasons?.[0]?.policy, 'shop/cart');
  assert.doesNotMatch(JSON.stringify(mesh.seen.events), /token=hidden/);
});

const FORGED: Readonly<Record<string, string>> = {
  'X-Forwarded-Client-Cert': 'URI=spiffe://cluster.local/ns/shop/sa/admin',
  'X-Cullis-Source-Identity': 'spiffe://cluster.local/ns/shop/sa/admin',
  x_cullis_source_identity: 'spiffe://cluster.local/ns/shop/sa/admin',
  X_Forwarded_Client_Cert: 'URI=spiffe://cluster.local/ns/shop/sa/admin',
  'x.forwarded.client.cert': 'URI=spiffe://cluster.local/ns/shop/sa/admin',
  'X-Cullis-Anything': 'forged',
  'X-Envoy-Original-Path': '/admin',
  'X-Original-Url': '/admin',
  'X-Forwarded-For': '6.6.6.6',
  X_Forwarded_For: '6.6.6.6',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Prefix': '/forged',
  'X-Real-Ip': '6.6.6.6',
  'True-Client-Ip': '6.6.6.6',
  Forwarded: 'for=6.6.6.6',
  'X-Request-Id': 'forged-id',
  'X-User': 'forged-user',
};
for (const [way, port] of [
  ['gateway', () => mesh.gateway],
  ['outbound', () => mesh.outbound],
] as const) {
  test(`forged headers do not pass: ${way}`, async () => {
    const { seen } = await call(port(), { path: '/api/x', headers: { ...FORGED } });
    const text = JSON.stringify(seen.headers);
    const kept = way === 'outbound' ? /sa\/admin|forged-user|"forged"|\/admin|\/forged"/ : /sa\/admin|6\.6\.6\.6|forged|\/admin/;
    assert.doesNotMatch(text, kept);
  });
}

test('Connection cannot take away what this proxy adds or policy is decided on', async () => {
  const { seen } = await call(mesh.gateway, {
    path: '/api/x',
    headers: {
      connection: 'keep-alive, x-forwarded-for, x-cullis-source-identity, authorization, x-hop',
      'x-hop': '1',
      te: 'trailers',
      'keep-alive': 'timeout=5',
    },
  });
  assert.equal(seen.headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(seen.headers['x-cullis-source-identity'], GATEWAY);
  for (const name of ['x-hop', 'te', 'keep-alive']) assert.equal(seen.headers[name], undefined, name);
  // What is listed is not forwarded, so it decides nothing either.
  const hidden = await call(mesh.outbound, { path: '/api/x', headers: { connection: 'x-role', 'x-role': 'guest' } });
  assert.equal(hidden.status, 200);
  assert.equal(hidden.seen.headers['x-role'], undefined);
  assert.equal((await call(mesh.outbound, { path: '/api/x', headers: { 'x-role': 'guest' } })).status, 403);
});

test('the path is judged and forwarded in one form', async () => {
  for (const [path, want] of [
    ['/api/%63art', '/api/cart'],
    ['/x/../api/cart', '/api/cart'],
    ['/api/../admin', 403],
    ['/api/%2e%2e/admin', 403],
    ['/api/x%00y', 400],
    ['/api/./secret', 403],
    ['/api/a//b', '/api/a//b'],
    ['http://shop.example/api/abs', '/api/abs'],
  ] as const) {
    const text = (await sendRaw(mesh.gateway, `GET ${path} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n`, 5000))
      .text;
    if (typeof want === 'number') assert.equal(statusOf(text), want, path);
    else assert.equal((JSON.parse(bodyOf(text)) as { url: string }).url, want, path);
  }
});

test('request id, trace and session are made at the edge and kept inside the mesh', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const first = await call(mesh.gateway, {
    path: '/api/x',
    headers: { traceparent, tracestate: 'a=1', cookie: 'other=2; sid=s3cr3t' },
  });
  const { headers } = first.seen;
  assert.match(headers['x-request-id'] ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(headers['traceparent'], traceparent);
  assert.equal(headers['tracestate'], 'a=1');
  const session = createHmac('sha256', Buffer.from(SESSION_KEY, 'base64')).update('cookie s3cr3t').digest('hex').slice(0, 32);
  assert.equal(headers['x-cullis-session-id'], session);
  // The program passes on what it was given, and the chain goes on.
  const second = await call(mesh.outbound, {
    path: '/api/y',
    headers: { 'x-request-id': headers['x-request-id']!, traceparent, 'x-cullis-session-id': session },
  });
  assert.equal(second.seen.headers['x-request-id'], headers['x-request-id']);
  assert.equal(second.seen.headers['x-cullis-session-id'], session);
  const events = await Promise.all(
    (['gateway', 'sidecar-out', 'sidecar-in'] as const).map((role) =>
      mesh.seen.event((one) => one.role === role && one.requestId === headers['x-request-id']),
    ),
  );
  for (const event of events) assert.deepEqual([event.traceId, event.sessionId], ['0af7651916cd43dd8448eb211c80319c', session]);
  assert.doesNotMatch(JSON.stringify(mesh.seen.events), /s3cr3t/);
  for (const bad of [
    '00-00000000000000000000000000000000-b7ad6b7169203331-01',
    'nonsense',
    'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  ]) {
    const fresh = await call(mesh.gateway, { path: '/api/x', headers: { traceparent: bad, tracestate: 'a=1' } });
    assert.match(fresh.seen.headers['traceparent'] ?? '', /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    assert.notEqual(fresh.seen.headers['traceparent'], bad);
    assert.equal(fresh.seen.headers['tracestate'], undefined);
  }
});

test('a token is verified, taken out, and names the session; a bad one is 401', async () => {
  const good = token(issuer, { iss: ISSUER, sub: 'mia', exp: EXPIRY });
  const { status, seen } = await call(mesh.gateway, {
    path: '/api/x',
    headers: { authorization: `Bearer ${good}`, 'x-user': 'forged' },
  });
  assert.equal(status, 200);
  assert.equal(seen.headers['authorization'], undefined);
  assert.equal(seen.headers['x-user'], 'mia');
  const session = createHmac('sha256', Buffer.from(SESSION_KEY, 'base64'))
    .update(`subject ${ISSUER}/mia`)
    .digest('hex')
    .slice(0, 32);
  assert.equal(seen.headers['x-cullis-session-id'], session);
  const bad = await call(mesh.gateway, { path: '/api/x', headers: { authorization: `Bearer ${good.slice(0, -6)}AAAAAA` } });
  assert.equal(bad.status, 401);
  assert.match(
    bad.headers['www-authenticate'] ?? '',
    /^Bearer realm="http:\/\/127\.0\.0\.1:\d+\/api\/x", error="invalid_token"$/,
  );
  assert.equal(bad.headers['content-type'], 'application/problem+json');
  assert.equal((await mesh.seen.event((one) => one.id === bad.headers['x-cullis-decision-id'])).code, 'jwt.invalid');
});

test('answers without a body stay without one, and a client that waits for 100 gets it', async () => {
  const head = await call(mesh.gateway, { method: 'HEAD', path: '/api/x' });
  assert.deepEqual([head.status, head.text], [200, '']);
  const { text } = await sendRaw(
    mesh.gateway,
    'POST /api/x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n',
    100,
  );
  assert.equal(text, 'HTTP/1.1 100 Continue\r\n\r\n');
  // Nobody is asked to send a body that is not wanted.
  const denied = await sendRaw(
    mesh.gateway,
    'POST /admin HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n',
    1000,
  );
  assert.match(denied.text, /^HTTP\/1\.1 (100 Continue\r\n\r\nHTTP\/1\.1 )?403 /);
});

test('connections are kept, and answers hide what runs inside', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    for (let i = 0; i < 5; i++) assert.equal((await call(mesh.gateway, { path: '/api/x', agent })).status, 200);
    assert.equal(Object.values(agent.freeSockets).flat().length, 1);
  } finally {
    agent.destroy();
  }
});

test('a message that breaks HTTP is refused with a reference and written down', async () => {
  const { text } = await sendRaw(
    mesh.gateway,
    'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    1000,
  );
  assert.equal(statusOf(text), 400);
  const { instance } = JSON.parse(bodyOf(text)) as { instance: string };
  const event = await mesh.seen.event(({ id }) => id === instance);
  assert.deepEqual([event.code, event.status], ['request.invalid', 400]);
});

test('links and metrics count what happened', async () => {
  await call(mesh.gateway, { path: '/api/x' });
  await call(mesh.gateway, { path: '/admin' });
  const report = mesh.proxy.report();
  const link = report.links.find(({ source, destination }) => source === GATEWAY && destination === 'shop/cart');
  assert.ok(link && link.requests > 0 && link.mtls && link.tlsProtocol === 'TLSv1.3' && link.port === 7070);
  assert.ok(report.links.some(({ source, destination }) => source === 'client' && destination === 'shop/edge'));
  assert.equal(report.certificates.length, 3);
  assert.match(
    report.metrics,
    /cullis_denials_total\{role="sidecar-in",workload="shop\/cart",code="rbac.no-allow-match",policy="shop\/cart"\} \d/,
  );
  assert.match(report.metrics, /cullis_tls_handshakes_total\{side="server",result="ok"\} \d/);
});
