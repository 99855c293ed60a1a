// Telemetry resources, and the workloads they choose.
import { listAt, memberOf, objectAt, recordAt } from '#base/raw.ts';
import type { MeshIndex } from './mesh-index.ts';
import type { Selecting } from './selecting.ts';

/** Why it matters that one Telemetry decides. */
export const TELEMETRY_WHY =
  'Which of several Telemetries decides is chance; the access log that an investigation would need may be off.';

/** Telemetries that choose workloads by labels, or a whole namespace. */
export function telemetries(mesh: MeshIndex): readonly Selecting[] {
  return mesh.istio('telemetry', 'Telemetry').flatMap((resource): Selecting[] => {
    const { spec } = resource;
    if (memberOf(spec, 'targetRef') !== undefined || listAt(spec, 'targetRefs').length > 0) return [];
    return [{ resource, labels: recordAt(objectAt(spec, 'selector'), 'matchLabels'), path: ['spec', 'selector'] }];
  });
}
