// One request with its next hop: sends it, brings the answer back, keeps the pace of the slower side, and ends in one event.
import type { Socket } from 'node:net';
import type { UpstreamCallbacks, UpstreamError, UpstreamRequest } from '#wire/upstream-types.ts';
import type { AnswerObserver, AnswerSink, BodyReader, BodySink, HeaderList } from '#wire/types.ts';
import type { Timer } from '#wire/timers.ts';
import { CountingBody } from './counting-body.ts';
import type { Exchange } from './exchange.ts';
import type { Refused } from './egress/way-out.ts';
import type { Headers } from './headers.ts';
import { reason } from './reasons.ts';
import { refuse } from './refuse.ts';
import { finish, finishLost } from './respond.ts';
import { passResponseHeaders } from './response-headers.ts';
import { applyChanges } from './route-headers.ts';
import { joinTunnel } from './tunnel.ts';
import type { Destination, UpstreamEndpoint } from './upstreams.ts';

const STATUS: Readonly<Record<UpstreamError['kind'], number>> = {
  connect: 503,
  overload: 503,
  timeout: 504,
  protocol: 502,
  reset: 502,
};

export class Forwarding implements UpstreamCallbacks, BodySink, AnswerObserver {
  readonly #x: Exchange;
  readonly #destination: Destination;
  readonly #sentMs: number;
  #endpoint: UpstreamEndpoint;
  #upstream: UpstreamRequest | undefined;
  #body: BodyReader;
  #answer: AnswerSink | undefined;
  #requestTimer: Timer | undefined;
  #backendTimer: Timer | undefined;
  #retried = false;
  #over = false;

  constructor(x: Exchange, destination: Destination, endpoint: UpstreamEndpoint) {
    this.#x = x;
    this.#destination = destination;
    this.#endpoint = endpoint;
    this.#sentMs = x.runtime.clock.monotonicMs();
    const { body } = x;
    this.#body = body.kind === 'chunked' ? new CountingBody(body, x) : body;
    if (body.kind === 'length') x.bytesIn = body.length;
  }

  start(): void {
    const x = this.#x;
    x.responder.observer = this;
    const { timers } = x.runtime;
    if (x.requestTimeoutMs > 0)
      this.#requestTimer = this.#deadline(
        timers.timer(() => this.#late('the request took longer than the route allows')),
        x.requestTimeoutMs,
      );
    if (x.backendTimeoutMs > 0)
      this.#backendTimer = this.#deadline(
        timers.timer(() => this.#late('the backend took longer than the route allows')),
        x.backendTimeoutMs,
      );
    this.#send();
  }

