// SVIDs in a real TLS 1.3 handshake: OpenSSL accepts them, and what the peer shows passes verification.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { connect, createServer } from 'node:tls';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { HOUR, RANDOM } from '../../test/fakes/certificates.ts';
import { createIssuing, createRoot, issueSvid } from './ca.ts';
import { createCsr } from './csr.ts';
import { generateKey } from './keys.ts';
import { createTrustBundle } from './trust-bundle.ts';
import { verifySvidChain } from './verify.ts';

/** OpenSSL reads the machine's clock, so this test does too. */
const nowMs = Date.now();
const root = createRoot({ trustDomain: 'cluster.local', nowMs, ttlMs: 100 * HOUR, random: RANDOM });
const issuing = createIssuing(root, { nowMs, ttlMs: 10 * HOUR, random: RANDOM });
const bundle = createTrustBundle({ 'cluster.local': root.certificatePem });

function credentials(identity: string): { key: string; cert: string; ca: string } {
  const key = generateKey();
  const { chainPem } = issueSvid(issuing, createCsr(identity, key), identity, { nowMs, ttlMs: HOUR, random: RANDOM });
  return { key: key.privateKeyPem, cert: chainPem, ca: root.certificatePem };
}

/** Leaf first, as the peer sent them; Node adds the root it found, whose issuer is itself. */
function chainOf(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = [];
  let one: PeerCertificate | undefined = socket.getPeerCertificate(true);
  for (
    const seen = new Set<string>();
    one?.raw && !seen.has(one.fingerprint256);
    one = (one as { issuerCertificate?: PeerCertificate }).issuerCertificate
  ) {
    seen.add(one.fingerprint256);
    chain.push(one.raw);
  }
  return chain;
}

test('both ends of a handshake accept an SVID and read the identity', async () => {
  const [cart, user] = ['spiffe://cluster.local/ns/shop/sa/cart', 'spiffe://cluster.local/ns/shop/sa/user'];
  const strict = { minVersion: 'TLSv1.3', rejectUnauthorized: true } as const;
  const server = createServer({ ...credentials(cart), ...strict, requestCert: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: '127.0.0.1', ...credentials(user), ...strict, checkServerIdentity: () => undefined });
  try {
    const [[accepted]] = (await Promise.all([once(server, 'secureConnection'), once(client, 'secureConnect')])) as [
      [TLSSocket],
      unknown,
    ];
    const atClient = verifySvidChain(chainOf(client), bundle, { nowMs, usage: 'server' });
    const atServer = verifySvidChain(chainOf(accepted), bundle, { nowMs, usage: 'client' });
    assert.deepEqual([atClient.ok && atClient.identity, atServer.ok && atServer.identity], [cart, user]);
    assert.equal(accepted.authorized, true);
    accepted.destroy();
  } finally {
    client.destroy();
    server.close();
  }
});
