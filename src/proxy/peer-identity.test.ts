// Proxy hardening E 45 and E 47 over live sockets: who is refused as a client of a STRICT port, and as a server of a call.
import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { type Server, connect as tlsConnect, createServer } from 'node:tls';
import type { CullisError } from '#base/errors.ts';
import { nameDer } from '#pki/certificate-write.ts';
import { OID } from '#pki/oids.ts';
import { addRoot } from '#pki/trust-bundle.ts';
import {
  EXT,
  HOUR,
  IDENTITY,
  LEAF_USAGE,
  type CertificateOptions,
  certificate,
  leafExtensions,
  rootCertificate,
  type Signer,
} from '../../test/fakes/certificates.ts';
import { CART, FRONTEND, type Mesh, dial, memoryPorts, startApp, startMesh } from '../../test/fakes/mesh.ts';
import { Identities } from './identities.ts';

const now = Date.now();
const life = { notBeforeMs: now - HOUR, notAfterMs: now + HOUR };
const root = rootCertificate(life);
const leaf = (options: Partial<CertificateOptions> = {}): Signer =>
  certificate({ issuer: root, ...life, extensions: leafExtensions(), ...options });
const named = (...uris: string[]): Partial<CertificateOptions> => ({ extensions: leafExtensions({ names: EXT.uris(...uris) }) });
const below = (): Signer => certificate({ issuer: root, ...life, extensions: [EXT.ca(), EXT.keyUsage(0x06)] });

const REFUSED: readonly (readonly [title: string, make: () => Signer, reason: RegExp])[] = [
  ['of a wrong trust domain', () => leaf(named('spiffe://evil.test/ns/shop/sa/cart')), /no root here/],
  ['that expired', () => leaf({ notAfterMs: now - 60_000 }), /expired/],
  ['that is not yet valid', () => leaf({ notBeforeMs: now + 120_000 }), /not valid before/],
  ['that is self-signed', () => certificate({ ...life, extensions: leafExtensions() }), /self-signed/],
  ['of an unknown root', () => leaf({ issuer: rootCertificate(life) }), /not signed by a root/],
  [
    'of an unknown root with the name of a known one',
    () => leaf({ issuer: rootCertificate({ ...life, subject: root.name }) }),
    /not signed by a root/,
  ],
  ['that is a CA', () => leaf({ extensions: leafExtensions({ basic: EXT.ca(), usage: EXT.keyUsage(LEAF_USAGE) }) }), /is a CA/],
  ['without extended key usage', () => leaf({ extensions: leafExtensions({ eku: undefined }) }), /no extended key usage/],
  ['without a URI name', () => leaf({ extensions: leafExtensions({ names: undefined }) }), /no URI name/],
  [
    'with a common name only',
    () => leaf({ subject: nameDer('test', IDENTITY), extensions: leafExtensions({ names: undefined }) }),
    /common name is not/,
  ],
  ['with two URI names', () => leaf(named(IDENTITY, 'spiffe://cluster.local/ns/x/sa/y')), /more than one/],
  ['with a NUL', () => leaf(named(`${IDENTITY}\0.evil.test`)), /not a SPIFFE ID/],
  ['with an upper-case trust domain', () => leaf(named('spiffe://Cluster.local/ns/shop/sa/cart')), /not a SPIFFE ID/],
  ['with an escape in its path', () => leaf(named('spiffe://cluster.local/ns/shop/sa/c%61rt')), /not a SPIFFE ID/],
  ['with dots in its path', () => leaf(named('spiffe://cluster.local/ns/shop/../shop/sa/cart')), /not a SPIFFE ID/],
  ['with a final slash', () => leaf(named(`${IDENTITY}/`)), /not a SPIFFE ID/],
  [
    'with more than 2048 bytes of name',
    () => leaf(named(`spiffe://cluster.local/${'a'.repeat(2048)}`)),
    /not a SPIFFE ID|at most 2048/,
  ],
  ['signed by another leaf', () => leaf({ issuer: leaf() }), /not signed by|is not a CA/],
];

let mesh: Mesh;
let app: Awaited<ReturnType<typeof startApp>>;
let identities: Identities;

