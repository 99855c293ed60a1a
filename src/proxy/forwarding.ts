// One request with its next hop: sends it, again where that is safe, brings the answer back, keeps the pace of the slower side, and ends in one event.
import type { Socket } from 'node:net';
import { messageOf } from '#base/errors.ts';
import type { UpstreamCallbacks, UpstreamError, UpstreamRequest } from '#wire/upstream-types.ts';
import type { AnswerObserver, AnswerSink, BodyReader, BodySink, HeaderInput, HeaderList } from '#wire/types.ts';
import { valueOf } from '#wire/header-input.ts';
import { PASSED, passOn } from '#wire/passing.ts';
import type { Timer } from '#wire/timers.ts';
import { CountingBody } from './counting-body.ts';
import { countExchange } from './events.ts';
import type { Exchange } from './exchange.ts';
import type { Refused } from './egress/way-out.ts';
import { GRPC, grpcMessage, httpStatusOf, isGrpcFailure, readGrpcStatus } from './grpc.ts';
import type { Headers } from './headers.ts';
import { reason } from './reasons.ts';
import { refuse } from './refuse.ts';
import { finish, finishLost } from './respond.ts';
import { passResponseHeaders } from './response-headers.ts';
import { addSecurityHeaders, speaksForBrowsers } from './security-headers.ts';
import { applyChanges } from './route-headers.ts';
import { ReplayBody } from './replay-body.ts';
import { type RetryRules, isIdempotent } from './retry.ts';
import { passTrailers } from './trailers.ts';
import { AnswerFlow, type Answering } from './judge-again.ts';
import { joinTunnel } from './tunnel.ts';
import type { Outcome } from './balance/outlier.ts';
import type { Destination } from './destination.ts';
import type { UpstreamEndpoint } from './upstreams.ts';
import { type WebSocketHandshake, askForWebSocket } from './websocket.ts';

const STATUS: Readonly<Record<UpstreamError['kind'], number>> = {
  connect: 503,
  overload: 503,
  timeout: 504,
  protocol: 502,
  reset: 502,
};

/** Said by a sidecar to the caller's: its application could not be reached, so the request may go elsewhere. */
const UNSENT = 'x-cullis-unsent';
/** Rests of answers that are passed over up to this are read, so that the connection can be used again. */
const DISCARD_BYTES_MAX = 16 * 1024;

export class Forwarding implements UpstreamCallbacks, BodySink, AnswerObserver, Answering {
  readonly #x: Exchange;
  readonly #destination: Destination;
  readonly #rules: RetryRules | undefined;
  readonly #hash: number | undefined;
  #sentMs: number;
  #endpoint: UpstreamEndpoint;
  #upstream: UpstreamRequest | undefined;
  #body: BodyReader;
  #replay: ReplayBody | undefined;
  #answer: AnswerSink | undefined;
  #requestTimer: Timer | undefined;
  #backendTimer: Timer | undefined;
  #handshake: WebSocketHandshake | undefined;
  #tryTimer: Timer | undefined;
  #waitTimer: Timer | undefined;
  /** Endpoints that failed for this request. */
  #tried: UpstreamEndpoint[] | undefined;
  #retries = 0;
  /** A place in the destination's retry budget is taken. */
  #retrying = false;
  /** A try is on its way to `#endpoint`. */
  #trying = false;
  #over = false;
  #flow: AnswerFlow | undefined;

  /** @param hash by which the destination keeps requests together */
  constructor(x: Exchange, destination: Destination, endpoint: UpstreamEndpoint, hash?: number) {
    this.#x = x;
    this.#destination = destination;
    this.#endpoint = endpoint;
    this.#hash = hash;
    this.#rules = x.retry;
    this.#sentMs = x.runtime.clock.monotonicMs();
    const { body } = x;
    const { version } = x.request;
    // In HTTP/2 trailers may stand behind a body of known length too.
    const counted = body.kind === 'chunked' || (version === '2' && body.kind === 'length');
    this.#body = counted ? new CountingBody(body, x) : body;
    if (!counted && body.kind === 'length') x.bytesIn = body.length;
    // Where there is another endpoint, one whose application is not there need not be the end.
    if (body.kind !== 'none' && this.#rules !== undefined && (this.#rules.resendsBodies || destination.endpoints.length > 1)) {
      const { bufferBytesMax } = x.service.config.limits;
      if (body.length <= bufferBytesMax) this.#replay = new ReplayBody(this.#body, bufferBytesMax);
    }
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
    this.#send();
  }

