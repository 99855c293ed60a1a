import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { LineSplitter } from '#base/line-splitter.ts';
import { type SnapshotMessage, type SnapshotPorts, SnapshotServer } from '#control/snapshots.ts';
import type { WorkerReport } from '#model/snapshot.ts';
import { createLogger } from '#telemetry/log.ts';
import { fakeClock, fakeRandom } from '../../test/fakes/time.ts';
import { connectControl, type SnapshotAnswer, type WorkerChannel, type WorkerChannelOptions } from './worker-channel.ts';

const TOKEN = 't'.repeat(43);
const ID = 'spiffe://cluster.local/ns/shop/sa/cart';

function snapshot(version: string): SnapshotMessage {
  return { type: 'snapshot', version, plan: { any: 'thing' }, sessionKey: '', expiresAtMs: 0 };
}

interface Bench {
  readonly clock: ReturnType<typeof fakeClock>;
  readonly socketPath: string;
  readonly reports: WorkerReport[];
  serve(change?: Partial<SnapshotPorts>): Promise<SnapshotServer>;
  connect(change?: Partial<WorkerChannelOptions>): WorkerChannel;
}

function bench(t: TestContext): Bench {
  const dir = mkdtempSync(join(tmpdir(), 'cullis-channel-'));
  const socketPath = join(dir, 'control.sock');
  const clock = fakeClock();
  const closing: (() => unknown)[] = [];
  const reports: WorkerReport[] = [];
  t.after(async () => {
    for (const close of closing.toReversed()) await close();
    rmSync(dir, { recursive: true, force: true });
  });
  return {
    clock,
    socketPath,
    reports,
    async serve(change) {
      const server = new SnapshotServer({
        socketPath,
        tokens: new Map([['proxy/1', TOKEN]]),
        clock,
        log: createLogger({ name: 'control', format: 'json', level: 'silent' }),
        onCsr: async (_worker, identity, csrPem) => ({ ok: true, chainPem: `${identity} ${csrPem}` }),
        onReport: (report) => void reports.push(report),
        onLateNack: () => undefined,
        trust: () => ({ trustVersion: 1, bundle: { roots: {} }, revoked: [] }),
        ...change,
      });
      await server.listen();
      closing.push(() => server.close());
      return server;
    },
    connect(change) {
      const channel = connectControl({
        socketPath,
        token: TOKEN,
        name: 'proxy/1',
        random: fakeRandom(),
        onSnapshot: async () => ({ ok: true }),
        onEndpoints: () => ({ ok: true }),
        onLease: () => undefined,
        onReportNow: () => undefined,
        onTrust: async () => ({ ok: true }),
        trustVersion: () => 1,
        onRenew: async () => undefined,
        ...change,
      });
      closing.push(() => channel.close());
      return channel;
    },
  };
}

/** Resolves with what the callback is given. */
function once<T>(): { readonly promise: Promise<T>; readonly done: (value: T) => void } {
  const { promise, resolve } = Promise.withResolvers<T>();
  return { promise, done: resolve };
}

test('snapshots go one way, answers, leases, requests and reports the other', async (t) => {
  const b = bench(t);
  const server = await b.serve();
  const [joined, leased, asked] = [once<boolean>(), once<number>(), once<undefined>()];
  const seen: string[] = [];
  const answers: Record<string, SnapshotAnswer> = { good: { ok: true }, bad: { ok: false, reason: 'cannot compile' } };
  const channel = b.connect({
    onState: joined.done,
    onSnapshot: async ({ version }) => {
      seen.push(version);
      return answers[version]!;
    },
    onLease: leased.done,
    onReportNow: () => asked.done(undefined),
  });
  await joined.promise;
  while (server.workers().length === 0) await new Promise(setImmediate);
  assert.deepEqual(await server.distribute(snapshot('good')), { ok: true });
  assert.deepEqual(await server.distribute(snapshot('bad')), { ok: false, worker: 'proxy/1', reason: 'cannot compile' });
  assert.deepEqual(seen, ['good', 'bad', 'good']);
  b.clock.advance(5000);
  server.renewLeases();
  assert.equal(await leased.promise, b.clock.nowMs() + 600_000);
  server.askReports();
  await asked.promise;
  const report: WorkerReport = {
    name: 'proxy/1',
    pid: 1,
    rssBytes: 1,
    snapshotVersion: 'good',
    certificates: [],
    links: [],
    metrics: '',
  };
  channel.sendReport(report);
  while (b.reports.length === 0) await new Promise(setImmediate);
  assert.deepEqual(b.reports, [{ ...report, pid: process.pid }], 'the pid is the one of the hello');
  assert.equal(await channel.requestSvid(ID, 'csr'), `${ID} csr`);
});

test('a worker that throws on a snapshot answers NACK, without the bug in it', async (t) => {
  const b = bench(t);
  const server = await b.serve();
  b.connect({
    onSnapshot: async () => {
      throw new TypeError('undefined is not secret');
    },
  });
  while (server.workers().length === 0) await new Promise(setImmediate);
  assert.deepEqual(await server.distribute(snapshot('v')), {
    ok: false,
    worker: 'proxy/1',
    reason: 'the worker failed on this snapshot',
  });
});

