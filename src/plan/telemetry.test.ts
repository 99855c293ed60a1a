import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_MESH } from '#model/istio.ts';
import { DEFAULT_PLATFORM } from '#model/platform.ts';
import { OTLP_DEFAULTS, type PlatformTelemetry, type Telemetry, type TelemetrySpec } from '#model/telemetry.ts';
import { telemetryFor } from './telemetry.ts';

const OTLP = { ...OTLP_DEFAULTS, endpoint: 'http://127.0.0.1:4318' };
const CART = { namespace: 'shop', labels: { app: 'cart' } };

function made(namespace: string, spec: Partial<TelemetrySpec>): Telemetry {
  return {
    apiVersion: 'telemetry.istio.io/v1',
    kind: 'Telemetry',
    metadata: { name: 't', namespace, labels: {}, annotations: {} },
    spec: { tracing: [], accessLogging: [], ...spec },
    body: {},
  };
}

function plan(platform: Partial<PlatformTelemetry>, telemetries: readonly Telemetry[], mode: 'CLIENT' | 'SERVER' = 'SERVER') {
  const telemetry: PlatformTelemetry = { accessLog: 'denied', otlp: OTLP, ...platform };
  return telemetryFor({ mesh: DEFAULT_MESH, platform: { ...DEFAULT_PLATFORM, telemetry }, telemetries }, CART, mode);
}

const BOTH = 'CLIENT_AND_SERVER';
const sampling = (namespace: string, percent: number, more: Partial<TelemetrySpec> = {}): Telemetry =>
  made(namespace, { tracing: [{ mode: BOTH, randomSamplingPercentage: percent }], ...more });
const own = { selector: { matchLabels: { app: 'cart' } } };
const root = DEFAULT_MESH.rootNamespace;

test('without a collector nothing is traced, whatever Telemetry says', () => {
  const { otlp: _, ...none } = { otlp: OTLP, accessLog: 'all' as const };
  const system = { mesh: DEFAULT_MESH, platform: { ...DEFAULT_PLATFORM, telemetry: none }, telemetries: [sampling(root, 100)] };
  assert.equal(telemetryFor(system, CART, 'SERVER'), undefined);
});

test('one percent, and at least one a second, unless somebody says how much', () => {
  assert.deepEqual(plan({}, []), { tracing: { percent: 1, floor: true, tags: {} } });
  assert.deepEqual(plan({ sampling: 0 }, []), { tracing: { percent: 0, floor: false, tags: {} } });
});

for (const [name, telemetries, percent] of [
  ['mesh', [sampling(root, 5)], 5],
  ['namespace over mesh', [sampling('shop', 7), sampling(root, 5)], 7],
  ['workload over namespace', [sampling('shop', 9, own), sampling('shop', 7), sampling(root, 5)], 9],
  ['another workload', [sampling('shop', 9, { selector: { matchLabels: { app: 'other' } } })], 50],
  ['another namespace', [sampling('elsewhere', 9)], 50],
  ['the first of a scope', [sampling('shop', 1), sampling('shop', 2)], 1],
  ['a member left out comes from the wider scope', [made('shop', { tracing: [{ mode: BOTH }] }), sampling(root, 5)], 5],
] as const)
  test(`sampling: ${name}`, () => {
    assert.deepEqual(plan({ sampling: 50 }, telemetries)?.tracing?.percent, percent);
  });

test('spans off, for one direction or both; access logs on and off', () => {
  const off = (mode: 'CLIENT' | 'SERVER' | typeof BOTH): Telemetry =>
    made('shop', { tracing: [{ mode, disableSpanReporting: true }] });
  assert.equal(plan({}, [off(BOTH)]), undefined);
  assert.equal(plan({}, [off('CLIENT')], 'CLIENT'), undefined);
  assert.ok(plan({}, [off('CLIENT')], 'SERVER')?.tracing);
  const logging = (disabled: boolean): Telemetry => made('shop', { accessLogging: [{ mode: BOTH, disabled }] });
  assert.equal(plan({}, [logging(false)])?.accessLog, true);
  assert.equal(plan({ accessLog: 'all' }, [logging(true)])?.accessLog, undefined);
  assert.deepEqual(plan({ otlp: { ...OTLP, signals: ['logs'] }, accessLog: 'all' }, []), { accessLog: true });
  assert.equal(plan({ otlp: { ...OTLP, signals: ['metrics'] }, accessLog: 'all' }, []), undefined);
});
