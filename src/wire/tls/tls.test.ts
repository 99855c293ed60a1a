import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { type Socket, connect as netConnect } from 'node:net';
import { type TestContext, describe, it } from 'node:test';
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls';
import type { CullisError } from '#base/errors.ts';
import { DEFAULT_LIMITS } from '#model/platform.ts';
import { fakeCertificate } from '../../../test/fakes/plain-certificates.ts';
import { rawServer } from '../../../test/fakes/raw-http.ts';
import { serveHttp1 } from '../http1/server.ts';
import { TimerWheel } from '../timers.ts';
import type { ConnectionInfo } from '../types.ts';
import { type TlsAcceptOptions, type TlsAcceptor, tlsAcceptor } from './accept.ts';
import { tlsClient } from './connect.ts';
import { sniffTls } from './sniff.ts';
import type { PeerVerdict, TlsIdentity } from './types.ts';

const CART = 'spiffe://cluster.local/ns/shop/sa/cart';
const FRONT = 'spiffe://cluster.local/ns/shop/sa/front';

const root = fakeCertificate('root', undefined);
const issuing = fakeCertificate('issuing', undefined, root);

function identityOf(uri: string, by = issuing): TlsIdentity {
  const leaf = fakeCertificate('leaf', uri, by);
  return { certChainPem: leaf.certPem + issuing.certPem, privateKeyPem: leaf.keyPem };
}

/** A small stand-in for pki's verification: the leaf is signed by the issuing CA that came with it, which is signed by the root. */
function verifyPeer(chain: readonly Uint8Array[]): PeerVerdict {
  const [leaf, middle] = chain.map((bytes) => new X509Certificate(bytes));
  const anchor = new X509Certificate(root.certPem);
  if (!leaf || !middle?.verify(anchor.publicKey) || !leaf.verify(middle.publicKey))
    return { ok: false, reason: 'unknown issuer' };
  return { ok: true, identity: leaf.subjectAltName!.replace('URI:', ''), serial: leaf.serialNumber };
}

interface Seen {
  readonly tls: NonNullable<ConnectionInfo['tls']>;
  readonly alpn: string;
  readonly text: Promise<string>;
}

/** A TLS echo of one line; gives what it saw of each accepted connection and of each refused one. */
async function serve(t: TestContext, options: Partial<TlsAcceptOptions> = {}) {
  const seen: Seen[] = [];
  const refused: string[] = [];
  const acceptor: TlsAcceptor = tlsAcceptor({
    identity: identityOf(CART),
    minVersion: 'TLSv1.3',
    clientCertificate: 'required',
    verifyPeer,
    alpn: [],
    handshakeTimeoutMs: 2000,
    onConnection: (socket, tls, alpn) => {
      const text = new Promise<string>((resolve) => {
        socket.once('data', (chunk: Buffer) => {
          resolve(chunk.toString());
          socket.end(chunk);
        });
      });
      seen.push({ tls, alpn, text });
    },
    onRefused: (reason) => refused.push(reason),
    ...options,
  });
  const server = await rawServer((socket) => acceptor.accept(socket));
  t.after(() => server.close());
  return { ...server, acceptor, seen, refused };
}

const dial = (port: number): Socket => {
  const socket = netConnect({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  return socket;
};

const client = (identity = identityOf(FRONT), alpn: readonly string[] = []) =>
  tlsClient({ identity, minVersion: 'TLSv1.3', verifyPeer, alpn, handshakeTimeoutMs: 2000 });

const target = (identity = CART, sni = 'cart.shop.svc.cluster.local') => ({ identity, sni, name: 'cart' });

/** Sends a line and gives back what comes until the end. */
function talk(socket: TLSSocket | Socket, line: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
    socket.end(line);
  });
}

function plainTls(options: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket = tlsConnect({ host: '127.0.0.1', rejectUnauthorized: false, ...options });
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
    socket.write('line');
  });
}

