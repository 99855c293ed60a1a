import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { type Role, ROLES, ROUTES, roleAllows, type RouteName, type RouteSpec } from '#api/control.ts';
import { CullisError } from '#base/errors.ts';
import { createLogger } from '#telemetry/log.ts';
import { Metrics } from '#telemetry/metrics.ts';
import { fakeEmit, fakeKeyWrap, fakeKv } from '../../test/fakes/control.ts';
import { fakeClock, fakeRandom } from '../../test/fakes/time.ts';
import { AdminServer, type AdminPorts, type Answer, type Call, type Handlers } from './admin.ts';
import { openOperators } from './operators.ts';

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

interface Bench {
  readonly url: string;
  readonly calls: string[];
  readonly emit: ReturnType<typeof fakeEmit>;
  readonly clock: ReturnType<typeof fakeClock>;
  readonly log: string[];
  token(role: Role): string;
  send(method: string, path: string, headers?: Record<string, string>, body?: string): Promise<Reply>;
}

async function bench(
  t: TestContext,
  change: Partial<AdminPorts> & { readonly onCall?: (call: Call) => Answer } = {},
): Promise<Bench> {
  const emit = fakeEmit();
  const clock = fakeClock();
  const random = fakeRandom();
  const operators = await openOperators({ kv: fakeKv(), keyWrap: fakeKeyWrap(), emit, clock, random, node: 'control' });
  const tokens = new Map(ROLES.map((role) => [role, operators.createForThisRun(role, role)]));
  const calls: string[] = [];
  const log: string[] = [];
  const names = (Object.keys(ROUTES) as RouteName[]).filter((name) => name !== 'live');
  const handle = (name: string) => (call: Call) => {
    calls.push(name);
    return change.onCall?.(call) ?? { value: { name, params: call.params, query: call.query, body: call.body ?? null } };
  };
  const admin = new AdminServer({
    address: '127.0.0.1',
    port: 0,
    pageDir: undefined,
    operators,
    handlers: Object.fromEntries(names.map((name) => [name, handle(name)])) as unknown as Handlers,
    live: (response) => {
      calls.push('live');
      response.end('data: {}\n\n');
      return true;
    },
    exposition: () => 'cullis_up 1\n',
    ready: () => true,
    metrics: new Metrics(),
    clock,
    random,
    log: createLogger({ name: 'control', format: 'json', write: (line) => log.push(line) }),
    ...change,
  });
  const url = await admin.listen();
  t.after(() => admin.close());
  return {
    url,
    calls,
    emit,
    clock,
    log,
    token: (role) => tokens.get(role)!,
    send: (method, path, headers = {}, body) =>
      new Promise((resolve, reject) => {
        const request = httpRequest(url + path, { method, headers, agent: false }, (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => (text += chunk));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
        });
        request.on('error', reject);
        request.end(body);
      }),
  };
}

const BODIES: Partial<Record<RouteName, unknown>> = {
  createOperator: { name: 'ci', role: 'viewer' },
  renewCertificates: {},
  revoke: { kind: 'identity', subject: 'spiffe://cluster.local/ns/shop/sa/cart' },
  restore: { identity: 'spiffe://cluster.local/ns/shop/sa/cart' },
};
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

test('every route under every role: only the contract opens it', async (t) => {
  const b = await bench(t);
  for (const [name, spec] of Object.entries(ROUTES) as [RouteName, RouteSpec][]) {
    const path = spec.path.replaceAll(/\{\w+\}/g, 'some-name');
    const body = BODIES[name] === undefined ? undefined : JSON.stringify(BODIES[name]);
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    for (const role of [undefined, 'wrong', ...ROLES] as const) {
      b.clock.advance(60_000);
      b.calls.length = 0;
      const token = role === undefined ? {} : bearer(role === 'wrong' ? `cullis_${'A'.repeat(43)}` : b.token(role));
      const reply = await b.send(spec.method, path, { ...token, ...type }, body);
      const known = role !== undefined && role !== 'wrong';
      const want = !known ? 401 : roleAllows(role, spec.role) ? 200 : 403;
      assert.equal(reply.status, want, `${spec.method} ${path} as ${role}`);
      assert.deepEqual(b.calls, want === 200 ? [name] : [], `${spec.method} ${path} as ${role}`);
      if (want !== 200) assert.match(String(reply.headers['content-type']), /^application\/problem\+json/);
      if (want === 401) assert.equal(reply.headers['www-authenticate'], 'Bearer realm="cullis"');
    }
  }
  const refused = b.emit.audits();
  assert.ok(refused.length > 0 && refused.every((event) => !event.allowed));
  assert.ok(refused.some((event) => event.operator === 'viewer' && event.action === 'createOperator'));
});

