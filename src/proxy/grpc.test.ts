// gRPC through gateway and sidecars: every kind of call, refusals in gRPC's own words, deadlines, cancellation.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { after, before, test } from 'node:test';
import {
  GRPC_REQUEST,
  answerOf,
  grpcFrame,
  grpcMessages,
  grpcStatusIn,
  http2App,
  http2Call,
  http2Session,
} from '../../test/fakes/http2.ts';
import { type Mesh, authorizationPolicy, routeRule, startMesh } from '../../test/fakes/mesh.ts';
import { rawServer } from '../../test/fakes/raw-http.ts';
import { grpcMessage, grpcStatusOf, isGrpc, readGrpcTimeout, writeGrpcTimeout } from './grpc.ts';

let app: Awaited<ReturnType<typeof http2App>>;
let mesh: Mesh;
let cancelled = Promise.withResolvers<number>();
let seen: IncomingHttpHeaders = {};
let requestTrailers: IncomingHttpHeaders = {};

/** A service with one method of each kind. */
function serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  seen = headers;
  stream.on('trailers', (got) => {
    requestTrailers = got;
  });
  const path = headers[':path'];
  if (path === '/t.T/TrailersOnly') {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '5', 'grpc-message': 'none' },
      { endStream: true },
    );
    return;
  }
  stream.on('close', () => {
    if (stream.rstCode !== 0) cancelled.resolve(stream.rstCode ?? 0);
  });
  if (path?.startsWith('/t.T/Silent') === true) return;
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () =>
    stream.sendTrailers({
      'grpc-status': path === '/t.T/Fails' ? '14' : '0',
      'grpc-message': 'done',
      'x-own': 'yes',
      'x-cullis-source-identity': 'forged',
      authorization: 'forged',
    }),
  );
  if (path === '/t.T/Hangs') {
    stream.write(grpcFrame(Buffer.from('first')));
    return;
  }
  stream.on('data', (chunk: Buffer) => stream.write(chunk));
  stream.on('end', () => stream.end());
}

before(async () => {
  app = await http2App(serve);
  mesh = await startMesh(app.port, {
    http2: true,
    rules: (cluster) => [
      routeRule('slow', cluster, {
        timeouts: { requestMs: 50 },
        matches: [{ path: { type: 'PathPrefix', value: '/t.T/Silent/slow' }, headers: [], queryParams: [] }],
      }),
      routeRule('rest', cluster),
    ],
    authorization: [authorizationPolicy('calls', { rules: [{ to: [{ operation: { methods: ['POST'], paths: ['/t.T/*'] } }] }] })],
  });
});
after(async () => {
  await mesh.close();
  await app.close();
});

const request = (path: string, more: Readonly<Record<string, string>> = {}) => ({ ...GRPC_REQUEST, ':path': path, ...more });

for (const by of ['gateway', 'outbound'] as const) {
  test(`a unary call by the ${by}: message and trailers come back whole, te goes on`, async () => {
    const answer = await http2Call(mesh[by], request('/t.T/Unary'), grpcFrame(Buffer.from('hello')));
    assert.equal(answer.status, 200);
    assert.deepEqual(grpcMessages(answer.body).map(String), ['hello']);
    const { 'grpc-status': status, 'grpc-message': message, 'x-own': own } = answer.trailers;
    assert.deepEqual([status, message, own], ['0', 'done', 'yes']);
    assert.deepEqual(
      [answer.trailers['authorization'], answer.trailers['x-cullis-source-identity']],
      [undefined, undefined],
      'trailers decide nothing',
    );
    assert.deepEqual([seen['te'], seen['content-type']], ['trailers', 'application/grpc']);
  });
  test(`an answer of trailers only stays one by the ${by}`, async () => {
    const session = await http2Session(mesh[by]);
    const stream = session.request(request('/t.T/TrailersOnly'), { endStream: true });
    const [headers, flags] = (await once(stream, 'response')) as [IncomingHttpHeaders, number];
    assert.deepEqual([headers['grpc-status'], headers['grpc-message']], ['5', 'none']);
    assert.ok((flags & 1) === 1, 'END_STREAM stands on the headers');
    session.destroy();
    const event = await mesh.seen.event((one) => one.path === '/t.T/TrailersOnly');
    assert.deepEqual([event.status, event.grpcStatus, event.allowed], [200, 5, true]);
  });
}

