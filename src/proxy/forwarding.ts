// One request with its next hop: sends it, brings the answer back, keeps the pace of the slower side, and ends in one event.
import type { Socket } from 'node:net';
import type { UpstreamCallbacks, UpstreamError, UpstreamRequest } from '#wire/upstream-types.ts';
import type { AnswerObserver, AnswerSink, BodyReader, BodySink, HeaderInput, HeaderList } from '#wire/types.ts';
import type { Timer } from '#wire/timers.ts';
import { CountingBody } from './counting-body.ts';
import type { Exchange } from './exchange.ts';
import { GRPC, grpcMessage, isGrpcFailure, readGrpcStatus } from './grpc.ts';
import type { Headers } from './headers.ts';
import { reason } from './reasons.ts';
import { refuse } from './refuse.ts';
import { finish, finishLost } from './respond.ts';
import { passResponseHeaders } from './response-headers.ts';
import { applyChanges } from './route-headers.ts';
import { passTrailers, takesTrailers, trailer } from './trailers.ts';
import { joinTunnel } from './tunnel.ts';
import type { Destination, UpstreamEndpoint } from './upstreams.ts';
import { type WebSocketHandshake, askForWebSocket } from './websocket.ts';

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
  #handshake: WebSocketHandshake | undefined;
  #retried = false;
  #over = false;

  constructor(x: Exchange, destination: Destination, endpoint: UpstreamEndpoint) {
    this.#x = x;
    this.#destination = destination;
    this.#endpoint = endpoint;
    this.#sentMs = x.runtime.clock.monotonicMs();
    const { body, version } = x.request;
    // In HTTP/2 trailers may stand behind a body of known length too.
    const counted = body.kind === 'chunked' || (version === '2' && body.kind === 'length');
    this.#body = counted ? new CountingBody(body, x) : body;
    if (!counted && body.kind === 'length') x.bytesIn = body.length;
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
    const { upgrade, body } = x.request;
    const http2 = this.#endpoint.target.http2 === true;
    // `trailers` is what gRPC servers demand, and all that TE may say in HTTP/2 (RFC 9113 section 8.2.2).
    if (http2 && takesTrailers(x.request)) x.headers.set('te', 'trailers');
    const tunnel = upgrade === 'websocket';
    if (tunnel) this.#handshake = askForWebSocket(x, http2);
    this.#endpoint.active++;
    this.#upstream = this.#endpoint.pool.request(
      {
        method: x.method,
        target: x.target,
        headers: x.headers.flat,
        bodyKind: tunnel ? 'none' : body.kind,
        length: tunnel ? -1 : body.length,
        upgrade: tunnel ? upgrade : '',
      },
      tunnel ? undefined : this.#body,
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
    // To a client of HTTP/2 any 2xx is the tunnel itself, which the destination did not open.
    if (this.#handshake && x.request.version === '2' && status < 300) {
      body.discard();
      this.#upstream?.abort('no tunnel was opened');
      this.#fail(502, 'protocol', `the destination answered a WebSocket handshake with ${status}`);
      return;
    }
    x.answered = true;
    x.status = status;
    x.upstreamMs = x.runtime.clock.monotonicMs() - this.#sentMs;
    const answer = this.#responseHeaders(headers);
    if (x.grpc) this.#grpcStatus(headers.get('grpc-status'));
    const sink = x.responder.head(status, answer.flat, body.length);
    this.#answer = sink;
    sink.source = body;
    body.pipe(this);
  }

  write(chunk: Buffer): boolean {
    return this.#answer?.write(chunk) ?? true;
  }

  end(trailers?: HeaderInput): void {
    if (this.#over) return;
    const x = this.#x;
    if (x.grpc) this.#grpcStatus(trailer(trailers, 'grpc-status'));
    this.#settle();
    this.#answer?.end(passTrailers(trailers, x.runtime.headerRules));
  }

  #grpcStatus(value: string | undefined): void {
    if (value === undefined) return;
    const x = this.#x;
    x.grpcStatus = readGrpcStatus(value);
    if (!isGrpcFailure(x.grpcStatus)) return;
    x.failed = true;
    this.#note('grpc', `grpc-status ${x.grpcStatus}`);
  }

  /** The next hop broke off inside its answer: what the client got must not look whole. */
  abort(why: string): void {
    if (this.#over) return;
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
    const answer = this.#handshake?.accepted(headers, this.#responseHeaders(headers));
    if (!answer) {
      socket.destroy();
      this.#fail(502, 'protocol', 'the destination accepted a WebSocket with a wrong key');
      return;
    }
    x.answered = true;
    x.status = x.request.version === '2' ? 200 : 101;
    x.upstreamMs = x.runtime.clock.monotonicMs() - this.#sentMs;
    this.#settle();
    // The event of a tunnel is made when it ends, so the answer's own end says nothing here.
    x.responder.observer = undefined;
    joinTunnel(x, socket, head, answer.flat);
  }

  onError(error: UpstreamError): void {
    if (this.#over) return;
    const x = this.#x;
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

  #fail(status: number, kind: string, message: string, grpcStatus?: number): void {
    const x = this.#x;
    this.#settle();
    x.failed = true;
    this.#note(kind, message);
    this.#countUnreached();
    x.responder.observer = undefined;
    const reasons = [reason('DEFAULT', 'upstream', [], this.#destination.name, '', message)];
    void refuse(x, { status, code: 'upstream.failed', reasons, ...(grpcStatus !== undefined && { grpcStatus }) });
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
      this.#fail(504, 'timeout', message, GRPC.DEADLINE_EXCEEDED);
      return;
    }
    x.failed = true;
    this.#note('timeout', message);
    this.#settle();
    if (x.grpc && this.#answer) {
      x.grpcStatus = GRPC.DEADLINE_EXCEEDED;
      this.#answer.end(['grpc-status', String(x.grpcStatus), 'grpc-message', grpcMessage(message)]);
    } else x.responder.destroy();
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