test('paths and methods that are not in the contract are nothing', async (t) => {
  const b = await bench(t);
  const rows: readonly [string, string, number, string?][] = [
    ['GET', '/api/v1/nothing', 404],
    ['GET', '/api/v1/status/', 404],
    ['GET', '/API/v1/status', 404],
    ['GET', '//api/v1/status', 404],
    ['GET', '/api/v1/decisions/a/b', 404],
    ['GET', '/api/v1/decisions/..%2fstatus', 404],
    ['GET', '/api/v1/decisions/', 404],
    ['GET', '/../../etc/passwd', 404],
    ['GET', '/', 404],
    ['POST', '/api/v1/status', 405, 'GET'],
    ['DELETE', '/api/v1/reload', 405, 'POST'],
    ['PUT', '/api/v1/operators', 405, 'GET, POST'],
    ['POST', '/metrics', 405, 'GET'],
    ['TRACE', '/healthz', 405, 'GET'],
    ['HEAD', '/api/v1/live', 405, 'GET'],
  ];
  for (const [method, path, status, allow] of rows) {
    const reply = await b.send(method, path, bearer(b.token('admin')));
    assert.equal(reply.status, status, `${method} ${path}`);
    assert.equal(reply.headers['allow'], allow, `${method} ${path}`);
  }
  assert.deepEqual(b.calls, []);
});

test('another name for this address, or another site, gets nothing', async (t) => {
  const b = await bench(t);
  const { port } = new URL(b.url);
  const rows: readonly [Record<string, string>, number][] = [
    [{ host: `127.0.0.1:${port}` }, 200],
    [{ host: `localhost:${port}` }, 200],
    [{ host: `LOCALHOST:${port}` }, 200],
    [{ host: `[::1]:${port}` }, 200],
    [{ host: `evil.example:${port}` }, 421],
    [{ host: '127.0.0.1' }, 421],
    [{ host: `127.0.0.1:${Number(port) + 1}` }, 421],
    [{ host: `127.0.0.1:${port}.evil.example` }, 421],
    [{ origin: b.url }, 200],
    [{ origin: 'http://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ origin: `https://127.0.0.1:${port}` }, 403],
    [{ 'sec-fetch-site': 'same-origin' }, 200],
    [{ 'sec-fetch-site': 'none' }, 200],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'same-site' }, 403],
  ];
  for (const [headers, want] of rows) {
    for (const path of ['/api/v1/status', '/metrics', '/healthz']) {
      const reply = await b.send('GET', path, { ...bearer(b.token('admin')), ...headers });
      assert.equal(reply.status, want, `${JSON.stringify(headers)} ${path}`);
    }
  }
});

test('bodies and queries that break the contract do not reach the work', async (t) => {
  const b = await bench(t);
  const admin = { ...bearer(b.token('admin')), 'content-type': 'application/json' };
  const good = '{"name":"ci","role":"viewer"}';
  const rows: readonly [string, string, Record<string, string>, string | undefined, number][] = [
    ['POST', '/api/v1/operators', admin, good, 200],
    ['POST', '/api/v1/operators', { ...admin, 'content-type': 'application/json; charset=utf-8' }, good, 200],
    ['POST', '/api/v1/operators', { ...admin, 'content-type': 'text/plain' }, good, 415],
    ['POST', '/api/v1/operators', admin, '', 400],
    ['POST', '/api/v1/operators', admin, '{', 400],
    ['POST', '/api/v1/operators', admin, '[]', 400],
    ['POST', '/api/v1/operators', admin, '{"name":"ci","role":"root"}', 400],
    ['POST', '/api/v1/operators', admin, '{"name":"../x","role":"viewer"}', 400],
    ['POST', '/api/v1/operators', admin, '{"name":"ci","role":"viewer","more":1}', 400],
    ['POST', '/api/v1/operators', admin, `{"name":"${'x'.repeat(70_000)}","role":"viewer"}`, 413],
    ['POST', '/api/v1/operators?x=1', admin, good, 400],
    ['POST', '/api/v1/reload', admin, '{}', 400],
    ['GET', '/api/v1/events', admin, undefined, 200],
    ['GET', '/api/v1/events?limit=1000&type=exchange&allowed=false&fromMs=0&workload=shop/cart', admin, undefined, 200],
    ['GET', '/api/v1/events?limit=1001', admin, undefined, 400],
    ['GET', '/api/v1/events?limit=0', admin, undefined, 400],
    ['GET', '/api/v1/events?limit=1&limit=2', admin, undefined, 400],
    ['GET', '/api/v1/events?__proto__=1', admin, undefined, 400],
    ['GET', '/api/v1/events?type=secret', admin, undefined, 400],
    ['GET', '/api/v1/status?x', admin, undefined, 400],
  ];
  for (const [method, path, headers, body, want] of rows) {
    b.calls.length = 0;
    const reply = await b.send(method, path, headers, body);
    assert.equal(reply.status, want, `${method} ${path} ${body?.slice(0, 60)}`);
    assert.equal(b.calls.length, want === 200 ? 1 : 0);
  }
  const events = JSON.parse((await b.send('GET', '/api/v1/events?fromMs=5', admin)).body) as { query: unknown };
  assert.deepEqual(events.query, { fromMs: 5, limit: 100 });
});

