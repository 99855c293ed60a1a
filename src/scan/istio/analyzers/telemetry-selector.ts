import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import type { MeshIndex } from '../mesh-index.ts';
import { selections } from '../selecting.ts';
import { telemetries, TELEMETRY_WHY } from '../telemetries.ts';

export const TELEMETRY_SELECTOR_ANALYZER = {
  id: 'istio.telemetry-selector',
  analyzer: 'telemetry.SelectorAnalyzer',
  name: 'Telemetry that is not, or not alone, in force',
  severity: 'info',
  cwe: [778],
  why: TELEMETRY_WHY,
  help: 'keep one Telemetry for a workload, with the labels that its pods carry',
  references: [messageUrl('ConflictingTelemetryWorkloadSelectors')],
  tags: [],
  analyze: (mesh: MeshIndex): Iterable<MeshHit> => selections(mesh, telemetries(mesh), 'ConflictingTelemetryWorkloadSelectors'),
} satisfies MeshAnalyzer;
