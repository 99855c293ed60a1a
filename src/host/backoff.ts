export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
  /** A run at least this long wipes the record of failures. */
  readonly stableMs: number;
}

export const DEFAULT_BACKOFF: Backoff = { firstMs: 250, maxMs: 15_000, stableMs: 30_000 };

/**
 * How long to wait before the next start: doubles per failure in a row up to `maxMs`, then spread over its upper half,
 * so that programs that failed together do not start together.
 * @param failures failures in a row before this wait, from 1 @param unit uniform in [0, 1)
 */
export function backoffMs(failures: number, unit: number, { firstMs, maxMs }: Backoff = DEFAULT_BACKOFF): number {
  const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(ceiling * (0.5 + unit / 2));
}
