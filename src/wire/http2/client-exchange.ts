// One request to a destination: what is sent, how often it was tried, and who waits for the answer.
import type { BodyReader, HeaderInput } from '../types.ts';
import type { UpstreamCallbacks, UpstreamError, UpstreamHead, UpstreamRequest } from '../upstream-types.ts';

/** Methods that may be sent again when no answer came (RFC 9110 section 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);
/** Times that a request may be refused unprocessed and sent again. */
const TRIES_MAX = 3;

/** The stream that carries an exchange. */
interface Carrier {
  /** Whoever asked no longer waits. */
  abandon(): void;
}

export class ClientExchange implements UpstreamRequest {
  readonly head: UpstreamHead;
  readonly body: BodyReader | undefined;
  readonly callbacks: UpstreamCallbacks;
  /** Protocol to switch to, '' for none. */
  readonly upgrade: string;
  /** Neither answered nor failed nor given up. */
  open = true;
  /** Waits for a stream until then, in the pool's coarse milliseconds. */
  pendingUntilMs = 0;
  /** A dead connection was met once already. */
  retried = false;
  #bytesSent = false;
  #tries = 0;
  #stream: Carrier | undefined;

  constructor(head: UpstreamHead, body: BodyReader | undefined, callbacks: UpstreamCallbacks) {
    this.head = head;
    this.body = body !== undefined && head.bodyKind !== 'none' ? body : undefined;
    this.callbacks = callbacks;
    this.upgrade = head.upgrade ?? '';
  }

  /** The destination says that it did nothing: it may be sent again, as long as its body is still there. */
  get repeatable(): boolean {
    return this.open && this.body === undefined && this.#tries < TRIES_MAX;
  }

  /** May be sent (again) without doing anything twice. */
  get replayable(): boolean {
    return !this.#bytesSent || (this.body === undefined && IDEMPOTENT.has(this.head.method));
  }

  /** It is being sent on a stream. */
  started(stream: Carrier): void {
    this.#stream = stream;
    this.#bytesSent = true;
    this.#tries++;
  }

  /** Back to waiting. */
  rewind(): void {
    this.#stream = undefined;
  }

  abort(_reason: string): void {
    this.open = false;
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.abandon();
  }

  /** The stream ended: giving the request up later concerns nobody. */
  release(): void {
    this.#stream = undefined;
  }

  fail(kind: UpstreamError['kind'], message: string, unprocessed = false): void {
    if (!this.open) return;
    const error = {
      kind,
      message,
      bytesSent: this.#bytesSent && !unprocessed,
      safeToRetry: this.replayable || (unprocessed && this.body === undefined),
    };
    this.open = false;
    this.#stream = undefined;
    this.callbacks.onError(error);
  }
}

/** The authority that a list of headers names, undefined when it has no Host. */
export function authorityOf(headers: HeaderInput): string | undefined {
  if (typeof headers[0] === 'string') {
    const flat = headers as readonly string[];
    for (let i = 0; i + 1 < flat.length; i += 2) if (isHost(flat[i]!)) return flat[i + 1];
    return undefined;
  }
  return (headers as readonly (readonly [string, string])[]).find(([name]) => isHost(name))?.[1];
}

const isHost = (name: string): boolean => name.length === 4 && name.toLowerCase() === 'host';
