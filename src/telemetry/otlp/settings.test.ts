import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OTLP_DEFAULTS } from '#model/telemetry.ts';
import { headerValue, parseHeaders, resourceAttributes, signalUrl, telemetryFromEnv } from './settings.ts';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318/' };

for (const [env, wanted] of [
  [{}, {}],
  [{ ...ENDPOINT, OTEL_SDK_DISABLED: 'true' }, {}],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4317' }, {}],
  [ENDPOINT, { otlp: { ...OTLP_DEFAULTS, endpoint: 'http://127.0.0.1:4318' } }],
  [
    {
      ...ENDPOINT,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_HEADERS: 'Api-Key=s3cr3t,X-Scope=a%20b',
      OTEL_EXPORTER_OTLP_TIMEOUT: '2000',
      OTEL_METRIC_EXPORT_INTERVAL: 'soon',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    },
    {
      otlp: {
        ...OTLP_DEFAULTS,
        endpoint: 'http://127.0.0.1:4318',
        protocol: 'http/protobuf',
        headers: { 'api-key': { env: 'OTEL_EXPORTER_OTLP_HEADERS' }, 'x-scope': { env: 'OTEL_EXPORTER_OTLP_HEADERS' } },
        compression: 'none',
        timeoutMs: 2000,
        signals: ['traces', 'metrics'],
      },
      sampling: 25,
    },
  ],
  [
    { ...ENDPOINT, OTEL_TRACES_SAMPLER: 'always_on' },
    { otlp: { ...OTLP_DEFAULTS, endpoint: 'http://127.0.0.1:4318' }, sampling: 100 },
  ],
] as const)
  test(`environment ${JSON.stringify(env).slice(0, 90)}`, () => {
    const { telemetry, remarks } = telemetryFromEnv(env);
    assert.deepEqual(telemetry, wanted);
    assert.doesNotMatch(JSON.stringify([telemetry, remarks]), /s3cr3t/);
  });

test('what is not honoured is said', () => {
  const { remarks } = telemetryFromEnv({
    ...ENDPOINT,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_TRACES_SAMPLER: 'jaeger_remote',
    OTEL_EXPORTER_OTLP_TIMEOUT: '-1',
    OTEL_EXPORTER_OTLP_HEADERS: '???',
  });
  assert.equal(remarks.length, 4);
});

test('headers and resource attributes are read as baggage is', () => {
  assert.deepEqual(
    { ...parseHeaders('a=1, B = x%3Dy ,bad,=z,__proto__=p,c=%zz') },
    { a: '1', b: 'x=y', ['__proto__']: 'p', c: '%zz' },
  );
  assert.deepEqual(resourceAttributes({ OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=a%2Cb,x' }), {
    'deployment.environment': 'a,b',
  });
});

test('a header value comes from where it is said, or its absence is told without it', () => {
  const env = { CULLIS_T: 'tok', OTEL_EXPORTER_OTLP_HEADERS: 'x-a=1' };
  const file = (path: string): string => (path === 'bad' ? 'a\nb\r\nc' : ' from-file\n');
  assert.equal(headerValue('h', { value: 'v' }, env, file), 'v');
  assert.equal(headerValue('h', { env: 'CULLIS_T' }, env, file), 'tok');
  assert.equal(headerValue('h', { file: 'f' }, env, file), 'from-file');
  assert.equal(headerValue('x-a', { env: 'OTEL_EXPORTER_OTLP_HEADERS' }, env, file), '1');
  assert.throws(() => headerValue('h', { env: 'CULLIS_GONE' }, env, file), /`CULLIS_GONE` is not set/);
  assert.throws(() => headerValue('h', { file: 'bad' }, env, file), /characters that no header has/);
});

test('a signal has its own address only where the environment names the collector', () => {
  const otlp = { ...OTLP_DEFAULTS, endpoint: 'http://127.0.0.1:4318' };
  const own = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:9/spans' };
  assert.equal(signalUrl(otlp, 'traces', own), 'http://127.0.0.1:4318/v1/traces');
  assert.equal(signalUrl(otlp, 'traces', { ...own, ...ENDPOINT }), 'http://127.0.0.1:9/spans');
  assert.equal(signalUrl(otlp, 'logs', { ...own, ...ENDPOINT }), 'http://127.0.0.1:4318/v1/logs');
});
