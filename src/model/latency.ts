// Durations counted in buckets that grow by a fixed factor, so that counts of several workers add up and quantiles of the sum are right to
// within a bucket: OpenTelemetry's exponential histogram at scale 2 (opentelemetry-proto metrics.proto, ExponentialHistogramDataPoint).

/** Buckets a doubling. */
const PER_DOUBLING = 4;
export const LATENCY_SCALE = 2;
/** Index of the first bucket in terms of the scale: up to 2^(-14) s, about 61 µs. The last one takes everything over about 107 s. */
export const LATENCY_OFFSET = -14 * PER_DOUBLING - 1;
export const LATENCY_BUCKETS = 21 * PER_DOUBLING;

/** Bucket of a duration, from 0. @param ms zero or more */
export function latencyBucket(ms: number): number {
  if (!(ms > 0)) return 0;
  const index = Math.ceil(Math.log2(ms / 1000) * PER_DOUBLING) - 1 - LATENCY_OFFSET;
  return index < 0 ? 0 : index >= LATENCY_BUCKETS ? LATENCY_BUCKETS - 1 : index;
}

/** Upper bound of a bucket, ms. */
export function latencyBoundMs(bucket: number): number {
  return 1000 * 2 ** ((bucket + LATENCY_OFFSET + 1) / PER_DOUBLING);
}

/** Counts by bucket, empty ones at both ends left out. */
export interface LatencyCounts {
  /** Bucket of the first count. */
  readonly first: number;
  readonly counts: readonly number[];
}

export const NO_LATENCY: LatencyCounts = Object.freeze({ first: 0, counts: Object.freeze([]) as readonly number[] });

/** @param counts one for each bucket */
export function latencyCounts(counts: ArrayLike<number>): LatencyCounts {
  let [first, end] = [0, counts.length];
  while (first < end && counts[first] === 0) first++;
  while (end > first && counts[end - 1] === 0) end--;
  return first === end ? NO_LATENCY : { first, counts: Array.from({ length: end - first }, (_, i) => counts[first + i]!) };
}

/** @param sign -1 takes `b` away: what was counted between two looks; a count never falls below 0 */
export function joinLatency(a: LatencyCounts, b: LatencyCounts, sign: 1 | -1 = 1): LatencyCounts {
  const all = Array.from({ length: LATENCY_BUCKETS }, () => 0);
  for (const [i, n] of a.counts.entries()) if (a.first + i < LATENCY_BUCKETS) all[a.first + i]! += n;
  for (const [i, n] of b.counts.entries()) if (b.first + i < LATENCY_BUCKETS) all[b.first + i]! += sign * n;
  return latencyCounts(sign === 1 ? all : all.map((n) => Math.max(0, n)));
}

/**
 * A quantile, ms, at most a factor of 2^(1/4) off: within its bucket values are taken as spread evenly on the logarithmic scale.
 * @param q from 0 to 1 @returns 0 when nothing was counted
 */
export function latencyQuantileMs({ first, counts }: LatencyCounts, q: number): number {
  const total = counts.reduce((sum, n) => sum + n, 0);
  if (total === 0) return 0;
  let left = Math.max(1, Math.ceil(total * q));
  for (const [i, n] of counts.entries()) {
    if (n < left) {
      left -= n;
      continue;
    }
    return latencyBoundMs(first + i - 1 + left / n);
  }
  return latencyBoundMs(first + counts.length - 1);
}
