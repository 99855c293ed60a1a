import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manifest, readText } from '../../../test/fakes/manifests.ts';

const telemetry = (spec: string): string => manifest('telemetry.istio.io/v1', 'Telemetry', spec);

test('sampling, tags and access logs are held typed, and the document as it was written', () => {
  const { system, told } = readText(
    telemetry(
      [
        '  selector: {matchLabels: {app: cart}}',
        '  tracing:',
        '  - providers: [{name: jaeger}]',
        '    randomSamplingPercentage: 12.5',
        '    customTags: {zone: {literal: {value: eu}}, agent: {header: {name: User-Agent, defaultValue: none}}}',
        '  - match: {mode: CLIENT}',
        '    disableSpanReporting: true',
        '  accessLogging: [{disabled: true}]',
      ].join('\n'),
    ),
  );
  assert.deepEqual(told, []);
  assert.deepEqual(
    system.telemetries.map(({ spec }) => spec),
    [
      {
        selector: { matchLabels: { app: 'cart' } },
        tracing: [
          {
            mode: 'CLIENT_AND_SERVER',
            randomSamplingPercentage: 12.5,
            customTags: { zone: { literal: 'eu' }, agent: { header: 'user-agent', otherwise: 'none' } },
          },
          { mode: 'CLIENT', disableSpanReporting: true },
        ],
        accessLogging: [{ mode: 'CLIENT_AND_SERVER', disabled: true }],
      },
    ],
  );
  assert.deepEqual(JSON.parse(JSON.stringify((system.resources[0]!.spec as { tracing: object[] }).tracing[0])), {
    providers: [{ name: 'jaeger' }],
    randomSamplingPercentage: 12.5,
    customTags: { zone: { literal: { value: 'eu' } }, agent: { header: { name: 'User-Agent', defaultValue: 'none' } } },
  });
});

for (const [spec, ...wanted] of [
  ['  tracing: [{randomSamplingPercentage: 101}]', 'error 5:14 istio.percentage'],
  ['  tracing: [{customTags: {a: {literal: {value: x}, header: {name: who}}}}]', 'error 5:27 istio.custom-tag'],
  ['  tracing: [{customTags: {a: {header: {name: Authorization}}}}]', 'warning 5:27 istio.secret-tag'],
  ['  tracing: [{customTags: {a: {environment: {name: HOME}}}}]', 'warning 5:27 istio.not-honoured'],
  ['  metrics: [{overrides: []}]', 'warning 5:3 istio.not-honoured'],
  ['  accessLogging: [{filter: {expression: response.code >= 400}}]', 'warning 5:19 istio.not-honoured'],
  ['  tracing: [{match: {mode: SIDEWAYS}}]', 'error 5:22 istio.value'],
] as const)
  test(`${spec.trim()} is told`, () => {
    assert.deepEqual(readText(telemetry(spec)).told, wanted);
  });
