// The faces of the wire: what a parsed HTTP/1 message is and how bodies move. Codecs implement them, the proxy uses them.
import type { Socket } from 'node:net';

/** Header fields to be written: pairs, or names and values in turn (which costs no array per field). Names keep their case. */
export type HeaderInput = readonly (readonly [string, string])[] | readonly string[];

/** Header fields in the order and case received, values as latin1 text with outer whitespace removed. */
export interface HeaderList {
  readonly length: number;
  /** Lower-case name of field `i`. */
  name(i: number): string;
  /** Name as received. */
  rawName(i: number): string;
  value(i: number): string;
  /** First value, undefined when absent. `name` in lower case. */
  get(name: string): string | undefined;
  /** All values in order. */
  all(name: string): readonly string[];
}

/** Where body bytes go. `write` returns false when the receiver wants a pause; it then calls the reader's `resume`. */
export interface BodySink {
  write(chunk: Buffer): boolean;
  /**
   * As `write`, of bytes in memory that is read into again as soon as it returns, unless it says KEPT (see passing.ts). A receiver without it gets copies.
   * @returns PASSED, or what applies of PAUSE and KEPT
   */
  pass?(view: Buffer): number;
  /** @param trailers fields behind the body, already checked; a receiver whose protocol or peer takes none drops them */
  end(trailers?: HeaderInput): void;
  /** The sender broke off: the message is incomplete and must not look complete. */
  abort(reason: string): void;
}

/** A message body that has not been read yet. Exactly one of `pipe` and `discard` is called once. */
export interface BodyReader {
  readonly kind: 'none' | 'length' | 'chunked' | 'until-close';
  /** Bytes when kind is length, 0 for an empty body that was declared so, else -1. For kind none of an answer to HEAD and of 304: the declared length. */
  readonly length: number;
  pipe(sink: BodySink): void;
  /** Reads and drops, up to the body limit. */
  discard(): void;
  pause(): void;
  resume(): void;
}

export interface ConnectionInfo {
  readonly socket: Socket;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** Undefined over plaintext. */
  readonly tls?: {
    readonly protocol: string;
    readonly cipher: string;
    readonly sni: string;
    /** Peer's verified SPIFFE id; '' when the peer showed no certificate. */
    readonly peerIdentity: string;
    readonly peerSerial: string;
    /** When the peer's certificate ends, ms since 1970; absent when it showed none. */
    readonly peerNotAfterMs?: number;
    /** When it begins. */
    readonly peerNotBeforeMs?: number;
    /** Hex SHA-256 of the root that vouched for it. */
    readonly peerRoot?: string;
    /** Hex SHA-256 of the peer's certificate. */
    readonly peerHash?: string;
    /** Subject of the peer's certificate as RFC 2253 writes it; absent when it is empty, as SVIDs' are. */
    readonly peerSubject?: string;
  };
}

/** A request that passed every framing rule of its protocol. */
export interface HttpRequest {
  readonly method: string;
  /** Request target exactly as sent. */
  readonly target: string;
  /** Origin form of the target (`/a?b`), `*` for OPTIONS; absolute form is reduced to its path and query. */
  readonly path: string;
  /** The one authority: Host as sent, equal to that of an absolute target; '' when an HTTP/1.0 request names none. */
  readonly authority: string;
  readonly version: '1.0' | '1.1' | '2';
  readonly headers: HeaderList;
  readonly body: BodyReader;
  readonly connection: ConnectionInfo;
  /** The protocol asked for: `Upgrade` with a matching `Connection: upgrade`, or `:protocol` of an extended CONNECT (RFC 8441); '' for none. */
  readonly upgrade: string;
}

/** Body of an answer. */
export interface AnswerSink extends BodySink {
  /** Resumed when writing may go on after `write` gave false. */
  source: Pick<BodyReader, 'resume'> | undefined;
}

/**
 * Is told how an answer ended: one of the two, once. An object and not two functions: V8 puts a function literal that is assigned to a property straight
 * into old space, and there, dead, it keeps the whole request that it refers to until the next full collection.
 */
export interface AnswerObserver {
  /** All of it is handed to the kernel. */
  answerSent(): void;
  /** The client went away before it ended. */
  answerLost(): void;
}

/** Answers one request. Either `send` (whole) or `head` + sink. Framing headers (Content-Length, Transfer-Encoding, Connection) are the codec's. */
export interface HttpResponder {
  /** A complete answer; `closeAfter` ends the connection once it is flushed. */
  send(status: number, headers: HeaderInput, body: Buffer | string, closeAfter?: boolean): void;
  /** Starts an answer. @param length bytes, or -1 for chunked (or until-close towards 1.0). HEAD, 204 and 304 take no body. */
  head(status: number, headers: HeaderInput, length: number): AnswerSink;
  /** 1xx interim answers pass here. */
  interim(status: number, headers: HeaderInput): void;
  /** Hands the raw connection over after a 101; bytes already read come first. */
  upgrade(headers: HeaderInput): { readonly socket: Socket; readonly head: Buffer };
  /** Cuts the connection, used when an upstream broke off mid-body. */
  destroy(): void;
  /** Set it before `send` or `end`. */
  observer: AnswerObserver | undefined;
  readonly bytesOut: number;
}

/** What a serving or upstream connection is doing, for draining and for status pages. */
export type ConnectionState = 'idle' | 'busy' | 'closing' | 'upgraded' | 'closed';

/** One served connection. */
export interface ServedConnection {
  readonly info: ConnectionInfo;
  readonly state: ConnectionState;
  /** Graceful: an idle connection ends now, a busy one after its current answer, which says `connection: close`. */
  close(): void;
  /** As `close`, but an idle connection waits for one more request, whose answer ends it: no request that is on its way is lost. Absent where `close` loses none. */
  drain?(): void;
  destroy(): void;
}

export type HttpHandler = (request: HttpRequest, responder: HttpResponder) => void;

/** How the proxy opens listeners and connections: plain sockets, or handles that a supervisor passes out of a namespace. */
export interface Network {
  listen(
    address: { readonly ip: string; readonly port: number; readonly namespaceOf?: string },
    onConnection: (socket: Socket) => void,
  ): Promise<Listener>;
  connect(
    address: { readonly ip: string; readonly port: number; readonly namespaceOf?: string },
    timeoutMs: number,
  ): Promise<Socket>;
}
export interface Listener {
  readonly ip: string;
  readonly port: number;
  /** Stops accepting; open connections go on. */
  close(): Promise<void>;
}
