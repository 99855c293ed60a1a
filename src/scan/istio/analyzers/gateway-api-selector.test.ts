import { object, POD, security, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { GATEWAY_API_SELECTOR_ANALYZER } from './gateway-api-selector.ts';

const gateway = (className: string): string =>
  object('gateway.networking.k8s.io/v1', 'Gateway', 'name: edge, namespace: shop', `spec: { gatewayClassName: ${className} }`);
const policy = (spec: string): string => security('AuthorizationPolicy', 'p', `{ ${spec} }`);

testAnalyzer(GATEWAY_API_SELECTOR_ANALYZER, {
  fails: [
    [
      'a gateway by its label',
      [gateway('istio'), policy('selector: { matchLabels: { gateway.networking.k8s.io/gateway-name: edge } }')],
      'IneffectiveSelector',
    ],
    [
      'a waypoint by its label',
      [gateway('istio-waypoint'), policy('selector: { matchLabels: { gateway.networking.k8s.io/gateway-name: edge } }')],
      'IneffectiveSelector',
    ],
  ],
  passes: [
    ['by its name', [gateway('istio'), policy('targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge }]')]],
    ['workloads by their label', [gateway('istio'), POD, policy('selector: { matchLabels: { app: web } }')]],
    ['no gateway of the Gateway API', [policy('selector: { matchLabels: { gateway.networking.k8s.io/gateway-name: edge } }')]],
  ],
});
