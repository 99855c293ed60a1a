// A request body on its way out to a destination.
import type { Socket } from 'node:net';
import { passToSocket } from '../passing.ts';
import type { BodySink } from '../types.ts';
import { LAST_CHUNK, chunkHead } from './write.ts';

/** Pieces up to this are copied and leave in one write with what is before them. */
const JOIN_BYTES_MAX = 4096;

/** What a sender needs of its connection. */
export interface BodyCarrier {
  readonly socket: Socket;
  /** So many bytes of the body went out: the destination cannot be blamed for silence yet. */
  requestMoved(bytes: number): void;
  /** The request is sent whole. */
  requestSent(): void;
  /** The body broke off or disagrees with its length: the request must not look complete. */
  requestBroken(reason: string): void;
}

export class BodySender implements BodySink {
  readonly #carrier: BodyCarrier;
  /** Bytes still owed of a declared length, -1 when chunked. */
  #owed: number;
  #gathered: string;
  /** While true, small pieces are gathered: the head and what has already arrived leave together. */
  #gathering = true;
  #closed = false;

  /** @param head text that goes before the body @param length declared length, -1 for chunked */
  constructor(carrier: BodyCarrier, head: string, length: number) {
    this.#carrier = carrier;
    this.#gathered = head;
    this.#owed = length;
  }

  write(chunk: Buffer): boolean {
    if (this.#closed || chunk.length === 0) return true;
    const chunked = this.#owed < 0;
    if (!chunked) {
      if (chunk.length > this.#owed) {
        this.abort('the body is longer than its length says');
        return true;
      }
      this.#owed -= chunk.length;
    }
    const before = chunked ? chunkHead(chunk.length) : '';
    const after = chunked ? '\r\n' : '';
    if (chunk.length <= JOIN_BYTES_MAX) {
      this.#gathered += before + chunk.toString('latin1') + after;
      if (!this.#gathering || this.#gathered.length > 4 * JOIN_BYTES_MAX) this.flush();
    } else {
      const socket = this.#carrier.socket;
      socket.cork();
      this.#gathered += before;
      this.flush();
      socket.write(chunk);
      if (chunked) socket.write(after, 'latin1');
      socket.uncork();
    }
    this.#carrier.requestMoved(chunk.length);
    return !this.#carrier.socket.writableNeedDrain;
  }

  pass(view: Buffer): number {
    return passToSocket(this, view, this.#carrier.socket);
  }

  end(): void {
    if (this.#closed) return;
    if (this.#owed > 0) {
      this.abort('the body is shorter than its length says');
      return;
    }
    if (this.#owed < 0) this.#gathered += LAST_CHUNK;
    this.flush();
    this.#closed = true;
    this.#carrier.requestSent();
  }

  abort(reason: string): void {
    if (this.#closed) return;
    this.close();
    this.#carrier.requestBroken(reason);
  }

  /** Writes what is gathered; from now on pieces leave as they come. */
  flush(): void {
    const text = this.#gathered;
    if (text === '') return;
    this.#gathered = '';
    this.#carrier.socket.write(text, 'latin1');
  }

  startFlowing(): void {
    this.#gathering = false;
    this.flush();
  }

  /** Takes and drops whatever still comes. */
  close(): void {
    this.#closed = true;
    this.#gathered = '';
  }
}
