// The face of upstream clients, whatever protocol they speak.
import type { Socket } from 'node:net';
import type { BodyReader, HeaderInput, HeaderList } from './types.ts';

/** A request to be sent. Host is among the headers; framing fields and Connection are the codec's. */
export interface UpstreamHead {
  readonly method: string;
  /** Origin form or `*`, written as it is. */
  readonly target: string;
  readonly headers: HeaderInput;
  readonly bodyKind: BodyReader['kind'];
  /** As BodyReader.length. */
  readonly length: number;
  /** Protocol to ask for with Upgrade, '' or absent for none. */
  readonly upgrade?: string;
  /** Fields behind the answer's body are welcome: HTTP/1 says it with TE, which is a hop's own; in HTTP/2 it stands among `headers`. */
  readonly takesTrailers?: boolean;
  /** The client's connection, by which requests that have to wait are taken in turn. */
  readonly client?: object;
}

export interface UpstreamError {
  readonly kind: 'connect' | 'timeout' | 'protocol' | 'reset' | 'overload';
  /** Lower-case, for the journal, never for the caller. */
  readonly message: string;
  /** Bytes of the request may have reached the destination. */
  readonly bytesSent: boolean;
  /** Sending it again cannot do it twice: nothing was sent, or the method is idempotent and the body was not touched. */
  readonly safeToRetry: boolean;
}

/** Each request ends with exactly one of onHead, onUpgrade and onError, unless it is aborted first. */
export interface UpstreamCallbacks {
  /** What breaks later reaches the reader's sink as `abort`. */
  onHead(status: number, headers: HeaderList, body: BodyReader): void;
  /** 1xx answers other than 100 and 101. */
  onInterim?(status: number, headers: HeaderList): void;
  /** The destination switched to the protocol asked for; `head` are bytes already read behind its 101. */
  onUpgrade?(headers: HeaderList, socket: Socket, head: Buffer): void;
  onError(error: UpstreamError): void;
}

export interface UpstreamRequest {
  /** Gives the request up: its connection is closed, no callback follows. */
  abort(reason: string): void;
}

/** Kept connections to one destination. One pool a target: everything that a connection proves is part of the key (proxy hardening E 53). */
export interface UpstreamPool {
  /** @param body piped once when sending starts; undefined or kind none for no body */
  request(head: UpstreamHead, body: BodyReader | undefined, callbacks: UpstreamCallbacks): UpstreamRequest;
  readonly counts: { readonly idle: number; readonly busy: number; readonly connecting: number; readonly pending: number };
  /** Takes no more requests, ends idle connections now and busy ones after their answers. */
  close(): void;
  destroy(): void;
}
