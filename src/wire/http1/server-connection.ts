// One served connection: reads requests one after another, answers in order, keeps every bound.
import type { Socket } from 'node:net';
import type { Limits } from '#model/platform.ts';
import { connectionInfo } from '../connection-info.ts';
import { DirectReader, copyOf, giveBack, lentCopy } from '../direct-read.ts';
import { resetSocket } from '../reset.ts';
import { announcedTrailers } from '../trailer-fields.ts';
import type { ConnectionInfo, ServedConnection, HttpHandler, ConnectionState } from '../types.ts';
import { Backlog } from './backlog.ts';
import { type BodyHost, IncomingBody, emptyBody } from './body.ts';
import { Exchange, type ExchangeHost } from './exchange.ts';
import { CHUNKED } from './framing.ts';
import { RequestParser } from './parse.ts';
import { type Phase, PhaseClock } from './phase-clock.ts';
import { problemAnswer } from './problem.ts';
import { REFUSALS, type RefusalKind } from './refusals.ts';
import type { ServeOptions } from './serve-options.ts';
import { WriteGuard } from './write-guard.ts';

/** A body that nobody reads is read away up to this, so that the connection can be used again. */
const DRAIN_BYTES_MAX = 64 * 1024;
/** Bytes that a client may go on sending while its last answer goes out. */
const LINGER_BYTES_MAX = 4 * 1024 * 1024;
/** How the client preface of HTTP/2 begins (RFC 9113 section 3.4); to this parser it is a request of an unknown version. */
const HTTP2_START = Buffer.from('PRI * HTTP/2.0');

export class ServerConnection implements ServedConnection, BodyHost, ExchangeHost {
  readonly socket: Socket;
  readonly info: ConnectionInfo;
  readonly #options: ServeOptions;
  readonly #limits: Limits;
  readonly #handler: HttpHandler;
  readonly #parser: RequestParser;
  readonly #backlog = new Backlog();
  readonly #clock: PhaseClock;
  readonly #writeGuard: WriteGuard;
  #state: ConnectionState = 'idle';
  #body: IncomingBody | undefined;
  #exchange: Exchange | undefined;
  #requests = 0;
  #keepAlive = true;
  #continueDue = false;
  #draining = false;
  /** The next answer ends the connection. */
  #lastAnswer = false;
  #peerEnded = false;
  #reading = false;
  #inputPaused = false;
  #lingerBytes = 0;
  /** How often what was fed is in use for longer. */
  #keeps = 0;
  readonly #reader: DirectReader;
  readonly #onEnd = (): void => this.#peerEnd();
  readonly #onDrain = (): void => this.#drained();
  readonly #onClose = (): void => this.#closed();

