// Reads connections into one piece of memory that all of them share. Node's own way costs an ArrayBuffer and a stream's bookkeeping for every read, and
// for TLS next to plain connections 64 KiB each time (its slab is thrown away by every plain read in between), which then drives full collections.
//
// Node offers this as the option `onread` of sockets that it makes for a caller (net.connect), not of those that a server accepts or TLS wraps, so it is
// set here as that option sets it. Where it cannot be (a socket without a handle, another Node), the `data` event does the same job.
//
// A connection that carries a long body may have larger memory of its own meanwhile (`lease`): such bytes need no copy as long as the socket that they
// are written to takes them at once, which nearly every write does, and four times as many come with one system call.
import { Socket } from 'node:net';

const SHARED_BYTES = 64 * 1024;
const shared = Buffer.allocUnsafeSlow(SHARED_BYTES);
/** Of a connection's own memory. Beyond it nothing is gained. */
const LEASED_BYTES = 256 * 1024;
/** What was given back last is in the processor's cache still. */
const SPARE_MAX = 16;
const spare: (typeof shared)[] = [];

/** A copy of fewer bytes costs the collector little. */
const LENT_BYTES_MIN = 12 * 1024;
const lent: (typeof shared)[] = [];

type OnRead = (length: number, memory: Buffer) => boolean;

interface Inner {
  readonly _handle?: { useUserBuffer?(memory: Buffer): void } | null;
  [key: symbol]: unknown;
}

/** Node's keys for the option, read off a socket that was made with it. */
const [BUFFER, CALLBACK, NEXT] = ((): (symbol | undefined)[] => {
  const probe = new Socket({ onread: { buffer: () => shared, callback: () => true } });
  const keys = Object.getOwnPropertySymbols(probe);
  return ['kBuffer', 'kBufferCb', 'kBufferGen'].map((name) => keys.find(({ description }) => description === name));
})();

/** A copy in memory of its own size: one in Node's pool would keep all 64 KiB of that alive for as long as it is held. */
export function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

/**
 * A copy of what is in shared memory, in memory that is used again: large copies that are thrown away one after another bring full collections.
 * @returns memory that begins with the bytes, for `giveBack` when nothing refers to it any more, else for the collector; undefined for few bytes
 */
export function lentCopy(bytes: Buffer): Buffer | undefined {
  if (bytes.length < LENT_BYTES_MIN || bytes.length > SHARED_BYTES) return undefined;
  const memory = lentMemory();
  bytes.copy(memory);
  return memory;
}

/** 64 KiB that were in use before, for `giveBack`. */
export function lentMemory(): Buffer {
  return lent.pop() ?? Buffer.allocUnsafeSlow(SHARED_BYTES);
}

/** @param memory from `lentCopy` or `lentMemory`, given back once, when nothing refers to it any more */
export function giveBack(memory: Buffer): void {
  if (lent.length < SPARE_MAX) lent.push(memory as typeof shared);
}

/**
 * Hands over what arrives at `socket`, from now on; one that is paused is resumed.
 * @param onBytes gets a view that is only valid until it returns, or calls anything that may read or write another socket: what is needed
 *   after that must be copied before
 * @returns stops it; what arrives later is read from the socket as a stream again
 */
export function readDirectly(socket: Socket, onBytes: (bytes: Buffer) => void): () => void {
  const reader = new DirectReader(socket, onBytes);
  return () => reader.stop();
}

/** As `readDirectly`, for a connection that may carry long bodies. */
export class DirectReader {
  readonly #socket: Socket;
  readonly #onBytes: (bytes: Buffer) => void;
  readonly #direct: boolean;
  /** What the stream held already: bytes that were looked at and put back. */
  #held: Buffer | null = null;
  /** What the next read goes into. */
  #memory = shared;
  #leased = false;
  #kept = false;
  #own = false;

  constructor(socket: Socket, onBytes: (bytes: Buffer) => void) {
    this.#socket = socket;
    this.#onBytes = onBytes;
    const inner = socket as unknown as Inner;
    this.#direct =
      BUFFER !== undefined && CALLBACK !== undefined && !socket.connecting && inner._handle?.useUserBuffer !== undefined;
    if (!this.#direct) {
      socket.on('data', onBytes);
      socket.resume();
      return;
    }
    // Taken now, or the stream would give them to nobody, and given before the stream can tell its end.
    if (socket.readableLength > 0) {
      process.nextTick(() => {
        const bytes = this.#held;
        this.#held = null;
        if (bytes && !socket.destroyed) onBytes(bytes);
      });
      this.#held = socket.read() as Buffer | null;
    }
    const direct: OnRead = (length, memory) => {
      this.#own = memory !== shared;
      onBytes(length === memory.length ? memory : memory.subarray(0, length));
      this.#own = false;
      return true;
    };
    inner[BUFFER!] = shared;
    inner[CALLBACK!] = direct;
    if (NEXT !== undefined) inner[NEXT] = () => this.#next();
    inner._handle!.useUserBuffer!(shared);
    socket.resume();
  }

  /** The bytes being given lie in memory of this connection alone: nothing is read into it before they are done with, or ever if they are kept. */
  get own(): boolean {
    return this.#own;
  }

  /**
   * From the next read on: memory of its own, or the shared one.
   * @param inPieces of one read a part is given on before the rest is looked at. TLS ends get no memory for that: an empty write to one makes it read.
   */
  lease(on: boolean, inPieces: boolean): void {
    this.#leased = on && NEXT !== undefined && !(inPieces && 'encrypted' in this.#socket);
  }

  /** The bytes being given are in use for longer. What comes next is read into shared memory, so that a slow receiver holds no more than these. */
  keep(): void {
    this.#kept = true;
  }

  /** What arrives later is read from the socket as a stream again. */
  stop(): void {
    const socket = this.#socket;
    if (!this.#direct) {
      socket.off('data', this.#onBytes);
      return;
    }
    this.#leased = false;
    const asStream: OnRead = (length, memory) => socket.push(copyOf(memory.subarray(0, length)));
    (socket as unknown as Inner)[CALLBACK!] = asStream;
    if (this.#held) socket.unshift(this.#held);
    this.#held = null;
  }

  /** Called by Node behind each read. @returns memory for the next one, undefined when it stays */
  #next(): Buffer | undefined {
    const before = this.#memory;
    const kept = this.#kept;
    this.#kept = false;
    const lease = this.#leased && !kept;
    if (lease === (before !== shared)) return undefined;
    if (before !== shared && !kept && spare.length < SPARE_MAX) spare.push(before);
    this.#memory = lease ? (spare.pop() ?? Buffer.allocUnsafeSlow(LEASED_BYTES)) : shared;
    return this.#memory;
  }
}