test('every answer carries the security headers, HEAD has no body', async (t) => {
  const b = await bench(t);
  for (const path of ['/healthz', '/metrics', '/api/v1/status', '/nothing']) {
    for (const method of ['GET', 'HEAD']) {
      const reply = await b.send(method, path, bearer(b.token('admin')));
      const policy = String(reply.headers['content-security-policy']);
      for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"])
        assert.ok(policy.includes(part), `${path} ${part}`);
      assert.doesNotMatch(policy, /unsafe/);
      assert.equal(reply.headers['x-content-type-options'], 'nosniff');
      assert.equal(reply.headers['cache-control'], 'no-store');
      assert.equal(reply.headers['server'], undefined);
      if (method === 'HEAD') assert.equal(reply.body, '');
    }
  }
});

test('a flood of wrong tokens is cut off, a right one still passes, and only the burst is audited', async (t) => {
  const b = await bench(t);
  const statuses: number[] = [];
  for (let i = 0; i < 40; i++) statuses.push((await b.send('GET', '/api/v1/status', bearer('cullis_wrong'))).status);
  assert.deepEqual([...new Set(statuses)], [401, 429]);
  assert.equal(b.emit.audits().length, 30);
  assert.equal((await b.send('GET', '/api/v1/status', bearer(b.token('viewer')))).status, 200);
  b.clock.advance(2000);
  assert.equal((await b.send('GET', '/api/v1/status', bearer('cullis_wrong'))).status, 401);
});

test('a bug is an opaque 500 whose reference is in the log; an operating error keeps its message', async (t) => {
  const failures: Error[] = [new TypeError('secret detail'), new CullisError('journal.unwritable', 'no space')];
  const b = await bench(t, {
    onCall: () => {
      throw failures.shift()!;
    },
  });
  const bug = await b.send('GET', '/api/v1/status', bearer(b.token('viewer')));
  assert.equal(bug.status, 500);
  assert.doesNotMatch(bug.body, /secret detail/);
  const { instance } = JSON.parse(bug.body) as { instance: string };
  assert.ok(b.log.some((line) => line.includes(instance.slice('urn:uuid:'.length)) && line.includes('secret detail')));
  const operating = await b.send('GET', '/api/v1/status', bearer(b.token('viewer')));
  assert.match(operating.body, /no space/);
  assert.ok(!b.log.join('').includes(b.token('viewer')), 'the token is in no log line');
});

test('the page comes from memory: its own files and nothing else', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'cullis-page-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  mkdirSync(join(dir, 'assets', 'deep'), { recursive: true });
  writeFileSync(join(dir, 'index.html'), '<!doctype html>');
  writeFileSync(join(dir, 'assets', 'app.js'), '1');
  writeFileSync(join(dir, 'assets', 'deep', 'x.js'), '1');
  writeFileSync(join(dir, '.env'), 'secret');
  writeFileSync(join(dir, 'key.pem'), 'secret');
  symlinkSync(join(dir, 'key.pem'), join(dir, 'link.html'));
  const b = await bench(t, { pageDir: dir });
  const rows: readonly [string, number, string?][] = [
    ['/', 200, 'text/html; charset=utf-8'],
    ['/index.html', 200, 'text/html; charset=utf-8'],
    ['/assets/app.js', 200, 'text/javascript; charset=utf-8'],
    ['/assets/deep/x.js', 404],
    ['/.env', 404],
    ['/key.pem', 404],
    ['/link.html', 404],
    ['/assets/../index.html', 404],
    ['/assets/%2e%2e/index.html', 404],
  ];
  for (const [path, status, type] of rows) {
    // Raw, since a URL class would resolve the dots.
    const answer = await raw(b.url, `GET ${path} HTTP/1.1\r\nHost: ${new URL(b.url).host}\r\nConnection: close\r\n\r\n`);
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), path);
    if (type) assert.ok(answer.includes(`content-type: ${type}`), path);
  }
});

test('metrics and probes need no token', async (t) => {
  let ready = false;
  const b = await bench(t, { ready: () => ready });
  assert.equal((await b.send('GET', '/metrics')).body, 'cullis_up 1\n');
  assert.equal((await b.send('GET', '/healthz')).status, 200);
  assert.equal((await b.send('GET', '/readyz')).status, 503);
  ready = true;
  assert.equal((await b.send('GET', '/readyz')).status, 200);
});

test('proxy-hardening 54: the admin server listens on loopback only', async (t) => {
  for (const address of ['0.0.0.0', '::', '10.0.0.1', 'localhost.evil.example']) {
    await assert.rejects(bench(t, { address }), { code: 'listen.failed' }, address);
  }
});

test('malformed requests are answered or cut, and the server goes on', async (t) => {
  const b = await bench(t);
  const { host } = new URL(b.url);
  for (const text of [
    'GET / HTTP/1.1\r\n\r\n',
    `GET / HTTP/1.1\r\nHost: ${host}\r\nHost: ${host}\r\n\r\n`,
    '\0\0\0\r\n\r\n',
    `GET /${'x'.repeat(40_000)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
  ]) {
    const answer = await raw(b.url, text);
    assert.match(answer, /^HTTP\/1.1 4\d\d |^$/, text.slice(0, 30));
  }
  assert.equal((await b.send('GET', '/healthz')).status, 200);
});

function raw(url: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      answer += chunk;
      if (answer.includes('\r\n\r\n') && text.includes('Host')) socket.end();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}