  constructor(socket: Socket, options: ServeOptions, handler: HttpHandler) {
    this.socket = socket;
    this.#options = options;
    this.#limits = options.limits;
    this.#handler = handler;
    this.#parser = new RequestParser(options.limits);
    this.info = connectionInfo(socket, options.tls);
    this.#clock = new PhaseClock(options.limits, options.timers, (phase) => this.#timedOut(phase));
    this.#writeGuard = new WriteGuard(socket, options.timers, this.#limits.idleTimeoutMs, () => this.cut());
    // A client may end its side after its last request and still wants the answer.
    socket.allowHalfOpen = true;
    socket.setNoDelay(true);
    socket.on('end', this.#onEnd);
    socket.on('drain', this.#onDrain);
    socket.on('close', this.#onClose);
    socket.on('error', ignore);
    this.#reader = new DirectReader(socket, (bytes) => this.#take(bytes));
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get dateText(): string {
    return this.#options.timers.dateText;
  }

  close(): void {
    this.#draining = true;
    if (this.#state === 'idle' && this.#backlog.length === 0) this.#linger();
  }

  drain(): void {
    // The client learns of the end from an answer, never from a closed connection that it just sent a request on.
    this.#lastAnswer = true;
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** @param bytes a view that is good until anything else is called; a head is read in place, everything else is copied before */
  #take(bytes: Buffer): void {
    if (this.#state === 'closing') {
      this.#lingerBytes += bytes.length;
      if (this.#lingerBytes > LINGER_BYTES_MAX) this.socket.destroy();
      return;
    }
    const body = this.#body;
    let rest = bytes;
    if (body && !body.complete && this.#backlog.length === 0) {
      // What is behind the body, another request, is copied before any of it moves on.
      const own = this.#reader.own && bytes.length <= body.missing;
      const loan = own ? undefined : lentCopy(bytes);
      const chunk = own ? bytes : (loan ?? copyOf(bytes));
      body.views = own || loan !== undefined;
      const keeps = this.#keeps;
      const at = this.#feed(body, chunk, 0, bytes.length);
      if (at >= 0 && at < bytes.length) rest = copyOf(chunk.subarray(at, bytes.length));
      if (loan && keeps === this.#keeps) giveBack(loan);
      if (at < 0 || at === bytes.length) {
        if (at > 0 && body.complete) this.#proceed();
        return;
      }
    }
    this.#backlog.append(rest);
    if (this.#exchange && this.#backlog.length > this.#limits.bufferBytesMax) this.#pauseInput();
    this.#proceed();
    this.#backlog.own();
  }

  /** Gives body bytes on and keeps its clock. @returns as IncomingBody.feed */
  #feed(body: IncomingBody, bytes: Buffer, from: number, end: number): number {
    const at = body.feed(bytes, from, end);
    this.#reader.lease(body.isLong, body.kind === 'chunked');
    if (at < 0) this.#refuse(body.error);
    else if (!body.complete && this.#isOpen()) this.#clock.bodyMoved(this.#inputPaused);
    return at;
  }

  /** Reads requests from the backlog until one is being answered or bytes run out. */
  #proceed(): void {
    if (this.#reading) return;
    this.#reading = true;
    while (this.#exchange === undefined && this.#isOpen() && !this.socket.writableNeedDrain) {
      if (this.#body && !this.#body.complete) break;
      if (this.#backlog.length === 0) {
        this.#rest();
        break;
      }
      if (!this.#nextRequest()) break;
    }
    this.#reading = false;
    if (
      this.#inputPaused &&
      this.#isOpen() &&
      this.#backlog.length <= this.#limits.bufferBytesMax &&
      !(this.#body && !this.#body.complete)
    ) {
      this.#resumeInput();
    }
  }

  #isOpen(): boolean {
    return this.#state === 'idle' || this.#state === 'busy';
  }

  /** Nothing to read and nothing to answer. */
  #rest(): void {
    this.#state = 'idle';
    if (this.#peerEnded || this.#draining) {
      this.#linger();
      return;
    }
    if (this.#requests > 0) this.#clock.idle();
  }

  /** @returns false when the head is not there yet, or was refused */
  #nextRequest(): boolean {
    const backlog = this.#backlog;
    if (!backlog.worthParsing(this.#limits.headerBytesMax)) return false;
    const parser = this.#parser;
    const after = parser.parse(backlog.bytes, backlog.start, backlog.end);
    if (after === 0) {
      backlog.lookedAll();
      if (this.#peerEnded) this.#refuse('truncated');
      else this.#clock.head();
      return false;
    }
    if (after < 0) {
      if (parser.error !== 'version-unsupported' || !this.#giveToHttp2()) this.#refuse(parser.error);
      return false;
    }
    this.#state = 'busy';
    this.#requests++;
    const { close, keepAlive } = parser.connection;
    this.#keepAlive =
      !close && (parser.minorVersion === 1 || keepAlive) && this.#requests < this.#limits.requestsPerConnectionMax;
    return this.#begin(parser, after);
  }

  #begin(parser: RequestParser, after: number): boolean {
    const backlog = this.#backlog;
    const framing = parser.framing;
    const exchange = new Exchange(this, parser.method, parser.minorVersion, parser.upgrade, parser.headers);
    let body = emptyBody(framing === 0 ? 0 : -1);
    this.#body = undefined;
    this.#continueDue = parser.expectsContinue;
    backlog.consumeTo(after);
    const keeps = this.#keeps;
    const loan = framing > 0 && framing <= this.#limits.bodyBytesMax && backlog.length <= framing ? backlog.borrow() : undefined;
    backlog.own();
    if (framing > 0 || framing === CHUNKED) {
      if (framing > this.#limits.bodyBytesMax) {
        this.#refuse('body-large');
        return false;
      }
      const incoming = new IncomingBody(
        this,
        framing,
        framing === CHUNKED ? -1 : framing,
        this.#limits.bodyBytesMax,
        this.#limits.bufferBytesMax,
        framing === CHUNKED ? announcedTrailers(parser.headers) : undefined,
      );
      body = this.#body = incoming;
      incoming.holdsViews = loan !== undefined;
      this.#clock.body();
      // What has arrived of the body is looked at before the handler is called: a request that breaks the rules here never happened.
      const at = this.#feed(incoming, backlog.bytes, backlog.start, backlog.end);
      if (at < 0) return false;
      backlog.consumeTo(at);
    } else this.#clock.stop();
    this.#exchange = exchange;
    const request = {
      method: parser.method,
      target: parser.target,
      path: parser.path,
      authority: parser.authority,
      version: parser.minorVersion === 0 ? ('1.0' as const) : ('1.1' as const),
      headers: parser.headers,
      body,
      connection: this.info,
      upgrade: parser.upgrade,
    };
    if (this.#peerEnded && this.#body && !this.#body.complete) {
      this.#refuse('truncated');
      return false;
    }
    try {
      this.#handler(request, exchange);
    } catch (error) {
      this.#bug(error);
    }
    if (loan && body instanceof IncomingBody) {
      body.holdsViews = false;
      if (keeps === this.#keeps && !body.holds) giveBack(loan);
    }
    return true;
  }

  bodyPaused(paused: boolean): void {
    if (!this.#isOpen()) return;
    if (paused) this.#pauseInput();
    else if (this.#inputPaused) this.#resumeInput();
    if (this.#body && !this.#body.complete) this.#clock.bodyMoved(paused);
  }

  bodyKept(): void {
    this.#keeps++;
    this.#reader.keep();
  }

  bodyWanted(): void {
    if (!this.#continueDue) return;
    this.#continueDue = false;
    if (this.#isOpen() && this.#exchange?.untouched === true) this.socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
  }

  bodyCompleted(): void {
    this.#clock.stop();
  }

  mayKeepAlive(): boolean {
    if (!this.#keepAlive || this.#draining || this.#lastAnswer || this.#peerEnded) return false;
    const body = this.#body;
    // A body that nobody took must be read away first; where that is too much, or where the client waits for 100, the connection ends.
    return !body || body.complete || (!this.#continueDue && (body.wanted || body.missing <= DRAIN_BYTES_MAX));
  }

  answered(exchange: Exchange, keepAlive: boolean): void {
    if (this.#exchange !== exchange) return;
    this.#exchange = undefined;
    const body = this.#body;
    if (!keepAlive) {
      this.#linger();
      return;
    }
    if (body && !body.complete) {
      if (body.missing > DRAIN_BYTES_MAX) {
        this.#linger();
        return;
      }
      if (!body.wanted) body.discard();
      body.resume();
    }
    this.#proceed();
  }

  cut(): void {
    // A reset cannot be taken for the end of an answer that lasts until the connection closes.
    resetSocket(this.socket);
    this.#abandon('cut');
  }

  takeOver(head: string): { readonly socket: Socket; readonly head: Buffer } {
    this.#letGo();
    this.socket.write(head, 'latin1');
    return { socket: this.socket, head: this.#backlog.take() };
  }

  /** The socket, paused, is somebody else's from now on. */
  #letGo(): void {
    const socket = this.socket;
    this.#state = 'upgraded';
    this.#exchange = undefined;
    this.#clock.stop();
    this.#writeGuard.clear();
    this.#reader.stop();
    socket.off('end', this.#onEnd);
    socket.off('drain', this.#onDrain);
    socket.pause();
  }

  /** @returns false when the connection does not begin as HTTP/2, or nobody here speaks it */
  #giveToHttp2(): boolean {
    const { onHttp2 } = this.#options;
    const { bytes, start, end } = this.#backlog;
    if (!onHttp2 || this.#requests > 0 || end - start < HTTP2_START.length) return false;
    if (HTTP2_START.compare(bytes, start, start + HTTP2_START.length) !== 0) return false;
    this.#backlog.own();
    this.#letGo();
    this.socket.off('close', this.#onClose);
    this.socket.unshift(this.#backlog.take());
    onHttp2();
    return true;
  }

  /** Answers a message that broke a rule, once, and ends the connection; bytes behind it are never read as a request. */
  #refuse(kind: RefusalKind): void {
    if (!this.#isOpen()) return;
    const status = REFUSALS[kind].status;
    const instance = this.#options.onError?.(kind, status, this.info);
    this.#fail(REFUSALS[kind].text, status, instance);
  }

  #bug(error: unknown): void {
    const instance = this.#options.onBug?.(error);
    this.#fail('bug', 500, instance);
    if (!this.#options.onBug) throw error;
  }

  #fail(reason: string, status: number, instance: string | undefined): void {
    if (!this.#isOpen()) return;
    const exchange = this.#exchange;
    if (exchange && !exchange.untouched) {
      this.cut();
      return;
    }
    this.#exchange = undefined;
    if (this.socket.writable) this.socket.write(problemAnswer(status, instance, this.dateText), 'latin1');
    this.#linger();
    exchange?.abandon();
    this.#body?.fail(reason);
  }

  /** Ends our side, then waits a little for the peer's end: closing at once could reset the connection before the answer is read. */
  #linger(): void {
    if (!this.#isOpen()) return;
    this.#state = 'closing';
    this.#backlog.clear();
    this.#clock.stop();
    this.#resumeInput();
    if (this.socket.writableLength > 0) this.writeBlocked();
    this.socket.end(() => {
      this.#writeGuard.clear();
      if (this.#peerEnded) this.socket.destroy();
      else if (this.#state === 'closing') this.#clock.linger();
    });
  }

  #pauseInput(): void {
    if (this.#inputPaused) return;
    this.#inputPaused = true;
    this.socket.pause();
  }

  #resumeInput(): void {
    if (!this.#inputPaused) return;
    this.#inputPaused = false;
    this.socket.resume();
  }

  writeBlocked(): void {
    this.#writeGuard.blocked();
  }

  #drained(): void {
    this.#writeGuard.clear();
    this.#exchange?.source?.resume();
    if (this.#exchange === undefined && this.#isOpen()) this.#proceed();
  }

  #timedOut(phase: Phase): void {
    if (phase === 'head') this.#refuse('header-timeout');
    else if (phase === 'body') this.#refuse('body-timeout');
    else if (phase === 'linger') this.socket.destroy();
    else if (phase === 'idle') this.#linger();
  }

  #peerEnd(): void {
    this.#peerEnded = true;
    if (this.#state === 'closing') {
      if (this.socket.writableFinished) this.socket.destroy();
      return;
    }
    if (this.#body && !this.#body.complete) this.#refuse('truncated');
    else if (this.#exchange === undefined) {
      if (this.#backlog.length > 0) this.#refuse('truncated');
      else this.#linger();
    }
  }

  #closed(): void {
    this.#abandon('the client went away');
    this.#options.onClose?.();
  }

  #abandon(reason: string): void {
    if (this.#state === 'closed') return;
    if (this.#state !== 'upgraded') {
      const exchange = this.#exchange;
      this.#exchange = undefined;
      this.#state = 'closed';
      this.#clock.stop();
      this.#writeGuard.clear();
      this.#backlog.clear();
      exchange?.abandon();
      this.#body?.fail(reason);
    }
    this.#state = 'closed';
  }
}

function ignore(): void {
  // `close` follows every socket error and does the work.
}
