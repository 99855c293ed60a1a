// CUSTOM policies over gRPC: what the authorizer is asked, and what its answer does, to requests and to TCP connections.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { after, before, test } from 'node:test';
import type { ExtAuthzProvider } from '#model/istio.ts';
import { MessageWriter, readMessage } from '#wire/grpc/protobuf.ts';
import { GRPC_REQUEST, grpcFrame, grpcMessages, grpcStatusIn, http2App, http2Call } from '../../test/fakes/http2.ts';
import { type Mesh, type MeshOptions, authorizationPolicy, call, dial, startApp, startMesh } from '../../test/fakes/mesh.ts';
import { rawServer } from '../../test/fakes/raw-http.ts';

type Answer = (stream: ServerHttp2Stream, message: Buffer) => void;

let app: Awaited<ReturnType<typeof startApp>>;
let authorizer: Awaited<ReturnType<typeof http2App>>;
let answer: Answer;
let asked: { readonly headers: Record<string, unknown>; readonly message: Buffer }[] = [];
let mesh: Mesh;

const provider = (over: Partial<ExtAuthzProvider>): ExtAuthzProvider => ({
  name: 'asker',
  protocol: 'grpc',
  service: '127.0.0.1',
  port: authorizer.port,
  timeoutMs: 500,
  pathPrefix: '',
  failOpen: false,
  includeRequestHeadersInCheck: [],
  includeAdditionalHeadersInCheck: {},
  headersToUpstreamOnAllow: [],
  headersToDownstreamOnDeny: [],
  headersToDownstreamOnAllow: [],
  ...over,
});
const options = (over: Partial<ExtAuthzProvider> = {}, more: MeshOptions = {}): MeshOptions => ({
  mesh: { extensionProviders: [provider(over)] },
  authorization: [authorizationPolicy('ask', { action: 'CUSTOM', provider: { name: 'asker' }, rules: [{}] })],
  ...more,
});

before(async () => {
  app = await startApp();
  authorizer = await http2App((stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const [message] = grpcMessages(Buffer.concat(chunks));
      asked.push({ headers, message: message! });
      answer(stream, message!);
    });
  });
  answer = says(new MessageWriter());
  mesh = await startMesh(app.port, options());
});
after(async () => {
  await mesh.close();
  await app.close();
  await authorizer.close();
});

/** Answers with one message and a status. */
function says(message: MessageWriter, status = '0'): Answer {
  return (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }));
    stream.end(grpcFrame(message.finish()));
  };
}

const header = (key: string, value: string, action?: { readonly append?: boolean; readonly number?: number }) => {
  const option = new MessageWriter().message(1, new MessageWriter().text(1, key).text(2, value));
  if (action?.append !== undefined) option.message(2, new MessageWriter().uint(1, Number(action.append)));
  return option.uint(3, action?.number ?? 0);
};
const status = (code: number) => new MessageWriter().uint(1, code);

/** The fields at a way through nested messages; text of the last ones. */
function at(message: Buffer, ...way: readonly number[]): (string | number)[] {
  const [field, ...rest] = way;
  return [...readMessage(message)]
    .filter((one) => one.field === field)
    .flatMap(({ number, bytes }) => (rest.length > 0 ? at(bytes, ...rest) : [bytes.length > 0 ? bytes.toString() : number]));
}

test('the authorizer is asked with both ends and the whole request', async () => {
  await mesh.apply(options());
  answer = says(new MessageWriter());
  asked = [];
  const { status: got } = await call(mesh.outbound, {
    method: 'POST',
    path: '/a?b=c',
    body: 'body',
    headers: { 'x-mine': ['1', '2'], authorization: 'Basic x', 'x-forwarded-client-cert': 'forged' },
  });
  assert.equal(got, 200);
  const [{ headers, message } = assert.fail()] = asked;
  assert.deepEqual(
    [headers[':path'], headers['content-type'], headers['te']],
    ['/envoy.service.auth.v3.Authorization/Check', 'application/grpc', 'trailers'],
  );
  const attributes = 1;
  assert.deepEqual(at(message, attributes, 1, 4), ['spiffe://cluster.local/ns/shop/sa/frontend']);
  assert.deepEqual(at(message, attributes, 2, 4), ['spiffe://cluster.local/ns/shop/sa/cart']);
  assert.deepEqual(at(message, attributes, 1, 1, 1, 2), ['127.0.0.1']);
  assert.deepEqual(at(message, attributes, 2, 1, 1, 3), [7070]);
  const request = [attributes, 4, 2];
  assert.deepEqual(
    [2, 4, 5, 9, 10].map((field) => at(message, ...request, field)[0]),
    ['POST', '/a?b=c', 'cart:7070', 4, 'HTTP/1.1'],
  );
  const names = at(message, ...request, 3, 1);
  const values = at(message, ...request, 3, 2);
  const sent = Object.fromEntries(names.map((name, i) => [name, values[i]]));
  assert.deepEqual(
    [sent[':method'], sent[':path'], sent[':authority'], sent['x-mine'], sent['authorization'], sent['x-forwarded-client-cert']],
    ['POST', '/a?b=c', 'cart:7070', '1,2', 'Basic x', undefined],
  );
});

