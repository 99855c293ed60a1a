// TLS towards servers that are not of the mesh: public or given roots, and the name or one of the given alternative names in the certificate.
import { type Socket, isIP } from 'node:net';
import {
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
  checkServerIdentity,
  createSecureContext,
  getCACertificates,
} from 'node:tls';
import { messageOf } from '#base/errors.ts';
import { contextOptions } from './context.ts';
import { handshake } from './handshake.ts';
import type { TlsIdentity } from './types.ts';

/** Own key and certificate, shown to a server that asks for one. */
export type OutsideIdentity = TlsIdentity;

export interface OutsideTls {
  /** Sent as SNI, and what the certificate must be for unless `subjectAltNames` says otherwise; an address is checked and not sent. */
  readonly serverName: string;
  /** The certificate must have one of these DNS names, addresses or URIs; empty: it must be for `serverName`. */
  readonly subjectAltNames: readonly string[];
  /** From `outsideContext`. */
  readonly context: SecureContext;
  readonly alpn: readonly string[];
  /** Takes any certificate. Only because the user wrote so. */
  readonly insecureSkipVerify: boolean;
  readonly handshakeTimeoutMs: number;
  /** For messages. */
  readonly name: string;
}

/**
 * Roots and own key. Making one reads all roots, so keep it.
 * @param ca PEM certificates of the roots that are trusted; the public ones when absent @throws Error when key and certificate do not fit each other
 */
export function outsideContext(ca: string | undefined, identity: OutsideIdentity | undefined): SecureContext {
  return createSecureContext({ ...contextOptions(identity, 'TLSv1.2'), ca: ca ?? publicRoots() });
}

/**
 * Handshakes over a connected raw socket.
 * @throws CullisError trust.rejected when the server is not who it must be, upstream.unreachable when the handshake fails or takes too long
 */
export function secureOutside(raw: Socket, options: OutsideTls): Promise<TLSSocket> {
  const { serverName, alpn, name, insecureSkipVerify } = options;
  const settings = {
    secureContext: options.context,
    ...(isIP(serverName) === 0 && { servername: serverName }),
    ALPNProtocols: [...alpn],
    // Judged below, so that a wrong certificate is told from a broken handshake.
    // cullis:ignore code.tls-verification-off: chain and name are judged in `refusalOf` before anybody holds the socket until 2027-11-30
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  };
  return handshake(raw, settings, {
    name,
    proof: 'who it is',
    timeoutMs: options.handshakeTimeoutMs,
    refusalOf: (socket) => (insecureSkipVerify ? undefined : refusalOf(socket, options)),
  });
}

function refusalOf(socket: TLSSocket, { serverName, subjectAltNames }: OutsideTls): string | undefined {
  if (!socket.authorized) return messageOf(socket.authorizationError);
  const certificate = socket.getPeerCertificate();
  if (subjectAltNames.length === 0) {
    const wrong = checkServerIdentity(serverName, certificate);
    return wrong && `its certificate is not for \`${serverName}\``;
  }
  return subjectAltNames.some((name) => isFor(name, certificate))
    ? undefined
    : `its certificate has none of the names ${subjectAltNames.map((name) => `\`${name}\``).join(', ')}`;
}

function isFor(name: string, certificate: PeerCertificate): boolean {
  if (!name.includes('://')) return checkServerIdentity(name, certificate) === undefined;
  // Node quotes an entry that holds a comma; one that is quoted is not a plain URI and never equal.
  return (certificate.subjectaltname ?? '').split(', ').includes(`URI:${name}`);
}

/** Those that Node brings, and those that the machine's owner added. */
function publicRoots(): string[] {
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
}
