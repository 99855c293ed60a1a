// The guard against server-side request forgery, against real servers on the loopback.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { RequestListener } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { certificate, EXT, LEAF_USAGE, rootCertificate } from '../../test/fakes/certificates.ts';
import { CullisError } from '#base/errors.ts';
import type { FetchRequest } from '#model/ports.ts';
import { context, textBytes } from '#pki/der.ts';
import { OID } from '#pki/oids.ts';
import { addressGuard } from './addresses.ts';
import { createFetch } from './fetch.ts';
import type { FetchOptions } from './fetch.ts';

const LIMITS = { timeoutMs: 2_000, bodyBytesMax: 1_000 };

async function outcome(options: FetchOptions, request: Partial<FetchRequest> & { url: string }): Promise<string> {
  try {
    const response = await createFetch(options)({ ...LIMITS, ...request });
    return `${response.status} ${Buffer.from(response.body).toString()}`;
  } catch (error) {
    assert.ok(error instanceof CullisError, String(error));
    return `${error.code}: ${error.message}`;
  }
}

const CLOSED = [
  '0.0.0.0',
  '10.1.2.3',
  '100.100.100.200',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.168.1.1',
  '198.18.0.1',
  '203.0.113.9',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '0:0:0:0:0:ffff:10.0.0.1',
  '::ffff:169.254.169.254',
  '::127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::1',
  '100::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fec0::1',
  'ff02::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '3fff::1',
  '4000::1',
  'not-an-address',
  '',
];
const OPEN = ['1.1.1.1', '8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111', '2a00:1450:4001::1', '::ffff:8.8.8.8'];

for (const address of CLOSED)
  test(`proxy-hardening 35: address ${address || '(none)'} is refused`, () =>
    assert.equal(addressGuard().allows('h', address, 443), false));
for (const address of OPEN)
  test(`proxy-hardening 35: address ${address} is public`, () => assert.equal(addressGuard().allows('h', address, 443), true));

test('exceptions are as wide as they are written, and no wider', () => {
  const rows: readonly (readonly [allow: string, host: string, address: string, port: number, want: boolean])[] = [
    ['10.0.0.0/8', 'h', '10.1.2.3', 80, true],
    ['10.0.0.0/8', 'h', '::ffff:10.1.2.3', 80, true],
    ['10.0.0.0/8', 'h', '11.1.2.3', 80, true],
    ['10.0.0.0/8', 'h', '127.0.0.1', 80, false],
    ['10.1.2.3', 'h', '10.1.2.3', 80, true],
    ['10.1.2.3', 'h', '10.1.2.4', 80, false],
    ['jwt.shop.svc:8000', 'jwt.shop.svc', '10.1.2.3', 8000, true],
    ['JWT.shop.svc:8000', 'jwt.shop.svc', '10.1.2.3', 8000, true],
    ['jwt.shop.svc:8000', 'jwt.shop.svc', '10.1.2.3', 8001, false],
    ['jwt.shop.svc:8000', 'xjwt.shop.svc', '10.1.2.3', 8000, false],
    ['127.0.0.1:80', '127.0.0.1', '127.0.0.1', 80, true],
    ['127.0.0.1:80', 'other', '127.0.0.1', 80, false],
    ['[::1]:80', '::1', '::1', 80, true],
    ['fd00::/8', 'h', 'fd12::1', 80, true],
    ['::1', 'h', '::1', 80, true],
  ];
  for (const [allow, host, address, port, want] of rows)
    assert.equal(addressGuard([allow]).allows(host, address, port), want, `${allow} ${host} ${address} ${port}`);
  for (const bad of ['', 'host', '10.0.0.0/33', '::/129', '10.0.0.0/x', '10.0.0/8', 'http://h:80'])
    assert.throws(() => addressGuard([bad]), { code: 'config.invalid' }, bad);
});

