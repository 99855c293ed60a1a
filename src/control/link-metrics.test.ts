import assert from 'node:assert/strict';
import test from 'node:test';
import { LATENCY_BUCKETS, latencyBucket, latencyCounts, latencyQuantileMs } from '#model/latency.ts';
import type { LinkStats } from '#model/snapshot.ts';
import { mergeExposition } from '#telemetry/exposition.ts';
import { SHOP_STATUS } from '../../test/fakes/shop-status.ts';
import { renderLinks } from './link-metrics.ts';

function timed(durations: readonly number[], change: Partial<LinkStats> = {}): LinkStats {
  const counts = new Uint32Array(LATENCY_BUCKETS);
  for (const ms of durations) counts[latencyBucket(ms)]!++;
  const latency = latencyCounts(counts);
  return {
    ...SHOP_STATUS.links[0]!,
    latency,
    latencySumMs: durations.reduce((sum, ms) => sum + ms, 0),
    p50Ms: latencyQuantileMs(latency, 0.5),
    ...change,
  };
}

test('a bucket of the exposition holds exactly what took no longer than its bound', () => {
  const bounds = Array.from({ length: 20 }, (_, i) => 2 ** (i - 13) * 1000);
  const durations = [0, 0.05, 0.2, 1, 3.9, 3.92, 100, 1000, 1000.1, 64_000, 64_001, 1e9, ...bounds];
  const text = renderLinks([timed(durations, { source: 'a"b' })]);
  for (const [, le, count] of text.matchAll(/_bucket\{source="a\\"b",[^}]*le="([^"]+)"\} (\d+)/g)) {
    const bound = le === '+Inf' ? Infinity : Number(le) * 1000;
    assert.equal(Number(count), durations.filter((ms) => ms <= bound).length, `le ${le}`);
  }
  assert.match(text, /_duration_seconds_count\{[^}]*\} 32\n/);
});

test('refusals are told apart, and the text is one that a scrape takes', () => {
  const text = renderLinks([timed([1], { denied: 6, mtlsDenied: 2, policyDenied: 3 })]);
  for (const [reason, count] of [
    ['mtls', 2],
    ['policy', 3],
    ['other', 1],
  ])
    assert.match(text, new RegExp(`^cullis_link_denials_total\\{.*,reason="${reason}"\\} ${count}$`, 'm'));
  const merged = mergeExposition([{ worker: '', text }]);
  assert.equal(merged.split('\n').sort().join('\n'), text.split('\n').sort().join('\n'));
  assert.equal(renderLinks([]), '');
});

test('there are not more series than a scrape bears', () => {
  const many = Array.from({ length: 3000 }, (_, i) => timed([], { destination: `shop/w${i}` }));
  assert.equal(renderLinks(many).match(/^cullis_link_mtls\{/gm)?.length, 1000);
});
