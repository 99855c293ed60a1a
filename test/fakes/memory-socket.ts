// A socket without a network: the test hands it chunks exactly as it wants them cut, and reads what was written. Everything is synchronous
// except what Node's streams put off to the next tick.
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

export interface MemorySocket {
  readonly socket: Socket;
  /** All that was written, as latin1. */
  readonly written: string;
  /** Our side was ended. */
  readonly ended: boolean;
  /** It was reset rather than ended. */
  readonly reset: boolean;
  /** Hands bytes to whoever listens, now. Kept back while the reader has paused the socket. */
  feed(bytes: Buffer | string): void;
  /** The peer ends its side. */
  feedEnd(): void;
  /** While true, writes are taken in but not finished: a peer that does not read. */
  stall(stalled: boolean): void;
  /** Finishes the write under way while stalled. */
  takeOne(): void;
}

export function memorySocket(): MemorySocket {
  const chunks: string[] = [];
  let ended = false;
  let reset = false;
  let stalled = false;
  let finish: (() => void) | undefined;
  const duplex = new Duplex({
    allowHalfOpen: true,
    highWaterMark: 16 * 1024,
    decodeStrings: true,
    read() {},
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString('latin1'));
      if (stalled) finish = () => done();
      else done();
    },
    final(done) {
      ended = true;
      done();
    },
  });
  const socket = Object.assign(duplex, {
    remoteAddress: '::ffff:192.0.2.1',
    remoteFamily: 'IPv6',
    remotePort: 4000,
    localAddress: '192.0.2.2',
    localPort: 80,
    setNoDelay() {},
    resetAndDestroy() {
      reset = true;
      duplex.destroy();
    },
  }) as unknown as Socket;
  const takeOne = (): void => {
    const done = finish;
    finish = undefined;
    done?.();
  };
  return {
    socket,
    get written() {
      return chunks.join('');
    },
    get ended() {
      return ended;
    },
    get reset() {
      return reset;
    },
    feed(bytes) {
      const chunk = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
      if (chunk.length === 0 || duplex.destroyed) return;
      if (duplex.isPaused()) duplex.push(chunk);
      else duplex.emit('data', chunk);
    },
    feedEnd() {
      duplex.push(null);
    },
    stall(on) {
      stalled = on;
      if (!on) takeOne();
    },
    takeOne,
  };
}

/** Lets Node's streams do what they put off; a few turns, no time. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
}
