// How bytes pass from one socket to another without a copy: BodySink.pass.
import { Socket } from 'node:net';
import { copyOf } from './direct-read.ts';
import type { BodySink } from './types.ts';

export const PASSED = 0;
/** The receiver wants a pause. */
export const PAUSE = 1;
/** The memory is in use for longer: nothing may be read into it. */
export const KEPT = 2;

/** Gives a view to a receiver, as a copy where it takes no views. @returns as BodySink.pass */
export function passOn(sink: BodySink, view: Buffer): number {
  if (sink.pass) return sink.pass(view);
  return sink.write(copyOf(view)) ? PASSED : PAUSE;
}

/**
 * For receivers that write to a socket: passes a view to `sink.write`, which gives it to the socket as it is.
 * A socket that has nothing else to write hands its bytes to the kernel before `write` returns; what the kernel did not take makes it keep them all. TLS
 * encrypts or copies them before it returns. Streams of other kinds may keep what they say they wrote, and get copies.
 */
export function passToSocket(sink: BodySink, view: Buffer, socket: Socket): number {
  const idle = socket instanceof Socket && !socket.connecting && socket.writableLength === 0;
  const open = sink.write(idle ? view : copyOf(view)) ? PASSED : PAUSE;
  return idle && socket.writableLength > 0 && !('encrypted' in socket) ? open | KEPT : open;
}