test('one that allows changes headers and query, and nothing that only the proxy may say', async () => {
  await mesh.apply(options());
  const ok = new MessageWriter()
    .message(2, header('X-User', 'mia'))
    .message(2, header('x-list', 'b', { append: true }))
    .message(2, header('x-none', 'b', { append: true }))
    .message(2, header('host', 'evil'))
    .message(2, header('x-cullis-source-identity', 'forged'))
    .text(5, 'x-cut')
    .text(5, 'x-cullis-source-identity')
    .message(6, header('x-back', '1'))
    .message(6, header('content-type', 'text/other', { number: 1 }))
    .message(7, new MessageWriter().text(1, 'q').text(2, 'a b'))
    .text(8, 'gone');
  answer = says(new MessageWriter().message(3, ok));
  const { seen, headers } = await call(mesh.outbound, {
    path: '/a?gone=1&q=0&k=2',
    headers: { 'x-user': 'forged', 'x-list': 'a', 'x-cut': 'c' },
  });
  assert.equal(seen.url, '/a?k=2&q=a%20b');
  assert.deepEqual(
    ['x-user', 'x-list', 'x-none', 'x-cut', 'host'].map((name) => seen.headers[name]),
    ['mia', 'a, b', undefined, undefined, 'cart:7070'],
  );
  assert.match(seen.headers['x-cullis-source-identity'] ?? '', /frontend$/);
  assert.deepEqual([headers['x-back'], headers['content-type']], ['1', 'application/json']);
});

test('one that refuses speaks to the caller, over HTTP and over gRPC', async () => {
  await mesh.apply(options());
  const denied = new MessageWriter()
    .message(1, new MessageWriter().uint(1, 401))
    .message(2, header('x-why', 'no'))
    .text(3, 'who are you');
  answer = says(new MessageWriter().message(1, status(16)).message(2, denied));
  const { status: got, text, headers } = await call(mesh.outbound, { path: '/a' });
  assert.deepEqual([got, text, headers['x-why']], [401, 'who are you', 'no']);
  const id = headers['x-cullis-decision-id'];
  assert.equal((await mesh.seen.event((event) => event.id === id)).code, 'rbac.custom-denied');
  const grpc = await http2Call(mesh.outbound, { ...GRPC_REQUEST, ':path': '/a.B/C' }, grpcFrame(Buffer.alloc(1)));
  assert.deepEqual(
    [grpc.status, grpcStatusIn(grpc), grpc.headers['grpc-message'], grpc.headers['x-why']],
    [200, 16, 'who are you', 'no'],
  );
});

test('a status that is not OK refuses whatever else the answer says', async () => {
  await mesh.apply(options());
  answer = says(new MessageWriter().message(1, status(7)).message(3, new MessageWriter()));
  const { status: got, text } = await call(mesh.outbound, { path: '/a' });
  assert.deepEqual([got, text], [403, 'RBAC: access denied']);
});

const broken: readonly (readonly [string, Answer])[] = [
  ['answers with a status of its own', says(new MessageWriter(), '14')],
  ['answers HTTP only', (stream) => stream.respond({ ':status': 404 }, { endStream: true })],
  ['answers without a message', (stream) => stream.respond({ ':status': 200, 'grpc-status': '0' }, { endStream: true })],
  [
    'answers nonsense',
    (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(grpcFrame(Buffer.from('ffffff', 'hex')));
    },
  ],
  [
    'sets a header that cannot be written',
    says(new MessageWriter().message(3, new MessageWriter().message(2, header('x', 'a\r\nb')))),
  ],
  ['does not answer', () => {}],
  ['breaks off', (stream) => stream.close(2)],
  [
    'answers without end',
    (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      stream.write(Buffer.alloc(1 << 20));
    },
  ],
];
for (const [name, reply] of broken)
  test(`one that ${name} refuses`, async () => {
    await mesh.apply(options({ timeoutMs: 50 }));
    answer = reply;
    const { status: got, headers } = await call(mesh.outbound, { path: '/a' });
    assert.equal(got, 403);
    const id = headers['x-cullis-decision-id'];
    assert.equal((await mesh.seen.event((event) => event.id === id)).code, 'rbac.custom-unavailable');
  });

test('one that is gone answers as configured: another status, or open to the other policies', async () => {
  const gone = await rawServer(() => {});
  await gone.close();
  await mesh.apply(options({ port: gone.port, statusOnError: 503 }));
  assert.equal((await call(mesh.outbound, { path: '/a' })).status, 503);
  await mesh.apply(options({ port: gone.port, failOpen: true }));
  assert.equal((await call(mesh.outbound, { path: '/a' })).status, 200);
});

test('a TCP connection is asked about by its ends, and again when the configuration changes', async () => {
  const tcp = await rawServer((socket) => socket.on('data', (chunk) => socket.write(chunk)));
  answer = says(new MessageWriter());
  asked = [];
  const own = await startMesh(tcp.port, options({}, { protocol: 'tcp' }));
  try {
    const socket = await dial(own.outbound);
    socket.write('ping');
    assert.equal(String((await once(socket, 'data'))[0]), 'ping');
    assert.deepEqual(at(asked[0]!.message, 1, 1, 4), ['spiffe://cluster.local/ns/shop/sa/frontend']);
    assert.deepEqual(at(asked[0]!.message, 1, 4, 2), []);
    answer = says(new MessageWriter().message(1, status(7)));
    const closed = once(socket, 'close');
    await own.apply(options({}, { protocol: 'tcp' }));
    await closed;
    const other = await dial(own.outbound);
    await once(other, 'close');
    const event = await own.seen.event((one) => one.role === 'sidecar-in' && !one.allowed);
    assert.equal(event.code, 'rbac.custom-denied');
  } finally {
    await own.close();
    await tcp.close();
  }
});
