// Who gets a sidecar: what namespaces and pods say.
import { memberOf, objectAt, textAt } from '#base/raw.ts';
import type { MeshIndex, PodView } from './mesh-index.ts';

export const INJECTION = 'istio-injection';
export const REVISION = 'istio.io/rev';
export const DATAPLANE = 'istio.io/dataplane-mode';
const INJECT = 'sidecar.istio.io/inject';

/** Namespaces that no workload of a user runs in. */
export function isSystemNamespace(mesh: MeshIndex, name: string): boolean {
  return (
    /^kube-(?:system|public|node-lease)$/.test(name) ||
    name === mesh.rootNamespace ||
    name === 'istio-system' ||
    name === 'local-path-storage'
  );
}

/** What a pod says for itself; the label goes before the annotation. */
function ownChoice({ labels, annotations }: Pick<PodView, 'labels' | 'annotations'>): 'true' | 'false' | undefined {
  const said = labels[INJECT] ?? annotations[INJECT];
  return said === 'true' || said === 'false' ? said : undefined;
}

/** Whether a namespace asks for sidecars. */
function namespaceInjects(mesh: MeshIndex, namespace: string): boolean {
  const labels = mesh.labelsOfNamespace(namespace);
  const said = labels[INJECTION];
  if (said !== undefined) return said === 'enabled';
  return labels[REVISION] !== undefined || (injectsByDefault(mesh) && mesh.namespaces.has(namespace));
}

/** Whether a pod gets a sidecar; one that is told so by itself does, wherever it is. */
export function isInjected(mesh: MeshIndex, pod: PodView): boolean {
  const choice = ownChoice(pod);
  if (memberOf(pod.spec, 'hostNetwork') === true || choice === 'false') return false;
  if (mesh.labelsOfNamespace(pod.namespace)[INJECTION] === 'disabled') return false;
  return choice === 'true' || pod.labels[REVISION] !== undefined || namespaceInjects(mesh, pod.namespace);
}

/** Whether a namespace is in ambient mode; labels for sidecars win over it. */
export function isAmbient(mesh: MeshIndex, namespace: string): boolean {
  const labels = mesh.labelsOfNamespace(namespace);
  return labels[DATAPLANE] === 'ambient' && labels[INJECTION] !== 'enabled' && labels[REVISION] === undefined;
}

/** Whether the installation gives sidecars to namespaces that say nothing. */
export function injectsByDefault(mesh: MeshIndex): boolean {
  return memberOf(objectAt(injectorValues(mesh, ''), 'sidecarInjectorWebhook'), 'enableNamespacesByDefault') === true;
}

/** The values of the injector's ConfigMap of a revision; '' is the default one. */
export function injectorValues(mesh: MeshIndex, revision: string): unknown {
  const name = revision === '' || revision === 'default' ? 'istio-sidecar-injector' : `istio-sidecar-injector-${revision}`;
  const map = mesh
    .kind('', 'ConfigMap')
    .find(({ metadata }) => metadata.name === name && metadata.namespace === mesh.rootNamespace);
  const text = textAt(memberOf(map?.body, 'data'), 'values');
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
