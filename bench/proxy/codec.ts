// The wire alone as a process to be measured: `codec.ts plain|pair ORIGIN ENTRY INNER [CA CART.crt CART.key FRONT.crt FRONT.key]`.
// What it reaches is the ceiling for the product, which adds policy and telemetry.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { Http1Pool } from '#wire/http1/client.ts';
import { machineNetwork } from '#wire/network.ts';
import { tlsAcceptor } from '#wire/tls/accept.ts';
import { tlsClient } from '#wire/tls/connect.ts';
import type { TlsIdentity, VerifyPeer } from '#wire/tls/types.ts';
import { BARE_LIMITS, forwardAll, machineTimers } from '../../test/fakes/bare-proxy.ts';
import { CART_ID } from './stand.ts';

const [mode, origin, entry, inner, ca, ...files] = process.argv.slice(2);
const network = machineNetwork({ connectionsMax: 10_000 });
const timers = machineTimers();
const loopback = (port: string | undefined) => ({ ip: '127.0.0.1', port: Number(port) });
const dial = (port: string | undefined): Promise<Socket> => network.connect(loopback(port), BARE_LIMITS.connectTimeoutMs);

const originPool = new Http1Pool({ connect: () => dial(origin), limits: BARE_LIMITS, timers, name: 'origin' });
if (mode === 'plain') await network.listen(loopback(entry), (socket) => void forwardAll(socket, originPool, timers));
else await pair();

async function pair(): Promise<void> {
  const [cartCert, cartKey, frontCert, frontKey] = files.map((file) => readFileSync(file, 'utf8'));
  const cart: TlsIdentity = { certChainPem: cartCert!, privateKeyPem: cartKey! };
  const front: TlsIdentity = { certChainPem: frontCert!, privateKeyPem: frontKey! };
  const anchor = new X509Certificate(readFileSync(ca!));
  const verifyPeer: VerifyPeer = ([leaf]) => {
    const certificate = new X509Certificate(leaf!);
    if (!certificate.verify(anchor.publicKey)) return { ok: false, reason: 'unknown issuer' };
    return { ok: true, identity: certificate.subjectAltName!.replace('URI:', ''), serial: certificate.serialNumber };
  };
  const common = { minVersion: 'TLSv1.3', verifyPeer, alpn: ['istio'], handshakeTimeoutMs: 5000 } as const;
  const client = tlsClient({ ...common, identity: front });
  const peerPool = new Http1Pool({
    connect: async () => client.secure(await dial(inner), { identity: CART_ID, sni: 'cart', name: 'cart' }),
    limits: BARE_LIMITS,
    timers,
    name: 'cart',
  });
  const acceptor = tlsAcceptor({
    ...common,
    identity: cart,
    clientCertificate: 'required',
    onConnection: (socket, tls) => void forwardAll(socket, originPool, timers, tls),
  });
  await network.listen(loopback(inner), (socket) => acceptor.accept(socket));
  await network.listen(loopback(entry), (socket) => void forwardAll(socket, peerPool, timers));
}
