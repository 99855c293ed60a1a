// Proxy hardening E 51: whatever a client writes into its hello is that connection's trouble, never the process's.
import assert from 'node:assert/strict';
import { type Socket, connect } from 'node:net';
import { test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { fakeCertificate } from '../../../test/fakes/plain-certificates.ts';
import { rawServer } from '../../../test/fakes/raw-http.ts';
import { tlsAcceptor } from './accept.ts';

const CASES = 240;
const AT_ONCE = 40;

/** Repeatable: xorshift32. */
function random(seed: number): (below: number) => number {
  let x = seed;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const vector = (bytes: Buffer): Buffer => Buffer.concat([u16(bytes.length), bytes]);
const extension = (type: number, body: Buffer): Buffer => Buffer.concat([u16(type), vector(body)]);

/** A ClientHello that a TLS 1.3 server goes on with (RFC 8446 section 4.1.2), but for its names. */
function hello(serverName: Buffer, protocols: Buffer, key: Buffer): Buffer {
  const extensions = Buffer.concat([
    extension(0, vector(Buffer.concat([Buffer.of(0), vector(serverName)]))),
    extension(16, vector(protocols)),
    extension(43, Buffer.of(2, 3, 4)),
    extension(10, vector(u16(0x001d))),
    extension(13, vector(Buffer.concat([u16(0x0403), u16(0x0804)]))),
    extension(51, vector(Buffer.concat([u16(0x001d), vector(key)]))),
  ]);
  const body = Buffer.concat([u16(0x0303), key, Buffer.of(0), vector(u16(0x1301)), Buffer.of(1, 0), vector(extensions)]);
  const message = Buffer.concat([Buffer.of(1, 0), u16(body.length), body]);
  return Buffer.concat([Buffer.of(22, 3, 1), vector(message)]);
}

test('proxy-hardening 51: random server names and protocols crash nothing, and the next client is served', async (t) => {
  const root = fakeCertificate('root', undefined);
  const leaf = fakeCertificate('leaf', 'spiffe://cluster.local/ns/a/sa/b', root);
  const identity = { certChainPem: leaf.certPem, privateKeyPem: leaf.keyPem };
  const asked: string[] = [];
  const acceptor = tlsAcceptor({
    identity,
    minVersion: 'TLSv1.2',
    clientCertificate: 'none',
    alpn: ['h2', 'http/1.1'],
    handshakeTimeoutMs: 2000,
    identityFor: (name) => {
      asked.push(name);
      if (name.length % 3 === 0) throw new Error('lookup failed');
      // Neither key nor certificate: what a broken Secret would give.
      return name.length % 3 === 1 ? { certChainPem: 'nonsense', privateKeyPem: 'nonsense' } : undefined;
    },
    onConnection: (socket) => socket.end('served'),
  });
  const server = await rawServer((socket) => acceptor.accept(socket));
  t.after(() => server.close());
  const pick = random(0x2545f491);
  const bytes = (size: number): Buffer => Buffer.from(Array.from({ length: size }, () => pick(256)));
  const name = (): Buffer =>
    pick(2) === 0 ? bytes(pick(300)) : Buffer.from(Array.from({ length: 1 + pick(250) }, () => 33 + pick(94)));
  const protocols = (): Buffer => {
    if (pick(4) === 0) return bytes(pick(64));
    const one = bytes(1 + pick(32));
    return Buffer.concat([Buffer.of(one.length), one, Buffer.from('\x08http/1.1', 'latin1')]);
  };
  const attack = (): Promise<void> =>
    new Promise((resolve) => {
      const socket: Socket = connect({ host: '127.0.0.1', port: server.port });
      socket.on('error', () => {});
      socket.on('close', () => resolve());
      socket.on('data', () => socket.destroy());
      socket.setTimeout(30, () => socket.destroy());
      const whole = hello(name(), protocols(), bytes(32));
      if (pick(8) === 0) whole[pick(whole.length)] = pick(256);
      socket.end(pick(8) === 0 ? whole.subarray(0, pick(whole.length)) : whole);
    });
  for (let i = 0; i < CASES; i += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, attack));
  assert.ok(asked.length > CASES / 8, `${asked.length} names reached the lookup`);
  const text = await new Promise((resolve) => {
    const socket = tlsConnect({ host: '127.0.0.1', port: server.port, rejectUnauthorized: false, servername: 'abc.example' });
    socket.on('error', (error) => resolve(String(error)));
    socket.on('data', (chunk: Buffer) => resolve(chunk.toString()));
  });
  assert.equal(text, 'served');
});