test('messages of both sides pass one by one, and each side ends for itself', async () => {
  const session = await http2Session(mesh.gateway);
  const stream = session.request(request('/t.T/Both'), { endStream: false, waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-last': 'word', authorization: 'late' }));
  await once(stream, 'response');
  for (const text of ['one', 'two', 'three']) {
    stream.write(grpcFrame(Buffer.from(text)));
    const [chunk] = (await once(stream, 'data')) as [Buffer];
    assert.deepEqual(grpcMessages(chunk).map(String), [text]);
  }
  const answered = answerOf(stream);
  stream.end();
  const { trailers } = await answered;
  assert.equal(trailers['grpc-status'], '0');
  assert.deepEqual([requestTrailers['x-last'], requestTrailers['authorization']], ['word', undefined]);
  session.destroy();
});

test('a refusal is 200 with a gRPC status, and its id finds the event', async () => {
  const answer = await http2Call(mesh.gateway, request('/other.Service/Do'), grpcFrame(Buffer.alloc(1)));
  assert.deepEqual(
    [answer.status, grpcStatusIn(answer), answer.headers['grpc-message'], answer.headers['content-type'], answer.body.length],
    [200, 7, 'RBAC: access denied', 'application/grpc', 0],
  );
  const id = String(answer.headers['x-cullis-decision-id']);
  const event = await mesh.seen.event((one) => one.id === id);
  assert.deepEqual(
    [event.allowed, event.code, event.grpcStatus, event.path],
    [false, 'rbac.no-allow-match', 7, '/other.Service/Do'],
  );
});

test('a failing answer counts as a failure of the next hop', async () => {
  const answer = await http2Call(mesh.gateway, request('/t.T/Fails'), grpcFrame(Buffer.from('x')));
  assert.equal(grpcStatusIn(answer), 14);
  await mesh.seen.event((one) => one.role === 'gateway' && one.grpcStatus === 14);
  const { links, metrics } = mesh.proxy.report();
  assert.ok(links.some(({ destination, failed }) => destination === 'shop/cart' && failed > 0));
  assert.match(
    metrics,
    /cullis_grpc_calls_total\{role="sidecar-in",workload="shop\/cart",destination="shop\/cart",status="14"\} 1/,
  );
});

test('a deadline goes on shortened, and is kept', async () => {
  await http2Call(mesh.gateway, request('/t.T/Unary', { 'grpc-timeout': '30S' }), grpcFrame(Buffer.from('x')));
  const left = readGrpcTimeout(String(seen['grpc-timeout']));
  assert.ok(left !== undefined && left < 30_000 && left > 20_000, String(seen['grpc-timeout']));
  cancelled = Promise.withResolvers();
  const answer = await http2Call(mesh.gateway, request('/t.T/Silent', { 'grpc-timeout': '50m' }), grpcFrame(Buffer.from('x')));
  assert.deepEqual([answer.status, grpcStatusIn(answer)], [200, 4]);
  assert.ok((await cancelled.promise) > 0, 'the application is told');
  const begun = await http2Call(mesh.gateway, request('/t.T/Hangs', { 'grpc-timeout': '50m' }), grpcFrame(Buffer.from('x')));
  assert.deepEqual([begun.trailers['grpc-status'], grpcMessages(begun.body).map(String)], ['4', ['first']]);
});

test('a route bounds the deadline, and a malformed one is refused', async () => {
  const late = await http2Call(mesh.gateway, request('/t.T/Silent/slow', { 'grpc-timeout': '1H' }), grpcFrame(Buffer.from('x')));
  assert.equal(grpcStatusIn(late), 4);
  for (const value of ['', '1', '123456789S', '-1S', '1s', '1 S'])
    assert.equal(
      grpcStatusIn(await http2Call(mesh.gateway, request('/t.T/Unary', { 'grpc-timeout': value }), grpcFrame(Buffer.from('x')))),
      13,
      value,
    );
  assert.equal(grpcStatusIn(await http2Call(mesh.gateway, request('/t.T/Silent', { 'grpc-timeout': '0S' }))), 4);
});

test('a call that its client gives up is given up at the application', async () => {
  cancelled = Promise.withResolvers();
  const session = await http2Session(mesh.gateway);
  const stream = session.request(request('/t.T/Hangs'), { endStream: false });
  stream.on('error', () => {});
  await once(stream, 'data');
  stream.close(8);
  assert.equal(await cancelled.promise, 8);
  session.destroy();
});

test('a call that goes on ends when policy no longer allows it', async () => {
  const own = await startMesh(app.port, { http2: true });
  const session = await http2Session(own.gateway);
  try {
    const stream = session.request(request('/t.T/Hangs'), { endStream: false });
    const answered = answerOf(stream);
    await once(stream, 'data');
    await own.apply({ http2: true, authorization: [authorizationPolicy('nobody', {})] });
    // The client ends its side when the other one is over.
    stream.once('end', () => stream.end());
    const { trailers } = await answered;
    assert.equal(trailers['grpc-status'], '7');
    const event = await own.seen.event((one) => one.id === trailers['x-cullis-decision-id']);
    assert.deepEqual([event.code, event.path, event.role], ['rbac.no-allow-match', '/t.T/Hangs', 'sidecar-in']);
    assert.equal(own.seen.events.filter((one) => one.type === 'exchange' && !one.allowed).length, 1);
  } finally {
    session.destroy();
    await own.close();
  }
});

test('an application that is not there is UNAVAILABLE', async () => {
  const gone = await rawServer(() => {});
  await gone.close();
  const dead = await startMesh(gone.port, { http2: true });
  try {
    const answer = await http2Call(dead.gateway, request('/t.T/Unary'), grpcFrame(Buffer.from('x')));
    assert.deepEqual([answer.status, grpcStatusIn(answer)], [200, 14]);
  } finally {
    await dead.close();
  }
});

for (const [type, want] of [
  ['application/grpc', true],
  ['application/grpc+proto', true],
  ['application/grpc; charset=x', true],
  ['Application/GRPC', true],
  ['application/grpc-web', false],
  ['application/grpcx', false],
  ['application/json', false],
  [undefined, false],
] as const)
  test(`${type ?? 'no content type'} is ${want ? '' : 'not '}gRPC`, () => assert.equal(isGrpc(type), want));

test('HTTP statuses as gRPC statuses, messages in percent form, deadlines in their finest unit', () => {
  assert.deepEqual([400, 401, 403, 404, 429, 500, 502, 503, 504].map(grpcStatusOf), [13, 16, 7, 12, 14, 2, 14, 14, 14]);
  assert.equal(grpcMessage('100% ü\n'), '100%25 %C3%BC%0A');
  for (const ms of [0, 0.5, 1, 99_999, 1e6, 1e9, 1e12]) {
    const text = writeGrpcTimeout(ms);
    const back = readGrpcTimeout(text)!;
    assert.ok(back <= ms && (back >= ms * 0.99 - 1 || back === 99_999_999_000), `${ms} as ${text} is ${back}`);
  }
});
