// A bound on connections and waiting requests that several pools share.

/** A pool, as the gate sees it. */
export interface GatedPool {
  /** Requests that wait for a connection. */
  readonly waiting: number;
  /** A connection of another pool ended, so there is room for one. */
  roomFreed(): void;
}

export interface ConnectionGate {
  join(pool: GatedPool): void;
  leave(pool: GatedPool): void;
  /** Another request may wait for a connection. */
  readonly mayWait: boolean;
  /** Takes the place of a connection; false: the pool is called when there is room. @param held connections that the pool has or opens */
  mayConnect(pool: GatedPool, held: number): boolean;
  /** Gives a place back. */
  connectionGone(): void;
}
