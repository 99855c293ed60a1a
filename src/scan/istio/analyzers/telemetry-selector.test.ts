import { object, POD, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { TELEMETRY_SELECTOR_ANALYZER } from './telemetry-selector.ts';

const telemetry = (name: string, spec: string): string =>
  object('telemetry.istio.io/v1', 'Telemetry', `name: ${name}, namespace: shop`, `spec: { ${spec} }`);
const SELECTED = 'selector: { matchLabels: { app: web } }';

testAnalyzer(TELEMETRY_SELECTOR_ANALYZER, {
  fails: [
    [
      'two for one pod',
      [POD, telemetry('a', SELECTED), telemetry('b', SELECTED)],
      'ConflictingTelemetryWorkloadSelectors',
      'ConflictingTelemetryWorkloadSelectors',
    ],
    ['for no pod', [POD, telemetry('a', 'selector: { matchLabels: { app: wbe } }')], 'ReferencedResourceNotFound'],
  ],
  passes: [
    ['one', [POD, telemetry('a', SELECTED)]],
    ['beside the one for the namespace', [POD, telemetry('a', ''), telemetry('b', SELECTED)]],
  ],
});
