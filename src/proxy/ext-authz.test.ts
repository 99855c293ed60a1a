// CUSTOM policies over HTTP: what the authorizer is asked, and what its answer does.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { after, before, test } from 'node:test';
import type { ExtAuthzProvider } from '#model/istio.ts';
import { type Mesh, type MeshOptions, authorizationPolicy, call, startApp, startMesh } from '../../test/fakes/mesh.ts';
import { rawServer } from '../../test/fakes/raw-http.ts';

let app: Awaited<ReturnType<typeof startApp>>;
let authorizer: Awaited<ReturnType<typeof startApp>>;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let asked: { method: string; url: string; headers: Record<string, unknown> }[] = [];
let mesh: Mesh;

const provider = (over: Partial<ExtAuthzProvider>): ExtAuthzProvider => ({
  name: 'asker',
  protocol: 'http',
  service: '127.0.0.1',
  port: authorizer.port,
  timeoutMs: 500,
  pathPrefix: '/check',
  failOpen: false,
  includeRequestHeadersInCheck: ['x-ext-authz', 'x-more-*'],
  includeAdditionalHeadersInCheck: { 'X-Added': 'by the mesh', 'x-more-fixed': 'fixed' },
  headersToUpstreamOnAllow: ['x-ext-authz-*'],
  headersToDownstreamOnDeny: ['x-ext-authz-*'],
  headersToDownstreamOnAllow: ['x-back'],
  ...over,
});
const options = (over: Partial<ExtAuthzProvider> = {}): MeshOptions => ({
  mesh: { extensionProviders: [provider(over)] },
  authorization: [
    authorizationPolicy('ask', {
      action: 'CUSTOM',
      provider: { name: 'asker' },
      rules: [{ to: [{ operation: { notPaths: ['/health'] } }] }],
    }),
    authorizationPolicy('deny', { action: 'DENY', rules: [{ to: [{ operation: { paths: ['/denied'] } }] }] }),
  ],
});

before(async () => {
  app = await startApp();
  authorizer = await startApp((request, response) => {
    asked.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    answer(request, response);
  });
  mesh = await startMesh(app.port, options());
});
after(async () => {
  await mesh.close();
  await app.close();
  await authorizer.close();
});

const allows = (_: IncomingMessage, response: ServerResponse): void => {
  response
    .writeHead(200, { 'x-ext-authz-user': 'mia', 'x-back': 'b', 'x-other': 'o', 'x-cullis-source-identity': 'forged' })
    .end('fine');
};

test('an authorizer that allows is asked with what is configured, and adds what is configured', async () => {
  await mesh.apply(options());
  answer = allows;
  asked = [];
  const { status, seen, headers } = await call(mesh.outbound, {
    method: 'POST',
    path: '/a?b=c',
    body: 'body',
    headers: {
      'x-ext-authz': 'allow',
      'x-more-a': '1',
      'x-more-fixed': 'mine',
      'x-private': 'p',
      authorization: 'Basic x',
      'x-ext-authz-user': 'forged',
    },
  });
  assert.equal(status, 200);
  const [question] = asked;
  assert.deepEqual([question?.method, question?.url], ['POST', '/check/a?b=c']);
  const {
    host,
    'x-ext-authz': own,
    'x-more-a': more,
    'x-more-fixed': fixed,
    'x-added': added,
    'x-private': secret,
    authorization,
  } = question!.headers;
  assert.deepEqual(
    [host, own, more, fixed, added, secret, authorization],
    ['cart:7070', 'allow', '1', 'fixed', 'by the mesh', undefined, 'Basic x'],
  );
  assert.deepEqual(
    [seen.body, seen.headers['x-ext-authz-user'], seen.headers['x-other'], headers['x-back'], headers['x-other']],
    ['body', 'mia', undefined, 'b', undefined],
  );
  assert.match(seen.headers['x-cullis-source-identity'] ?? '', /frontend$/);
});

test('an authorizer that refuses speaks to the caller, and nothing reaches the application', async () => {
  await mesh.apply(options());
  answer = (_, response) =>
    response
      .writeHead(401, { 'www-authenticate': 'Basic', 'x-ext-authz-why': 'no', 'x-hidden': 'h', 'content-type': 'text/plain' })
      .end('who are you');
  const { status, text, headers } = await call(mesh.outbound, { path: '/a' });
  assert.deepEqual(
    [status, text, headers['www-authenticate'], headers['x-ext-authz-why'], headers['x-hidden']],
    [401, 'who are you', 'Basic', 'no', undefined],
  );
  const event = await mesh.seen.event((one) => one.id === headers['x-cullis-decision-id']);
  assert.equal(event.code, 'rbac.custom-denied');
});

test('an authorizer cannot override DENY, and is not asked where no policy names it', async () => {
  await mesh.apply(options());
  answer = allows;
  assert.equal((await call(mesh.outbound, { path: '/denied' })).status, 403);
  asked = [];
  assert.equal((await call(mesh.outbound, { path: '/health' })).status, 200);
  assert.equal(asked.length, 0);
});

for (const [name, reply] of [
  ['answers 500', (_: IncomingMessage, response: ServerResponse) => response.writeHead(500).end()],
  ['does not answer', () => {}],
  ['breaks off', (_: IncomingMessage, response: ServerResponse) => response.destroy()],
  ['answers without end', (_: IncomingMessage, response: ServerResponse) => response.writeHead(200).end(Buffer.alloc(1 << 20))],
] as const) {
  test(`an authorizer that ${name} refuses`, async () => {
    await mesh.apply(options({ timeoutMs: 30 }));
    answer = reply;
    const { status, headers } = await call(mesh.outbound, { path: '/a' });
    assert.equal(status, 403);
    assert.equal((await mesh.seen.event((one) => one.id === headers['x-cullis-decision-id'])).code, 'rbac.custom-unavailable');
  });
}

test('one that is configured to fail open lets a request on to the other policies when it breaks', async () => {
  const gone = await rawServer(() => {});
  await gone.close();
  await mesh.apply(options({ port: gone.port, failOpen: true }));
  assert.equal((await call(mesh.outbound, { path: '/a' })).status, 200);
  assert.equal((await call(mesh.outbound, { path: '/denied' })).status, 403);
});

test('a question does not outlive the wait for it', async () => {
  const closed = Promise.withResolvers<void>();
  await mesh.apply(options({ timeoutMs: 30 }));
  answer = (request) => void once(request.socket, 'close').then(() => closed.resolve());
  assert.equal((await call(mesh.outbound, { path: '/a' })).status, 403);
  await closed.promise;
});
