// One request on a stream of a connection to a destination, and its answer.
import type { Socket } from 'node:net';
import { assert } from '#base/assert.ts';
import type { Limits } from '#model/platform.ts';
import { emptyBody } from '../http1/body.ts';
import { isToken, isVisible } from '../http1/chars.ts';
import { REFUSALS, type RefusalKind } from '../http1/refusals.ts';
import { valueOf } from '../header-input.ts';
import { PASSED, PAUSE } from '../passing.ts';
import { answerIdleMs } from '../stream-idle.ts';
import type { BodySink, ConnectionInfo, HeaderInput, HeaderList } from '../types.ts';
import type { UpstreamError } from '../upstream-types.ts';
import { type ClientExchange, authorityOf } from './client-exchange.ts';
import { CANCEL, NO_ERROR, PROTOCOL_ERROR, REFUSED_STREAM, codeName } from './constants.ts';
import type { ResponseHead } from './message-head.ts';
import { Stream, type StreamHost } from './stream.ts';
import { StreamBody } from './stream-body.ts';
import { StreamSocket } from './stream-socket.ts';

/** 1xx answers that may come before the final one. */
const INTERIM_MAX = 8;

/** The connection, as its requests see it. */
export interface ClientStreamHost extends StreamHost {
  readonly limits: Limits;
  readonly info: Omit<ConnectionInfo, 'tls'>;
  readonly scheme: 'http' | 'https';
  /** It served a request before: when it breaks now, it may have been dead for a while. */
  readonly stale: boolean;
  /** Resets the stream. @param reason '' when nobody is to be told */
  cancel(stream: Stream, code: number, reason: string): void;
  /** The stream ended both ways. */
  finished(stream: Stream): void;
  /** The peer sent something of an answer. */
  spoke(): void;
  /** The request was not processed: send it again. */
  retry(exchange: ClientExchange): void;
}

interface Answer {
  readonly status: number;
  readonly headers: HeaderList;
  /** Declared length, -1 for none. */
  readonly length: number;
}

export class ClientStream extends Stream implements BodySink {
  source: { resume(): void } | undefined = undefined;
  /** The final head of the answer was read. */
  answered = false;
  readonly exchange: ClientExchange;
  readonly #client: ClientStreamHost;
  #interims: Answer[] = [];
  #interimCount = 0;
  #answer: Answer | undefined;
  /** Headers of the answer. */
  #answered: HeaderList | undefined;
  #tunnel = false;
  /** Content that the answer may not have: it is one to HEAD, or says 204 or 304. */
  #bodiless = false;
  #failure: { readonly kind: UpstreamError['kind']; readonly message: string } | undefined;
  /** Bytes of the request still owed of a declared length, -1 for any number. */
  #owed = -1;

  constructor(client: ClientStreamHost, id: number, exchange: ClientExchange) {
    super(client, id);
    this.#client = client;
    this.exchange = exchange;
  }