before(async () => {
  app = await startApp();
  mesh = await startMesh(app.port, { mtls: 'STRICT' });
  const bundle = addRoot(mesh.ca.bundle, 'cluster.local', root.pem);
  assert.deepEqual(await mesh.apply({ mtls: 'STRICT' }, { bundle }), { ok: true });
  identities = new Identities(memoryPorts(mesh.ca).ports, () => 'id');
  identities.trust.use(bundle, ['cluster.local'], 1);
  await identities.ensure([FRONTEND], bundle);
});
after(async () => {
  await mesh.close();
  await app.close();
});

const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }) as string;

/** What a STRICT port answers to a client with this certificate. */
function asClient(one: Signer, ...others: readonly Signer[]): Promise<string> {
  const cert = [one, ...others].map((each) => each.pem).join('');
  const socket = tlsConnect({ host: '127.0.0.1', port: mesh.inbound, rejectUnauthorized: false, cert, key: pem(one.privateKey) });
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
    socket.write('GET /x HTTP/1.1\r\nHost: cart\r\nConnection: close\r\n\r\n');
  });
}

/** Calls a server with this certificate as the cart. @returns why it was not believed, '' when it was */
async function asServer(one: Signer, identity = CART, ...others: readonly Signer[]): Promise<string> {
  const cert = [one, ...others].map((each) => each.pem).join('');
  const server: Server = createServer({
    cert,
    key: pem(one.privateKey),
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
  });
  server.on('secureConnection', (socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const socket = await identities.secure(FRONTEND, await dial(port), { identity, sni: 'cart.shop', name: 'cart' });
    socket.destroy();
    return '';
  } catch (error) {
    assert.equal((error as CullisError).code, 'trust.rejected');
    return (error as CullisError).message;
  } finally {
    server.close();
  }
}

for (const [title, make, reason] of REFUSED) {
  test(`proxy-hardening 45: a client certificate ${title} is refused, and the journal says why`, async () => {
    const before = mesh.seen.events.length;
    assert.equal(await asClient(make()), '');
    const event = await mesh.seen.event((one) => one.code === 'mtls.identity' && mesh.seen.events.indexOf(one) >= before);
    assert.match(event.reasons?.[0]?.text ?? '', reason);
  });

  test(`proxy-hardening 45: a server certificate ${title} is refused`, async () => assert.match(await asServer(make()), reason));
}

test('proxy-hardening 45: a client needs clientAuth, a server needs serverAuth', async () => {
  const only = (usage: string): Signer => leaf({ extensions: leafExtensions({ eku: EXT.eku(usage) }) });
  assert.equal(await asClient(only(OID.serverAuth)), '');
  assert.match(await asClient(only(OID.clientAuth)), /^HTTP\/1\.1 200 /);
  assert.match(await asServer(only(OID.clientAuth)), /not for TLS servers/);
  assert.equal(await asServer(only(OID.serverAuth)), '');
});

test('a faultless certificate is taken on both sides, also below an intermediate', async () => {
  assert.match(await asClient(leaf()), /^HTTP\/1\.1 200 /);
  assert.equal(await asServer(leaf()), '');
  const middle = below();
  const child = leaf({ issuer: middle });
  assert.match(await asClient(child, middle), /^HTTP\/1\.1 200 /);
  assert.equal(await asServer(child, CART, middle), '');
});

test('proxy-hardening 47: each endpoint must prove the identity that is its own, not one of its neighbours', async () => {
  const cart = leaf();
  const other = leaf(named('spiffe://cluster.local/ns/shop/sa/cart2'));
  const [cart2, CARTS] = ['spiffe://cluster.local/ns/shop/sa/cart2', 'spiffe://cluster.local/ns/shop/sa/car'];
  assert.equal(await asServer(cart, CART), '');
  assert.equal(await asServer(other, cart2), '');
  for (const [one, wanted] of [
    [cart, cart2],
    [other, CART],
    [cart, CARTS],
    [cart, `${CART}/`],
    [cart, 'spiffe://cluster.local/ns/SHOP/sa/cart'],
    [cart, ''],
  ] as const)
    assert.match(await asServer(one, wanted), /did not prove/, wanted);
});
