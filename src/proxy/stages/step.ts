import type { Exchange } from '../exchange.ts';

/** `next` goes on with the following stage, `done` means that the answer is somebody's business already. */
export type Step = 'next' | 'done';

/** One station of a request. Synchronous where nothing is waited for: a promise costs a turn of the event loop on every request. */
export type Stage = (x: Exchange) => Step | Promise<Step>;
