import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import type { MeshIndex } from '../mesh-index.ts';
import { severalDefaults } from '../selecting.ts';
import { telemetries, TELEMETRY_WHY } from '../telemetries.ts';

export const TELEMETRY_DEFAULT_ANALYZER = {
  id: 'istio.telemetry-default',
  analyzer: 'telemetry.DefaultSelectorAnalyzer',
  name: 'several Telemetries for one namespace',
  severity: 'info',
  cwe: [778],
  why: TELEMETRY_WHY,
  help: 'make them one, or give all but one a selector',
  references: [messageUrl('MultipleTelemetriesWithoutWorkloadSelectors')],
  tags: [],
  analyze: (mesh: MeshIndex): Iterable<MeshHit> =>
    severalDefaults(telemetries(mesh), 'MultipleTelemetriesWithoutWorkloadSelectors'),
} satisfies MeshAnalyzer;
