import assert from 'node:assert/strict';
import test from 'node:test';
import type { LinkStats, WorkerReport } from '#model/snapshot.ts';
import { LinkLedger } from './links.ts';

function link(change: Partial<LinkStats>): LinkStats {
  return {
    source: 'spiffe://cluster.local/ns/shop/sa/a',
    destination: 'shop/b',
    port: 80,
    protocol: 'http',
    requests: 1,
    denied: 0,
    failed: 0,
    mtls: true,
    tlsProtocol: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    peerSerial: '4a',
    peerNotBeforeMs: 1,
    peerNotAfterMs: 9,
    connections: 1,
    oldestConnectionMs: 1,
    mode: 'STRICT',
    modeAt: '',
    p50Ms: 1,
    p99Ms: 2,
    lastMs: 1,
    ...change,
  };
}

function report(name: string, pid: number, links: readonly LinkStats[]): WorkerReport {
  return { name, pid, rssBytes: 0, snapshotVersion: '', certificates: [], links, metrics: '' };
}

test('workers add up; quantiles do not pretend to', () => {
  const ledger = new LinkLedger();
  ledger.report(
    report('proxy/1', 1, [link({ requests: 30, denied: 1, p50Ms: 1, p99Ms: 4, lastMs: 5 }), link({ destination: 'shop/a' })]),
  );
  ledger.report(report('proxy/2', 2, [link({ requests: 10, failed: 2, p50Ms: 5, p99Ms: 9, lastMs: 3, tlsProtocol: '' })]));
  const rows = ledger.merged();
  assert.deepEqual(
    rows.map((row) => row.destination),
    ['shop/a', 'shop/b'],
  );
  assert.deepEqual(rows[1], link({ requests: 40, denied: 1, failed: 2, connections: 2, p50Ms: 2, p99Ms: 9, lastMs: 5 }));
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
    ledger.report(report('proxy/1', pid, [link({ requests })]));
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
    for (const [i, [mtls, requests]] of workers.entries()) ledger.report(report(`proxy/${i}`, i + 1, [link({ mtls, requests })]));
    assert.equal(ledger.merged()[0]?.mtls, want, JSON.stringify(workers));
  }
});

test('links without end are counted in one', () => {
  const ledger = new LinkLedger();
  ledger.report(
    report(
      'proxy/1',
      1,
      Array.from({ length: 9000 }, (_, i) => link({ source: String(i) })),
    ),
  );
  const rows = ledger.merged();
  assert.equal(rows.length, 8193);
  assert.equal(
    rows.reduce((sum, row) => sum + row.requests, 0),
    9000,
  );
});