  #deadline(timer: Timer, ms: number): Timer {
    timer.arm(ms);
    return timer;
  }

  #send(): void {
    const x = this.#x;
    const { upgrade, body } = x.request;
    const { timers, clock } = x.runtime;
    const http2 = this.#endpoint.target.speaks === 'h2';
    // `trailers` is what gRPC servers demand, and all that TE may say in HTTP/2 (RFC 9113 section 8.2.2).
    if (http2 && x.takesTrailers) x.headers.set('te', 'trailers');
    const tunnel = upgrade === 'websocket';
    if (tunnel) this.#handshake = askForWebSocket(x, http2);
    if (this.#retries > 0) this.#sentMs = clock.monotonicMs();
    x.sentMs = this.#sentMs;
    x.resends = this.#retries;
    x.endpoint = this.#endpoint;
    this.#endpoint.active++;
    this.#trying = true;
    if (x.backendTimeoutMs > 0)
      this.#backendTimer = this.#deadline(
        timers.timer(() => this.#tryLate('the backend took longer than the route allows')),
        x.backendTimeoutMs,
      );
    if (this.#rules !== undefined && this.#rules.perTryMs > 0)
      this.#tryTimer = this.#deadline(
        timers.timer(() => this.#tryLate('the backend took longer than one try may')),
        this.#rules.perTryMs,
      );
    this.#upstream = this.#endpoint.pool.request(
      {
        method: x.method,
        target: x.target,
        headers: x.headers.flat,
        bodyKind: tunnel ? 'none' : body.kind,
        length: tunnel ? -1 : body.length,
        upgrade: tunnel ? upgrade : '',
        client: x.request.connection,
        // Said to proxies of the mesh; an application of HTTP/1 is left to its own judgement.
        takesTrailers: x.takesTrailers && this.#endpoint.target.peerIdentity !== '',
      },
      tunnel ? undefined : (this.#replay?.attempt() ?? this.#body),
      this,
    );
  }

  onInterim(status: number, headers: HeaderList): void {
    if (!this.#over) this.#x.responder.interim(status, passResponseHeaders(this.#x, headers).flat);
  }

  onHead(status: number, headers: HeaderList, body: BodyReader): void {
    const x = this.#x;
    if (this.#over || !this.#trying) {
      body.discard();
      return;
    }
    // Its sidecar says that the application could not be reached: the request did nothing.
    const undone = (status === 503 || x.grpc) && this.#endpoint.mtls && headers.get(UNSENT) !== undefined;
    // To a client of HTTP/2 any 2xx is the tunnel itself, which the destination did not open.
    if (this.#handshake && x.request.version === '2' && status < 300) {
      body.discard();
      this.#upstream?.abort('no tunnel was opened');
      this.#fail(502, 'protocol', `the destination answered a WebSocket handshake with ${status}`);
      return;
    }
    const grpcStatus = x.grpc && status === 200 ? headers.get('grpc-status') : undefined;
    // What came of a gRPC call stands in its trailers, unless it has only them.
    if (!x.grpc || status !== 200) this.#report(undone ? 'connect' : status);
    else if (grpcStatus !== undefined) this.#report(httpStatusOf(readGrpcStatus(grpcStatus)));
    const again = undone ? this.#rules?.onUnreached === true : this.#rules?.onStatus(status, headers.get('grpc-status')) === true;
    if (again && this.#mayRepeat(undone ? 'undone' : 'done')) {
      if (body.length >= 0 && body.length <= DISCARD_BYTES_MAX) body.discard();
      else this.#upstream?.abort('it is sent again');
      this.#repeat('answer', `the destination answered ${status}`);
      return;
    }
    this.#tryTimer?.clear();
    this.#replay?.settle();
    this.#endRetry();
    x.answered = true;
    x.status = status;
    x.upstreamMs = x.runtime.clock.monotonicMs() - this.#sentMs;
    const answer = this.#responseHeaders(headers);
    if (grpcStatus !== undefined) this.#grpcStatus(grpcStatus);
    const sink = x.responder.head(status, answer.flat, body.length);
    this.#answer = sink;
    if (body.length < 0 && body.kind !== 'none') this.#flow = new AnswerFlow(x, this);
    sink.source = body;
    body.pipe(this);
  }

  write(chunk: Buffer): boolean {
    return this.#answer?.write(chunk) ?? true;
  }

  pass(view: Buffer): number {
    return this.#answer ? passOn(this.#answer, view) : PASSED;
  }

  end(trailers?: HeaderInput): void {
    if (this.#over) return;
    const x = this.#x;
    const status = x.grpc && trailers ? valueOf(trailers, 'grpc-status') : undefined;
    if (status !== undefined) {
      this.#report(httpStatusOf(readGrpcStatus(status)));
      this.#grpcStatus(status);
    }
    this.#settle();
    this.#answer?.end(passTrailers(trailers, x.runtime.headerRules, x.service.role !== 'sidecar-in'));
  }

  #grpcStatus(value: string): void {
    const x = this.#x;
    x.grpcStatus = readGrpcStatus(value);
    if (!isGrpcFailure(x.grpcStatus)) return;
    x.failed = true;
    this.#note('grpc', `grpc-status ${x.grpcStatus}`);
  }

  /** The next hop broke off inside its answer: what the client got must not look whole. */
  abort(why: string): void {
    if (this.#over) return;
    const { blocked } = this.#x;
    if (blocked) Object.assign(this.#x, blocked);
    this.#x.failed = true;
    this.#note('reset', why);
    this.#report('reset');
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
    if (this.#over || !this.#trying) return;
    const { blocked } = this.#x;
    if (blocked) return this.#block(blocked);
    const { kind, message } = error;
    if (kind === 'overload') this.#overflowed();
    else this.#report(kind);
    if (this.#rules?.onError(error) === true && this.#mayRepeat(error.bytesSent ? 'done' : 'unsent')) this.#repeat(kind, message);
    else this.#fail(STATUS[kind], kind, message);
  }

  /** What the caller sends may not leave. */
  #block({ code, reasons }: Refused): void {
    this.#settle();
    this.#x.responder.observer = undefined;
    void refuse(this.#x, { status: code === 'egress.limit' ? 429 : 403, code, reasons, close: true });
  }

  /** A bound of the destination refused it. */
  #overflowed(): void {
    this.#x.runtime.metrics.counter('cullis_upstream_overflows_total', this.#destination.name).inc();
  }

  /**
   * Whether it may be sent once more: never when something of the answer is out, or the client's body cannot be had again, or doing it twice
   * could matter.
   * @param reached nothing of the request left, it did nothing, or it may have done what it asks for
   */
  #mayRepeat(reached: 'unsent' | 'undone' | 'done'): boolean {
    const x = this.#x;
    if (x.answered || this.#retries >= (this.#rules?.attempts ?? 0)) return false;
    if (reached === 'done' && !isIdempotent(x.method)) return false;
    const whole = this.#replay ? this.#replay.replayable : reached === 'unsent' || x.request.body.kind === 'none';
    if (!whole) return false;
    if (this.#retrying || this.#destination.circuit.takeRetry()) {
      this.#retrying = true;
      return true;
    }
    this.#count('overflow');
    return false;
  }

  /** Sends it again, after a wait, to another endpoint where there is one. */
  #repeat(kind: string, message: string): void {
    const { clock, fineTimers, ports } = this.#x.runtime;
    this.#note(kind, message);
    this.#leave();
    const tried = (this.#tried ??= []);
    tried.push(this.#endpoint);
    const nowMs = clock.monotonicMs();
    const other = this.#destination.pick(nowMs, tried, this.#hash);
    const next = other ?? this.#destination.pick(nowMs, undefined, this.#hash);
    if (!next) {
      this.#fail(503, kind, message);
      return;
    }
    this.#retries++;
    this.#count('sent');
    this.#endpoint = next;
    // One that could not be reached says nothing about the others: the first of them is asked at once.
    if (kind === 'connect' && other && this.#retries === 1) {
      this.#sendAgain();
      return;
    }
    const waitMs = this.#rules!.waitMs(this.#retries, ports.random.unit());
    this.#waitTimer = this.#deadline(
      fineTimers.timer(() => this.#sendAgain()),
      waitMs,
    );
  }

  /** Whatever goes wrong here happens behind the station that would have caught it, and must not take the worker with it. */
  #sendAgain(): void {
    try {
      this.#send();
    } catch (error) {
      this.#x.runtime.log('error', 'a request could not be sent again', { error: messageOf(error) });
      this.#fail(502, 'protocol', messageOf(error));
    }
  }

  #count(result: 'sent' | 'overflow'): void {
    const { runtime, service } = this.#x;
    runtime.metrics.counter('cullis_upstream_retries_total', service.role, this.#destination.name, result).inc();
  }

  #report(outcome: Outcome): void {
    this.#destination.report(this.#endpoint, outcome, this.#x.runtime.clock);
  }

  #fail(status: number, kind: string, message: string, grpcStatus?: number): void {
    const x = this.#x;
    this.#settle();
    x.failed = true;
    this.#note(kind, message);
    this.#countUnreached();
    x.responder.observer = undefined;
    const reasons = [reason('DEFAULT', 'upstream', [], this.#destination.name, '', message)];
    const headers = kind === 'connect' && x.service.role === 'sidecar-in' ? [UNSENT, '1'] : [];
    void refuse(x, { status, code: 'upstream.failed', reasons, headers, ...(grpcStatus !== undefined && { grpcStatus }) });
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

  /** The time of this try is over; there may be another. */
  #tryLate(message: string): void {
    if (this.#over || !this.#trying) return;
    if (this.#x.answered || this.#rules?.onTryTimeout !== true || !this.#mayRepeat('done')) {
      this.#late(message);
      return;
    }
    this.#upstream?.abort(message);
    this.#report('timeout');
    this.#repeat('timeout', message);
  }

  #late(message: string): void {
    if (this.#over) return;
    const x = this.#x;
    this.#upstream?.abort(message);
    if (this.#trying && !x.answered) this.#report('timeout');
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

  /** It is no longer allowed: what the client has got must not look whole. @param decision id of the denial, '' when it is another reason */
  forbid(decision: string): void {
    if (this.#over) return;
    const x = this.#x;
    this.#upstream?.abort('no longer allowed');
    this.#settle();
    // The event of the denial is the event of this request.
    x.responder.observer = undefined;
    if (x.grpc && this.#answer && decision !== '') {
      x.grpcStatus = GRPC.PERMISSION_DENIED;
      const status = ['grpc-status', String(x.grpcStatus), 'grpc-message', 'RBAC: access denied'];
      this.#answer.end([...status, 'x-cullis-decision-id', decision]);
    } else x.responder.destroy();
    countExchange(x, x.responder.bytesOut);
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
    if (speaksForBrowsers(this.#x)) addSecurityHeaders(answer);
    if (this.#x.responseChanges.length > 0) applyChanges(answer, this.#x.responseChanges);
    return answer;
  }

  /** The try is over. */
  #leave(): void {
    if (!this.#trying) return;
    this.#trying = false;
    this.#endpoint.active--;
    this.#tryTimer?.clear();
    this.#backendTimer?.clear();
  }

  #endRetry(): void {
    if (!this.#retrying) return;
    this.#retrying = false;
    this.#destination.circuit.retries.give();
  }

  /** Nothing more is expected of the next hop. */
  #settle(): void {
    if (this.#over) return;
    this.#over = true;
    this.#flow?.over();
    this.#leave();
    this.#endRetry();
    this.#destination.circuit.requests.give();
    this.#replay?.settle();
    this.#requestTimer?.clear();
    this.#waitTimer?.clear();
  }
}
