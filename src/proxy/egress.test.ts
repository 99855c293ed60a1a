import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { EgressInspection, EgressLimits } from '#model/istio-egress.ts';
import { DEFAULT_INSPECTION } from '#model/istio-egress.ts';
import type { EgressPolicyPlan, ExternalTls } from '#plan/plan.ts';
import { SECRET_RULES } from '#scan/secrets/rules.ts';
import { compileSecretRules } from '#scan/secrets/scanner.ts';
import { converse, startEgress, startSink } from '../../test/fakes/egress.ts';
import { call, dial, startApp } from '../../test/fakes/mesh.ts';
import { fakeCertificate } from '../../test/fakes/plain-certificates.ts';

const scanner = compileSecretRules({ rules: SECRET_RULES });
const findSecrets = (bytes: Uint8Array) => scanner.scan('outbound.txt', bytes);
const CARD = '4111 1111 1111 1111';
/** Assembled, so that no scanner takes this file for a leak. */
const TOKEN = ['ghp', 'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'].join('_');

function policy(parts: { readonly limits?: EgressLimits; readonly inspect?: Partial<EgressInspection> }): EgressPolicyPlan {
  const inspect = parts.inspect && { ...DEFAULT_INSPECTION, action: 'deny' as const, wholeOnly: true, ...parts.inspect };
  return { id: 'shop/bounds', at: 'egress.yaml:7:3', ...(parts.limits && { limits: parts.limits }), ...(inspect && { inspect }) };
}

test('a request leaves only for a host that is named, on its port, and carries nothing of the mesh', async () => {
  const app = await startApp();
  const at = { ip: '127.0.0.1', port: app.port };
  await using out = await startEgress([
    { hosts: ['api.example.com'], protocol: 'http', port: 80, at },
    { hosts: ['*.wild.example'], protocol: 'http', port: 8080, at },
  ]);
  const [exact, wild] = out.ports as [number, number];
  // prettier-ignore
  const rows: readonly (readonly [port: number, host: string, status: number, seen?: string])[] = [
    [exact, 'api.example.com', 200, 'api.example.com'],
    [exact, 'API.Example.Com.', 200, 'api.example.com'],
    [exact, 'api.example.com:80', 200, 'api.example.com'],
    [exact, `127.0.0.1:${exact}`, 200, 'api.example.com'],
    [exact, 'api.example.com:443', 403],
    [exact, 'evil.example.com', 403],
    [exact, 'api.example.com.evil.org', 403],
    [exact, '169.254.169.254', 403],
    [wild, 'a.wild.example:8080', 200, 'a.wild.example:8080'],
    [wild, 'a.b.wild.example:8080', 200, 'a.b.wild.example:8080'],
    [wild, 'wild.example:8080', 403],
    [wild, `127.0.0.1:${wild}`, 403],
  ];
  try {
    for (const [port, host, status, seen] of rows) {
      const answer = await call(port, { headers: { host, 'x-cullis-source-identity': 'x' }, path: '/v1' });
      assert.equal(answer.status, status, host);
      if (seen === undefined) continue;
      assert.equal(answer.seen.headers['host'], seen);
      assert.deepEqual(
        Object.keys(answer.seen.headers).filter((name) => /^x-(?:cullis|forwarded)/.test(name)),
        [],
      );
    }
    const event = await out.seen.event(({ code, host }) => code === 'egress.host' && host === 'evil.example.com');
    assert.match(event.reasons?.[0]?.text ?? '', /this way out is for `api\.example\.com` on port 80 only/);
  } finally {
    await app.close();
  }
});

test('a TLS connection leaves only for a server name that is named and said openly', async () => {
  await using sink = await startSink('');
  await using out = await startEgress([
    { hosts: ['api.example.com', '*.wild.example'], protocol: 'tls', port: 443, at: sink.at },
  ]);
  const port = out.ports[0]!;
  const tryName = async (servername: string): Promise<void> => {
    const socket = connectTls({ host: '127.0.0.1', port, servername, rejectUnauthorized: false });
    socket.on('error', () => {});
    const before = sink.text().length;
    let over = false;
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await Promise.race([closed, arrived(() => over || sink.text().length > before)]);
    over = true;
    socket.destroy();
  };
  for (const [name, passes] of [
    ['api.example.com', true],
    ['x.wild.example', true],
    ['evil.example', false],
    ['', false],
  ] as const) {
    const before = sink.connections();
    await tryName(name);
    assert.equal(sink.connections() - before, passes ? 1 : 0, name);
  }
  const before = sink.connections();
  assert.equal(await converse(port, ['GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n']), '');
  assert.equal(sink.connections(), before);
  const codes = out.seen.events.flatMap((event) =>
    event.type === 'exchange' && event.code === 'egress.host' ? [event.reasons![0]!.text] : [],
  );
  assert.equal(codes.length, 3);
  assert.ok(codes.some((text) => text.includes('names no server')));
  assert.ok(codes.some((text) => text.includes('no TLS ClientHello')));
});

