// Reads connections into one piece of memory that all of them share. Node's own way costs an ArrayBuffer and a stream's bookkeeping for every read, and
// for TLS next to plain connections 64 KiB each time (its slab is thrown away by every plain read in between), which then drives full collections.
//
// Node offers this as the option `onread` of sockets that it makes for a caller (net.connect), not of those that a server accepts or TLS wraps, so it is
// set here as that option sets it. Where it cannot be (a socket without a handle, another Node), the `data` event does the same job.
import { Socket } from 'node:net';

const SHARED_BYTES = 64 * 1024;
const shared = Buffer.allocUnsafeSlow(SHARED_BYTES);

type OnRead = (length: number, memory: Buffer) => boolean;

interface Inner {
  readonly _handle?: { useUserBuffer?(memory: Buffer): void } | null;
  [key: symbol]: unknown;
}

/** Node's keys for the option, read off a socket that was made with it. */
const [BUFFER, CALLBACK] = ((): (symbol | undefined)[] => {
  const probe = new Socket({ onread: { buffer: shared, callback: () => true } });
  const keys = Object.getOwnPropertySymbols(probe);
  return ['kBuffer', 'kBufferCb'].map((name) => keys.find(({ description }) => description === name));
})();

/** A copy in memory of its own size: one in Node's pool would keep all 64 KiB of that alive for as long as it is held. */
export function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

/**
 * Hands over what arrives at `socket`, from now on; one that is paused is resumed.
 * @param onBytes gets a view that is only valid until it returns, or calls anything that may read or write another socket: what is needed
 *   after that must be copied before
 * @returns stops it; what arrives later is read from the socket as a stream again
 */
export function readDirectly(socket: Socket, onBytes: (bytes: Buffer) => void): () => void {
  const inner = socket as unknown as Inner;
  if (BUFFER === undefined || CALLBACK === undefined || socket.connecting || !inner._handle?.useUserBuffer) {
    socket.on('data', onBytes);
    socket.resume();
    return () => socket.off('data', onBytes);
  }
  const direct: OnRead = (length) => {
    onBytes(length === SHARED_BYTES ? shared : shared.subarray(0, length));
    return true;
  };
  // What the stream holds already: bytes that were looked at and put back. Taken now, or the stream would give them to nobody, and given before the
  // stream can tell its end.
  let held: Buffer | null = null;
  if (socket.readableLength > 0) {
    process.nextTick(() => {
      const bytes = held;
      held = null;
      if (bytes && !socket.destroyed) onBytes(bytes);
    });
    held = socket.read() as Buffer | null;
  }
  inner[BUFFER] = shared;
  inner[CALLBACK] = direct;
  inner._handle.useUserBuffer(shared);
  socket.resume();
  return () => {
    const asStream: OnRead = (length) => socket.push(copyOf(shared.subarray(0, length)));
    inner[CALLBACK] = asStream;
    if (held) socket.unshift(held);
    held = null;
  };
}