  /** Sends the request. @throws AssertionBug when its head has a byte that may not be; nothing is sent then */
  start(): void {
    const { head, body, upgrade } = this.exchange;
    assert(isToken(head.method) && isVisible(head.target), 'a request to be written has a forbidden byte in its first line');
    const first = [':method', upgrade === '' ? head.method : 'CONNECT', ':scheme', this.#client.scheme, ':path', head.target];
    const authority = authorityOf(head.headers);
    if (authority !== undefined) first.push(':authority', authority);
    if (upgrade !== '') first.push(':protocol', upgrade);
    if (body && head.bodyKind === 'length') {
      this.#owed = head.length;
      first.push('content-length', String(head.length));
    }
    this.writer.headers(this, first, head.headers, false);
    this.exchange.started(this);
    if (body) {
      this.source = body;
      body.pipe(this);
    } else if (upgrade === '') this.finish();
  }

  write(chunk: Buffer): boolean {
    return !this.#takes(chunk.length) || this.put(chunk);
  }

  pass(view: Buffer): number {
    return !this.#takes(view.length) || this.putView(view) ? PASSED : PAUSE;
  }

  #takes(bytes: number): boolean {
    if (this.#owed < 0 || this.gone) return true;
    if (bytes > this.#owed) {
      this.abort('the body is longer than its length says');
      return false;
    }
    this.#owed -= bytes;
    return true;
  }

  end(trailers?: HeaderInput): void {
    if (this.#owed > 0) this.abort('the body is shorter than its length says');
    else this.finish(trailers);
  }

  abort(reason: string): void {
    if (!this.ending) this.fail('reset', reason, CANCEL);
  }

  /** Whoever asked no longer waits. The rest of the request is taken and dropped, so that its sender is not held up. */
  abandon(): void {
    this.#client.cancel(this, CANCEL, '');
    this.body?.drop();
    this.#drain();
  }

  /** Gives the request up and tells why. */
  fail(kind: UpstreamError['kind'], message: string, code: number): void {
    if (this.gone) return;
    this.#failure = { kind, message };
    this.#client.cancel(this, code, message);
  }

  cancelTunnel(code: number): void {
    this.#client.cancel(this, code, '');
  }

  #drain(): void {
    if (!this.localClosed) this.exchange.body?.resume();
  }

  drained(): void {
    this.source?.resume();
  }

  localEnded(): void {
    if (this.remoteClosed && !this.gone) this.#client.finished(this);
  }

  /** Takes the head of an answer, inside the read. @returns the rule it breaks */
  headRead(head: ResponseHead, ended: boolean): RefusalKind | undefined {
    this.movedMs = this.#client.timers.coarseMs;
    const { status, headers, contentLength } = head;
    const answer = { status, headers, length: contentLength };
    if (status < 200) {
      if (ended || status === 101) return status === 101 ? 'upgrade-unasked' : 'pseudo-header';
      if (++this.#interimCount > INTERIM_MAX) return 'interim-flood';
      if (status !== 100) this.#interims.push(answer);
      return undefined;
    }
    this.answered = true;
    this.#answer = answer;
    this.#answered = headers;
    this.#bodiless = this.exchange.head.method === 'HEAD' || status === 204 || status === 304;
    if (ended) {
      if (contentLength > 0 && !this.#bodiless) return 'data-length';
      this.remoteClosed = true;
      this.#closeIfDone();
    } else this.body = new StreamBody(this, this.#bodiless ? -1 : contentLength);
    return undefined;
  }

  receive(bytes: Buffer, from: number, to: number): void {
    const { body } = this;
    this.movedMs = this.#client.timers.coarseMs;
    this.#client.spoke();
    if (!body) {
      // DATA in front of the head.
      this.bodyRead(to - from);
      this.refuse('pseudo-header');
      return;
    }
    body.receive(bytes, from, to);
    if (this.#bodiless || (body.length >= 0 && body.received > body.length && !this.#isTunnel())) this.refuse('data-length');
  }

  remoteEnded(): void {
    this.trailersRead(undefined);
  }

  trailersRead(trailers: HeaderInput | undefined): void {
    const { body } = this;
    if (!body) {
      this.refuse('pseudo-header');
      return;
    }
    if (body.length >= 0 && body.received !== body.length && !this.#isTunnel()) this.refuse('data-length');
    else {
      body.finish(trailers);
      this.#closeIfDone();
    }
  }

  #isTunnel(): boolean {
    return this.exchange.upgrade !== '' && this.#answer !== undefined && this.#answer.status < 300;
  }

  /** The answer breaks a rule. */
  refuse(kind: RefusalKind): void {
    this.fail('protocol', REFUSALS[kind].text, PROTOCOL_ERROR);
  }

  #closeIfDone(): void {
    if (this.gone) return;
    if (this.localClosed) this.#client.finished(this);
    // Answered whole before the request was sent whole: what is left of it is not wanted (RFC 9113 section 8.1).
    else if (!this.#isTunnel()) this.#client.cancel(this, NO_ERROR, '');
  }

  bodyWanted(): void {}

  settle(): void {
    const { exchange } = this;
    if (this.lostReason !== '') {
      this.#lost();
      return;
    }
    while (this.#interims.length > 0 && exchange.open) {
      const { status, headers } = this.#interims.shift()!;
      exchange.callbacks.onInterim?.(status, headers);
    }
    const answer = this.#answer;
    if (answer && exchange.open) {
      exchange.open = false;
      if (this.#isTunnel()) this.#switch(answer);
      else {
        const { body } = this;
        exchange.callbacks.onHead(answer.status, answer.headers, body && !this.#bodiless ? body : emptyBody(answer.length));
      }
    }
    this.body?.deliver();
    if (this.gone) {
      exchange.release();
      if (this.lostReason === '') this.#drain();
    }
  }

  #switch(answer: Answer): void {
    const { callbacks } = this.exchange;
    if (!this.body || !callbacks.onUpgrade) {
      this.#client.cancel(this, CANCEL, '');
      callbacks.onError({
        kind: 'protocol',
        message: 'the destination ended the tunnel at once',
        bytesSent: true,
        safeToRetry: false,
      });
      return;
    }
    this.#tunnel = true;
    const socket = new StreamSocket(this, this.body, this.#client.info);
    callbacks.onUpgrade(answer.headers, socket as unknown as Socket, Buffer.alloc(0));
  }

  #lost(): void {
    const { exchange } = this;
    this.#drain();
    if (this.#failure) this.#tell(this.#failure.kind, this.#failure.message, false);
    else if (!this.answered && this.#mayRepeat()) {
      exchange.rewind();
      this.#client.retry(exchange);
    } else {
      const unprocessed = this.lostCode === REFUSED_STREAM;
      this.#tell('reset', `${this.lostReason} (${codeName(this.lostCode)})`, unprocessed);
    }
  }

  /** Refused before anything was done with it, or lost with a kept connection that turned out to be dead. */
  #mayRepeat(): boolean {
    const { exchange } = this;
    if (this.lostCode === REFUSED_STREAM) return exchange.repeatable;
    if (!this.#client.stale || exchange.retried || !exchange.open || !exchange.replayable) return false;
    exchange.retried = true;
    return true;
  }

  #tell(kind: UpstreamError['kind'], message: string, unprocessed: boolean): void {
    const { exchange } = this;
    if (exchange.open) exchange.fail(kind, message, unprocessed);
    else {
      exchange.release();
      this.body?.fail(message);
    }
  }

  /** Looks at the deadline of the stream. */
  look(nowMs: number): void {
    const silentMs = nowMs - this.movedMs;
    const { limits } = this.#client;
    if (this.#tunnel || this.body?.paused === true || silentMs < limits.upstreamTimeoutMs) return;
    // What was asked says it for gRPC, whose servers may send no head before their first message.
    const type = this.#answered?.get('content-type') ?? valueOf(this.exchange.head.headers, 'content-type');
    if (silentMs < answerIdleMs(limits, type)) return;
    this.fail('timeout', 'the destination did not answer in time', CANCEL);
  }
}
