// Settings of the whole mesh: where they are written.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { istioConfigMap, meshConfigOf } from '../../istio/mesh-config.ts';
import { objectAt } from '#base/raw.ts';
import type { ScanContext } from '../../rule.ts';
import { meshIndex } from './common.ts';

export interface MeshSettings {
  readonly resource: Resource;
  readonly config: unknown;
  /** Where it is written; text inside a ConfigMap has no places of its own. */
  readonly at: (path: Path) => Path;
}

/** Every place that holds a MeshConfig: the ConfigMap that istiod reads, and what the operators take. */
export function* meshSettings(context: ScanContext): Generator<MeshSettings> {
  const mesh = meshIndex(context);
  const map = istioConfigMap(mesh);
  if (map) yield { resource: map, config: meshConfigOf(mesh), at: () => ['data', 'mesh'] };
  for (const resource of mesh.kind('install.istio.io', 'IstioOperator'))
    yield { resource, config: objectAt(resource.spec, 'meshConfig'), at: (path) => ['spec', 'meshConfig', ...path] };
  for (const resource of mesh.kind('sailoperator.io', 'Istio')) {
    const config = objectAt(objectAt(resource.spec, 'values'), 'meshConfig');
    yield { resource, config, at: (path) => ['spec', 'values', 'meshConfig', ...path] };
  }
}
