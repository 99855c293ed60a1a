import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { connect } from 'node:tls';
import { test } from 'node:test';
import { helloProtocols, readClientHello } from './client-hello.ts';

/** The first bytes that Node's own TLS client sends. */
async function helloOf({
  ALPNProtocols,
  ...options
}: {
  ALPNProtocols?: readonly string[];
  servername?: string;
  maxVersion?: 'TLSv1.2';
}): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect({
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    ...options,
    ...(ALPNProtocols && { ALPNProtocols: [...ALPNProtocols] }),
  });
  client.on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [Socket];
  socket.on('error', () => {});
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

for (const [name, options, want] of [
  ['several', { ALPNProtocols: ['istio', 'http/1.1'], servername: 'cart.shop' }, ['istio', 'http/1.1']],
  ['TLS 1.2', { ALPNProtocols: ['h2'], maxVersion: 'TLSv1.2' as const }, ['h2']],
  ['none', {}, []],
] as const) {
  test(`protocols of a client's hello: ${name}`, async () => {
    const bytes = await helloOf(options);
    assert.deepEqual(helloProtocols(bytes), want);
    for (const length of [0, 1, 5, 43, 60, bytes.length - 1])
      assert.equal(helloProtocols(bytes.subarray(0, length)), undefined, `${length}`);
  });
}

test('bytes that are no hello, or lie about their lengths, give nothing and never throw', async () => {
  assert.equal(helloProtocols(Buffer.from('GET / HTTP/1.1\r\n\r\n')), undefined);
  const bytes = await helloOf({ ALPNProtocols: ['istio'] });
  for (let i = 0; i < bytes.length; i++) {
    for (const value of [0, 255]) {
      const changed = Buffer.from(bytes);
      changed[i] = value;
      const got = helloProtocols(changed);
      assert.ok(got === undefined || Array.isArray(got));
    }
  }
});

/** The same hello in records of at most `size` bytes. */
function inRecords(hello: Buffer, size: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 5; at < hello.length; at += size) {
    const part = hello.subarray(at, at + size);
    parts.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part);
  }
  return Buffer.concat(parts);
}

test('a hello is read whole from any number of records, and more is asked for until it is there', async () => {
  const hello = await helloOf({ servername: 'Cart.Shop', ALPNProtocols: ['h2'] });
  const want = { serverName: 'cart.shop', protocols: ['h2'], encrypted: false };
  for (const bytes of [hello, inRecords(hello, 64), inRecords(hello, 40)]) {
    assert.deepEqual(readClientHello(bytes), want);
    for (let length = 0; length < bytes.length; length += 7)
      assert.equal(readClientHello(bytes.subarray(0, length)), 'more', `${length}`);
  }
  assert.equal(readClientHello(inRecords(hello, 1)), undefined, 'more records than anybody needs');
  assert.deepEqual(readClientHello(await helloOf({})), { serverName: '', protocols: [], encrypted: false });
});

/** A hello whose server name extension holds these bytes; `again` puts it there twice. */
function helloWith(extension: Buffer, again = false): Buffer {
  const wrapped = Buffer.concat([Buffer.from([0, 0, extension.length >> 8, extension.length & 255]), extension]);
  const extensions = again ? Buffer.concat([wrapped, wrapped]) : wrapped;
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32),
    Buffer.from([0, 0, 2, 0x13, 0x01, 1, 0, extensions.length >> 8, extensions.length & 255]),
    extensions,
  ]);
  const message = Buffer.concat([Buffer.from([1, 0, body.length >> 8, body.length & 255]), body]);
  return Buffer.concat([Buffer.from([22, 3, 1, message.length >> 8, message.length & 255]), message]);
}
const nameEntry = (name: string, type = 0): Buffer =>
  Buffer.concat([Buffer.from([type, name.length >> 8, name.length & 255]), Buffer.from(name, 'latin1')]);
const nameList = (...entries: Buffer[]): Buffer => {
  const list = Buffer.concat(entries);
  return Buffer.concat([Buffer.from([list.length >> 8, list.length & 255]), list]);
};

for (const [name, extension, want] of [
  ['a name', nameList(nameEntry('a.example')), 'a.example'],
  ['a trailing dot', nameList(nameEntry('a.example.')), 'a.example'],
  ['upper case', nameList(nameEntry('A.EXAMPLE')), 'a.example'],
  ['an empty name', nameList(nameEntry('')), undefined],
  ['a NUL', nameList(nameEntry('a.example\0.evil')), undefined],
  ['bytes beyond ASCII', nameList(nameEntry('\xe4.example')), undefined],
  ['a slash', nameList(nameEntry('a/b')), undefined],
  ['a space', nameList(nameEntry('a b')), undefined],
  ['a star', nameList(nameEntry('*.example')), undefined],
  ['two names', nameList(nameEntry('a.example'), nameEntry('b.example')), undefined],
  ['another kind of name', nameList(nameEntry('a.example', 1)), undefined],
  ['300 characters', nameList(nameEntry('a'.repeat(300))), undefined],
  ['a length that is too long', Buffer.from([0, 9, 0, 0, 3, 97]), undefined],
] as const)
  test(`server name: ${name}`, () => {
    const hello = readClientHello(helloWith(extension));
    assert.equal(typeof hello === 'object' ? hello.serverName : hello, want);
  });

test('an extension that stands twice is nothing to choose between', () => {
  assert.equal(readClientHello(helloWith(nameList(nameEntry('a.example')), true)), undefined);
});