test('a worker that does not answer in time is a refusal; one that leaves has no vote', async (t) => {
  const b = bench(t);
  const server = await b.serve({ ackTimeoutMs: 20 });
  const { promise, resolve } = Promise.withResolvers<SnapshotAnswer>();
  const channel = b.connect({ onSnapshot: () => promise });
  while (server.workers().length === 0) await new Promise(setImmediate);
  assert.deepEqual(await server.distribute(snapshot('v')), { ok: false, worker: 'proxy/1', reason: 'no answer in time' });
  const leaving = server.distribute(snapshot('w'));
  channel.close();
  resolve({ ok: true });
  assert.deepEqual(await leaving, { ok: true });
  assert.equal(server.current?.version, 'w', 'it gets this one when it returns');
});

test('of snapshots that come while one is compiled only the newest is compiled next', async (t) => {
  const b = bench(t);
  const server = await b.serve();
  const { promise, resolve } = Promise.withResolvers<SnapshotAnswer>();
  const [leased, last] = [once<number>(), once<undefined>()];
  const seen: string[] = [];
  b.connect({
    onLease: leased.done,
    onSnapshot: async ({ version }) => {
      seen.push(version);
      if (version === '3') last.done(undefined);
      return version === '1' ? promise : { ok: true };
    },
  });
  while (server.workers().length === 0) await new Promise(setImmediate);
  for (const version of ['1', '2', '3']) server.resume(snapshot(version));
  server.renewLeases();
  // The socket keeps order: with the lease all three have come.
  await leased.promise;
  resolve({ ok: true });
  await last.promise;
  assert.deepEqual(seen, ['1', '3']);
});

test('certificate requests wait for control, are refused by it, or end with the channel', async (t) => {
  const b = bench(t);
  const channel = b.connect();
  const early = channel.requestSvid(ID, 'early');
  const refusing = await b.serve({
    onCsr: async (_worker, _identity, pem) =>
      pem === 'early' ? { ok: true, chainPem: pem } : { ok: false, reason: 'not yours' },
  });
  assert.equal(await early, 'early', 'asked before control was there');
  await assert.rejects(channel.requestSvid(ID, 'late'), {
    code: 'ca.refused',
    message: `no certificate for \`${ID}\`: not yours`,
  });
  await refusing.close();
  const open = channel.requestSvid(ID, 'never');
  channel.close();
  await assert.rejects(open, { code: 'control.unreachable' });
  await assert.rejects(channel.requestSvid(ID, 'after'), { code: 'control.unreachable' });
});

test('answers for one identity come to their requests in order', async (t) => {
  const b = bench(t);
  let calls = 0;
  await b.serve({
    onCsr: async (_worker, _identity, csrPem) => {
      // The first takes longest.
      for (let i = calls++; i < 3; i++) await new Promise(setImmediate);
      return { ok: true, chainPem: csrPem };
    },
  });
  const channel = b.connect();
  const asked = ['a', 'b', 'c'];
  assert.deepEqual(await Promise.all(asked.map((pem) => channel.requestSvid(ID, pem))), asked);
});

test('the worker connects again after control went away, and gives up on a peer that talks nonsense', async (t) => {
  const b = bench(t);
  const states: boolean[] = [];
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  const nonsense = createServer((socket) => {
    sockets.add(socket);
    const splitter = new LineSplitter(1000);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      lines.push(...(splitter.push(chunk) ?? []));
      socket.write('not json\n');
    });
  });
  await new Promise<void>((resolve) => nonsense.listen(b.socketPath, resolve));
  const versions: string[] = [];
  const channel = b.connect({
    onState: (connected) => states.push(connected),
    onSnapshot: async ({ version }) => {
      versions.push(version);
      return { ok: true };
    },
  });
  while (states.length < 2) await new Promise(setImmediate);
  assert.deepEqual(JSON.parse(lines[0]!), { type: 'hello', token: TOKEN, name: 'proxy/1', pid: process.pid });
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => nonsense.close(resolve));
  const server = await b.serve();
  server.resume(snapshot('1'));
  while (versions.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(channel.connected, true);
  await server.close();
  const again = await b.serve();
  again.resume(snapshot('2'));
  while (versions.length === 1) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(versions, ['1', '2']);
});

test('trust and renewals go through: what the worker answers is what control knows', async (t) => {
  const b = bench(t);
  const trust = { trustVersion: 1, bundle: { roots: {} }, revoked: [] };
  const server = await b.serve({ trust: () => ({ ...trust }) });
  const joined = once<boolean>();
  const renewed: (readonly string[])[] = [];
  const reports = { asked: 0 };
  const taken = { version: 1, refuses: '' };
  b.connect({
    onState: joined.done,
    trustVersion: () => taken.version,
    onTrust: async ({ trustVersion }) => {
      if (taken.refuses !== '') return { ok: false, reason: taken.refuses };
      taken.version = trustVersion;
      return { ok: true };
    },
    onRenew: async (identities) => void renewed.push(identities),
    onReportNow: () => void reports.asked++,
  });
  await joined.promise;
  while (server.workers().length === 0) await new Promise(setImmediate);
  trust.trustVersion = 2;
  taken.refuses = 'no certificate under the new root';
  server.sendTrust();
  assert.deepEqual(await server.trusted(60), ['proxy/1']);
  assert.equal(server.workers()[0]?.trustFault, 'no certificate under the new root');
  taken.refuses = '';
  server.sendTrust();
  assert.deepEqual(await server.trusted(5000), []);
  assert.deepEqual([server.workers()[0]?.trustVersion, server.workers()[0]?.trustFault], [2, '']);
  server.sendRenew('proxy/1', [ID]);
  server.sendRenew('proxy/9', [ID]);
  while (reports.asked === 0) await new Promise(setImmediate);
  assert.deepEqual(renewed, [[ID]]);
});
