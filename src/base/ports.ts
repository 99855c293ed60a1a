/** Time as an argument. Engines never read the machine's clock. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z, may step. */
  nowMs(): number;
  /** Milliseconds from an arbitrary start, never steps back. */
  monotonicMs(): number;
}

/** Randomness as an argument. */
export interface Random {
  /** `size` bytes fit for keys. */
  bytes(size: number): Uint8Array;
  /** Uniform in [0, 1), for jitter and sampling only, never for keys. */
  unit(): number;
}
