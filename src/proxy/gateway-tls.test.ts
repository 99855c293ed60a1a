// Listeners with TLS: which certificate is shown to whom, what closes a listener, clients' certificates, TLS to backends.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import {
  caConfigMap,
  gatewayKind,
  request,
  type RunningGateway,
  startGateway,
  tlsCall,
  tlsSecret,
} from '../../test/fakes/gateway.ts';
import { pair, publicCa } from '../../test/fakes/serving.ts';
import { startApp } from '../../test/fakes/mesh.ts';

const ca = publicCa();
const other = publicCa();
const A = pair(ca, ['a.example']);
const B = pair(ca, ['b.example']);
const WILD = pair(ca, ['*.example']);
const OLD = pair(ca, ['old.example'], { notBeforeMs: Date.now() - 7_200_000, notAfterMs: Date.now() - 3_600_000 });
const https = (name: string, hostname: string, secret: string, more = ''): string =>
  `{name: ${name}, port: 443, protocol: HTTPS, ${hostname === '' ? '' : `hostname: "${hostname}", `}tls: {certificateRefs: [${secret}]${more}}}`;

const LISTENERS = [
  https('a', 'a.example', '{name: a}'),
  https('b', 'b.example', '{name: b}'),
  https('wild', '*.example', '{name: wild}'),
  https('old', 'old.example', '{name: old}'),
  https('lost', 'lost.example', '{name: nowhere}'),
  https('mixed', 'mixed.example', '{name: mixed}'),
  https('broken', 'broken.example', '{name: broken}'),
  https('foreign', 'foreign.example', '{name: c, namespace: vault}'),
  https('given', 'given.example', '{name: given, namespace: vault}'),
  https('odd', 'odd.example', '{name: a}', ', options: {example.com/odd: "1"}'),
  https('new', 'new.example', '{name: a}', ', options: {cullis.dev/minimum-tls-version: "1.3"}'),
  https('two', 'two.example', '{name: a}, {name: two}'),
];
const SECRETS = [
  tlsSecret('a', A),
  tlsSecret('b', B),
  tlsSecret('wild', WILD),
  tlsSecret('old', OLD),
  tlsSecret('mixed', { cert: A.cert, key: B.key }),
  tlsSecret('broken', { cert: 'no certificate', key: A.key }),
  tlsSecret('two', pair(ca, ['two.example'])),
  tlsSecret('c', A, 'vault'),
  tlsSecret('given', pair(ca, ['given.example']), 'vault'),
  gatewayKind(
    'ReferenceGrant',
    'given',
    '{from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: shop}], to: [{group: "", kind: Secret, name: given}]}',
    'vault',
  ),
];
const ROUTES = [gatewayKind('HTTPRoute', 'all', '{parentRefs: [{name: edge}], rules: [{backendRefs: [{name: web, port: 80}]}]}')];
const edge = (listeners: readonly string[], more = ''): string =>
  gatewayKind('Gateway', 'edge', `{gatewayClassName: x, ${more}listeners: [${listeners.join(', ')}]}`);

let app: Awaited<ReturnType<typeof startApp>>;
let gateway: RunningGateway;
before(async () => {
  app = await startApp();
  gateway = await startGateway({ apps: { web: app.port }, manifests: [edge(LISTENERS), ...SECRETS, ...ROUTES] });
});
after(async () => {
  await gateway.close();
  await app.close();
});
const ask = (servername: string, host = servername, more = {}) =>
  tlsCall(gateway.port(443), { servername, ALPNProtocols: ['http/1.1'], ...more }, request(host));

for (const [name, want] of [
  ['a.example', 'DNS:a.example'],
  ['b.example', 'DNS:b.example'],
  ['B.EXAMPLE', 'DNS:b.example'],
  ['c.example', 'DNS:*.example'],
  ['x.y.example', 'DNS:*.example'],
  ['given.example', 'DNS:given.example'],
  ['two.example', 'DNS:two.example'],
] as const)
  test(`the listener for ${name} shows its own certificate and serves`, async () => {
    const answer = await ask(name);
    assert.equal(answer.names, want);
    assert.match(answer.text, /^HTTP\/1\.1 200 /);
  });

