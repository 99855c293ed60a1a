// Namespaces and pods that are, or are not, in the mesh.
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { DATAPLANE, INJECTION, injectsByDefault, isInjected, isSystemNamespace, REVISION } from '../injection.ts';
import { containersOf } from '../mesh-index.ts';
import type { MeshIndex, PodView } from '../mesh-index.ts';

export const INJECTION_ANALYZER = {
  id: 'istio.injection',
  analyzer: 'injection.Analyzer',
  name: 'namespace or pod without a proxy',
  severity: 'low',
  cwe: [693],
  why: 'Without a proxy a pod has no mesh identity, speaks plaintext, and no AuthorizationPolicy is enforced in front of it.',
  help: 'label the namespace for injection, or say `istio-injection: disabled` where none is wanted',
  references: [messageUrl('NamespaceNotInjected'), messageUrl('PodMissingProxy'), messageUrl('NamespaceMultipleInjectionLabels')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    for (const name of mesh.namespaces.keys()) {
      if (!isSystemNamespace(mesh, name)) yield* judgeNamespace(mesh, name);
    }
    for (const pod of mesh.pods) if (pod.real) yield* judgePod(mesh, pod);
  },
} satisfies MeshAnalyzer;

function* judgeNamespace(mesh: MeshIndex, name: string): Generator<MeshHit> {
  const resource = mesh.namespaces.get(name)!;
  const { labels } = resource.metadata;
  if (labels[INJECTION] === 'disabled') return;
  const said = [
    ...(labels[INJECTION] === undefined ? [] : [INJECTION]),
    ...(labels[REVISION] === undefined ? [] : [REVISION]),
    ...(labels[DATAPLANE] === 'ambient' ? [DATAPLANE] : []),
  ];
  if (said.length > 1) {
    yield {
      code: 'NamespaceMultipleInjectionLabels',
      at: { resource, path: ['metadata', 'labels'] },
      title: `namespace \`${name}\` carries several labels for injection: ${said.map((label) => `\`${label}\``).join(', ')}`,
      fix: { text: 'keep one of them' },
    };
    return;
  }
  if (said.length === 1) return;
  if (injectsByDefault(mesh)) {
    yield {
      code: 'NamespaceInjectionEnabledByDefault',
      severity: 'info',
      at: { resource },
      title: `namespace \`${name}\` says nothing about injection, and gets sidecars by the installation's default`,
    };
  } else {
    yield {
      code: 'NamespaceNotInjected',
      severity: 'info',
      at: { resource },
      title: `namespace \`${name}\` is not in the mesh`,
      fix: {
        text: 'label it, also where no proxy is wanted (`disabled`)',
        yaml: 'metadata:\n  labels:\n    istio-injection: enabled\n',
      },
    };
  }
}

function* judgePod(mesh: MeshIndex, pod: PodView): Generator<MeshHit> {
  // A pod in a file gets its proxy when it is made; only one that was exported from a cluster shows that it has none.
  if (!mesh.complete && pod.resource.metadata.creationTimestamp === undefined) return;
  if (isSystemNamespace(mesh, pod.namespace) || !isInjected(mesh, pod)) return;
  if (containersOf(pod).some(({ name }) => name === 'istio-proxy')) return;
  yield {
    code: 'PodMissingProxy',
    at: { resource: pod.resource },
    title: `pod \`${pod.name}\` should have a proxy and has none`,
    fix: { text: 'make the pod anew: proxies are added when a pod is made' },
  };
}
