import { cart, IN, namespace, POLICY } from '../../../../test/fakes/mesh-settings.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { outsideMesh } from './outside-mesh.ts';

testRule(outsideMesh, {
  fails: [
    ['left out by label', [IN, POLICY, cart({ labels: ', sidecar.istio.io/inject: "false"' })], 'high'],
    ['left out by annotation', [IN, POLICY, cart({ annotations: 'sidecar.istio.io/inject: "false"' })], 'high'],
    ['the namespace is out', [namespace('istio-injection: disabled'), POLICY, cart()], 'high'],
  ],
  passes: [
    ['in', [IN, POLICY, cart()]],
    ['in ambient mode', [namespace('istio.io/dataplane-mode: ambient'), POLICY, cart()]],
    ['no policies', [IN, cart({ labels: ', sidecar.istio.io/inject: "false"' })]],
    ['nothing says where the mesh is', [POLICY, cart()]],
  ],
});