for (const [name, why] of [
  ['old.example', /expired/],
  ['lost.example', /no Secret `shop\/nowhere`/],
  ['mixed.example', /private key that is not the certificate's/],
  ['broken.example', /holds no certificate/],
  ['foreign.example', /no ReferenceGrant in `vault`/],
  ['odd.example', /option `example.com\/odd` is not known/],
] as const)
  test(`the listener for ${name} is closed, shows nobody else's certificate, and says why`, async () => {
    assert.deepEqual(await ask(name), { names: '', protocol: '', text: '' });
    const told = gateway.plan.closed.find(({ what }) => what === `gateway shop/edge listener ${name.split('.')[0]}`);
    assert.match(told?.why ?? '', why);
    const status = gateway.plan.status?.find(({ part }) => part === name.split('.')[0]);
    assert.ok(status?.conditions.some(({ type, status: good }) => type === 'Programmed' && !good));
    assert.ok(gateway.seen.events.some((event) => event.type === 'exchange' && event.code === 'config.closed'));
  });

test('no server name, one that no listener is for, and plaintext are refused', async () => {
  for (const servername of ['', 'elsewhere.test']) assert.equal((await ask(servername, 'a.example')).names, '');
  const response = await fetch(`http://127.0.0.1:${gateway.port(443)}/`).catch(() => 'refused');
  assert.equal(response, 'refused');
});

test("a request for another listener's host is misdirected, one for nobody's host is not found", async () => {
  assert.match((await ask('a.example', 'b.example')).text, /^HTTP\/1\.1 421 /);
  assert.match((await ask('c.example', 'a.example')).text, /^HTTP\/1\.1 421 /);
  assert.match((await ask('a.example', 'old.example')).text, /^HTTP\/1\.1 421 /);
  assert.match((await ask('a.example', 'elsewhere.test')).text, /^HTTP\/1\.1 404 /);
  assert.match((await ask('a.example', 'A.example.:443')).text, /^HTTP\/1\.1 200 /);
});

test('the lowest version is the listener’s own', async () => {
  assert.equal((await ask('new.example', 'new.example', { maxVersion: 'TLSv1.2' })).names, '');
  assert.equal((await ask('new.example')).protocol, 'TLSv1.3');
  assert.equal((await ask('a.example', 'a.example', { maxVersion: 'TLSv1.2' })).protocol, 'TLSv1.2');
});

test('no private key is in the plan, in an event or in a log', () => {
  const told = JSON.stringify([gateway.plan, gateway.seen.events, gateway.seen.logs]);
  for (const { key } of [A, B, WILD]) assert.ok(!told.includes(key.split('\n')[1]!));
  assert.doesNotMatch(told, /PRIVATE KEY/);
});

test('a certificate that is replaced is shown from the next handshake on, and one that is missing closes', async () => {
  const own = await startGateway({ apps: { web: app.port }, manifests: [edge([LISTENERS[0]!]), tlsSecret('a', A), ...ROUTES] });
  const look = () => tlsCall(own.port(443), { servername: 'a.example' }, request('a.example'));
  assert.equal((await look()).names, 'DNS:a.example');
  const renewed = pair(ca, ['a.example', 'renewed.example']);
  await own.apply({ apps: { web: app.port }, manifests: [edge([LISTENERS[0]!]), tlsSecret('a', renewed), ...ROUTES] });
  assert.equal((await look()).names, 'DNS:a.example, DNS:renewed.example');
  await own.apply({ apps: { web: app.port }, manifests: [edge([LISTENERS[0]!]), ...ROUTES] });
  assert.equal((await look()).names, '');
  await own.close();
});

const client = (over: Parameters<typeof pair>[2] = {}, names = ['alice.example'], by = ca) => pair(by, names, over);
const MTLS = 'tls: {frontend: {default: {validation: {caCertificateRefs: [{name: clients}]}}}}, ';
for (const [name, options, want] of [
  ['a good certificate', client(), 200],
  ['none', {}, undefined],
  ['one of another authority', client({}, ['alice.example'], other), undefined],
  ['one that has ended', client({ notBeforeMs: Date.now() - 7_200_000, notAfterMs: Date.now() - 3_600_000 }), undefined],
  ['one that claims to be a workload of the mesh', client({ uris: ['spiffe://cluster.local/ns/shop/sa/web'] }), undefined],
  ['one with a SPIFFE id of its own trust domain', client({ uris: ['spiffe://partner.example/alice'] }), 200],
] as const)
  test(`client validation: ${name}`, async () => {
    const own = await startGateway({
      apps: { web: app.port },
      manifests: [edge([LISTENERS[0]!], MTLS), tlsSecret('a', A), caConfigMap('clients', ca.pem), ...ROUTES],
    });
    const forged = 'X-Forwarded-Client-Cert: URI=spiffe://cluster.local/ns/shop/sa/admin\r\n';
    const answer = await tlsCall(own.port(443), { servername: 'a.example', ...options }, request('a.example', '/', forged));
    await own.close();
    if (want === undefined) return assert.equal(answer.text, '');
    assert.match(answer.text, /^HTTP\/1\.1 200 /);
    assert.doesNotMatch(answer.text, /sa\/admin/);
    const element =
      /"x-forwarded-client-cert":"By=spiffe:\/\/cluster.local\/ns\/shop\/sa\/edge-x;Hash=[0-9a-f]{64};Subject=\\"[^"]+\\"([^,]*),By=/;
    const uri = element.exec(answer.text)?.[1];
    assert.equal(uri, name.includes('SPIFFE') ? ';URI=spiffe://partner.example/alice' : '');
  });

test('the fallback lets clients in without an identity; policy can still demand one', async () => {
  const lax = MTLS.replace('validation: {', 'validation: {mode: AllowInsecureFallback, ');
  const policy = JSON.stringify({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'partners', namespace: 'shop' },
    spec: {
      targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' }],
      rules: [{ from: [{ source: { principals: ['partner.example/alice'] } }] }],
    },
  });
  const manifests = [edge([LISTENERS[0]!], lax), tlsSecret('a', A), caConfigMap('clients', ca.pem), ...ROUTES];
  const own = await startGateway({ apps: { web: app.port }, manifests });
  const look = (options: object) => tlsCall(own.port(443), { servername: 'a.example', ...options }, request('a.example'));
  for (const nobody of [{}, client({}, ['mallory.example'], other)]) {
    const { text } = await look(nobody);
    assert.match(text, /^HTTP\/1\.1 200 /);
    assert.doesNotMatch(text, /mallory/, 'a certificate that proves nothing is not told of');
  }
  await own.apply({ apps: { web: app.port }, manifests: [...manifests, policy] });
  assert.match((await look({})).text, /^HTTP\/1\.1 403 /);
  assert.match((await look(client({ uris: ['spiffe://partner.example/alice'] }, [], other))).text, /^HTTP\/1\.1 403 /);
  assert.match((await look(client({ uris: ['spiffe://partner.example/alice'] }))).text, /^HTTP\/1\.1 200 /);
  await own.close();
});

test('a CA bundle that is missing or no bundle closes the listener', async () => {
  for (const bundle of [[], [caConfigMap('clients', 'none')], [caConfigMap('clients', A.cert)]]) {
    const own = await startGateway({
      apps: { web: app.port },
      manifests: [edge([LISTENERS[0]!], MTLS), tlsSecret('a', A), ...bundle, ...ROUTES],
    });
    assert.equal((await tlsCall(own.port(443), { servername: 'a.example', ...client() }, request('a.example'))).names, '');
    assert.match(own.plan.status!.find(({ part }) => part === 'a')!.conditions[1]!.reason, /InvalidCACertificateRef/);
    await own.close();
  }
});

const HTTP = edge(['{name: http, port: 80, protocol: HTTP}']);
const backend = (validation: string): string =>
  gatewayKind('BackendTLSPolicy', 'web', `{targetRefs: [{group: "", kind: Service, name: web}], validation: {${validation}}}`);
for (const [name, validation, want] of [
  ['the right authority and name', 'hostname: web.internal, caCertificateRefs: [{group: "", kind: ConfigMap, name: roots}]', 200],
  ['another name', 'hostname: db.internal, caCertificateRefs: [{group: "", kind: ConfigMap, name: roots}]', 503],
  ['another authority', 'hostname: web.internal, caCertificateRefs: [{group: "", kind: ConfigMap, name: others}]', 503],
  [
    'authorities that are not there',
    'hostname: web.internal, caCertificateRefs: [{group: "", kind: ConfigMap, name: nowhere}]',
    503,
  ],
  ['the well-known authorities', 'hostname: web.internal, wellKnownCACertificates: System', 503],
  [
    'another name with the alternative that is right',
    'hostname: db.internal, caCertificateRefs: [{group: "", kind: ConfigMap, name: roots}], subjectAltNames: [{type: Hostname, hostname: web.internal}]',
    200,
  ],
  [
    'the right name with an alternative that is wrong',
    'hostname: web.internal, caCertificateRefs: [{group: "", kind: ConfigMap, name: roots}], subjectAltNames: [{type: URI, uri: "spiffe://x/web"}]',
    503,
  ],
] as const)
  test(`TLS to a backend: ${name}`, async () => {
    const secure = createServer({ ...pair(ca, ['web.internal']) }, (message, response) =>
      response.end(`over ${(message.socket as { servername?: string }).servername}`),
    ).listen(0, '127.0.0.1');
    await once(secure, 'listening');
    const own = await startGateway({
      apps: { web: (secure.address() as AddressInfo).port },
      portNames: { web: 'tls' },
      manifests: [HTTP, backend(validation), caConfigMap('roots', ca.pem), caConfigMap('others', other.pem), ...ROUTES],
    });
    const response = await fetch(`http://127.0.0.1:${own.port(80)}/`);
    const text = await response.text();
    await own.close();
    secure.close();
    assert.equal(response.status, want);
    if (want === 200) assert.equal(text, `over ${/hostname: (\S+?),/.exec(validation)![1]}`);
  });

test('GatewayBackendClientCertificate: a backend that asks is shown the certificate of the Gateway, and no other', async () => {
  const secure = createServer(
    { ...pair(ca, ['web.internal']), requestCert: true, rejectUnauthorized: true, ca: ca.pem },
    (message, response) => response.end((message.socket as TLSSocket).getPeerX509Certificate()?.subjectAltName ?? 'nobody'),
  ).listen(0, '127.0.0.1');
  await once(secure, 'listening');
  const manifests = (more: string, secret: ReturnType<typeof pair>): string[] => [
    edge(['{name: http, port: 80, protocol: HTTP}'], more),
    backend('hostname: web.internal, caCertificateRefs: [{group: "", kind: ConfigMap, name: roots}]'),
    caConfigMap('roots', ca.pem),
    tlsSecret('shown', secret),
    ...ROUTES,
  ];
  const apps = { web: (secure.address() as AddressInfo).port };
  const shown = 'tls: {backend: {clientCertificateRef: {name: shown}}}, ';
  const own = await startGateway({ apps, portNames: { web: 'tls' }, manifests: manifests(shown, pair(ca, ['gateway.example'])) });
  const look = async (): Promise<readonly [number, string]> => {
    const response = await fetch(`http://127.0.0.1:${own.port(80)}/`);
    return [response.status, await response.text()];
  };
  assert.deepEqual(await look(), [200, 'DNS:gateway.example']);
  for (const [more, secret] of [
    ['', pair(ca, ['gateway.example'])],
    [shown, pair(other, ['gateway.example'])],
  ] as const) {
    await own.apply({ apps, portNames: { web: 'tls' }, manifests: manifests(more, secret) });
    assert.notEqual((await look())[0], 200);
  }
  await own.close();
  secure.close();
});

test('proxy-hardening 22, 23: a connection that is reused for another listener’s host is misdirected there, request by request, in HTTP/2 too', async () => {
  const session = connectHttp2('https://a.example', {
    createConnection: () =>
      // cullis:ignore code.tls-verification-off: the certificate of the test is its own until 2027-11-30
      connectTls({
        host: '127.0.0.1',
        port: gateway.port(443),
        servername: 'a.example',
        ALPNProtocols: ['h2'],
        rejectUnauthorized: false,
      }),
  });
  const status = (authority: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ':path': '/', ':authority': authority });
      stream.on('response', (headers) => resolve(Number(headers[':status'])));
      stream.on('error', reject);
      stream.resume();
    });
  for (const [authority, want] of [
    ['a.example', 200],
    ['b.example', 421],
    ['A.EXAMPLE:443', 200],
    ['c.example', 421],
    ['elsewhere.test', 404],
    ['a.example', 200],
  ] as const)
    assert.equal(await status(authority), want, authority);
  session.destroy();
});

