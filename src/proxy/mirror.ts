// Copies of requests (HTTPRequestMirrorFilter): sent beside the request, their answers thrown away. A copy that is slow is cut, never waited for.
import type { MirrorTarget } from './backends.ts';
import type { UpstreamCallbacks, UpstreamRequest } from '#wire/upstream-types.ts';
import type { BodyReader, BodySink, HeaderInput, HeaderList } from '#wire/types.ts';
import type { Socket } from 'node:net';
import type { Timer } from '#wire/timers.ts';
import type { Exchange } from './exchange.ts';
import type { Destination } from './destination.ts';
import { PassingBody } from './passing-body.ts';
import type { UpstreamEndpoint } from './upstreams.ts';

/** Bytes of a body that wait for one copy. */
const WAITING_BYTES_MAX = 256 * 1024;
/** Copies under way in this process. */
const OPEN_MAX = 1024;
const TIMEOUT_MS = 30_000;

/** The destinations that get a copy of this request. @param unit in [0, 1), asked once for each */
export function chooseMirrors(targets: readonly MirrorTarget[], unit: () => number): readonly Destination[] {
  return targets
    .filter(({ fraction: { numerator, denominator } }) => numerator >= denominator || unit() * denominator < numerator)
    .map(({ destination }) => destination);
}

/**
 * Sends copies of a request that is permitted and ready to go. Nobody waits for them.
 * @returns the body to forward, which feeds the copies as it passes
 */
export function sendMirrors(x: Exchange, destinations: readonly Destination[]): BodyReader {
  const { body } = x;
  if (x.request.upgrade !== '') return body;
  const mirrors = destinations.flatMap((destination) => {
    const endpoint = destination.pick(x.runtime.clock.monotonicMs());
    if (!endpoint || x.runtime.mirrorsOpen >= OPEN_MAX) return [];
    const mirror = new Mirror(x, destination, endpoint);
    mirror.start();
    return [mirror];
  });
  return mirrors.length === 0 || body.kind === 'none' ? body : new MirroredBody(body, mirrors);
}

class Mirror implements UpstreamCallbacks, BodyReader {
  readonly kind: BodyReader['kind'];
  readonly length: number;
  readonly #x: Exchange;
  readonly #destination: Destination;
  readonly #endpoint: UpstreamEndpoint;
  readonly #timer: Timer;
  #request: UpstreamRequest | undefined;
  #sink: BodySink | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #paused = false;
  #ended = false;
  #trailers: HeaderInput | undefined;
  #over = false;

  constructor(x: Exchange, destination: Destination, endpoint: UpstreamEndpoint) {
    const { kind, length } = x.request.body;
    this.kind = kind;
    this.length = length;
    this.#x = x;
    this.#destination = destination;
    this.#endpoint = endpoint;
    this.#timer = x.runtime.timers.timer(() => this.cut('the copy took too long'));
  }

  start(): void {
    const { method, target, headers, runtime } = this.#x;
    runtime.mirrorsOpen++;
    this.#endpoint.active++;
    this.#timer.arm(TIMEOUT_MS);
    const head = { method, target, headers: [...headers.flat], bodyKind: this.kind, length: this.length };
    this.#request = this.#endpoint.pool.request(head, this.kind === 'none' ? undefined : this, this);
  }

  /** @param chunk is copied: its memory belongs to the reader */
  take(chunk: Buffer): void {
    if (this.#over) return;
    if (this.#waitingBytes + chunk.length > WAITING_BYTES_MAX) return this.cut('the copy is slower than the request');
    this.#waiting.push(Buffer.from(chunk));
    this.#waitingBytes += chunk.length;
    this.#flush();
  }

  finish(trailers: HeaderInput | undefined): void {
    this.#ended = true;
    this.#trailers = trailers;
    this.#flush();
  }

  cut(why: string): void {
    if (this.#over) return;
    this.#settle();
    this.#request?.abort(why);
    this.#note(why);
  }

  pipe(sink: BodySink): void {
    this.#sink = sink;
    this.#flush();
  }

  discard(): void {
    this.#waiting = [];
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#flush();
  }

  onHead(_status: number, _headers: HeaderList, body: BodyReader): void {
    this.#settle();
    body.discard();
  }

  onUpgrade(_headers: HeaderList, socket: Socket): void {
    this.#settle();
    socket.destroy();
  }

  onError(error: { readonly message: string }): void {
    if (this.#over) return;
    this.#settle();
    this.#note(error.message);
  }

  #flush(): void {
    const sink = this.#sink;
    if (!sink) return;
    while (!this.#paused && this.#waiting.length > 0) {
      const chunk = this.#waiting.shift()!;
      this.#waitingBytes -= chunk.length;
      if (!sink.write(chunk)) this.#paused = true;
    }
    if (!this.#ended || this.#waiting.length > 0) return;
    this.#sink = undefined;
    sink.end(this.#trailers);
  }

  #settle(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer.clear();
    this.#endpoint.active--;
    this.#x.runtime.mirrorsOpen--;
  }

  #note(why: string): void {
    const { runtime, requestId } = this.#x;
    runtime.log('debug', 'a copy of a request was lost', { destination: this.#destination.name, why, requestId });
  }
}

/** A request's body that copies are fed from as it passes. */
class MirroredBody extends PassingBody {
  readonly #mirrors: readonly Mirror[];

  constructor(body: BodyReader, mirrors: readonly Mirror[]) {
    super(body);
    this.#mirrors = mirrors;
  }

  override discard(): void {
    for (const mirror of this.#mirrors) mirror.cut('the request was not sent');
    super.discard();
  }

  write(chunk: Buffer): boolean {
    for (const mirror of this.#mirrors) mirror.take(chunk);
    return this.sink.write(chunk);
  }

  end(trailers?: HeaderInput): void {
    for (const mirror of this.#mirrors) mirror.finish(trailers);
    this.sink.end(trailers);
  }

  abort(why: string): void {
    for (const mirror of this.#mirrors) mirror.cut(why);
    this.sink.abort(why);
  }
}
