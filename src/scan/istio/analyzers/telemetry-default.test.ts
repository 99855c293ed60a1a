import { object, POD, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { TELEMETRY_DEFAULT_ANALYZER } from './telemetry-default.ts';

const telemetry = (name: string, spec: string): string =>
  object('telemetry.istio.io/v1', 'Telemetry', `name: ${name}, namespace: shop`, `spec: { ${spec} }`);

testAnalyzer(TELEMETRY_DEFAULT_ANALYZER, {
  fails: [
    [
      'two for the whole namespace',
      [telemetry('a', ''), telemetry('b', '')],
      'MultipleTelemetriesWithoutWorkloadSelectors',
      'MultipleTelemetriesWithoutWorkloadSelectors',
    ],
  ],
  passes: [
    ['one', [telemetry('a', '')]],
    ['one of them for a workload', [POD, telemetry('a', ''), telemetry('b', 'selector: { matchLabels: { app: web } }')]],
    [
      'one of them for a gateway',
      [telemetry('a', ''), telemetry('b', 'targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge }]')],
    ],
  ],
});
