// The configuration of the mesh itself.
import type { Resource } from '#model/resource.ts';
import { readYaml } from '#syntax/yaml.ts';
import { objectAt, textAt } from '#base/raw.ts';
import type { MeshIndex } from './mesh-index.ts';

/** The ConfigMap that istiod reads. */
export function istioConfigMap(mesh: MeshIndex): Resource | undefined {
  return mesh
    .kind('', 'ConfigMap')
    .find(({ metadata }) => metadata.name === 'istio' && metadata.namespace === mesh.rootNamespace);
}

/** MeshConfig as plain data: the text below `data.mesh` of the ConfigMap `istio`; undefined where there is none. */
export function meshConfigOf(mesh: MeshIndex): unknown {
  return partOf(mesh, 'mesh');
}

/** MeshNetworks as plain data. */
export function meshNetworksOf(mesh: MeshIndex): unknown {
  return partOf(mesh, 'meshNetworks');
}

function partOf(mesh: MeshIndex, key: string): unknown {
  const text = textAt(objectAt(istioConfigMap(mesh)?.body, 'data'), key);
  return text === undefined ? undefined : readYaml(key, text).documents[0]?.value;
}
