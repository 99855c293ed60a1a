// One unary gRPC call over a pool of HTTP/2 connections: a message out, a message and a status back, within a time (grpc/grpc, doc/PROTOCOL-HTTP2.md).
import { messageOf } from '#base/errors.ts';
import { fieldsOf } from '../header-input.ts';
import type { Timer, TimerWheel } from '../timers.ts';
import type { BodyReader, BodySink, HeaderInput, HeaderList } from '../types.ts';
import type { UpstreamCallbacks, UpstreamError, UpstreamPool, UpstreamRequest } from '../upstream-types.ts';

const PREFIX_BYTES = 5;

export interface UnaryCall {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly authority: string;
  readonly message: Buffer;
  readonly timeoutMs: number;
  /** Bytes of the longest answer that is read. */
  readonly answerBytesMax: number;
}

export type UnaryAnswer =
  | { readonly ok: true; readonly message: Buffer }
  /** `status` is gRPC's, -1 when none came. */
  | { readonly ok: false; readonly status: number; readonly why: string };

/**
 * Calls. Never rejects: what is not one whole message with status 0 in time is not ok.
 * @example const answer = await callUnary(pool, timers, { path: '/a.B/C', authority: 'b', message, timeoutMs: 500, answerBytesMax: 65_536 });
 */
export function callUnary(pool: UpstreamPool, timers: TimerWheel, call: UnaryCall): Promise<UnaryAnswer> {
  return new Promise((resolve) => {
    const calling = new Calling(call, resolve);
    const timer = timers.timer(() => calling.giveUp(`no answer came within ${call.timeoutMs} ms`));
    timer.arm(call.timeoutMs);
    calling.timer = timer;
    const body = new WholeBody(call.message);
    const headers = ['host', call.authority, 'content-type', 'application/grpc', 'te', 'trailers'];
    // The unit that always fits eight digits.
    headers.push('grpc-timeout', `${Math.min(99_999_999, Math.ceil(call.timeoutMs))}m`);
    const head = { method: 'POST', target: call.path, headers, bodyKind: body.kind, length: body.length };
    try {
      calling.upstream = pool.request(head, body, calling);
    } catch (error) {
      calling.giveUp(messageOf(error));
    }
  });
}

/** One message as a request body. */
class WholeBody implements BodyReader {
  readonly kind = 'chunked' as const;
  readonly length = -1;
  readonly #bytes: Buffer;

  constructor(message: Buffer) {
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.writeUInt32BE(message.length, 1);
    this.#bytes = Buffer.concat([prefix, message]);
  }

  pipe(sink: BodySink): void {
    sink.write(this.#bytes);
    sink.end();
  }

  discard(): void {}
  pause(): void {}
  resume(): void {}
}

class Calling implements UpstreamCallbacks, BodySink {
  upstream: UpstreamRequest | undefined;
  timer: Timer | undefined;
  readonly #bytesMax: number;
  readonly #done: (answer: UnaryAnswer) => void;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #status = '';
  #message = '';
  #settled = false;

  constructor(call: UnaryCall, done: (answer: UnaryAnswer) => void) {
    this.#bytesMax = call.answerBytesMax + PREFIX_BYTES;
    this.#done = done;
  }

  giveUp(why: string): void {
    if (this.#settled) return;
    this.#settle({ ok: false, status: -1, why });
    this.upstream?.abort(why);
  }

  onHead(status: number, headers: HeaderList, body: BodyReader): void {
    if (status !== 200) {
      body.discard();
      this.giveUp(`it answered with HTTP status ${status}`);
      return;
    }
    this.#status = headers.get('grpc-status') ?? '';
    this.#message = headers.get('grpc-message') ?? '';
    body.pipe(this);
  }

  write(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#bytesMax) this.giveUp('its answer is too large');
    else this.#chunks.push(chunk);
    return true;
  }

  end(trailers: HeaderInput = []): void {
    for (const [name, value] of fieldsOf(trailers)) {
      if (name === 'grpc-status') this.#status = value;
      if (name === 'grpc-message') this.#message = value;
    }
    this.#settle(this.#answer());
  }

  #answer(): UnaryAnswer {
    const status = /^\d{1,3}$/.test(this.#status) ? Number(this.#status) : -1;
    if (status !== 0) {
      const why = status === -1 ? 'its answer has no gRPC status' : `it answered with gRPC status ${status}`;
      return { ok: false, status, why: this.#message === '' ? why : `${why}: ${this.#message.slice(0, 200)}` };
    }
    const bytes = Buffer.concat(this.#chunks);
    // Compression was not offered, so a compressed message is as wrong as a missing or a second one.
    if (bytes.length < PREFIX_BYTES || bytes[0] !== 0 || bytes.readUInt32BE(1) !== bytes.length - PREFIX_BYTES)
      return { ok: false, status, why: 'its answer is not one message' };
    return { ok: true, message: bytes.subarray(PREFIX_BYTES) };
  }

  abort(why: string): void {
    this.#settle({ ok: false, status: -1, why });
  }

  onError(error: UpstreamError): void {
    this.#settle({ ok: false, status: -1, why: error.message });
  }

  #settle(answer: UnaryAnswer): void {
    if (this.#settled) return;
    this.#settled = true;
    this.timer?.clear();
    this.#done(answer);
  }
}
