import { meshConfig, object, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { TELEMETRY_PROVIDER_ANALYZER } from './telemetry-provider.ts';

const telemetry = (name: string, spec: string): string =>
  object('telemetry.istio.io/v1', 'Telemetry', `name: ${name}, namespace: shop`, `spec: { ${spec} }`);

testAnalyzer(TELEMETRY_PROVIDER_ANALYZER, {
  fails: [
    [
      'nobody writes the log',
      [telemetry('a', 'accessLogging: [{ filter: { expression: "response.code >= 400" } }]')],
      'InvalidTelemetryProvider',
    ],
  ],
  passes: [
    ['a provider', [telemetry('a', 'accessLogging: [{ providers: [{ name: envoy }] }]')]],
    [
      'a provider for the mesh',
      [meshConfig('  mesh: |\n    defaultProviders: { accessLogging: [envoy] }'), telemetry('a', 'accessLogging: [{}]')],
    ],
    ['switched off', [telemetry('a', 'accessLogging: [{ disabled: true }]')]],
  ],
});