/** Looks at every turn of the event loop. */
async function arrived(test: () => boolean): Promise<void> {
  while (!test()) await new Promise((resolve) => setImmediate(resolve));
}

test('TLS begins in the proxy, towards the right name and roots only', async () => {
  const root = fakeCertificate('root', undefined);
  const leaf = fakeCertificate('api', 'dns:api.example.com', root);
  const names: unknown[] = [];
  const server = createHttps({ cert: leaf.certPem, key: leaf.keyPem }, (request, response) => {
    names.push([(request.socket as { servername?: unknown }).servername, request.headers.host]);
    response.end('over TLS');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const at = { ip: '127.0.0.1', port: (server.address() as AddressInfo).port };
  const tls = (over: Partial<ExternalTls> = {}): ExternalTls => ({
    mode: 'SIMPLE',
    sni: '',
    subjectAltNames: [],
    ca: root.certPem,
    insecureSkipVerify: false,
    at: 'rule.yaml:9:5',
    ...over,
  });
  const { ca: _given, ...publicRoots } = tls();
  const rows: readonly (readonly [name: string, host: string, tls: ExternalTls, status: number])[] = [
    ['right', 'api.example.com', tls(), 200],
    ['another name in the certificate', 'other.example.com', tls(), 503],
    ['another name, but the one that the rule says', 'other.example.com', tls({ subjectAltNames: ['api.example.com'] }), 200],
    ['not the name that the rule says', 'api.example.com', tls({ subjectAltNames: ['x.example.com'] }), 503],
    ['a server name of its own', 'front.example.com', tls({ sni: 'api.example.com' }), 200],
    ['public roots do not know it', 'api.example.com', publicRoots, 503],
    ['verification switched off', 'any.example.com', { ...publicRoots, insecureSkipVerify: true }, 200],
    ['a key pair that cannot be had', 'api.example.com', tls({ mode: 'MUTUAL' }), 503],
    ['roots that cannot be had', 'api.example.com', { ...publicRoots, fault: 'the roots are missing' }, 503],
  ];
  await using out = await startEgress(
    rows.map(([, host, tls]) => ({ hosts: [host], protocol: 'http' as const, port: 80, at, tls })),
  );
  try {
    for (const [i, [name, host, , status]] of rows.entries()) {
      const answer = await call(out.ports[i]!, { headers: { host } });
      assert.equal(answer.status, status, name);
      if (status === 200) assert.equal(answer.text, 'over TLS');
    }
    assert.deepEqual(names[0], ['api.example.com', 'api.example.com']);
    // Domain fronting: the certificate and server name are right, the request is for somebody else.
    const before = names.length;
    assert.equal((await call(out.ports[0]!, { headers: { host: 'hidden.example.net' } })).status, 403);
    assert.equal(names.length, before);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test('a name leads to the addresses it has, and never into this machine', async () => {
  const app = await startApp();
  const addresses: Record<string, string[]> = {
    'good.example': ['127.0.0.1'],
    'rebind.example': ['93.184.216.34', '169.254.169.254'],
    'none.example': [],
  };
  const asked: string[] = [];
  await using out = await startEgress(
    [
      { hosts: ['good.example'], protocol: 'http', port: 80, at: { ip: 'good.example', port: app.port } },
      { hosts: ['rebind.example'], protocol: 'http', port: 80, at: { ip: 'rebind.example', port: app.port } },
      { hosts: ['none.example'], protocol: 'http', port: 80, at: { ip: 'none.example', port: app.port } },
    ],
    {
      outside: {
        resolve: async (host) => {
          asked.push(host);
          return addresses[host] ?? [];
        },
        allows: (_host, address) => address === '127.0.0.1' || address.startsWith('93.'),
      },
    },
  );
  try {
    const statuses = [];
    for (const [i, host] of Object.keys(addresses).entries())
      statuses.push((await call(out.ports[i]!, { headers: { host } })).status);
    assert.deepEqual(statuses, [200, 503, 503]);
    await call(out.ports[0]!, { headers: { host: 'good.example' } });
    assert.deepEqual(
      asked.filter((host) => host === 'good.example'),
      ['good.example'],
      'an answer is kept for a while',
    );
    const event = await out.seen.event(({ host, code }) => host === 'rebind.example' && code === 'upstream.failed');
    assert.match(event.reasons?.[0]?.text ?? '', /`rebind\.example` is at `169\.254\.169\.254`, which is not a public address/);
  } finally {
    await app.close();
  }
});

test('hosts below a wildcard are looked up by the name that was asked for', async () => {
  const app = await startApp();
  const asked: string[] = [];
  await using out = await startEgress([{ hosts: ['*.wild.example'], protocol: 'http', port: app.port }], {
    outside: {
      resolve: async (host) => {
        asked.push(host);
        return ['127.0.0.1'];
      },
    },
  });
  try {
    for (const host of ['a.wild.example', 'b.wild.example', 'a.wild.example'])
      assert.equal((await call(out.ports[0]!, { headers: { host: `${host}:${app.port}` } })).status, 200);
    assert.deepEqual(asked, ['a.wild.example', 'b.wild.example']);
  } finally {
    await app.close();
  }
});

test('bounds of requests, destinations and bytes hold over connections, and a reload gives no new allowance', async () => {
  const app = await startApp();
  const at = { ip: '127.0.0.1', port: app.port };
  const hosts = ['a.example', 'b.example', 'c.example'].map((host) => ({
    hosts: [host],
    protocol: 'http' as const,
    port: 80,
    at,
  }));
  const limits = { windowMs: 600_000, requests: 5, destinations: 2, bytes: 100 };
  await using out = await startEgress(hosts, { policies: [policy({ limits })] });
  const [a, b, c] = out.ports as [number, number, number];
  const send = async (port: number, host: string, body = ''): Promise<number> =>
    (await call(port, { method: 'POST', headers: { host }, body })).status;
  try {
    assert.equal(await send(a, 'a.example', 'x'.repeat(60)), 200);
    assert.equal(await send(b, 'b.example'), 200);
    assert.equal(await send(c, 'c.example'), 429);
    assert.equal(await send(a, 'a.example', 'x'.repeat(60)), 429);
    assert.ok((await out.apply()).ok);
    assert.equal(await send(a, 'a.example', 'x'.repeat(60)), 429);
    assert.equal(await send(a, 'a.example', 'x'.repeat(40)), 200);
    assert.equal(await send(a, 'a.example'), 429, 'all bytes and requests are spent');
    const fields = out.seen.events.flatMap((event) =>
      event.type === 'exchange' && event.code === 'egress.limit' ? [event.reasons![0]!.field] : [],
    );
    assert.deepEqual(fields, ['limits.destinations', 'limits.bytes', 'limits.bytes', 'limits.requests']);
    assert.ok((await out.apply([policy({ limits: { ...limits, requests: 50, bytes: 1000 } })])).ok);
    assert.equal(await send(a, 'a.example'), 200, 'other bounds begin anew');
  } finally {
    await app.close();
  }
});

test('what is sent is searched wherever it stands, and the finding never shows it', async () => {
  const app = await startApp();
  const at = { ip: '127.0.0.1', port: app.port };
  await using out = await startEgress([{ hosts: ['a.example'], protocol: 'http', port: 80, at }], {
    policies: [policy({ inspect: {} })],
    outside: { findSecrets },
  });
  const port = out.ports[0]!;
  const base64 = Buffer.from(`token = "${TOKEN}"`).toString('base64');
  const long = `${'x'.repeat(70_000)} ${TOKEN} ${'y'.repeat(70_000)}`;
  const mails = Array.from({ length: 60 }, (_, i) => `person${i}@example.org`).join('\n');
  const rows: readonly (readonly [name: string, options: Parameters<typeof call>[1], rule: string])[] = [
    ['body', { method: 'POST', body: `{"t":"${TOKEN}"}` }, 'github-pat'],
    ['encoded body', { method: 'POST', body: base64 }, 'github-pat'],
    ['long body', { method: 'POST', body: long }, 'github-pat'],
    ['query', { path: `/?t=${TOKEN}` }, 'github-pat'],
    ['path', { path: `/${TOKEN}` }, 'github-pat'],
    ['header', { headers: { 'x-note': TOKEN } }, 'github-pat'],
    ['card', { method: 'POST', body: `card=${CARD}` }, 'payment-card'],
    ['card in a query', { path: `/?card=${CARD.replaceAll(' ', '')}` }, 'payment-card'],
    ['iban', { method: 'POST', body: 'to DE89 3704 0044 0532 0130 00 please' }, 'iban'],
    ['addresses', { method: 'POST', body: mails }, 'email-flood'],
    ['private key', { method: 'POST', body: fakeCertificate('x', undefined).keyPem }, 'private-key'],
    ['compressed', { method: 'POST', body: 'abc', headers: { 'content-encoding': 'gzip' } }, 'unreadable'],
  ];
  try {
    for (const [name, options, rule] of rows) {
      const answer = await call(port, { ...options, headers: { host: 'a.example', ...options?.headers } });
      assert.equal(answer.status, 403, name);
      const id = answer.headers['x-cullis-decision-id'];
      const event = await out.seen.event((one) => one.id === id);
      assert.equal(event.code, 'egress.content', name);
      assert.equal(event.reasons?.[0]?.actual, rule, name);
      assert.equal(event.reasons?.[0]?.policy, 'shop/bounds');
      assert.ok(!JSON.stringify({ ...event, path: '' }).includes(TOKEN), name);
    }
    for (const clean of ['order 1234567890123456', 'a@example.org', 'GB82 WEST 1234 5698 7654 33'])
      assert.equal((await call(port, { method: 'POST', headers: { host: 'a.example' }, body: clean })).status, 200, clean);
    const credential = { host: 'a.example', authorization: `Bearer ${TOKEN}` };
    assert.equal(
      (await call(port, { headers: credential })).status,
      200,
      'the credential for the destination is meant to be there',
    );
  } finally {
    await app.close();
  }
});

test('without a policy a leak passes and is raised, once a request', async () => {
  const app = await startApp();
  await using out = await startEgress(
    [{ hosts: ['a.example'], protocol: 'http', port: 80, at: { ip: '127.0.0.1', port: app.port } }],
    {
      outside: { findSecrets },
    },
  );
  try {
    const answer = await call(out.ports[0]!, {
      method: 'POST',
      headers: { host: 'a.example' },
      body: `${TOKEN} ${TOKEN} ${CARD}`,
    });
    assert.equal(answer.status, 200);
    assert.deepEqual(
      out.raised().map(({ action, what, rule, workload, host }) => [action, what, rule, workload, host]),
      ['github-pat', 'payment-card'].map((rule) => ['raised', 'content', rule, 'shop/frontend', 'a.example']),
    );
    assert.ok(!JSON.stringify(out.raised()).includes(TOKEN.slice(4)));
  } finally {
    await app.close();
  }
});

test('a TCP connection is counted and searched as it goes: a slow drip of a secret never gets out whole', async () => {
  await using sink = await startSink('');
  await using out = await startEgress([{ hosts: ['db.example'], protocol: 'tcp', port: 5432, at: sink.at }], {
    policies: [policy({ inspect: {}, limits: { windowMs: 600_000, bytes: 4000 } })],
    outside: { findSecrets },
  });
  const port = out.ports[0]!;
  await converse(port, ['hello ', 'world']);
  assert.equal(sink.text(), 'hello world');
  await converse(port, `x ${TOKEN} `.split(''));
  assert.ok(!sink.text().includes(TOKEN));
  const content = await out.seen.event(({ code }) => code === 'egress.content');
  assert.deepEqual([content.protocol, content.host, content.reasons?.[0]?.actual], ['tcp', 'db.example', 'github-pat']);
  await converse(port, [Buffer.alloc(5000)]);
  const limit = await out.seen.event(({ code }) => code === 'egress.limit');
  assert.equal(limit.reasons?.[0]?.field, 'limits.bytes');
  assert.ok(sink.text().length < 4000);
});

test('a connection out of the mesh ends when it has lived long enough', async () => {
  await using sink = await startSink('');
  await using out = await startEgress([{ hosts: ['db.example'], protocol: 'tcp', port: 5432, at: sink.at }], {
    policies: [policy({ limits: { windowMs: 60_000, connectionMs: 100 } })],
  });
  const socket = await dial(out.ports[0]!);
  const closed = once(socket, 'close');
  socket.write('hello');
  const event = await out.seen.event(({ code }) => code === 'egress.limit');
  assert.equal(event.reasons?.[0]?.field, 'limits.connectionDuration');
  await closed;
  assert.equal(sink.text(), 'hello');
});
