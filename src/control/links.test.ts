import assert from 'node:assert/strict';
import test from 'node:test';
import { latencyQuantileMs } from '#model/latency.ts';
import type { LinkStats, WorkerReport } from '#model/snapshot.ts';
import { LinkLedger } from './links.ts';
import { linkStats } from '../../test/fakes/links.ts';

function report(name: string, pid: number, links: readonly LinkStats[]): WorkerReport {
  return { name, pid, rssBytes: 0, snapshotVersion: '', certificates: [], links, metrics: '' };
}

test('workers add up, and quantiles are those of all requests together', () => {
  const ledger = new LinkLedger();
  const fast = { first: 10, counts: [25, 5] };
  ledger.report(
    report('proxy/1', 1, [
      linkStats({ requests: 30, denied: 1, mtlsDenied: 1, latency: fast, latencySumMs: 9, p99Ms: 1, lastMs: 5 }),
      linkStats({ destination: 'shop/a' }),
    ]),
  );
  const slow = { first: 11, counts: [5, 0, 5] };
  ledger.report(
    report('proxy/2', 2, [
      linkStats({ requests: 10, failed: 2, policyDenied: 1, latency: slow, latencySumMs: 8, lastMs: 3, tlsProtocol: '' }),
    ]),
  );
  const rows = ledger.merged();
  assert.deepEqual(
    rows.map((row) => row.destination),
    ['shop/a', 'shop/b'],
  );
  const latency = { first: 10, counts: [25, 10, 0, 5] };
  const want = {
    requests: 40,
    denied: 1,
    mtlsDenied: 1,
    policyDenied: 1,
    failed: 2,
    connections: 2,
    latencySumMs: 17,
    lastMs: 5,
  };
  assert.deepEqual(
    rows[1],
    linkStats({
      ...want,
      latency,
      p50Ms: latencyQuantileMs(latency, 0.5),
      p90Ms: latencyQuantileMs(latency, 0.9),
      p99Ms: latencyQuantileMs(latency, 0.99),
    }),
  );
});

test('a later report replaces an earlier one; a successor starts from what was counted', () => {
  const ledger = new LinkLedger();
  for (const [pid, requests] of [
    [1, 5],
    [1, 7],
    [2, 1],
    [2, 3],
    [3, 1],
  ] as const)
    ledger.report(report('proxy/1', pid, [linkStats({ requests })]));
  assert.equal(ledger.merged()[0]?.requests, 7 + 3 + 1);
});

test('a link is mutual TLS only when every worker that carried some of it says so', () => {
  const rows: readonly [readonly [boolean, number][], boolean][] = [
    [
      [
        [true, 3],
        [true, 2],
      ],
      true,
    ],
    [
      [
        [true, 3],
        [false, 2],
      ],
      false,
    ],
    [
      [
        [true, 3],
        [false, 0],
      ],
      true,
    ],
    [
      [
        [false, 0],
        [false, 0],
      ],
      false,
    ],
  ];
  for (const [workers, want] of rows) {
    const ledger = new LinkLedger();
    for (const [i, [mtls, requests]] of workers.entries())
      ledger.report(report(`proxy/${i}`, i + 1, [linkStats({ mtls, requests })]));
    assert.equal(ledger.merged()[0]?.mtls, want, JSON.stringify(workers));
  }
});

test('links without end are counted in one', () => {
  const ledger = new LinkLedger();
  ledger.report(
    report(
      'proxy/1',
      1,
      Array.from({ length: 9000 }, (_, i) => linkStats({ source: String(i) })),
    ),
  );
  const rows = ledger.merged();
  assert.equal(rows.length, 8193);
  assert.equal(
    rows.reduce((sum, row) => sum + row.requests, 0),
    9000,
  );
});
