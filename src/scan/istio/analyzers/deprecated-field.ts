import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { memberOf } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { itemsAt } from '../items.ts';
import type { MeshIndex } from '../mesh-index.ts';

export const DEPRECATED_FIELD_ANALYZER = {
  id: 'istio.deprecated-field',
  analyzer: 'deprecation.FieldAnalyzer',
  name: 'field of Istio that is deprecated',
  severity: 'info',
  cwe: [477],
  why: 'A deprecated field is dropped by some later release without a word, and what it did is gone.',
  help: 'use the field that took its place',
  references: [messageUrl('Deprecated')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    for (const resource of mesh.istio('networking', 'VirtualService')) yield* inVirtualService(resource);
    for (const resource of mesh.istio('networking', 'Sidecar')) {
      yield* old(
        resource,
        ['spec', 'outboundTrafficPolicy'],
        'egressProxy',
        'send through an egress gateway by a VirtualService',
      );
    }
    for (const resource of mesh.istio('networking', 'DestinationRule')) {
      yield* inPolicy(resource, ['spec', 'trafficPolicy']);
      for (const { path } of itemsAt(resource.spec, 'subsets', ['spec'])) yield* inPolicy(resource, [...path, 'trafficPolicy']);
    }
  },
} satisfies MeshAnalyzer;

function* inVirtualService(resource: Resource): Generator<MeshHit> {
  for (const { raw, path } of itemsAt(resource.spec, 'http', ['spec'])) {
    for (const part of ['delay', 'abort']) {
      yield* old(resource, [...path, 'fault', part], 'percent', 'use `percentage.value`');
    }
    for (const field of ['mirrorPercent', 'mirror_percent'])
      if (memberOf(raw, field) !== undefined) yield* old(resource, path, field, 'use `mirrorPercentage.value`');
    yield* old(resource, [...path, 'corsPolicy'], 'allowOrigin', 'use `allowOrigins`');
  }
}

function inPolicy(resource: Resource, path: Path): Iterable<MeshHit> {
  return old(resource, [...path, 'outlierDetection'], 'consecutiveErrors', 'use `consecutive5xxErrors`');
}

function* old(resource: Resource, holder: Path, field: string, text: string): Generator<MeshHit> {
  let value: unknown = resource;
  for (const key of holder) value = Array.isArray(value) ? value[key as number] : memberOf(value, String(key));
  if (memberOf(value, field) === undefined) return;
  yield {
    code: 'Deprecated',
    at: { resource, path: [...holder, field] },
    title: `\`${field}\` is deprecated`,
    fix: { text },
  };
}
