// One answer on its way out: head, body framing, and how the connection goes on after it.
import type { Socket } from 'node:net';
import { assert } from '#base/assert.ts';
import { valueOf } from '../header-input.ts';
import { passToSocket } from '../passing.ts';
import { takesTrailers } from '../trailer-fields.ts';
import { isFieldValue } from './chars.ts';
import type { AnswerObserver, AnswerSink, HeaderInput, HeaderList, HttpResponder } from '../types.ts';
import { LAST_CHUNK, answerFields, chunkHead, fieldLines, statusLine } from './write.ts';

/** Bodies up to this are copied behind the head and leave in one write. */
const JOIN_BYTES_MAX = 4096;
/** Text gathered within one tick before it is written early. */
const GATHER_CHARS_MAX = 16_384;

/** What an exchange needs of its connection. */
export interface ExchangeHost {
  readonly socket: Socket;
  readonly dateText: string;
  /** Whether the connection may serve another request after this answer. */
  mayKeepAlive(): boolean;
  /** The socket wants a pause in writing. */
  writeBlocked(): void;
  answered(exchange: Exchange, keepAlive: boolean): void;
  cut(): void;
  takeOver(head: string): { readonly socket: Socket; readonly head: Buffer };
}

const OPEN = 0;
const STREAMING = 1;
const DONE = 2;

function flushLater(exchange: Exchange): void {
  exchange.flush();
}

/** The responder of one request, and the sink of its answer's body. */
export class Exchange implements HttpResponder, AnswerSink {
  observer: AnswerObserver | undefined = undefined;
  source: AnswerSink['source'] = undefined;
  bytesOut = 0;
  readonly #host: ExchangeHost;
  readonly #isHead: boolean;
  readonly #old: boolean;
  readonly #upgrade: string;
  readonly #asked: HeaderList;
  #state = OPEN;
  #gathered = '';
  #flushDue = false;
  #keepAlive = false;
  /** Body bytes still owed; -1 chunked, -2 until the connection closes, -3 no body. */
  #owed = 0;

  /** @param asked headers of the request */
  constructor(host: ExchangeHost, method: string, minorVersion: 0 | 1, upgrade: string, asked: HeaderList) {
    this.#host = host;
    this.#isHead = method === 'HEAD';
    this.#old = minorVersion === 0;
    this.#upgrade = upgrade;
    this.#asked = asked;
  }

  /** Nothing of the answer has been given yet. */
  get untouched(): boolean {
    return this.#state === OPEN;
  }

  get done(): boolean {
    return this.#state === DONE;
  }

