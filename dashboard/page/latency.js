// Durations in buckets that grow by 2^(1/4), as the API's links have them (`first`, `counts`): they add up, so quantiles of sums are right. Pure.

const PER_DOUBLING = 4;
/** The upper bound of bucket i is 2^((i - 56) / 4) seconds. */
const FIRST_BOUND = 56;

/** Counts of both together. */
export function joinLatency(a, b) {
  if (a.counts.length === 0) return b;
  if (b.counts.length === 0) return a;
  const first = Math.min(a.first, b.first);
  const end = Math.max(a.first + a.counts.length, b.first + b.counts.length);
  const of = ({ first: from, counts }, i) => counts[first + i - from] ?? 0;
  return { first, counts: Array.from({ length: end - first }, (_, i) => of(a, i) + of(b, i)) };
}

/** A quantile in ms, at most a bucket off; 0 when nothing was counted. */
export function quantileMs({ first, counts }, q) {
  const total = counts.reduce((sum, n) => sum + n, 0);
  let left = Math.max(1, Math.ceil(total * q));
  for (const [i, n] of counts.entries()) {
    if (n >= left) return 1000 * 2 ** ((first + i - 1 + left / n - FIRST_BOUND) / PER_DOUBLING);
    left -= n;
  }
  return 0;
}