test('a certificate that ends while it is served is shown no more', async () => {
  let aheadMs = 0;
  const clock = { nowMs: () => Date.now() + aheadMs, monotonicMs: () => performance.now() };
  const short = pair(ca, ['a.example'], { notAfterMs: Date.now() + 60_000 });
  const own = await startGateway({
    apps: { web: app.port },
    manifests: [edge([LISTENERS[0]!]), tlsSecret('a', short), ...ROUTES],
    ports: { clock },
  });
  const look = () => tlsCall(own.port(443), { servername: 'a.example' }, request('a.example'));
  assert.equal((await look()).names, 'DNS:a.example');
  aheadMs = 120_000;
  assert.equal((await look()).names, '');
  const event = await own.seen.event(({ code }) => code === 'config.closed');
  assert.match(event.reasons?.[0]?.text ?? '', /the listener's certificate expired/);
  await own.close();
});

test('connections end when other clients are asked for', async () => {
  const manifests = (pem: string): string[] => [
    edge([LISTENERS[0]!], MTLS),
    tlsSecret('a', A),
    caConfigMap('clients', pem),
    ...ROUTES,
  ];
  const own = await startGateway({ apps: { web: app.port }, manifests: manifests(ca.pem) });
  const socket = connectTls({
    host: '127.0.0.1',
    port: own.port(443),
    servername: 'a.example',
    ca: ca.pem,
    ...client(),
  });
  socket.on('error', () => {});
  socket.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
  const [first] = (await once(socket, 'data')) as [Buffer];
  assert.match(first.toString(), /^HTTP\/1\.1 200 /);
  await own.apply({ apps: { web: app.port }, manifests: manifests(other.pem) });
  await once(socket, 'close');
  await own.close();
});

test('a plaintext listener that is closed answers 503, whatever the host', async () => {
  const own = await startGateway({
    apps: { web: app.port },
    manifests: [edge(['{name: h, port: 80, protocol: HTTP}', '{name: t, port: 80, protocol: TCP}']), ...ROUTES],
  });
  assert.equal((await fetch(`http://127.0.0.1:${own.port(80)}/`)).status, 503);
  await own.close();
});

const validation = (name: string): string => `validation: {caCertificateRefs: [{name: ${name}}]}`;
for (const [name, frontend, listener, want] of [
  [
    'of its port',
    `tls: {frontend: {default: {${validation('others')}}, perPort: [{port: 443, tls: {${validation('clients')}}}]}}, `,
    '',
    200,
  ],
  [
    'of another port',
    `tls: {frontend: {default: {${validation('clients')}}, perPort: [{port: 444, tls: {${validation('others')}}}]}}, `,
    '',
    200,
  ],
  [
    'of its own',
    `tls: {frontend: {default: {${validation('others')}}}}, `,
    ', frontendValidation: {caCertificateRefs: [{name: clients}]}',
    200,
  ],
  ['of its own that is another', '', ', frontendValidation: {caCertificateRefs: [{name: others}]}', undefined],
] as const)
  test(`client validation: a listener goes by what is said ${name}`, async () => {
    const own = await startGateway({
      apps: { web: app.port },
      manifests: [
        edge([https('a', 'a.example', '{name: a}', listener)], frontend),
        tlsSecret('a', A),
        caConfigMap('clients', ca.pem),
        caConfigMap('others', other.pem),
        ...ROUTES,
      ],
    });
    const { text } = await tlsCall(own.port(443), { servername: 'a.example', ...client() }, request('a.example'));
    await own.close();
    assert.equal(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1], want === undefined ? undefined : String(want));
  });
