import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { connect } from 'node:tls';
import { test } from 'node:test';
import { helloProtocols } from './client-hello.ts';

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
