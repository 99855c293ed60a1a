// Where annotations of Istio stand.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { MeshIndex } from './mesh-index.ts';

export interface AnnotationPlace {
  readonly resource: Resource;
  readonly kind: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly path: Path;
}

/** Where annotations of Istio are looked for: the objects, and the pods that they make. */
export function annotationPlaces(mesh: MeshIndex): readonly AnnotationPlace[] {
  const own = (['Namespace', 'Service'] as const).flatMap((kind) => mesh.kind('', kind));
  const objects = [...own, ...mesh.kind('', 'Pod'), ...mesh.kind('apps', 'Deployment')];
  const places = objects.map((resource): AnnotationPlace => {
    const { annotations } = resource.metadata;
    return { resource, kind: resource.kind, annotations, path: ['metadata', 'annotations'] };
  });
  const templates = mesh.pods.filter(({ base }) => base.length > 0);
  return [
    ...places,
    ...templates.map(({ resource, annotations, base }): AnnotationPlace => {
      return { resource, kind: 'Pod', annotations, path: [...base, 'metadata', 'annotations'] };
    }),
  ];
}
