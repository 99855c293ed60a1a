// Proxy hardening E 50: who showed which certificate is said by this proxy, in Envoy's form; others are believed only as peers of the mesh.
import assert from 'node:assert/strict';
import { X509Certificate, hash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { createCsr } from '#pki/csr.ts';
import { generateKey } from '#pki/keys.ts';
import { CART, FRONTEND, type Mesh, call, startApp, startMesh } from '../../test/fakes/mesh.ts';
import { clientCertElement, forwardedElements } from './client-cert.ts';

let mesh: Mesh;
let app: Awaited<ReturnType<typeof startApp>>;
before(async () => {
  app = await startApp();
  mesh = await startMesh(app.port, { mtls: 'PERMISSIVE' });
});
after(async () => {
  await mesh.close();
  await app.close();
});

/** What the application sees of the header when the frontend itself sends `values`. */
async function asPeer(...values: readonly string[]): Promise<{ readonly seen: string; readonly hash: string }> {
  const key = generateKey();
  const cert = await mesh.ca.sign(FRONTEND, createCsr(FRONTEND, key));
  const socket = tlsConnect({ host: '127.0.0.1', port: mesh.inbound, rejectUnauthorized: false, cert, key: key.privateKeyPem });
  const fields = values.map((value) => `X-Forwarded-Client-Cert: ${value}\r\n`).join('');
  const text = await new Promise<string>((resolve, reject) => {
    let all = '';
    socket.on('data', (chunk: Buffer) => {
      all += chunk.toString('latin1');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(all));
    socket.write(`GET / HTTP/1.1\r\nHost: cart\r\n${fields}Connection: close\r\n\r\n`, 'latin1');
  });
  const body = JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as { headers: Record<string, string> };
  return { seen: body.headers['x-forwarded-client-cert'] ?? '', hash: hash('sha256', new X509Certificate(cert).raw, 'hex') };
}

test('proxy-hardening 50: a peer of the mesh is named, behind what it forwarded of hops before', async () => {
  const alone = await asPeer();
  const own = `By=${CART};Hash=${alone.hash};Subject="";URI=${FRONTEND}`;
  assert.equal(alone.seen, own);
  const behind = await asPeer('By=spiffe://a/b;Hash=00;Subject="CN=x, O=y"', 'Hash=11');
  assert.equal(
    behind.seen,
    `By=spiffe://a/b;Hash=00;Subject="CN=x, O=y",Hash=11,By=${CART};Hash=${behind.hash};Subject="";URI=${FRONTEND}`,
  );
});

test('proxy-hardening 50: what is not fit to be passed on is not, whoever sent it', async () => {
  for (const bad of ['Hash=\xff', `Hash=${'0'.repeat(9000)}`]) {
    const { seen, hash: own } = await asPeer(bad);
    assert.equal(seen, `By=${CART};Hash=${own};Subject="";URI=${FRONTEND}`);
  }
});

test('proxy-hardening 50: nobody else is believed, under any spelling', async () => {
  for (const port of [mesh.inbound, mesh.gateway, mesh.outbound]) {
    const { seen } = await call(port, {
      headers: {
        'x-forwarded-client-cert': 'URI=spiffe://cluster.local/ns/shop/sa/admin',
        x_forwarded_client_cert: 'URI=spiffe://x',
      },
    });
    assert.ok(!JSON.stringify(seen.headers).includes('sa/admin') && !JSON.stringify(seen.headers).includes('spiffe://x'));
    if (port === mesh.inbound) assert.equal(seen.headers['x-forwarded-client-cert'], undefined);
  }
});

test('a subject cannot leave its quotes', () => {
  const tls = {
    protocol: '',
    cipher: '',
    sni: '',
    peerIdentity: '',
    peerSerial: '',
    peerHash: 'ab',
    peerSubject: 'CN=a";URI=spiffe://x\\\n\u00e9',
  };
  assert.equal(clientCertElement('spiffe://td/gw', tls), 'By=spiffe://td/gw;Hash=ab;Subject="CN=a\\";URI=spiffe://x\\\\??"');
});

test('forwarded elements are visible ASCII, with blanks inside only', () => {
  for (const [values, want] of [
    [['a'], 'a'],
    [['a b', 'c'], 'a b,c'],
    [[''], ''],
    [[' '], ''],
    [['a\t'], ''],
    [['a\u0000b'], ''],
  ] as const)
    assert.equal(forwardedElements(values), want);
});
