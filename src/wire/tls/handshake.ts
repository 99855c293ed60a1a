// The calling side's handshake, whoever the other end is: bounded in time, judged once before anybody holds the socket.
import type { Socket } from 'node:net';
import { type ConnectionOptions, type TLSSocket, connect } from 'node:tls';
import { CullisError, messageOf } from '#base/errors.ts';

export interface HandshakeTerms {
  /** For messages. */
  readonly name: string;
  /** What the server must prove, for messages: `` `spiffe://…` ``, `who it is`. */
  readonly proof: string;
  readonly timeoutMs: number;
  /** Judges the server when the handshake is done: why it is refused, lower-case, or undefined when it is who it must be. */
  refusalOf(socket: TLSSocket): string | undefined;
}

/**
 * Handshakes over a connected raw socket; both are destroyed when it fails.
 * @param settings what TLS is to do; `refusalOf` is the judge of the peer, so Node's own checks should be off or redundant
 * @throws CullisError trust.rejected when the server is refused, upstream.unreachable when the handshake fails or takes too long
 */
export function handshake(raw: Socket, settings: Omit<ConnectionOptions, 'socket'>, terms: HandshakeTerms): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...settings, socket: raw });
    socket.allowHalfOpen = true;
    const failed = (error: CullisError): void => {
      clearTimeout(timer);
      socket.destroy();
      raw.destroy();
      reject(error);
    };
    const broken = (reason: string, cause?: unknown): void =>
      failed(new CullisError('upstream.unreachable', `TLS handshake with \`${terms.name}\` failed: ${reason}`, { cause }));
    const timer = setTimeout(() => broken(`not done within ${terms.timeoutMs} ms`), terms.timeoutMs);
    const onClose = (): void => broken('the connection was closed');
    socket.on('error', (error) => broken(messageOf(error), error));
    raw.on('error', () => {});
    socket.once('close', onClose);
    socket.once('secureConnect', () => {
      const reason = terms.refusalOf(socket);
      if (reason !== undefined) {
        failed(new CullisError('trust.rejected', `\`${terms.name}\` did not prove ${terms.proof}: ${reason}`));
        return;
      }
      clearTimeout(timer);
      socket.off('close', onClose);
      resolve(socket);
    });
  });
}
