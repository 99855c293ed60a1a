// One request and its answer on a stream of a served connection.
import { assert } from '#base/assert.ts';
import type { Limits } from '#model/platform.ts';
import { emptyBody } from '../http1/body.ts';
import { problemBody } from '../http1/problem.ts';
import { REFUSALS, type RefusalKind } from '../http1/refusals.ts';
import { PASSED, PAUSE } from '../passing.ts';
import { staysOpen } from '../stream-idle.ts';
import type { AnswerObserver, AnswerSink, ConnectionInfo, HeaderInput, HttpRequest, HttpResponder } from '../types.ts';
import type { Socket } from 'node:net';
import { CANCEL, INTERNAL_ERROR, NO_ERROR, PROTOCOL_ERROR } from './constants.ts';
import type { RequestHead } from './message-head.ts';
import { Stream, type StreamHost } from './stream.ts';
import { StreamBody } from './stream-body.ts';
import { StreamSocket } from './stream-socket.ts';

/** A body that nobody took is awaited up to this after the answer, so that the client is not cut off inside it. */
const DRAIN_BYTES_MAX = 64 * 1024;

/** Broken in a way that no answer helps with: the sender's HTTP/2 is wrong (RFC 9113 section 8.1.1). All else is answered. */
const RESET_KINDS: ReadonlySet<RefusalKind> = new Set([
  'pseudo-header',
  'field-name',
  'field-value',
  'connection-header',
  'te',
  'content-length',
  'content-length-many',
  'data-length',
  'trailer',
  'host-many',
  'trace-body',
]);

/** The connection, as its requests see it. */
export interface ServerStreamHost extends StreamHost {
  readonly limits: Limits;
  readonly info: ConnectionInfo;
  readonly dateText: string;
  /** Gives the request to the handler. */
  dispatch(stream: ServerStream): void;
  /** Tells of a message that broke a rule. @returns reference for the caller */
  refused(kind: RefusalKind): string | undefined;
  /** A request was answered by the codec. */
  refusedOne(): void;
  streamError(streamId: number, code: number): void;
  /** Resets the stream. @param reason '' when nobody is to be told */
  cancel(stream: Stream, code: number, reason: string): void;
  /** The stream ended both ways. */
  finished(stream: Stream): void;
  /** Ends the connection gracefully. */
  close(): void;
}

const OPEN = 0;
const STREAMING = 1;
const DONE = 2;

export class ServerStream extends Stream implements HttpResponder, AnswerSink {
  readonly request: HttpRequest;
  observer: AnswerObserver | undefined = undefined;
  source: AnswerSink['source'] = undefined;
  bytesOut = 0;
  readonly #server: ServerStreamHost;
  readonly #startMs: number;
  #state = OPEN;
  /** Body bytes still owed, -1 for any number, -3 for no body. */
  #owed = 0;
  #dispatched = false;
  #refusal: RefusalKind | undefined;
  #continueDue: boolean;
  #tunnel = false;
  #failing = false;

  /** @param refusal the rule that its head broke */
  constructor(server: ServerStreamHost, id: number, head: RequestHead, ended: boolean, refusal: RefusalKind | undefined) {
    super(server, id);
    this.#server = server;
    this.#startMs = this.movedMs;
    this.#refusal = refusal;
    this.#continueDue = head.expectsContinue;
    this.remoteClosed = ended;
    if (!ended && refusal === undefined) this.body = new StreamBody(this, head.contentLength);
    if (head.contentLength > server.limits.bodyBytesMax) this.#refusal ??= 'body-large';
    this.request = {
      method: head.method,
      target: head.target,
      path: head.path,
      authority: head.authority,
      version: '2',
      headers: head.headers,
      body: this.body && head.upgrade === '' ? this.body : emptyBody(head.contentLength),
      connection: server.info,
      upgrade: head.upgrade,
    };
  }

  /** Nothing of the answer has been given yet. */
  get untouched(): boolean {
    return this.#state === OPEN;
  }

  settle(): void {
    if (this.lostReason !== '') {
      this.#abandon();
      return;
    }
    if (this.#refusal !== undefined) {
      this.#refuse(this.#refusal);
      return;
    }
    if (!this.#dispatched) {
      this.#dispatched = true;
      this.#server.dispatch(this);
    }
    if (this.lostReason === '') this.body?.deliver();
  }

