// Handshakes of a gateway's TLS listeners: each with its own certificates, versions and demands on clients.
import type { Socket } from 'node:net';
import { messageOf } from '#base/errors.ts';
import type { ServingCertificate } from '#model/observed.ts';
import { validityFault } from '#pki/path.ts';
import { type TlsAcceptor, tlsAcceptor } from '#wire/tls/accept.ts';
import type { TlsIdentity } from '#wire/tls/types.ts';
import type { ConnectionInfo } from '#wire/types.ts';
import { EDGE_ALPN } from './alpn.ts';
import { clientVerifier } from './client-certificates.ts';
import type { Edge, EdgeListener } from './edge.ts';
import type { Runtime } from './runtime.ts';
import type { Service } from './service.ts';

/** What comes of a handshake. */
export interface EdgeHandshakes {
  secured(socket: Socket, tls: NonNullable<ConnectionInfo['tls']>, alpn: string): void;
  refused(why: string, remoteAddress: string): void;
}

interface Pair {
  readonly certificate: ServingCertificate;
  readonly identity: TlsIdentity;
}

export class EdgeAcceptors {
  readonly #runtime: Runtime;
  readonly #handshakes: EdgeHandshakes;
  /** By EdgeListener.tlsKey. */
  readonly #made = new Map<string, { readonly pairs: readonly Pair[]; readonly tls: TlsAcceptor }>();

  constructor(runtime: Runtime, handshakes: EdgeHandshakes) {
    this.#runtime = runtime;
    this.#handshakes = handshakes;
  }

  /**
   * Starts a handshake for a listener that ends TLS.
   * @returns why there is none: without a good certificate of its own a listener shows nobody else's
   */
  accept(socket: Socket, listener: EdgeListener<Service>, serverName: string, handshakeTimeoutMs: number): string | undefined {
    let made = this.#made.get(listener.tlsKey);
    if (!made) {
      const pairs = this.#pairsOf(listener);
      if (typeof pairs === 'string') return pairs;
      try {
        made = { pairs, tls: this.#acceptorOf(listener, pairs, handshakeTimeoutMs) };
      } catch (error) {
        return `the listener's certificate cannot be used: ${messageOf(error)}`;
      }
      this.#made.set(listener.tlsKey, made);
    }
    const fault = validityFault(pairFor(made.pairs, serverName).certificate, this.#runtime.clock.nowMs());
    if (fault !== undefined) return `the listener's certificate ${fault}`;
    made.tls.accept(socket);
    return undefined;
  }

  /** Lets go of what the listeners in force do not use. */
  keepOnly(edge: Edge<Service> | undefined): void {
    const used = new Set(edge ? [...edge].map(({ tlsKey }) => tlsKey) : []);
    for (const [key, { tls }] of this.#made) {
      if (used.has(key)) continue;
      this.#made.delete(key);
      tls.close();
    }
  }

  close(): void {
    this.keepOnly(undefined);
  }

  #pairsOf({ secure }: EdgeListener<Service>): readonly Pair[] | string {
    const pairs: Pair[] = [];
    for (const certificate of secure?.certificates ?? []) {
      const privateKeyPem = this.#runtime.servingKeys.get(certificate.keyId);
      if (privateKeyPem === undefined) return 'the private key of a certificate is not here';
      pairs.push({ certificate, identity: { certChainPem: certificate.chainPem, privateKeyPem } });
    }
    return pairs.length > 0 ? pairs : 'the listener has no certificate';
  }

  #acceptorOf({ secure, service }: EdgeListener<Service>, pairs: readonly Pair[], handshakeTimeoutMs: number): TlsAcceptor {
    const { minVersion = 'TLSv1.2', clients } = secure ?? {};
    return tlsAcceptor({
      identity: pairs[0]!.identity,
      minVersion,
      clientCertificate: clients === undefined ? 'none' : clients.mode === 'AllowValidOnly' ? 'required' : 'optional',
      ...(clients && { verifyPeer: clientVerifier(this.#runtime, clients) }),
      alpn: service.protocol === 'http' ? EDGE_ALPN : [],
      handshakeTimeoutMs,
      ...(pairs.length > 1 && { identityFor: (serverName: string) => pairFor(pairs, serverName).identity }),
      onConnection: (socket, tls, alpn) => this.#handshakes.secured(socket, tls, alpn),
      onRefused: (why, remoteAddress) => this.#handshakes.refused(why, remoteAddress),
    });
  }
}

/** The first certificate that carries the name, as it is or by a wildcard of one label (RFC 6125 section 6.4.3); else the first of all. */
function pairFor(pairs: readonly Pair[], serverName: string): Pair {
  const wild = `*${serverName.slice(serverName.indexOf('.'))}`;
  const has = (name: string): Pair | undefined => pairs.find(({ certificate }) => certificate.names.includes(name));
  return has(serverName) ?? (serverName.includes('.') ? has(wild) : undefined) ?? pairs[0]!;
}
