import { meshConfig, object, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { MESH_NETWORKS_ANALYZER } from './mesh-networks.ts';

const NETWORKS = meshConfig('  meshNetworks: |\n    networks: { n: { endpoints: [{ fromRegistry: west }] } }');

testAnalyzer(MESH_NETWORKS_ANALYZER, {
  fails: [['a cluster that nobody knows', [NETWORKS], 'UnknownMeshNetworksServiceRegistry']],
  passes: [
    [
      'a cluster with a Secret',
      [
        NETWORKS,
        object(
          'v1',
          'Secret',
          'name: s, namespace: istio-system, labels: { istio/multiCluster: "true" }',
          'data: { west: eA== }',
        ),
      ],
    ],
    ['the own cluster', [meshConfig('  meshNetworks: |\n    networks: { n: { endpoints: [{ fromRegistry: Kubernetes }] } }')]],
    [
      'endpoints by their addresses',
      [meshConfig('  meshNetworks: |\n    networks: { n: { endpoints: [{ fromCidr: 10.0.0.0/8 }] } }')],
    ],
  ],
});