  send(status: number, headers: HeaderInput, body: Buffer | string, closeAfter = false): void {
    if (this.#state !== OPEN) return;
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    this.#begin(status, headers, bytes.length, closeAfter);
    if (bytes.length > 0) this.write(bytes);
    this.end();
  }

  head(status: number, headers: HeaderInput, length: number): AnswerSink {
    if (this.#state === OPEN) this.#begin(status, headers, length, false);
    return this;
  }

  interim(status: number, headers: HeaderInput): void {
    if (this.#state !== OPEN || this.#old) return;
    assert(status > 100 && status < 200 && status !== 101, 'an interim answer has a status from 102 to 199');
    this.#gather(`${statusLine(status)}${fieldLines(headers)}\r\n`);
    this.flush();
  }

  upgrade(headers: HeaderInput): { readonly socket: Socket; readonly head: Buffer } {
    assert(this.#state === OPEN && this.#upgrade !== '', 'only a request with `upgrade` can be switched, once');
    this.#state = DONE;
    const head = `${statusLine(101)}${fieldLines(headers)}connection: Upgrade\r\nupgrade: ${this.#upgrade}\r\n\r\n`;
    this.bytesOut += head.length;
    const raw = this.#host.takeOver(head);
    this.#sent();
    return raw;
  }

  #begin(status: number, headers: HeaderInput, length: number, closeAfter: boolean): void {
    assert(status >= 200, 'a final answer has a status of 200 or more');
    let framing = '';
    if (this.#isHead || status === 204 || status === 304) {
      this.#owed = -3;
      if (length >= 0 && status !== 204) framing = `content-length: ${length}\r\n`;
    } else if (length >= 0) {
      this.#owed = length;
      framing = `content-length: ${length}\r\n`;
    } else {
      this.#owed = this.#old ? -2 : -1;
      if (!this.#old) framing = `transfer-encoding: chunked\r\n${this.#announced(headers)}`;
    }
    this.#keepAlive = !closeAfter && this.#owed !== -2 && this.#host.mayKeepAlive();
    if (!this.#keepAlive) framing += 'connection: close\r\n';
    else if (this.#old) framing += 'connection: keep-alive\r\n';
    // Made before anything changes: a header that cannot be written throws, and the answer can still be another one.
    const text = `${statusLine(status)}${answerFields(headers, this.#host)}${framing}\r\n`;
    this.#state = STREAMING;
    this.#gather(text);
  }

  /** The line that announces what will come behind a chunked body, to a client that takes it. */
  #announced(headers: HeaderInput): string {
    if (!takesTrailers(this.#asked)) return '';
    const names = valueOf(headers, 'trailer');
    return names !== undefined && isFieldValue(names) ? `trailer: ${names}\r\n` : '';
  }

  write(chunk: Buffer): boolean {
    if (this.#state !== STREAMING || this.#owed === -3 || chunk.length === 0) return true;
    if (this.#owed === -1) return this.#put(chunkHead(chunk.length), chunk, '\r\n');
    if (this.#owed >= 0) {
      if (chunk.length > this.#owed) {
        // More than was announced would be read as the next answer.
        this.#host.cut();
        return true;
      }
      this.#owed -= chunk.length;
    }
    return this.#put('', chunk, '');
  }

  pass(view: Buffer): number {
    return passToSocket(this, view, this.#host.socket);
  }

  #put(before: string, chunk: Buffer, after: string): boolean {
    if (chunk.length <= JOIN_BYTES_MAX) {
      this.#gather(before + chunk.toString('latin1') + after);
      if (this.#gathered.length > GATHER_CHARS_MAX) this.flush();
      return !this.#host.socket.writableNeedDrain;
    }
    const socket = this.#host.socket;
    socket.cork();
    if (before !== '') this.#gathered += before;
    this.bytesOut += before.length + chunk.length + after.length;
    this.flush();
    let open = socket.write(chunk);
    if (after !== '') open = socket.write(after, 'latin1');
    socket.uncork();
    if (!open) this.#host.writeBlocked();
    return open;
  }

  end(trailers?: HeaderInput): void {
    if (this.#state !== STREAMING) return;
    if (this.#owed > 0) {
      this.#host.cut();
      return;
    }
    if (this.#owed === -1) {
      const late = trailers !== undefined && trailers.length > 0 && takesTrailers(this.#asked);
      this.#gather(late ? `0\r\n${fieldLines(trailers)}\r\n` : LAST_CHUNK);
    }
    this.#state = DONE;
    const host = this.#host;
    this.flush(this.observer !== undefined);
    host.answered(this, this.#keepAlive);
  }

  abort(): void {
    if (this.#state !== DONE) this.#host.cut();
  }

  destroy(): void {
    if (this.#state !== DONE) this.#host.cut();
  }

  /** Called by the connection: the answer can no longer be given. */
  abandon(): void {
    if (this.#state === DONE) return;
    this.#state = DONE;
    this.#gathered = '';
    this.#lost();
  }

  #gather(text: string): void {
    this.bytesOut += text.length;
    this.#gathered = this.#gathered === '' ? text : this.#gathered + text;
    if (this.#flushDue) return;
    this.#flushDue = true;
    process.nextTick(flushLater, this);
  }

  /** Writes what was gathered. @param last the observer is told when the kernel has it */
  flush(last = false): void {
    this.#flushDue = false;
    const text = this.#gathered;
    if (text === '' && !last) return;
    this.#gathered = '';
    const callback = last ? (error?: Error | null) => (error ? this.#lost() : this.#sent()) : undefined;
    if (!this.#host.socket.write(text, 'latin1', callback) && text !== '') this.#host.writeBlocked();
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
