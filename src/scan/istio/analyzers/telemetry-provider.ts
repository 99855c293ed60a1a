import { listAt, memberOf, objectAt } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { itemsAt } from '../items.ts';
import { meshConfigOf } from '../mesh-config.ts';
import type { MeshIndex } from '../mesh-index.ts';

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
