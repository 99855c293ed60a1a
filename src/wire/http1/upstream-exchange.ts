// One request on its way to a destination: what is sent, how far it got, and who waits for the answer.
import { authenticatesConnection } from './connection-auth.ts';
import type { BodyReader } from '../types.ts';
import { type BodyCarrier, BodySender } from './body-sender.ts';
import type { UpstreamCallbacks, UpstreamError, UpstreamHead, UpstreamRequest } from '../upstream-types.ts';
import { requestHead } from './write.ts';

/** Methods that may be sent again when no answer came (RFC 9110 section 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);
/** Methods that say nothing of a body when they have none (RFC 9110 section 8.6). */
const BODILESS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'DELETE']);

/** The connection that carries an exchange. */
export interface ExchangeCarrier extends BodyCarrier {
  /** The caller gave the exchange up: close the connection and tell nobody. */
  drop(): void;
}

export class UpstreamExchange implements UpstreamRequest {
  readonly callbacks: UpstreamCallbacks;
  readonly isHead: boolean;
  readonly upgrade: string;
  readonly client: object | undefined;
  /** Neither answered nor failed nor given up. */
  open = true;
  /** The whole request was handed to the socket. */
  sent = false;
  bytesSent = false;
  /** Waits for a connection until then, in the pool's coarse milliseconds. */
  pendingUntilMs = 0;
  /** How many requests of its client waited before it. */
  turn = 0;
  /** A stale connection was met once already. */
  retried = false;
  /** Its credentials may stay with the connection, which is therefore not kept. */
  readonly bindsConnection: boolean;
  readonly #method: string;
  readonly #head: string;
  readonly #body: BodyReader | undefined;
  readonly #length: number;
  #carrier: ExchangeCarrier | undefined;
  #sender: BodySender | undefined;

  /** @throws AssertionBug when a header or the target has a byte that would break the message */
  constructor(head: UpstreamHead, body: BodyReader | undefined, callbacks: UpstreamCallbacks) {
    const bodied = body !== undefined && head.bodyKind !== 'none';
    const upgrade = head.upgrade ?? '';
    this.callbacks = callbacks;
    this.isHead = head.method === 'HEAD';
    this.upgrade = upgrade;
    this.client = head.client;
    this.#method = head.method;
    this.#body = bodied ? body : undefined;
    this.#length = head.bodyKind === 'length' ? head.length : -1;
    let framing = '';
    if (bodied) framing = head.bodyKind === 'length' ? `content-length: ${head.length}\r\n` : 'transfer-encoding: chunked\r\n';
    else if (head.length === 0 || !BODILESS.has(head.method)) framing = 'content-length: 0\r\n';
    if (head.takesTrailers === true && upgrade === '') framing += 'te: trailers\r\nconnection: TE\r\n';
    if (upgrade !== '') framing += `connection: Upgrade\r\nupgrade: ${upgrade}\r\n`;
    this.bindsConnection = authenticatesConnection(head.headers);
    this.#head = requestHead(head.method, head.target, head.headers, framing);
  }

  /** May be sent (again) without doing anything twice. */
  get replayable(): boolean {
    return !this.bytesSent || (this.#body === undefined && IDEMPOTENT.has(this.#method));
  }

  start(carrier: ExchangeCarrier): void {
    this.#carrier = carrier;
    this.bytesSent = true;
    if (!this.#body) {
      this.sent = true;
      carrier.socket.write(this.#head, 'latin1');
      return;
    }
    const sender = new BodySender(carrier, this.#head, this.#length);
    this.#sender = sender;
    this.#body.pipe(sender);
    sender.startFlowing();
  }

  abort(_reason: string): void {
    const carrier = this.#carrier;
    this.detach();
    carrier?.drop();
  }

  /** The socket takes bytes again. */
  drained(): void {
    if (!this.sent) this.#body?.resume();
  }

  /** The connection is free of this exchange: giving it up later concerns nobody. */
  release(): void {
    this.#carrier = undefined;
    if (this.sent || !this.#sender) return;
    this.#sender.close();
    this.#body?.resume();
  }

  /** Nothing more is sent or told; the rest of the body is taken and dropped, so that its sender is not held up. */
  detach(): void {
    this.open = false;
    this.release();
  }

  fail(kind: UpstreamError['kind'], message: string): void {
    if (!this.open) return;
    const error = { kind, message, bytesSent: this.bytesSent, safeToRetry: this.replayable };
    this.detach();
    this.callbacks.onError(error);
  }

  /** Back to unsent, for the one retry on a fresh connection. */
  rewind(): void {
    this.retried = true;
    this.sent = false;
    this.#carrier = undefined;
  }
}
