// Connections as they are: TLS by server name, TCP by port, with policy, events and counting as for requests.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { connect as tlsConnect, createServer, type Server as TlsServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import {
  caConfigMap,
  gatewayKind,
  type GatewayOptions,
  type RunningGateway,
  startGateway,
  tlsCall,
  tlsSecret,
} from '../../test/fakes/gateway.ts';
import { pair, publicCa } from '../../test/fakes/serving.ts';
import { rawServer, sendRaw } from '../../test/fakes/raw-http.ts';

const ca = publicCa();
const listener = (text: string): string => gatewayKind('Gateway', 'edge', `{gatewayClassName: x, listeners: [${text}]}`);
const PASS = listener(
  [
    '{name: pass, port: 443, protocol: TLS, hostname: "*.pass.example", tls: {mode: Passthrough}}',
    '{name: end, port: 443, protocol: TLS, hostname: end.example, tls: {certificateRefs: [{name: end}]}}',
    '{name: tcp, port: 9000, protocol: TCP}',
    '{name: idle, port: 9001, protocol: TCP}',
  ].join(', '),
);
const ROUTES = [
  gatewayKind(
    'TLSRoute',
    'one',
    '{parentRefs: [{name: edge}], hostnames: [one.pass.example], rules: [{backendRefs: [{name: one, port: 80}]}]}',
  ),
  gatewayKind(
    'TLSRoute',
    'wild',
    '{parentRefs: [{name: edge}], hostnames: ["*.pass.example"], rules: [{backendRefs: [{name: two, port: 80}]}]}',
  ),
  gatewayKind(
    'TLSRoute',
    'end',
    '{parentRefs: [{name: edge, sectionName: end}], rules: [{backendRefs: [{name: echo, port: 80}]}]}',
  ),
  gatewayKind(
    'TCPRoute',
    'tcp',
    '{parentRefs: [{name: edge, sectionName: tcp}], rules: [{backendRefs: [{name: echo, port: 80, weight: 3}, {name: shout, port: 80, weight: 1}, {name: nobody, port: 80, weight: 0}]}]}',
  ),
];