  receive(bytes: Buffer, from: number, to: number): void {
    const { body } = this;
    this.movedMs = this.#server.timers.coarseMs;
    if (!body || this.#refusal !== undefined) {
      this.bodyRead(to - from);
      return;
    }
    body.receive(bytes, from, to);
    // The bytes of a tunnel are no body.
    if (this.request.upgrade !== '') return;
    if (body.length >= 0 && body.received > body.length) this.#refusal = 'data-length';
    else if (body.received > this.#server.limits.bodyBytesMax) this.#refusal = 'body-large';
  }

  remoteEnded(): void {
    this.trailersRead(undefined);
  }

  /** The end of the body, with or without trailers. */
  trailersRead(trailers: HeaderInput | undefined): void {
    const { body } = this;
    if (body) {
      if (body.length >= 0 && body.received !== body.length && this.#refusal === undefined) this.#refusal = 'data-length';
      else body.finish(trailers);
    }
    this.#closeIfDone();
  }

  /** The client ended its side of the connection inside the request. */
  truncated(): void {
    if (this.remoteClosed || this.gone) return;
    this.#refusal = 'truncated';
    this.settle();
  }

  /** Looks at the deadlines of the stream. */
  look(nowMs: number): void {
    const { idleTimeoutMs, requestTimeoutMs, streamIdleTimeoutMs } = this.#server.limits;
    if (this.queuedBytes > 0 && nowMs - this.sentMs >= idleTimeoutMs) {
      this.#server.refused('window-stalled');
      this.#server.cancel(this, CANCEL, 'the answer was not taken in time');
      return;
    }
    if (this.remoteClosed || this.#tunnel || !this.body) return;
    const silentMs = nowMs - this.movedMs;
    // Behind the head of an answer both sides may talk for as long as they like, and be silent for as long as a request may take.
    const late =
      this.#state === OPEN
        ? nowMs - this.#startMs >= requestTimeoutMs || (!this.body.paused && silentMs >= idleTimeoutMs)
        : silentMs >= Math.max(idleTimeoutMs, requestTimeoutMs);
    if (!late) return;
    if (this.localClosed) {
      // Answered; only the rest of the request was awaited.
      this.#server.cancel(this, NO_ERROR, '');
      return;
    }
    // A call of gRPC may go on for as long as both sides like, and begin with nothing said.
    if (staysOpen(this.request.headers.get('content-type')) && silentMs < streamIdleTimeoutMs) return;
    this.#refusal = 'body-timeout';
    this.settle();
  }

  bodyWanted(): void {
    if (!this.#continueDue || this.gone) return;
    this.#continueDue = false;
    if (this.#state === OPEN) this.writer.headers(this, [':status', '100'], [], false);
  }

  send(status: number, headers: HeaderInput, body: Buffer | string, closeAfter = false): void {
    if (this.#state !== OPEN) return;
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    this.#begin(status, headers, bytes.length);
    if (bytes.length > 0) this.write(bytes);
    this.end();
    if (closeAfter) this.#server.close();
  }

  head(status: number, headers: HeaderInput, length: number): AnswerSink {
    if (this.#state === OPEN) this.#begin(status, headers, length);
    return this;
  }

  interim(status: number, headers: HeaderInput): void {
    if (this.#state !== OPEN) return;
    assert(status > 100 && status < 200 && status !== 101, 'an interim answer has a status from 102 to 199');
    this.writer.headers(this, [':status', String(status)], headers, false);
  }

  upgrade(headers: HeaderInput): { readonly socket: Socket; readonly head: Buffer } {
    assert(this.#state === OPEN && this.request.upgrade !== '', 'only a request with `upgrade` can be switched, once');
    this.writer.headers(this, [':status', '200'], headers, false);
    this.#state = STREAMING;
    this.#owed = -1;
    this.#tunnel = true;
    this.#sent();
    const socket = new StreamSocket(this, this.body!, this.#server.info);
    return { socket: socket as unknown as Socket, head: Buffer.alloc(0) };
  }

  #begin(status: number, headers: HeaderInput, length: number): void {
    assert(status >= 200 && status < 600, 'a final answer has a status from 200 to 599');
    const first = [':status', String(status)];
    if (this.request.method === 'HEAD' || status === 204 || status === 304) this.#owed = -3;
    else this.#owed = length;
    if (length >= 0 && status !== 204) first.push('content-length', String(length));
    if (!isDated(headers)) first.push('date', this.#server.dateText);
    const { out } = this.writer;
    const before = out.length;
    this.writer.headers(this, first, headers, false);
    this.bytesOut += out.length - before;
    this.#state = STREAMING;
    this.movedMs = this.#server.timers.coarseMs;
  }

  write(chunk: Buffer): boolean {
    return !this.#takes(chunk.length) || this.put(chunk);
  }

  pass(view: Buffer): number {
    return !this.#takes(view.length) || this.putView(view) ? PASSED : PAUSE;
  }

  #takes(bytes: number): boolean {
    if (this.#state !== STREAMING || this.#owed === -3 || bytes === 0) return false;
    if (this.#owed >= 0) {
      if (bytes > this.#owed) {
        this.destroy();
        return false;
      }
      this.#owed -= bytes;
    }
    this.bytesOut += bytes;
    return true;
  }

  end(trailers?: HeaderInput): void {
    if (this.#state !== STREAMING) return;
    if (this.#owed > 0) {
      this.destroy();
      return;
    }
    this.#state = DONE;
    this.finish(trailers);
  }

  abort(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.localClosed || this.gone) return;
    this.#server.cancel(this, INTERNAL_ERROR, 'the answer broke off');
  }

  /** The tunnel is given up by our side. */
  cancelTunnel(code: number): void {
    this.#server.cancel(this, code, 'the tunnel was closed');
  }

  drained(): void {
    this.source?.resume();
  }

  localEnded(): void {
    if (this.observer) this.writer.tellWritten(this);
    this.#closeIfDone();
    if (this.gone || this.#tunnel) return;
    const { body } = this;
    if (!body) {
      this.#server.cancel(this, NO_ERROR, '');
      return;
    }
    // Who reads the body of a request that is refused is told so afterwards.
    if (!this.#failing) body.drop();
    // An answer may come before the end of the request; then the rest is not wanted (RFC 9113 section 8.1).
    const missing = body.length >= 0 ? body.length - body.received : Infinity;
    if (missing > DRAIN_BYTES_MAX || this.#continueDue) this.#server.cancel(this, NO_ERROR, '');
  }

  #closeIfDone(): void {
    if (this.remoteClosed && this.localClosed && !this.gone) this.#server.finished(this);
  }

  answerWritten(failed: boolean): void {
    if (failed) this.#lost();
    else this.#sent();
  }

  #refuse(kind: RefusalKind): void {
    this.#refusal = undefined;
    const instance = this.#server.refused(kind);
    if (this.#state !== OPEN || RESET_KINDS.has(kind)) {
      this.#server.streamError(this.id, RESET_KINDS.has(kind) ? PROTOCOL_ERROR : CANCEL);
      return;
    }
    this.fail(REFUSALS[kind].status, instance, REFUSALS[kind].text);
    this.#server.refusedOne();
  }

  /** Answers in place of the handler, where nothing was answered yet. @param instance opaque reference */
  fail(status: number, instance: string | undefined, reason = 'bug'): void {
    if (this.gone) return;
    if (this.#state !== OPEN) {
      this.destroy();
      return;
    }
    const { body, observer } = this;
    this.observer = undefined;
    this.#failing = true;
    this.send(status, ['content-type', 'application/problem+json'], problemBody(status, instance));
    body?.fail(reason);
    observer?.answerLost();
  }

  #abandon(): void {
    this.#state = DONE;
    this.#lost();
    this.body?.fail(this.lostReason);
  }

  #sent(): void {
    const { observer } = this;
    this.observer = undefined;
    observer?.answerSent();
  }

  #lost(): void {
    const { observer } = this;
    this.observer = undefined;
    observer?.answerLost();
  }
}

function isDated(headers: HeaderInput): boolean {
  const step = typeof headers[0] === 'string' ? 2 : 1;
  for (let i = 0; i < headers.length; i += step) {
    const entry = headers[i]!;
    const name = typeof entry === 'string' ? entry : entry[0];
    if (name.length === 4 && name.toLowerCase() === 'date') return true;
  }
  return false;
}
