// TLS from a gateway to an application itself (BackendTLSPolicy), over whatever connection leads there.
import type { Socket } from 'node:net';
import { type PeerCertificate, type TLSSocket, connect } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { CullisError, messageOf } from '#base/errors.ts';
import type { ServingCertificate } from '#model/observed.ts';
import type { BackendTls } from '#plan/plan.ts';
import { readCertificate } from '#pki/certificate.ts';
import { contextOptions } from '#wire/tls/context.ts';
import type { ServingKeys } from './serving-keys.ts';

/** What is asked of the other end, and shown to it; part of what makes two connections equal. */
export interface OriginTls {
  readonly policy: BackendTls;
  /** Shown when the other end asks. */
  readonly certificate?: ServingCertificate;
  readonly alpn: readonly string[];
}

/** @throws CullisError trust.rejected when the other end is not who it must be, upstream.unreachable when there is no handshake in time */
export function secureOrigin(raw: Socket, origin: OriginTls, keys: ServingKeys, timeoutMs: number): Promise<TLSSocket> {
  const { policy, certificate, alpn } = origin;
  return new Promise((resolve, reject) => {
    const privateKeyPem = certificate && keys.get(certificate.keyId);
    const identity =
      certificate && privateKeyPem !== undefined ? { certChainPem: certificate.chainPem, privateKeyPem } : undefined;
    let rejected = false;
    const socket = connect({
      ...contextOptions(identity, 'TLSv1.2'),
      socket: raw,
      servername: policy.hostname,
      // None given: the well-known authorities.
      ...(policy.roots.length > 0 && { ca: [...policy.roots] }),
      rejectUnauthorized: true,
      checkServerIdentity: (_, shown) => {
        const error = nameFault(policy, shown);
        rejected = error !== undefined;
        return error;
      },
      ...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
    });
    socket.allowHalfOpen = true;
    const failed = (why: string): void => {
      clearTimeout(timer);
      socket.destroy();
      raw.destroy();
      const untrusted = rejected || socket.authorizationError !== null;
      const message = `TLS to \`${policy.hostname}\` failed: ${why}`;
      reject(new CullisError(untrusted ? 'trust.rejected' : 'upstream.unreachable', message));
    };
    const timer = setTimeout(() => failed(`not done within ${timeoutMs} ms`), timeoutMs);
    const onClose = (): void => failed('the connection was closed');
    const onError = (error: unknown): void => failed(messageOf(error));
    raw.on('error', () => {});
    socket.on('error', onError);
    socket.once('close', onClose);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.off('close', onClose);
      resolve(socket);
    });
  });
}

/** Why the names of a certificate do not do. With `subjectAltNames` only those count, and the host name is asked for but not checked (GEP-3155). */
export function nameFault({ hostname, names }: BackendTls, shown: Pick<PeerCertificate, 'raw'>): Error | undefined {
  try {
    const certificate = new X509Certificate(shown.raw);
    const carries = (host: string): boolean =>
      certificate.checkHost(host, { subject: 'never', partialWildcards: false }) !== undefined;
    const uris = names.some(({ type }) => type === 'URI') ? readCertificate(shown.raw).altNames.uris : [];
    const good =
      names.length === 0
        ? carries(hostname)
        : names.some(({ type, value }) => (type === 'URI' ? uris.includes(value) : carries(value)));
    const wanted = names.length === 0 ? `\`${hostname}\`` : names.map(({ value }) => `\`${value}\``).join(' or ');
    return good ? undefined : new Error(`the certificate does not carry ${wanted}`);
  } catch {
    return new Error('the certificate could not be read');
  }
}
