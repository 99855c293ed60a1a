import { objectAt, recordAt } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { isAmbient } from '../injection.ts';
import type { MeshIndex } from '../mesh-index.ts';
import { selections, severalDefaults } from '../selecting.ts';
import type { Selecting } from '../selecting.ts';

const REDIRECTION = 'ambient.istio.io/redirection';

export const SIDECAR_SELECTOR_ANALYZER = {
  id: 'istio.sidecar-selector',
  analyzer: 'sidecar.SelectorAnalyzer',
  name: 'Sidecar that is not, or not alone, in force',
  severity: 'low',
  cwe: [693],
  why: 'A Sidecar limits what a workload can reach. One of several, or one that picks nothing, leaves the limit to chance.',
  help: 'keep one Sidecar for a workload, with the labels that its pods carry',
  references: [messageUrl('MultipleSidecarsWithoutWorkloadSelectors'), messageUrl('ConflictingSidecarWorkloadSelectors')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    const all = mesh.istio('networking', 'Sidecar').map((resource): Selecting => {
      const labels = recordAt(objectAt(resource.spec, 'workloadSelector'), 'labels');
      return { resource, labels, path: ['spec', 'workloadSelector'] };
    });
    yield* severalDefaults(all, 'MultipleSidecarsWithoutWorkloadSelectors');
    yield* selections(mesh, all, 'ConflictingSidecarWorkloadSelectors');
    for (const { resource, labels } of all) {
      const { namespace } = resource.metadata;
      const whole = Object.keys(labels).length === 0;
      const ambient = whole
        ? isAmbient(mesh, namespace)
        : mesh.podsWith(labels, namespace).some((pod) => pod.annotations[REDIRECTION] === 'enabled');
      if (!ambient) continue;
      yield {
        code: 'IneffectivePolicy',
        at: { resource },
        title: `\`${resource.metadata.name}\` has no effect: ${whole ? `namespace \`${namespace}\` is` : 'pods that it picks are'} in ambient mode, without sidecars`,
        detail: 'ambient',
      };
    }
  },
} satisfies MeshAnalyzer;
