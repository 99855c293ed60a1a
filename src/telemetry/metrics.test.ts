import assert from 'node:assert/strict';
import test from 'node:test';
import { fakeClock } from '../../test/fakes/time.ts';
import { METRICS, type MetricSpec } from './catalogue.ts';
import { mergeExposition, Metrics, OVERFLOW } from './metrics.ts';
import { measureProcess } from './process-metrics.ts';

test('the catalogue keeps to the naming rules of Prometheus', () => {
  for (const [name, spec] of Object.entries(METRICS) as [string, MetricSpec][]) {
    assert.match(name, /^cullis_[a-z_]+$/, name);
    assert.equal(name.endsWith('_total'), spec.type === 'counter', `${name}: _total is for counters, and all counters have it`);
    assert.equal(spec.buckets !== undefined, spec.type === 'histogram', name);
    for (const label of spec.labels) assert.match(label, /^[a-z][a-z_]*$/);
    const buckets = spec.buckets ?? [];
    assert.deepEqual(
      [...buckets].sort((a, b) => a - b),
      buckets,
      `${name}: buckets rise`,
    );
    assert.match(spec.help, /^[A-Z1].*\.$/, `${name}: help is a sentence`);
  }
});

test('renders counters, gauges and histograms as Prometheus text', () => {
  const metrics = new Metrics();
  metrics.counter('cullis_denials_total', 'sidecar-in', 'shop/cart', 'rbac.denied', 'shop/"a\\b"\nc').inc(2);
  metrics.counter('cullis_connections_total', 'gateway').inc();
  metrics.counter('cullis_connections_total', 'gateway').inc(-5);
  metrics.gauge('cullis_connections_open', 'gateway').add(3);
  metrics.gauge('cullis_config_expiry_seconds').set(Number.POSITIVE_INFINITY);
  const sync = metrics.histogram('cullis_journal_sync_seconds');
  for (const seconds of [0.00005, 0.0001, 0.2, 7, Number.NaN, -1]) sync.observe(seconds);
  assert.equal(
    metrics.render(),
    `# HELP cullis_denials_total Requests and connections refused, by reason and by the policy that decided.
# TYPE cullis_denials_total counter
cullis_denials_total{role="sidecar-in",workload="shop/cart",code="rbac.denied",policy="shop/\\"a\\\\b\\"\\nc"} 2
# HELP cullis_connections_total Connections accepted.
# TYPE cullis_connections_total counter
cullis_connections_total{role="gateway"} 1
# HELP cullis_connections_open Connections open now.
# TYPE cullis_connections_open gauge
cullis_connections_open{role="gateway"} 3
# HELP cullis_config_expiry_seconds When the snapshot in force ends unless the control plane renews it, in seconds since 1970.
# TYPE cullis_config_expiry_seconds gauge
cullis_config_expiry_seconds +Inf
# HELP cullis_journal_sync_seconds Time of one synchronous write of a batch.
# TYPE cullis_journal_sync_seconds histogram
cullis_journal_sync_seconds_bucket{le="0.0001"} 2
cullis_journal_sync_seconds_bucket{le="0.00025"} 2
cullis_journal_sync_seconds_bucket{le="0.0005"} 2
cullis_journal_sync_seconds_bucket{le="0.001"} 2
cullis_journal_sync_seconds_bucket{le="0.0025"} 2
cullis_journal_sync_seconds_bucket{le="0.005"} 2
cullis_journal_sync_seconds_bucket{le="0.01"} 2
cullis_journal_sync_seconds_bucket{le="0.025"} 2
cullis_journal_sync_seconds_bucket{le="0.05"} 2
cullis_journal_sync_seconds_bucket{le="0.1"} 2
cullis_journal_sync_seconds_bucket{le="0.25"} 3
cullis_journal_sync_seconds_bucket{le="1"} 3
cullis_journal_sync_seconds_bucket{le="+Inf"} 4
cullis_journal_sync_seconds_sum 7.20015
cullis_journal_sync_seconds_count 4
`,
  );
});

test('a million label values cost a bounded number of series, and none is lost from the total', () => {
  const metrics = new Metrics();
  for (let i = 0; i < 5000; i++) metrics.counter('cullis_invalid_messages_total', 'gateway', `reason-${i}`).inc();
  const lines = metrics
    .render()
    .split('\n')
    .filter((line) => line.startsWith('cullis_invalid'));
  assert.equal(lines.length, METRICS.cullis_invalid_messages_total.seriesMax);
  assert.equal(
    lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0),
    5000,
  );
  assert.ok(lines.some((line) => line.includes(`role="${OVERFLOW}",reason="${OVERFLOW}"`)));
  assert.equal(
    metrics.counter('cullis_invalid_messages_total', 'gateway', 'reason-0'),
    metrics.counter('cullis_invalid_messages_total', 'gateway', 'reason-0'),
  );
});

test('a process measures itself', () => {
  const metrics = new Metrics();
  measureProcess(metrics, fakeClock());
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics.render())?.[1]);
  assert.ok(value('cullis_process_resident_memory_bytes') > 1e6);
  const cpu = value('cullis_process_cpu_seconds_total');
  assert.ok(cpu > 0 && value('cullis_process_cpu_seconds_total') >= cpu);
  assert.ok(value('cullis_process_start_time_seconds') <= fakeClock().nowMs() / 1000);
});

test('a forgotten gauge is not rendered until it is set again', () => {
  const metrics = new Metrics();
  const up = metrics.gauge('cullis_workload_up', 'shop/cart');
  up.set(1);
  metrics.forget('cullis_workload_up', 'shop/cart');
  assert.doesNotMatch(metrics.render(), /shop\/cart/);
  up.set(0);
  assert.match(metrics.render(), /cullis_workload_up\{workload="shop\/cart"\} 0/);
});

test('merging keeps a family together, labels each worker, and drops what does not parse', () => {
  const part = (n: number): string => {
    const metrics = new Metrics();
    metrics.counter('cullis_connections_total', 'gateway').inc(n);
    metrics.histogram('cullis_journal_sync_seconds').observe(n);
    return metrics.render();
  };
  const hostile = [
    'cullis_connections_total{role="x",worker="control"} 99',
    'cullis_connections_total{role="x" 1',
    'cullis_connections_total{role="a\\"b,worker=\\"c"} 5',
    'cullis_connections_total 1 2 3',
    'cullis_connections_total{} 0x10',
    '<script>',
  ].join('\n');
  const merged = mergeExposition([
    { worker: 'proxy/1', text: part(1) },
    { worker: 'proxy/2', text: part(2) },
    { worker: 'bad"\n', text: hostile },
  ]);
  assert.deepEqual(
    merged.split('\n').filter((line) => line.includes('connections_total')),
    [
      '# HELP cullis_connections_total Connections accepted.',
      '# TYPE cullis_connections_total counter',
      'cullis_connections_total{role="gateway",worker="proxy/1"} 1',
      'cullis_connections_total{role="gateway",worker="proxy/2"} 2',
      'cullis_connections_total{role="a\\"b,worker=\\"c",worker="bad\\"\\n"} 5',
    ],
  );
  assert.equal(merged.match(/# TYPE cullis_journal_sync_seconds histogram/g)?.length, 1);
  assert.ok(merged.includes('cullis_journal_sync_seconds_bucket{le="+Inf",worker="proxy/2"} 1'));
  const family = merged.slice(merged.indexOf('# TYPE cullis_journal_sync_seconds'));
  assert.doesNotMatch(family, /connections_total/, 'a family stays together');
});