  #deadline(timer: Timer, ms: number): Timer {
    timer.arm(ms);
    return timer;
  }

  #send(): void {
    const x = this.#x;
    const { method, upgrade, body } = x.request;
    this.#endpoint.active++;
    this.#upstream = this.#endpoint.pool.request(
      {
        method,
        target: x.target,
        headers: x.headers.flat,
        bodyKind: body.kind,
        length: body.length,
        upgrade: upgrade === 'websocket' ? upgrade : '',
      },
      this.#body,
      this,
    );
  }

  onInterim(status: number, headers: HeaderList): void {
    if (!this.#over) this.#x.responder.interim(status, passResponseHeaders(this.#x, headers).flat);
  }

  onHead(status: number, headers: HeaderList, body: BodyReader): void {
    const x = this.#x;
    if (this.#over) {
      body.discard();
      return;
    }
    x.answered = true;
    x.status = status;
    x.upstreamMs = x.runtime.clock.monotonicMs() - this.#sentMs;
    const answer = this.#responseHeaders(headers);
    const sink = x.responder.head(status, answer.flat, body.length);
    this.#answer = sink;
    sink.source = body;
    body.pipe(this);
  }

  write(chunk: Buffer): boolean {
    return this.#answer?.write(chunk) ?? true;
  }

  end(): void {
    if (this.#over) return;
    this.#settle();
    this.#answer?.end();
  }

  /** The next hop broke off inside its answer: what the client got must not look whole. */
  abort(why: string): void {
    if (this.#over) return;
    const { blocked } = this.#x;
    if (blocked) Object.assign(this.#x, blocked);
    this.#x.failed = true;
    this.#note('reset', why);
    this.#settle();
    this.#answer?.abort(why);
  }

  onUpgrade(headers: HeaderList, socket: Socket, head: Buffer): void {
    const x = this.#x;
    if (this.#over) {
      socket.destroy();
      return;
    }
    x.answered = true;
    x.status = 101;
    x.upstreamMs = x.runtime.clock.monotonicMs() - this.#sentMs;
    this.#settle();
    // The event of a tunnel is made when it ends, so the answer's own end says nothing here.
    x.responder.observer = undefined;
    joinTunnel(x, socket, head, this.#responseHeaders(headers).flat);
  }

  onError(error: UpstreamError): void {
    if (this.#over) return;
    const x = this.#x;
    if (x.blocked) return this.#block(x.blocked);
    this.#endpoint.active--;
    if (error.kind === 'connect') {
      this.#endpoint.eject();
      const other =
        this.#retried || !error.safeToRetry ? undefined : this.#destination.pick(x.runtime.clock.monotonicMs(), this.#endpoint);
      if (other) {
        this.#retried = true;
        this.#endpoint = other;
        this.#note(error.kind, error.message);
        this.#send();
        return;
      }
    }
    this.#endpoint.active++;
    this.#fail(STATUS[error.kind], error.kind, error.message);
  }

  /** What the caller sends may not leave. */
  #block({ code, reasons }: Refused): void {
    this.#settle();
    this.#x.responder.observer = undefined;
    void refuse(this.#x, { status: code === 'egress.limit' ? 429 : 403, code, reasons, close: true });
  }

  #fail(status: number, kind: string, message: string): void {
    const x = this.#x;
    this.#settle();
    x.failed = true;
    this.#note(kind, message);
    this.#countUnreached();
    x.responder.observer = undefined;
    const reasons = [reason('DEFAULT', 'upstream', [], this.#destination.name, '', message)];
    void refuse(x, { status, code: 'upstream.failed', reasons });
  }

  /** The receiver counts what reaches it; that nothing does only the caller can tell. */
  #countUnreached(): void {
    const { service, runtime } = this.#x;
    if (service.role === 'sidecar-in') return;
    const { workload, peerIdentity } = this.#endpoint.target;
    const link = runtime.links.of(service.identity, workload, this.#destination.port, 'http');
    link.requests++;
    link.failed++;
    link.mtls = peerIdentity !== '';
    link.lastMs = runtime.clock.nowMs();
  }

  #late(message: string): void {
    if (this.#over) return;
    const x = this.#x;
    this.#upstream?.abort(message);
    if (!x.answered) {
      this.#fail(504, 'timeout', message);
      return;
    }
    x.failed = true;
    this.#note('timeout', message);
    this.#settle();
    x.responder.destroy();
  }

  answerSent(): void {
    finish(this.#x);
  }

  answerLost(): void {
    if (!this.#over) {
      this.#settle();
      this.#upstream?.abort('the client went away');
    }
    finishLost(this.#x);
  }

  #note(kind: string, message: string): void {
    const { runtime, service, requestId } = this.#x;
    service.counters.upstreamFailed(kind);
    runtime.log('debug', 'the next hop failed', { destination: this.#destination.name, kind, error: message, requestId });
  }

  #responseHeaders(headers: HeaderList): Headers {
    const answer = passResponseHeaders(this.#x, headers);
    if (this.#x.responseChanges.length > 0) applyChanges(answer, this.#x.responseChanges);
    return answer;
  }

  /** Nothing more is expected of the next hop. */
  #settle(): void {
    this.#over = true;
    this.#endpoint.active--;
    this.#requestTimer?.clear();
    this.#backendTimer?.clear();
  }
}