describe('mutual TLS', () => {
  it('gives both sides the proven identity, the name and the protocol', async (t) => {
    const server = await serve(t, { alpn: ['istio', 'http/1.1'] });
    const socket = await client(identityOf(FRONT), ['http/1.1', 'istio']).secure(dial(server.port), target());
    assert.equal(socket.alpnProtocol, 'istio');
    assert.equal(await talk(socket, 'hello'), 'hello');
    const { tls, alpn } = server.seen[0]!;
    assert.equal(alpn, 'istio');
    assert.equal(tls.peerIdentity, FRONT);
    assert.equal(tls.protocol, 'TLSv1.3');
    assert.match(tls.cipher, /^TLS_AES_/);
    assert.equal(tls.sni, 'cart.shop.svc.cluster.local');
    assert.match(tls.peerSerial, /^[0-9A-F]{16}$/);
  });

  it('the client refuses every server but the exact one', async (t) => {
    const server = await serve(t);
    await assert.rejects(
      client().secure(dial(server.port), target(`${CART}-admin`)),
      (error: CullisError) => error.code === 'trust.rejected',
    );
    await assert.rejects(client().secure(dial(server.port), target(FRONT)), /did not prove/);
  });

  it('the client refuses a server whose issuer is unknown', async (t) => {
    const stranger = fakeCertificate('issuing', undefined);
    const server = await serve(t, { identity: identityOf(CART, stranger) });
    await assert.rejects(client().secure(dial(server.port), target()), /unknown issuer/);
  });

  it('the server reads nothing from a client whose certificate is not accepted, or absent', async (t) => {
    const server = await serve(t);
    const stranger = identityOf(FRONT, fakeCertificate('issuing', undefined));
    assert.equal(await plainTls({ port: server.port, cert: stranger.certChainPem, key: stranger.privateKeyPem }), '');
    assert.equal(await plainTls({ port: server.port }), '');
    assert.equal(server.seen.length, 0);
    assert.deepEqual(server.refused, ['unknown issuer', 'the client showed no certificate']);
  });

  it('a certificate that breaks the verification is refused on both sides', async (t) => {
    const broken = (): never => {
      throw new Error('bad DER');
    };
    const server = await serve(t, { verifyPeer: broken });
    const own = identityOf(FRONT);
    assert.equal(await plainTls({ port: server.port, cert: own.certChainPem, key: own.privateKeyPem }), '');
    assert.deepEqual(server.refused, ['the certificate could not be read: bad DER']);
    const calling = tlsClient({ identity: own, minVersion: 'TLSv1.3', verifyPeer: broken, alpn: [], handshakeTimeoutMs: 2000 });
    await assert.rejects(calling.secure(dial(server.port), target()), /bad DER/);
  });

  it('optional lets a client without a certificate in, not one with a bad one', async (t) => {
    const server = await serve(t, { clientCertificate: 'optional' });
    assert.equal(await plainTls({ port: server.port }), 'line');
    const stranger = identityOf(FRONT, fakeCertificate('issuing', undefined));
    assert.equal(await plainTls({ port: server.port, cert: stranger.certChainPem, key: stranger.privateKeyPem }), '');
    assert.equal(server.seen[0]!.tls.peerIdentity, '');
  });

  it('an older version, an unknown application protocol and plaintext fail the handshake', async (t) => {
    const server = await serve(t, { clientCertificate: 'none', alpn: ['http/1.1'] });
    assert.equal(await plainTls({ port: server.port, maxVersion: 'TLSv1.2' }), '');
    assert.equal(await plainTls({ port: server.port, ALPNProtocols: ['h2'] }), '');
    assert.equal(await talk(dial(server.port), 'GET / HTTP/1.1\r\n\r\n'), '');
    assert.equal(server.seen.length, 0);
    assert.equal(server.refused.length, 3);
    assert.equal(await plainTls({ port: server.port, ALPNProtocols: ['http/1.1'] }), 'line');
  });

  for (const clientCertificate of ['none', 'required'] as const)
    it(`proxy-hardening 46: is never resumed, so that every connection is judged (client certificate ${clientCertificate})`, async (t) => {
      const server = await serve(t, { clientCertificate, minVersion: 'TLSv1.2' });
      const own = identityOf(FRONT);
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        const sessions: Buffer[] = [];
        const options = {
          host: '127.0.0.1',
          port: server.port,
          rejectUnauthorized: false,
          maxVersion,
          cert: own.certChainPem,
          key: own.privateKeyPem,
        };
        const first = tlsConnect(options);
        first.on('session', (session) => sessions.push(session));
        await talk(first, 'one');
        // OpenSSL gives out TLS 1.3 tickets that name a session of its cache, which is empty here: whatever is offered again leads to a full handshake.
        const kept = first.getSession();
        if (kept) sessions.push(kept);
        assert.ok(sessions.length > 0, maxVersion);
        const reused = await new Promise<boolean>((resolve) => {
          const second = tlsConnect({ ...options, session: sessions[0]! }, () => {
            resolve(second.isSessionReused());
            second.destroy();
          });
        });
        assert.equal(reused, false, maxVersion);
      }
    });

  it('a new certificate serves new handshakes while a running connection goes on', async (t) => {
    const server = await serve(t);
    const calling = client();
    const old = await calling.secure(dial(server.port), target());
    server.acceptor.setIdentity(identityOf(`${CART}-2`));
    calling.setIdentity(identityOf(`${FRONT}-2`));
    const fresh = await calling.secure(dial(server.port), target(`${CART}-2`));
    assert.equal(await talk(fresh, 'fresh'), 'fresh');
    assert.equal(await talk(old, 'old'), 'old');
    assert.deepEqual(server.seen.map((one) => one.tls.peerIdentity).sort(), [FRONT, `${FRONT}-2`]);
  });

  it('a pair that does not fit is refused and the old one stays', async (t) => {
    const server = await serve(t);
    const wrong = { certChainPem: identityOf(CART).certChainPem, privateKeyPem: identityOf(CART).privateKeyPem };
    assert.throws(() => server.acceptor.setIdentity(wrong));
    assert.equal(await talk(await client().secure(dial(server.port), target()), 'still'), 'still');
  });

  it('serves a certificate by server name, and a name that breaks the lookup fails only its own handshake', async (t) => {
    const server = await serve(t, {
      clientCertificate: 'none',
      identityFor: (name) => {
        if (name === 'boom.test') throw new Error('lookup failed');
        return name === 'front.test' ? identityOf(FRONT) : undefined;
      },
    });
    const ask = (sni: string, identity: string) => client().secure(dial(server.port), target(identity, sni));
    assert.equal(await talk(await ask('FRONT.test', FRONT), 'a'), 'a');
    await assert.rejects(ask('boom.test', CART), (error: CullisError) => error.code === 'upstream.unreachable');
    assert.equal(await talk(await ask('other.test', CART), 'b'), 'b');
  });

  it('a handshake that is not finished in time is cut off, on both sides', async (t) => {
    const server = await serve(t, { handshakeTimeoutMs: 30 });
    assert.equal(
      await new Promise((resolve) =>
        dial(server.port)
          .on('close', () => resolve('closed'))
          .resume(),
      ),
      'closed',
    );
    const silent = await rawServer(() => {});
    t.after(() => silent.close());
    const hasty = tlsClient({ identity: identityOf(FRONT), minVersion: 'TLSv1.3', verifyPeer, alpn: [], handshakeTimeoutMs: 30 });
    await assert.rejects(hasty.secure(dial(silent.port), target()), /not done within 30 ms/);
  });
});

