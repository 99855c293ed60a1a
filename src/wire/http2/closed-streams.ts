// Streams that ended lately: frames that cross their end on the way are harmless, others are errors (RFC 9113 section 5.1).

const KEPT = 64;

/** How a stream ended: by us, so that the peer may not know yet, or with the peer's knowledge. */
export type ClosedBy = 'us' | 'peer';

export class ClosedStreams {
  #ids: Int32Array | undefined;
  #next = 0;

  add(streamId: number, by: ClosedBy): void {
    this.#ids ??= new Int32Array(KEPT);
    this.#ids[this.#next] = by === 'us' ? streamId : -streamId;
    this.#next = (this.#next + 1) % KEPT;
  }

  /** @returns undefined for a stream that ended long ago, or never was */
  of(streamId: number): ClosedBy | undefined {
    const ids = this.#ids;
    if (!ids) return undefined;
    if (ids.includes(streamId)) return 'us';
    return ids.includes(-streamId) ? 'peer' : undefined;
  }
}
