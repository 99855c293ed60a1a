import type { Path } from '#model/origin.ts';
import { labelsMatch } from '#model/resource.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { isInjected } from '../injection.ts';
import { containersOf } from '../mesh-index.ts';
import type { MeshIndex, PodView } from '../mesh-index.ts';
import { injectionWebhooks, selectorMatches } from '../webhooks.ts';

export const IMAGE_AUTO_ANALYZER = {
  id: 'istio.image-auto',
  analyzer: 'injection.ImageAutoAnalyzer',
  name: '`image: auto` where nothing replaces it',
  severity: 'low',
  cwe: [16],
  why: "The injector replaces `auto` by the proxy's image. Where it is not asked, `docker.io/library/auto` is pulled, an image that anybody could publish.",
  help: 'label the namespace or the pod, so that the injector takes it',
  references: [messageUrl('ImageAutoWithoutInjectionError')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    for (const pod of mesh.pods) {
      const auto = containersOf(pod).find(({ image }) => image === 'auto');
      if (auto === undefined || isTaken(mesh, pod)) continue;
      const path: Path = [...auto.path, 'image'];
      yield {
        code: pod.resource.kind === 'Pod' ? 'ImageAutoWithoutInjectionError' : 'ImageAutoWithoutInjectionWarning',
        at: { resource: pod.resource, path },
        title: `${pod.resource.kind} \`${pod.name}\` has \`image: auto\`, and no injection takes it`,
        fix: { text: 'let the injector take the pod', yaml: 'metadata:\n  labels:\n    sidecar.istio.io/inject: "true"\n' },
      };
    }
  },
} satisfies MeshAnalyzer;

/** By the webhooks that are installed; where the files have none, by Istio's own labels. */
function isTaken(mesh: MeshIndex, pod: PodView): boolean {
  const hooks = injectionWebhooks(mesh);
  if (hooks.length === 0) return isInjected(mesh, pod) || labelsMatch({ 'sidecar.istio.io/inject': 'true' }, pod.labels);
  const namespace = mesh.labelsOfNamespace(pod.namespace);
  return hooks.some(
    ({ namespaceSelector, objectSelector }) =>
      selectorMatches(namespaceSelector, namespace) && selectorMatches(objectSelector, pod.labels),
  );
}
