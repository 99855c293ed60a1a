import type { Resource } from '#model/resource.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { annotationPlaces } from '../annotation-places.ts';
import { ANNOTATIONS, SET_BY_ISTIO } from '../annotation-table.ts';
import { messageUrl } from '../codes.ts';
import { containersOf } from '../mesh-index.ts';
import type { MeshIndex, PodView } from '../mesh-index.ts';

/** What istio-cni writes into every pod that it prepares. */
const SET_BY_CNI: ReadonlySet<string> = new Set([
  'sidecar.istio.io/interceptionMode',
  'traffic.sidecar.istio.io/excludeInboundPorts',
  'traffic.sidecar.istio.io/includeInboundPorts',
  'traffic.sidecar.istio.io/includeOutboundIPRanges',
]);

export const ALPHA_ANNOTATION_ANALYZER = {
  id: 'istio.alpha-annotation',
  analyzer: 'maturity.AlphaAnalyzer',
  name: 'annotation of an experimental feature of Istio',
  severity: 'info',
  cwe: [],
  why: 'An alpha feature may change or go with any release; what it protects today may stand open after an upgrade.',
  help: 'use it knowingly, and read the notes of each release',
  references: [messageUrl('AlphaAnnotation')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    const pods = new Map<Resource, PodView>(mesh.pods.filter(({ real }) => real).map((pod) => [pod.resource, pod]));
    for (const { resource, annotations, path } of annotationPlaces(mesh)) {
      const pod = pods.get(resource);
      const byCni = pod !== undefined && containersOf(pod, ['initContainers']).some(({ name }) => name === 'istio-validation');
      for (const key of Object.keys(annotations)) {
        if (SET_BY_ISTIO.has(key) || (byCni && SET_BY_CNI.has(key))) continue;
        if (ANNOTATIONS.get(key)?.alpha !== true) continue;
        yield {
          code: 'AlphaAnnotation',
          at: { resource, path: [...path, key] },
          title: `\`${key}\` belongs to an alpha feature`,
          detail: key,
        };
      }
    }
  },
} satisfies MeshAnalyzer;
