// Annotations of Istio: unknown, at the wrong kind, with a wrong value, deprecated, or of an experimental feature.
import { nearest } from '#base/nearest.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { ANNOTATIONS, isIstioAnnotation, SET_BY_ISTIO } from '../annotation-table.ts';
import { Budget } from '../budget.ts';
import { messageUrl } from '../codes.ts';
import { containersOf } from '../mesh-index.ts';
import type { MeshIndex, PodView } from '../mesh-index.ts';

interface Place {
  readonly resource: Resource;
  readonly kind: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly path: Path;
}

/** Where annotations of Istio are looked for: the objects, and the pods that they make. */
function placesOf(mesh: MeshIndex): readonly Place[] {
  const own = (['Namespace', 'Service'] as const).flatMap((kind) => mesh.kind('', kind));
  const objects = [...own, ...mesh.kind('', 'Pod'), ...mesh.kind('apps', 'Deployment')];
  const places = objects.map((resource): Place => {
    const { annotations } = resource.metadata;
    return { resource, kind: resource.kind, annotations, path: ['metadata', 'annotations'] };
  });
  const templates = mesh.pods.filter(({ base }) => base.length > 0);
  return [
    ...places,
    ...templates.map(({ resource, annotations, base }): Place => {
      return { resource, kind: 'Pod', annotations, path: [...base, 'metadata', 'annotations'] };
    }),
  ];
}

export const ANNOTATION_ANALYZER = {
  id: 'istio.annotation',
  analyzer: 'annotations.K8sAnalyzer',
  name: 'annotation of Istio that has no effect',
  severity: 'low',
  cwe: [16],
  why: 'An annotation that Istio does not know, or that stands at the wrong kind, changes nothing: what it was meant to switch on or off is as it was.',
  help: 'correct the name, the value, or the object that carries the annotation',
  references: [messageUrl('UnknownAnnotation'), messageUrl('MisplacedAnnotation'), messageUrl('InvalidAnnotation')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    const guesses = new Budget(GUESSES_MAX);
    for (const place of placesOf(mesh)) {
      for (const [key, value] of Object.entries(place.annotations)) yield* judge(place, key, value, guesses);
    }
  },
} satisfies MeshAnalyzer;

/** Looking for the word that was meant costs more than all the rest. */
const GUESSES_MAX = 50;

function* judge({ resource, kind, path }: Place, key: string, value: string, guesses: Budget): Generator<MeshHit> {
  if (!isIstioAnnotation(key) || SET_BY_ISTIO.has(key)) return;
  const at = { resource, path: [...path, key] };
  const row = ANNOTATIONS.get(key);
  if (!row) {
    const meant = guesses.take() ? nearest(key, ANNOTATIONS.keys()) : undefined;
    yield {
      code: 'UnknownAnnotation',
      at,
      title: `Istio has no annotation \`${key}\``,
      detail: key,
      ...(meant !== undefined && { fix: { text: `write \`${meant}\`` } }),
    };
    return;
  }
  if (!row.on.includes(kind) && !row.on.includes('Any')) {
    yield {
      code: 'MisplacedAnnotation',
      at,
      title: `\`${key}\` has no effect on a ${kind}: it belongs on a ${row.on.join(' or ')}`,
      detail: key,
      ...(row.on.includes('Pod') && { fix: { text: 'move it to `spec.template.metadata.annotations`' } }),
    };
  } else {
    const problem = row.check?.(value);
    if (problem !== undefined)
      yield { code: 'InvalidAnnotation', at, title: `\`${key}\` has a value that Istio does not take: ${problem}`, detail: key };
  }
  if (row.deprecated) {
    yield { code: 'DeprecatedAnnotation', severity: 'info', at, title: `\`${key}\` is deprecated`, detail: `deprecated ${key}` };
  }
}

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
    for (const { resource, annotations, path } of placesOf(mesh)) {
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
