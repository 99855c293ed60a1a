// The calling side of TLS: a connection counts only when the peer proved exactly the identity that was meant.
import { type Socket, isIP } from 'node:net';
import { type SecureContext, type TLSSocket, createSecureContext } from 'node:tls';
import { type PeerFacts, judgeChain, peerChain, peerFacts } from './chain.ts';
import { contextOptions } from './context.ts';
import { handshake } from './handshake.ts';
import type { TlsIdentity, TlsVersion, VerifyPeer } from './types.ts';

export interface TlsClientOptions {
  readonly identity: TlsIdentity;
  readonly minVersion: TlsVersion;
  readonly verifyPeer: VerifyPeer;
  readonly alpn: readonly string[];
  readonly handshakeTimeoutMs: number;
}

export interface TlsTarget {
  /** SPIFFE id that the server must prove, exactly: another workload of the same trust domain is a stranger (proxy hardening E 47). */
  readonly identity: string;
  /** Server name to send; '' for none. */
  readonly sni: string;
  /** For messages. */
  readonly name: string;
  /** Application protocols to offer instead of the client's usual ones. */
  readonly alpn?: readonly string[];
}

export interface TlsClient {
  /**
   * Handshakes over a connected raw socket.
   * @throws CullisError trust.rejected when the server is not who it must be, upstream.unreachable when the handshake fails or takes too long
   */
  secure(raw: Socket, target: TlsTarget): Promise<TLSSocket>;
  /** New handshakes use it. @throws Error when key and certificate do not fit: the old pair stays in use */
  setIdentity(identity: TlsIdentity): void;
}

/** @throws Error when key and certificate do not fit each other */
export function tlsClient(options: TlsClientOptions): TlsClient {
  let context = createSecureContext(contextOptions(options.identity, options.minVersion));
  const alpn = alpnList(options.alpn);
  return {
    secure: (raw, target) => secure(raw, target, context, target.alpn ? alpnList(target.alpn) : alpn, options),
    setIdentity: (identity) => {
      context = createSecureContext(contextOptions(identity, options.minVersion));
    },
  };
}

/**
 * Protocol names as they stand in the hello (RFC 7301 section 3.1). Node would make of names, for each connection, a slice of its 64 KiB buffer pool, and
 * the connection would hold all of it as long as it lives; a DataView it copies into memory of its own.
 */
function alpnList(names: readonly string[]): DataView {
  const bytes = Uint8Array.from(names.flatMap((name) => [name.length, ...Buffer.from(name, 'latin1')]));
  return new DataView(bytes.buffer);
}

function secure(
  raw: Socket,
  target: TlsTarget,
  secureContext: SecureContext,
  alpn: DataView,
  options: TlsClientOptions,
): Promise<TLSSocket> {
  const settings = {
    secureContext,
    // RFC 6066 section 3 has no addresses in server names.
    ...(target.sni !== '' && isIP(target.sni) === 0 && { servername: target.sni }),
    ...(alpn.byteLength > 0 && { ALPNProtocols: alpn }),
    // Judged below by `verifyPeer` and the exact identity, before anybody holds the socket: SPIFFE ids are not host names.
    // cullis:ignore code.tls-verification-off: `verifyPeer` judges chain and identity before anybody holds the socket until 2027-11-30
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  };
  return handshake(raw, settings, {
    name: target.name,
    proof: `\`${target.identity}\``,
    timeoutMs: options.handshakeTimeoutMs,
    refusalOf: (socket) => refusalOf(socket, target, options),
  });
}

/** What each server proved, as long as its socket lives. */
const proven = new WeakMap<Socket, PeerFacts>();

/** What the server at the other end of a socket that `secure` gave proved; undefined for other sockets. */
export function serverProof(socket: Socket): PeerFacts | undefined {
  return proven.get(socket);
}

function refusalOf(socket: TLSSocket, target: TlsTarget, options: TlsClientOptions): string | undefined {
  const chain = peerChain(socket);
  if (chain.length === 0) return 'it showed no certificate';
  const verdict = judgeChain(options.verifyPeer, chain);
  if (!verdict.ok) return verdict.reason;
  if (verdict.identity !== target.identity) return `it is \`${verdict.identity}\``;
  proven.set(socket, peerFacts(verdict, chain[0]!, socket));
  return undefined;
}
