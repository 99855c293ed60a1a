// A stream that became a tunnel (RFC 8441), as a socket to whoever joins it with another one.
import { Duplex } from 'node:stream';
import type { BodySink, ConnectionInfo } from '../types.ts';
import { CANCEL } from './constants.ts';
import type { Stream } from './stream.ts';
import type { StreamBody } from './stream-body.ts';

/** What a tunnel needs of its stream. */
export interface TunnelStream extends Pick<Stream, 'put' | 'finish' | 'gone' | 'localClosed'> {
  source: { resume(): void } | undefined;
  cancelTunnel(code: number): void;
}

export class StreamSocket extends Duplex {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly #stream: TunnelStream;
  readonly #body: StreamBody;
  #resumeWriting: (() => void) | undefined;

  constructor(stream: TunnelStream, body: StreamBody, info: Omit<ConnectionInfo, 'socket' | 'tls'>) {
    super({ allowHalfOpen: true });
    this.#stream = stream;
    this.#body = body;
    this.remoteAddress = info.remoteAddress;
    this.remotePort = info.remotePort;
    this.localAddress = info.localAddress;
    this.localPort = info.localPort;
    stream.source = { resume: () => this.#writable() };
    body.pipe(new TunnelSink(this));
  }

  setNoDelay(): this {
    return this;
  }

  resetAndDestroy(): this {
    return this.destroy();
  }

  override _read(): void {
    this.#body.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#stream.gone) done(new Error('the stream is gone'));
    else if (this.#stream.put(chunk)) done();
    else this.#resumeWriting = done;
  }

  #writable(): void {
    const done = this.#resumeWriting;
    this.#resumeWriting = undefined;
    done?.();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#stream.finish();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#resumeWriting = undefined;
    if (!this.#stream.gone) this.#stream.cancelTunnel(CANCEL);
    done(error);
  }
}

/** Where the bytes of the stream go: apart from the socket, whose own `write` is the other way. */
class TunnelSink implements BodySink {
  readonly #socket: StreamSocket;

  constructor(socket: StreamSocket) {
    this.#socket = socket;
  }

  write(chunk: Buffer): boolean {
    return this.#socket.push(chunk);
  }

  end(): void {
    this.#socket.push(null);
  }

  abort(): void {
    this.#socket.destroy();
  }
}
