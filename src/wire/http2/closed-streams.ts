// Streams that ended lately: frames that cross their end on the way are harmless, others are errors (RFC 9113 section 5.1).

/** More than the streams that are open at once. */
const KEPT = 256;

/** How a stream ended: by us, so that the peer may not know yet, or with the peer's knowledge. */
export type ClosedBy = 'us' | 'peer';

export class ClosedStreams {
  /** Numbers of streams that ended by us, and the negative ones of the others. */
  readonly #ids: number[] = [];
  #next = 0;

  add(streamId: number, by: ClosedBy): void {
    this.#ids[this.#next] = by === 'us' ? streamId : -streamId;
    this.#next = (this.#next + 1) % KEPT;
  }

  /** @returns undefined for a stream that ended long ago, or never was */
  of(streamId: number): ClosedBy | undefined {
    if (this.#ids.includes(streamId)) return 'us';
    return this.#ids.includes(-streamId) ? 'peer' : undefined;
  }
}
