// The accepting side of TLS: takes raw sockets, gives verified ones. No byte of the application is read before the peer is judged.
import type { Socket } from 'node:net';
import { type SecureContext, type Server, type TLSSocket, createSecureContext, createServer } from 'node:tls';
import { messageOf } from '#base/errors.ts';
import type { ConnectionInfo } from '../types.ts';
import { NO_PEER, type PeerFacts, judgeChain, peerChain, peerFacts } from './chain.ts';
import { contextOptions } from './context.ts';
import type { TlsIdentity, TlsVersion, VerifyPeer } from './types.ts';

export interface TlsAcceptOptions {
  readonly identity: TlsIdentity;
  /** Mesh: TLSv1.3. */
  readonly minVersion: TlsVersion;
  /** `required`: a peer without an accepted certificate is cut off. `optional`: none is allowed, a bad one is not. `none`: not asked for. */
  readonly clientCertificate: 'required' | 'optional' | 'none';
  /** Needed unless `clientCertificate` is none. */
  readonly verifyPeer?: VerifyPeer;
  /** In order of preference. A client that names others only is refused (RFC 7301 section 3.2); one that names none goes on. */
  readonly alpn: readonly string[];
  readonly handshakeTimeoutMs: number;
  /** Certificate for a server name in lower case; undefined: the default identity. */
  readonly identityFor?: (serverName: string) => TlsIdentity | undefined;
  /** A verified connection; `alpn` is '' when the client named none. */
  readonly onConnection: (socket: TLSSocket, tls: NonNullable<ConnectionInfo['tls']>, alpn: string) => void;
  /** A connection that was refused or failed before it was verified. */
  readonly onRefused?: (reason: string, remoteAddress: string) => void;
}

export interface TlsAcceptor {
  /** Takes a raw socket that was not read from (or whose bytes were put back, see sniff.ts). */
  accept(raw: Socket): void;
  /** New handshakes use it; running connections go on. @throws Error when key and certificate do not fit: the old pair stays in use */
  setIdentity(identity: TlsIdentity): void;
  close(): void;
}

/**
 * A TLS server without a port of its own.
 * @throws Error when key and certificate do not fit each other
 */
export function tlsAcceptor(options: TlsAcceptOptions): TlsAcceptor {
  const asksPeer = options.clientCertificate !== 'none';
  if (asksPeer && !options.verifyPeer) throw new TypeError('`verifyPeer` is needed where a client certificate is asked for');
  const named = new Map<string, { readonly identity: TlsIdentity; readonly context: SecureContext }>();
  const server: Server = createServer({
    ...contextOptions(options.identity, options.minVersion),
    requestCert: asksPeer,
    // The chain is judged by `verifyPeer` below, which knows SPIFFE bundles and identities where OpenSSL's check does not; until it says yes
    // nobody holds the socket and nothing is read from it.
    // cullis:ignore code.tls-verification-off: `verifyPeer` judges chain and identity before anybody holds the socket until 2027-11-30
    rejectUnauthorized: false,
    handshakeTimeout: options.handshakeTimeoutMs,
    ...(options.alpn.length > 0 && {
      ALPNCallback: ({ protocols }: { readonly protocols: readonly string[] }) =>
        options.alpn.find((own) => protocols.includes(own)),
    }),
    SNICallback: (serverName, done) => {
      // Client-chosen text: whatever goes wrong here is this handshake's failure, never the process's (proxy hardening E 51).
      try {
        done(null, contextFor(serverName));
      } catch (error) {
        done(error instanceof Error ? error : new Error(messageOf(error)));
      }
    },
  });

  const contextFor = (serverName: string): SecureContext | undefined => {
    const name = serverName.toLowerCase();
    const identity = options.identityFor?.(name);
    if (!identity) return undefined;
    const kept = named.get(name);
    if (kept?.identity === identity) return kept.context;
    const context = createSecureContext(contextOptions(identity, options.minVersion));
    if (named.size >= 256) named.clear();
    named.set(name, { identity, context });
    return context;
  };

  server.on('secureConnection', (socket) => judge(socket, options));
  server.on('tlsClientError', (error, socket) => {
    options.onRefused?.(messageOf(error), socket.remoteAddress ?? '');
    socket.destroy();
  });
  return {
    accept: (raw) => {
      raw.on('error', () => {});
      server.emit('connection', raw);
    },
    setIdentity: (identity) => server.setSecureContext(contextOptions(identity, options.minVersion)),
    close: () => {
      if (server.listening) server.close();
    },
  };
}

function judge(socket: TLSSocket, options: TlsAcceptOptions): void {
  socket.on('error', () => {});
  const refuse = (reason: string): void => {
    options.onRefused?.(reason, socket.remoteAddress ?? '');
    socket.destroy();
  };
  let peer: PeerFacts = NO_PEER;
  if (options.clientCertificate !== 'none') {
    const chain = peerChain(socket);
    if (chain.length === 0) {
      if (options.clientCertificate === 'required') return refuse('the client showed no certificate');
    } else {
      const verdict = judgeChain(options.verifyPeer!, chain);
      if (!verdict.ok) return refuse(verdict.reason);
      if (verdict.ignored !== true) peer = peerFacts(verdict, chain[0]!, socket);
    }
  }
  const tls = {
    protocol: socket.getProtocol() ?? '',
    cipher: socket.getCipher().standardName,
    sni: serverNameOf(socket),
    ...peer,
  };
  options.onConnection(socket, tls, typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : '');
}

/** Node sets `servername` on the server's socket to the name of the client's hello, or to false. */
function serverNameOf(socket: TLSSocket): string {
  const { servername } = socket as TLSSocket & { readonly servername?: string | false };
  return typeof servername === 'string' ? servername : '';
}
