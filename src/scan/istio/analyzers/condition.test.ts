import { object, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { CONDITION_ANALYZER } from './condition.ts';

const policy = (type: string, status: string, reason: string): string =>
  object(
    'security.istio.io/v1',
    'AuthorizationPolicy',
    'name: p, namespace: shop',
    `status: { conditions: [{ type: ${type}, status: "${status}", reason: ${reason} }] }`,
  );
const gateway = (status: string): string =>
  object('gateway.networking.k8s.io/v1', 'Gateway', 'name: edge, namespace: shop', `status: ${status}`);

testAnalyzer(CONDITION_ANALYZER, {
  fails: [
    ['refused by ztunnel', [policy('ZtunnelAccepted', 'False', 'UnsupportedValue')], 'NegativeConditionStatus'],
    ['taken in part', [policy('ZtunnelAccepted', 'True', 'PartiallyInvalid')], 'NegativeConditionStatus'],
    [
      'a listener of a Gateway',
      [gateway('{ listeners: [{ conditions: [{ type: Programmed, status: "False", reason: Invalid }] }] }')],
      'NegativeConditionStatus',
    ],
  ],
  passes: [
    ['taken', [policy('ZtunnelAccepted', 'True', 'Accepted')]],
    ['a condition of somebody else', [gateway('{ conditions: [{ type: AddressReady, status: "False" }] }')]],
    ['not seen yet', [gateway('{}')]],
  ],
});
