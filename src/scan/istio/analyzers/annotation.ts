import { nearest } from '#base/nearest.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { annotationPlaces } from '../annotation-places.ts';
import type { AnnotationPlace } from '../annotation-places.ts';
import { ANNOTATIONS, isIstioAnnotation, SET_BY_ISTIO } from '../annotation-table.ts';
import { Budget } from '../budget.ts';
import { messageUrl } from '../codes.ts';
import type { MeshIndex } from '../mesh-index.ts';

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
    for (const place of annotationPlaces(mesh)) {
      for (const [key, value] of Object.entries(place.annotations)) yield* judge(place, key, value, guesses);
    }
  },
} satisfies MeshAnalyzer;

/** Looking for the word that was meant costs more than all the rest. */
const GUESSES_MAX = 50;

function* judge({ resource, kind, path }: AnnotationPlace, key: string, value: string, guesses: Budget): Generator<MeshHit> {
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