describe('sniffing', () => {
  async function sniffing(t: TestContext, onKind: (kind: string) => void) {
    const timers = new TimerWheel({ nowMs: () => 0, monotonicMs: () => 0 }, { byHand: true });
    const tls = await serve(t, { clientCertificate: 'none' });
    const server = await rawServer((socket) => {
      sniffTls(socket, { timers, timeoutMs: 1000 }, (kind) => {
        onKind(kind);
        if (kind === 'tls') tls.acceptor.accept(socket);
        if (kind === 'plain') socket.once('data', (chunk) => socket.end(chunk));
      });
    });
    t.after(() => server.close());
    return server;
  }

  it('tells TLS from plaintext and loses no byte', async (t) => {
    const kinds: string[] = [];
    const server = await sniffing(t, (kind) => kinds.push(kind));
    assert.equal(await talk(dial(server.port), 'GET /'), 'GET /');
    assert.equal(await plainTls({ port: server.port }), 'line');
    assert.deepEqual(kinds, ['plain', 'tls']);
  });

  it('leaves a plaintext socket that can be served later', async (t) => {
    const timers = new TimerWheel({ nowMs: () => 0, monotonicMs: () => 0 }, { byHand: true });
    const server = await rawServer((socket) => {
      sniffTls(socket, { timers, timeoutMs: 1000 }, () => {
        setTimeout(
          () => serveHttp1(socket, { limits: DEFAULT_LIMITS, timers }, (request, to) => to.send(200, [], request.path, true)),
          5,
        );
      });
    });
    t.after(() => server.close());
    assert.match(await talk(dial(server.port), 'GET /late HTTP/1.1\r\nHost: a\r\n\r\n'), /\r\n\/late$/);
  });

  it('says closed when nothing ever comes', async (t) => {
    const kinds: string[] = [];
    const server = await sniffing(t, (kind) => kinds.push(kind));
    assert.equal(await talk(dial(server.port), ''), '');
    assert.deepEqual(kinds, ['closed']);
  });
});
