import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OTLP_DEFAULTS } from '#model/telemetry.ts';
import { manifest, readText } from '../../../test/fakes/manifests.ts';

const read = (telemetry: string): ReturnType<typeof readText> =>
  readText(manifest('cullis.dev/v1', 'Platform', `  telemetry: ${telemetry}`));

test('a collector is held with its defaults; files lie beside the document', () => {
  const { system, told } = read(
    '{ sampling: 12.5, accessLog: all, otlp: { endpoint: "https://otel.example:4318/base/", protocol: http/protobuf, interval: 1m, caFile: ca.pem, headers: { Authorization: { file: secrets/token }, x-scope: { value: shop }, x-api-key: { env: CULLIS_KEY } } } }',
  );
  assert.deepEqual(told, []);
  const { headers, caFile, ...otlp } = system.platform.telemetry.otlp!;
  assert.deepEqual(
    { ...otlp, headers: {}, caFile: '' },
    { ...OTLP_DEFAULTS, endpoint: 'https://otel.example:4318/base', protocol: 'http/protobuf', intervalMs: 60_000 },
  );
  assert.match(caFile, /^(?:.*\/)?ca\.pem$/);
  assert.match((headers['authorization'] as { file: string }).file, /secrets\/token$/);
  assert.deepEqual([headers['x-scope'], headers['x-api-key']], [{ value: 'shop' }, { env: 'CULLIS_KEY' }]);
  assert.deepEqual([system.platform.telemetry.sampling, system.platform.telemetry.accessLog], [12.5, 'all']);
});

for (const telemetry of [
  '{ sampling: 101 }',
  '{ otlp: {} }',
  '{ otlp: { endpoint: "grpc://a:4317" } }',
  '{ otlp: { endpoint: "http://user:pass@a" } }',
  '{ otlp: { endpoint: "http://a?token=1" } }',
  '{ otlp: { endpoint: "http://a", protocol: grpc } }',
  '{ otlp: { endpoint: "http://a", timeout: 1ms } }',
  '{ otlp: { endpoint: "http://a", headers: { Authorization: { value: "Bearer s3cr3t" } } } }',
  '{ otlp: { endpoint: "http://a", headers: { x-api-key: { value: s3cr3t } } } }',
  '{ otlp: { endpoint: "http://a", headers: { a: { env: HOME } } } }',
  '{ otlp: { endpoint: "http://a", headers: { "a b": { value: x } } } }',
  '{ otlp: { endpoint: "http://a", headers: { a: { value: "x\\ny" } } } }',
  '{ otlp: { endpoint: "http://a", signals: [profiles] } }',
])
  test(`${telemetry} is refused`, () => {
    const { told } = read(telemetry);
    assert.ok(told.length > 0 && told.every((one) => one.startsWith('error')), JSON.stringify(told));
    assert.doesNotMatch(JSON.stringify(told), /s3cr3t/);
  });
