// From a journal on disk to a collector on loopback.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Event } from '#model/event.ts';
import { OTLP_DEFAULTS, type OtlpSpec } from '#model/telemetry.ts';
import { fakeCollector } from '../../../test/fakes/otlp.ts';
import { openJournal } from '../journal.ts';
import { createLogger } from '../log.ts';
import { systemClock, systemRandom } from '../machine.ts';
import { Metrics } from '../metrics.ts';
import { uuidv7 } from '../ids.ts';
import { startExporter } from './exporter.ts';

async function stand(t: TestContext, otlp: Partial<OtlpSpec>, logged: readonly string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), 'cullis-otlp-'));
  const metrics = new Metrics();
  const collector = await fakeCollector();
  const common = { clock: systemClock, random: systemRandom, metrics };
  const journal = await openJournal(join(folder, 'journal', 'proxy-1'), { ...common, node: 'proxy/1' });
  const said: string[] = [];
  const exporter = startExporter({
    ...common,
    otlp: { ...OTLP_DEFAULTS, endpoint: collector.url, ...otlp },
    env: {},
    path: (file) => join(folder, file),
    journalDir: join(folder, 'journal'),
    accessLog: (workload, role) => logged.includes(`${workload} ${role}`),
    noAccessLogs: logged.length === 0,
    exposition: () => metrics.render(),
    log: createLogger({ name: 'test', format: 'json', write: (line) => said.push(line) }),
    version: '1',
    flushEveryMs: 20,
  });
  t.after(async () => {
    await exporter.close(500);
    await journal.close();
    await collector.close();
    rmSync(folder, { recursive: true });
  });
  const nextId = uuidv7(systemClock, systemRandom);
  const write = (change: object): Promise<void> => journal.emitDurably({ ...base(nextId()), ...change } as unknown as Event);
  return { folder, collector, exporter, metrics, said, write };
}

function base(id: string) {
  return {
    type: 'exchange',
    id,
    timeMs: Date.now() + 1,
    node: 'proxy/1',
    role: 'sidecar-in',
    protocol: 'http',
    workload: 'shop/cart',
    source: '',
    sourceIp: '127.0.0.1',
    destination: 'shop/cart',
    destinationPort: 80,
    method: 'GET',
    host: 'cart',
    path: '/a',
    status: 200,
    allowed: true,
    mtls: true,
    tlsProtocol: 'TLSv1.3',
    requestId: 'r',
    traceId: '71bd1462b5e9a552cc03a4a43beb9e99',
    sessionId: '',
    durationMs: 1,
    bytesIn: 0,
    bytesOut: 0,
    upstreamMs: 1,
  };
}
const span = { id: 'cf56e132a7829c10', parentId: '', sampled: true, http: '1.1', scheme: 'http' };

test('what is recorded is sent, what is not is passed over, and what is broken breaks nothing', async (t) => {
  const { collector, exporter, metrics, write } = await stand(t, {});
  await write({ path: '/quiet' });
  await write({ path: '/broken', span, host: 9 });
  await write({ type: 'audit', operator: 'x', node: 5 });
  await write({ path: '/seen', span });
  await write({ path: '/denied', allowed: false, status: 403, code: 'rbac.denied' });
  await write({ type: 'gap', lost: 3, detail: 'a crash' });
  await collector.until(() => collector.spans.length > 0 && collector.logs.length >= 2);
  await exporter.close(1000);
  assert.deepEqual(
    collector.spans.map(({ attributes }) => attributes['url.path']),
    ['/seen'],
  );
  assert.deepEqual(collector.logs.map(({ body }) => body).sort(), ['GET /denied denied 403', 'gap: a crash']);
  assert.match(metrics.render(), /cullis_otlp_dropped_total\{signal="events",reason="malformed"\} 1/);
  assert.match(metrics.render(), /cullis_otlp_sent_total\{signal="traces"\} 1/);
});

test('access logs come from those who are to have them, and only the signals that are wanted are sent', async (t) => {
  const { collector, exporter, write } = await stand(t, { signals: ['logs'] }, ['shop/cart sidecar-in']);
  await write({ path: '/one', span });
  await write({ path: '/other', role: 'sidecar-out', span });
  await collector.until(() => collector.logs.length > 0);
  await exporter.close(1000);
  assert.deepEqual(
    collector.logs.map(({ body }) => body),
    ['GET /one answered 200'],
  );
  assert.deepEqual([...new Set(collector.requests.map(({ path }) => path))], ['/v1/logs']);
});

test('a secret is read from its file at each sending, never said, and awaited while it is missing', async (t) => {
  const { folder, collector, exporter, said, write } = await stand(t, {
    headers: { authorization: { file: 'token' } },
    signals: ['traces'],
  });
  writeFileSync(join(folder, 'token'), 's3cr3t\n');
  collector.answers.push({ status: 401 });
  await write({ path: '/first', span });
  await collector.until(() => collector.requests.length === 1);
  writeFileSync(join(folder, 'token'), 'next');
  await write({ path: '/second', span });
  await collector.until(() => collector.spans.length === 1);
  await exporter.close(1000);
  assert.deepEqual(
    collector.requests.map(({ headers }) => headers.authorization),
    ['s3cr3t', 'next'],
  );
  assert.match(said.join(), /the collector does not take what is sent/);
  assert.doesNotMatch(said.join(), /s3cr3t|next/);
});
