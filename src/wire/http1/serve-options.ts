// What the serving side is given: bounds, clocks and whom to tell.
import type { Limits } from '#model/platform.ts';
import type { TimerWheel } from '../timers.ts';
import type { ConnectionInfo } from '../types.ts';
import type { RefusalKind } from './refusals.ts';

export interface ServeOptions {
  readonly limits: Limits;
  readonly timers: TimerWheel;
  /** What the handshake showed, when the socket is a TLS one. */
  readonly tls?: ConnectionInfo['tls'];
  /** Called once when the socket is gone. */
  readonly onClose?: () => void;
  /** A message broke a rule and is answered by the codec. What it returns becomes the `instance` of the problem body: an opaque reference. */
  readonly onError?: (kind: RefusalKind, status: number, info: ConnectionInfo) => string | undefined;
  /** The handler threw: a bug. The client gets a bare 500. Without this function the error is thrown on. */
  readonly onBug?: (error: unknown) => string | undefined;
  /** HTTP/1 only: the connection begins with the preface of HTTP/2 (prior knowledge, RFC 9113 section 3.3). The socket is given away with every byte of it unread. */
  readonly onHttp2?: () => void;
}
