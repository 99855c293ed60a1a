// Networks of a mesh over several clusters that name a cluster nobody knows.
import { asObject, listAt, memberOf, objectAt, textAt } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { istioConfigMap, meshNetworksOf } from '../mesh-config.ts';
import type { MeshIndex } from '../mesh-index.ts';

export const MESH_NETWORKS_ANALYZER = {
  id: 'istio.mesh-networks',
  analyzer: 'multicluster.MeshNetworksAnalyzer',
  name: 'network of an unknown cluster',
  severity: 'info',
  cwe: [16],
  why: 'Endpoints of a cluster that is not known are in no network, and are not reached through its gateway.',
  help: 'correct the name, or add the Secret that gives access to the cluster',
  references: [messageUrl('UnknownMeshNetworksServiceRegistry')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    const resource = istioConfigMap(mesh);
    const networks = objectAt(meshNetworksOf(mesh), 'networks');
    if (!resource || !networks) return;
    const known = clustersOf(mesh);
    // Which clusters there are is written in Secrets, which are seldom kept beside manifests.
    if (!mesh.complete && known.size === 1) return;
    for (const [network, value] of Object.entries(networks)) {
      for (const endpoint of listAt(value, 'endpoints')) {
        const registry = textAt(endpoint, 'fromRegistry');
        if (registry === undefined || known.has(registry)) continue;
        yield {
          code: 'UnknownMeshNetworksServiceRegistry',
          at: { resource, path: ['data', 'meshNetworks'] },
          title: `network \`${network}\` names cluster \`${registry}\`, which is not known`,
          detail: `${network} ${registry}`,
        };
      }
    }
  },
} satisfies MeshAnalyzer;

/** Clusters that this control plane has access to: its own, and one a key of each Secret that is labelled so. */
function clustersOf(mesh: MeshIndex): ReadonlySet<string> {
  const secrets = mesh.kind('', 'Secret').filter(({ metadata }) => metadata.labels['istio/multiCluster'] === 'true');
  return new Set([
    'Kubernetes',
    ...secrets.flatMap(({ body }) => ['data', 'stringData'].flatMap((part) => Object.keys(asObject(memberOf(body, part)) ?? {}))),
  ]);
}
