import { istio, mesh, operator } from '../../../../test/fakes/mesh-settings.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { outboundAllowAny } from './outbound-allow-any.ts';

testRule(outboundAllowAny, {
  fails: [
    ['said', [mesh('outboundTrafficPolicy: { mode: ALLOW_ANY }')], 'low'],
    ['to the operator', [operator('{ outboundTrafficPolicy: { mode: ALLOW_ANY } }')], 'low'],
    ['in a Sidecar', [istio('Sidecar', '{ outboundTrafficPolicy: { mode: ALLOW_ANY }, egress: [{ hosts: ["./*"] }] }')], 'low'],
  ],
  passes: [
    ['registered only', [mesh('outboundTrafficPolicy: { mode: REGISTRY_ONLY }')]],
    ['not said', [mesh('enableTracing: true')]],
  ],
});