const URLS: readonly (readonly [title: string, url: string, want: RegExp])[] = [
  ['loopback', 'http://127.0.0.1/', /not a public address/],
  ['loopback as a number', 'http://2130706433/', /not a public address/],
  ['loopback in hex', 'http://0x7f.1/', /not a public address/],
  ['loopback in octal', 'http://0177.0.0.1/', /not a public address/],
  ['loopback in full-width digits', 'http://１２７.0.0.1/', /not a public address/],
  ['mapped loopback', 'http://[::ffff:127.0.0.1]/', /not a public address/],
  ['IPv6 loopback', 'http://[::1]/', /not a public address/],
  ['the metadata service', 'http://169.254.169.254/latest/meta-data/', /not a public address/],
  ['a file', 'file:///etc/passwd', /scheme/],
  ['gopher', 'gopher://127.0.0.1:6379/_x', /scheme/],
  ['data', 'data:text/plain,x', /scheme/],
  ['a user name', 'http://user@1.1.1.1/', /user name/],
  ['a password that looks like a host', 'http://good.test:x@127.0.0.1/', /user name/],
  ['no URL', 'jwks', /not a URL/],
  ['no host', 'http:///x', /not a public address|no host|no address|could not|not answer/],
  ['a URL of 3000 characters', `http://1.1.1.1/${'a'.repeat(3000)}`, /not a URL/],
];
for (const [title, url, want] of URLS) {
  test(`proxy-hardening 35: ${title} is not fetched`, async () =>
    assert.match(await outcome({ resolve: () => Promise.resolve(['127.0.0.1']) }, { url }), want));
}

test('proxy-hardening 35: a name is refused when any of its addresses is private', async () => {
  for (const addresses of [['10.0.0.1'], ['1.1.1.1', '127.0.0.1'], ['::ffff:127.0.0.1']]) {
    assert.match(
      await outcome({ resolve: () => Promise.resolve(addresses) }, { url: 'http://a.test/' }),
      /fetch.refused: .*not a public address/,
    );
  }
  assert.match(await outcome({ resolve: () => Promise.resolve([]) }, { url: 'http://a.test/' }), /fetch.failed: .*no address/);
  assert.match(
    await outcome({ resolve: () => Promise.reject(new Error('ENOTFOUND')) }, { url: 'http://a.test/' }),
    /fetch.failed/,
  );
});

test('headers that frame or route a request cannot be set', async () => {
  for (const name of ['Host', 'connection', 'Transfer-Encoding', 'content-length']) {
    assert.match(
      await outcome({ allowPrivate: ['127.0.0.1'] }, { url: 'http://127.0.0.1:9/', headers: { [name]: 'x' } }),
      /cannot be set/,
    );
  }
});