async function tlsServer(name: string): Promise<TlsServer> {
  const server = createServer(pair(ca, [name]), (socket) => {
    socket.on('error', () => {});
    socket.end(`from ${name}`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

let servers: readonly TlsServer[];
let echo: Awaited<ReturnType<typeof rawServer>>;
let shout: Awaited<ReturnType<typeof rawServer>>;
let gateway: RunningGateway;
let options: GatewayOptions;
let unit = 0.5;
before(async () => {
  servers = [await tlsServer('one.pass.example'), await tlsServer('two.pass.example')];
  echo = await rawServer((socket) => socket.pipe(socket));
  shout = await rawServer((socket) => socket.on('data', (chunk: Buffer) => socket.write(String(chunk).toUpperCase())));
  const [one, two] = servers.map((server) => (server.address() as AddressInfo).port);
  options = {
    apps: { one: one!, two: two!, echo: echo.port, shout: shout.port },
    portNames: { one: 'tls', two: 'tls', echo: 'tcp', shout: 'tcp' },
    manifests: [PASS, ...ROUTES, tlsSecret('end', pair(ca, ['end.example'])), caConfigMap('unused', ca.pem)],
    ports: { random: { bytes: (size) => new Uint8Array(size), unit: () => unit } },
  };
  gateway = await startGateway(options);
});
after(async () => {
  await gateway.close();
  for (const server of servers) server.close();
  await echo.close();
  await shout.close();
});

for (const [servername, want] of [
  ['one.pass.example', 'from one.pass.example'],
  ['ONE.pass.example', 'from one.pass.example'],
  ['other.pass.example', 'from two.pass.example'],
  ['pass.example', ''],
  ['', ''],
  ['nobody.test', ''],
] as const)
  test(`TLS that passes through: server name \`${servername}\` reaches ${want === '' ? 'nobody' : want.slice(5)}`, async () => {
    const answer = await tlsCall(gateway.port(443), { servername }, '');
    assert.equal(answer.text, want);
    if (want !== '') assert.equal(answer.names, `DNS:${want.slice(5)}`);
  });

test('a hello in crumbs, and one in several records, still finds its route', async () => {
  const hello = await helloFor('one.pass.example');
  const records: Buffer[] = [];
  for (let at = 5; at < hello.length; at += 40) {
    const part = hello.subarray(at, at + 40);
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part);
  }
  for (const bytes of [hello, Buffer.concat(records)]) {
    const socket = connect({ host: '127.0.0.1', port: gateway.port(443) });
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.setNoDelay(true);
    for (let at = 0; at < bytes.length; at += 100) {
      socket.write(bytes.subarray(at, at + 100));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [first] = (await once(socket, 'data')) as [Buffer];
    assert.equal(first[0], 22, 'the server answers with a handshake record');
    socket.destroy();
  }
});

for (const [name, bytes] of [
  ['plaintext', 'GET / HTTP/1.1\r\nHost: one.pass.example\r\n\r\n'],
  ['a record that is no handshake', Buffer.from([23, 3, 3, 0, 1, 0])],
  ['a hello that is too large', Buffer.from([22, 3, 1, 0x40, 0, 1, 0x10, 0, 0])],
  ['an empty record', Buffer.from([22, 3, 1, 0, 0])],
] as const)
  test(`what is no hello is closed: ${name}`, async () => {
    const outcome = await sendRaw(gateway.port(443), bytes, 2000);
    assert.deepEqual([outcome.closed, outcome.text], [true, '']);
  });

test('proxy-hardening 51: hellos with any byte changed end their own connection and nothing else', async () => {
  const hello = await helloFor('one.pass.example');
  const changed = Array.from({ length: 120 }, (_, i) => {
    const bytes = Buffer.from(hello);
    // Headers, lengths and names stand in front.
    bytes[(i * 7) % Math.min(300, bytes.length)] = (i * 37) % 256;
    return i % 3 === 0 ? bytes.subarray(0, 20 + i) : bytes;
  });
  await Promise.all(
    changed.map(async (bytes) => {
      const socket = connect({ host: '127.0.0.1', port: gateway.port(443) });
      socket.on('error', () => {});
      const closed = new Promise((resolve) => {
        socket.once('close', resolve);
      });
      socket.resume();
      socket.end(bytes);
      await closed;
    }),
  );
  assert.equal((await tlsCall(gateway.port(443), { servername: 'one.pass.example' }, '')).text, 'from one.pass.example');
});

test('TLS that ends at the gateway goes on as bytes, and ends when its route goes', async (t) => {
  const client = tlsConnect({ host: '127.0.0.1', port: gateway.port(443), servername: 'end.example', rejectUnauthorized: false });
  client.on('error', () => {});
  client.write('ping');
  const [answer] = (await once(client, 'data')) as [Buffer];
  assert.equal(answer.toString(), 'ping');
  const since = gateway.seen.events.length;
  const event = gateway.seen.event(
    (one) =>
      one.role === 'gateway' &&
      one.protocol === 'tcp' &&
      one.destination === 'shop/echo' &&
      gateway.seen.events.indexOf(one) >= since,
  );
  t.after(() => gateway.apply(options));
  await gateway.apply({ ...options, manifests: [PASS] });
  await once(client, 'close');
  assert.deepEqual([(await event).code, (await event).bytesIn], ['route.none', 4]);
});

for (const [at, want] of [
  [0, 'ping'],
  [0.74, 'ping'],
  [0.75, 'PING'],
  [0.99, 'PING'],
] as const)
  test(`TCP: weight decides which backend a connection gets (${at} of 1)`, async () => {
    unit = at;
    const outcome = await sendRaw(gateway.port(9000), 'ping', 2000, 60);
    assert.equal(outcome.text, want);
  });

test('a listener without a route takes no connections, and its refusal is an event', async () => {
  const outcome = await sendRaw(gateway.port(9001), 'ping', 2000);
  assert.deepEqual([outcome.closed, outcome.text], [true, '']);
  assert.ok(await gateway.seen.event((one) => one.role === 'gateway' && one.code === 'route.none' && one.protocol === 'tcp'));
});

const policy = (rule: object): string =>
  JSON.stringify({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'edge', namespace: 'shop' },
    spec: { action: 'DENY', targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' }], rules: [rule] },
  });

test('policy judges connections by their server name and port, also those that are open', async (t) => {
  unit = 0;
  const open = await opened(gateway.port(9000));
  const denied = [
    policy({ when: [{ key: 'connection.sni', values: ['one.pass.example'] }] }),
    policy({ to: [{ operation: { ports: ['9000'] } }] }).replace('"name":"edge","namespace"', '"name":"port","namespace"'),
  ];
  t.after(() => gateway.apply(options));
  await gateway.apply({ ...options, manifests: [...options.manifests, ...denied] });
  await once(open, 'close');
  assert.equal((await tlsCall(gateway.port(443), { servername: 'one.pass.example' }, '')).text, '');
  assert.equal((await tlsCall(gateway.port(443), { servername: 'two.pass.example' }, '')).text, 'from two.pass.example');
  assert.equal((await sendRaw(gateway.port(9000), 'ping', 2000)).text, '');
});

test('a connection ends when its route leads elsewhere', async (t) => {
  unit = 0;
  const open = await opened(gateway.port(9000));
  const moved = ROUTES[3]!.replace('{name: echo, port: 80, weight: 3}, ', '');
  t.after(() => gateway.apply(options));
  await gateway.apply({ ...options, manifests: [PASS, ...ROUTES.slice(0, 3), moved] });
  await once(open, 'close');
});

async function opened(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  socket.write('ping');
  await once(socket, 'data');
  return socket;
}

/** The bytes of a hello, as a client of Node sends them. */
async function helloFor(servername: string): Promise<Buffer> {
  const got = Promise.withResolvers<Buffer>();
  const server = await rawServer((socket) => socket.once('data', (chunk: Buffer) => got.resolve(chunk)));
  const client = tlsConnect({ host: '127.0.0.1', port: server.port, servername, rejectUnauthorized: false });
  client.on('error', () => {});
  const hello = await got.promise;
  client.destroy();
  await server.close();
  return hello;
}
