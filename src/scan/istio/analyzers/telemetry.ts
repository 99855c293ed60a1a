// Telemetry: several for one pod, and access logging without a provider.
import { listAt, memberOf, objectAt, recordAt } from '../../reach/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { itemsAt } from '../items.ts';
import { meshConfigOf } from '../mesh-config.ts';
import type { MeshIndex } from '../mesh-index.ts';
import { selections, severalDefaults } from '../selecting.ts';
import type { Selecting } from '../selecting.ts';

const WHY = 'Which of several Telemetries decides is chance; the access log that an investigation would need may be off.';

function telemetries(mesh: MeshIndex): readonly Selecting[] {
  return mesh.istio('telemetry', 'Telemetry').flatMap((resource): Selecting[] => {
    const { spec } = resource;
    if (memberOf(spec, 'targetRef') !== undefined || listAt(spec, 'targetRefs').length > 0) return [];
    return [{ resource, labels: recordAt(objectAt(spec, 'selector'), 'matchLabels'), path: ['spec', 'selector'] }];
  });
}

export const TELEMETRY_DEFAULT_ANALYZER = {
  id: 'istio.telemetry-default',
  analyzer: 'telemetry.DefaultSelectorAnalyzer',
  name: 'several Telemetries for one namespace',
  severity: 'info',
  cwe: [778],
  why: WHY,
  help: 'make them one, or give all but one a selector',
  references: [messageUrl('MultipleTelemetriesWithoutWorkloadSelectors')],
  tags: [],
  analyze: (mesh: MeshIndex): Iterable<MeshHit> =>
    severalDefaults(telemetries(mesh), 'MultipleTelemetriesWithoutWorkloadSelectors'),
} satisfies MeshAnalyzer;

export const TELEMETRY_SELECTOR_ANALYZER = {
  id: 'istio.telemetry-selector',
  analyzer: 'telemetry.SelectorAnalyzer',
  name: 'Telemetry that is not, or not alone, in force',
  severity: 'info',
  cwe: [778],
  why: WHY,
  help: 'keep one Telemetry for a workload, with the labels that its pods carry',
  references: [messageUrl('ConflictingTelemetryWorkloadSelectors')],
  tags: [],
  analyze: (mesh: MeshIndex): Iterable<MeshHit> => selections(mesh, telemetries(mesh), 'ConflictingTelemetryWorkloadSelectors'),
} satisfies MeshAnalyzer;

export const TELEMETRY_PROVIDER_ANALYZER = {
  id: 'istio.telemetry-provider',
  analyzer: 'telemetry.ProviderAnalyzer',
  name: 'access logging without a provider',
  severity: 'low',
  cwe: [778],
  why: 'An access log without a provider is passed over: requests leave no trace, and an attack is not seen.',
  help: 'name a provider, or set default providers for the mesh',
  references: [messageUrl('InvalidTelemetryProvider')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    if (hasDefaultProvider(mesh)) return;
    for (const resource of mesh.istio('telemetry', 'Telemetry')) {
      const bad = itemsAt(resource.spec, 'accessLogging', ['spec']).find(
        ({ raw }) => listAt(raw, 'providers').length === 0 && memberOf(raw, 'disabled') !== true,
      );
      if (!bad) continue;
      yield {
        code: 'InvalidTelemetryProvider',
        at: { resource, path: bad.path },
        title: `access logging of \`${resource.metadata.name}\` names no provider, and is passed over`,
        fix: { text: 'name one', yaml: 'accessLogging:\n  - providers:\n      - name: envoy\n' },
      };
    }
  },
} satisfies MeshAnalyzer;

/** `defaultProviders.accessLogging` of the mesh. */
function hasDefaultProvider(mesh: MeshIndex): boolean {
  return listAt(objectAt(meshConfigOf(mesh), 'defaultProviders'), 'accessLogging').length > 0;
}