describe('against a server', () => {
  let server: Server;
  let origin: string;
  let port: number;
  let hits: string[] = [];

  const answer: RequestListener = (request, response) => {
    hits.push(`${request.method} ${request.url} ${request.headers.host}`);
    const [path] = request.url!.split('?');
    if (path === '/redirect') response.writeHead(302, { location: `${origin}/secret` }).end();
    else if (path === '/large') response.end('a'.repeat(1_001));
    else if (path === '/large-chunked') {
      for (let i = 0; i < 100; i++) response.write('a'.repeat(100));
      response.end();
    } else if (path === '/exact') response.end('a'.repeat(1_000));
    else if (path === '/gzip') response.writeHead(200, { 'content-encoding': 'gzip' }).end('x');
    else if (path === '/silent') hits.push('silent');
    else if (path === '/half') response.writeHead(200).write('half');
    else if (path === '/headers') response.writeHead(200, { 'x-large': 'a'.repeat(20_000) }).end();
    else if (path === '/cut') {
      response.writeHead(200, { 'content-length': '100' }).write('x', () => response.destroy());
    } else if (path === '/echo') {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => response.end(`${request.headers['content-type']} ${body}`));
    } else response.writeHead(path === '/missing' ? 404 : 200, { 'x-a': '1' }).end('hello');
  };

  before(async () => {
    server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    origin = `http://127.0.0.1:${port}`;
  });
  after(() => {
    (server as Server & { closeAllConnections(): void }).closeAllConnections();
    server.close();
  });

  const allowed = { allowPrivate: ['127.0.0.0/8'] };
  const rows: readonly (readonly [path: string, want: RegExp, request?: Partial<FetchRequest>])[] = [
    ['/x?y', /^200 hello$/],
    ['/missing', /^404 hello$/],
    ['/exact', /^200 a{1000}$/],
    ['/large', /fetch.refused: .*more than 1000 bytes/],
    ['/large-chunked', /fetch.refused: .*more than 1000 bytes/],
    ['/redirect', /fetch.refused: .*redirect/],
    ['/gzip', /fetch.refused: .*encoded/],
    ['/silent', /fetch.failed: .*did not answer within 100 ms/, { timeoutMs: 100 }],
    ['/half', /fetch.failed: .*did not answer within 100 ms/, { timeoutMs: 100 }],
    ['/cut', /fetch.failed/],
    ['/headers', /fetch.failed/],
    ['/echo', /^200 text\/x hello$/, { method: 'POST', headers: { 'Content-Type': 'text/x' }, body: Buffer.from('hello') }],
  ];
  for (const [path, want, request] of rows)
    test(`GET ${path}`, async () => assert.match(await outcome(allowed, { url: origin + path, ...request }), want));

  test('proxy-hardening 35: a redirect is not followed', async () => {
    hits = [];
    await outcome(allowed, { url: `${origin}/redirect` });
    assert.deepEqual(hits, [`GET /redirect 127.0.0.1:${port}`]);
  });

  test('proxy-hardening 35: a name is resolved once, and the connection goes to what was judged', async () => {
    let asked = 0;
    // The second answer would lead elsewhere: it is never asked for.
    const resolve = () => Promise.resolve(asked++ === 0 ? ['127.0.0.1'] : ['127.0.0.99']);
    hits = [];
    assert.match(
      await outcome({ allowPrivate: [`pinned.test:${port}`], resolve }, { url: `http://Pinned.test:${port}/` }),
      /^200/,
    );
    assert.equal(asked, 1);
    assert.deepEqual(hits, [`GET / pinned.test:${port}`], 'the server is still told the name');
  });

  test('a failure names the host, never the query', async () => {
    const text = await outcome(allowed, { url: `${origin}/large?token=hunter2` });
    assert.match(text, /127\.0\.0\.1|bytes/);
    assert.ok(!text.includes('hunter2'));
  });

  test('https to a server that speaks no TLS fails', async () => {
    assert.match(await outcome(allowed, { url: `https://127.0.0.1:${port}/` }), /fetch.failed/);
  });
});

test('a resolver that never answers costs the timeout and no more', async () => {
  assert.match(
    await outcome({ resolve: () => new Promise(() => undefined) }, { url: 'http://a.test/', timeoutMs: 30 }),
    /did not answer within 30 ms/,
  );
});

test('a server that switches protocols is cut off', async () => {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    assert.match(await outcome({ allowPrivate: ['127.0.0.1'] }, { url: `http://127.0.0.1:${port}/` }), /fetch.failed/);
  } finally {
    server.close();
  }
});

test('https demands a certificate of a known root for the name in the URL', async () => {
  const life = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 60_000 };
  const root = rootCertificate(life);
  const names = EXT.names(textBytes(context(2, false), 'jwks.test'));
  const leaf = certificate({
    issuer: root,
    extensions: [EXT.notCa(), EXT.keyUsage(LEAF_USAGE), EXT.eku(OID.serverAuth), names],
    ...life,
  });
  const server = createTlsServer(
    { cert: leaf.pem, key: leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }) },
    (_, response) => response.end('keys'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const options = { allowPrivate: ['127.0.0.1'], resolve: () => Promise.resolve(['127.0.0.1']), ca: root.pem };
    assert.equal(await outcome(options, { url: `https://jwks.test:${port}/` }), '200 keys');
    assert.match(await outcome(options, { url: `https://other.test:${port}/` }), /fetch.failed/);
    assert.match(
      await outcome({ ...options, ca: rootCertificate(life).pem }, { url: `https://jwks.test:${port}/` }),
      /fetch.failed/,
    );
    assert.match(
      await outcome({ allowPrivate: options.allowPrivate, resolve: options.resolve }, { url: `https://jwks.test:${port}/` }),
      /fetch.failed/,
    );
  } finally {
    server.close();
  }
});
