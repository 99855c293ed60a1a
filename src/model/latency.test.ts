import assert from 'node:assert/strict';
import test from 'node:test';
import {
  LATENCY_BUCKETS,
  NO_LATENCY,
  joinLatency,
  latencyBoundMs,
  latencyBucket,
  latencyCounts,
  latencyQuantileMs,
} from './latency.ts';

function counted(durations: readonly number[]): ReturnType<typeof latencyCounts> {
  const counts = new Uint32Array(LATENCY_BUCKETS);
  for (const ms of durations) counts[latencyBucket(ms)]!++;
  return latencyCounts(counts);
}

test('a duration lies above the bound of the bucket before its own, and not above its own', () => {
  for (const ms of [0.07, 0.1, 0.999, 1, 1.5, 10, 123.4, 1000, 60_000]) {
    const bucket = latencyBucket(ms);
    assert.ok(ms <= latencyBoundMs(bucket) * (1 + 1e-12) && ms > latencyBoundMs(bucket - 1), `${ms} in ${bucket}`);
  }
  for (const [ms, bucket] of [
    [0, 0],
    [-1, 0],
    [Number.NaN, 0],
    [1e-9, 0],
    [1e12, LATENCY_BUCKETS - 1],
    [Infinity, LATENCY_BUCKETS - 1],
  ] as const)
    assert.equal(latencyBucket(ms), bucket, String(ms));
});

test('quantiles of joined parts are those of the whole, at most a bucket off', () => {
  const durations = Array.from({ length: 1000 }, (_, i) => 0.2 + (i * i) / 5000);
  const whole = counted(durations);
  const joined = joinLatency(counted(durations.filter((_, i) => i % 3 === 0)), counted(durations.filter((_, i) => i % 3 !== 0)));
  assert.deepEqual(joined, whole);
  for (const q of [0.5, 0.9, 0.99, 1]) {
    const real = durations[Math.ceil(1000 * q) - 1]!;
    assert.ok(Math.abs(Math.log2(latencyQuantileMs(whole, q) / real)) <= 0.25, `${q}`);
  }
  assert.equal(latencyQuantileMs(NO_LATENCY, 0.5), 0);
});

test('what was counted before is taken away, and never below nothing', () => {
  const before = counted([1, 1, 50]);
  assert.deepEqual(joinLatency(counted([1, 1, 1, 50, 700]), before, -1), counted([1, 700]));
  assert.deepEqual(joinLatency(before, counted([1, 1, 1, 1, 50, 50]), -1), NO_LATENCY);
});
