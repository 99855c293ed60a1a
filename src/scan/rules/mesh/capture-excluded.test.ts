import { cart, IN, POLICY } from '../../../../test/fakes/mesh-settings.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { captureExcluded } from './capture-excluded.ts';

const excluded = (text: string): string => cart({ annotations: `traffic.sidecar.istio.io/${text}` });

testRule(captureExcluded, {
  fails: [
    ['a port that policies are for', [IN, POLICY, excluded('excludeInboundPorts: "8080"')], 'high'],
    ['a port', [IN, excluded('excludeInboundPorts: "8080"')], 'medium'],
    ['all ports but one', [IN, excluded('includeInboundPorts: "9999"')], 'medium'],
    ['every address', [IN, excluded('excludeOutboundIPRanges: "0.0.0.0/0"')], 'medium'],
    ['a wide range', [IN, excluded('excludeOutboundIPRanges: "10.0.0.0/8"')], 'low'],
    ['no call at all', [IN, excluded('includeOutboundIPRanges: ""')], 'medium'],
    ['nothing is led in', [IN, cart({ annotations: 'sidecar.istio.io/interceptionMode: NONE' })], 'high'],
  ],
  passes: [
    ['a port that it has not', [IN, excluded('excludeInboundPorts: "9999"')]],
    ['the port of metrics', [IN, excluded('excludeInboundPorts: "15020"')]],
    ['one database', [IN, excluded('excludeOutboundIPRanges: "10.1.2.3/32"')]],
    ['as usual', [IN, cart({ annotations: 'sidecar.istio.io/interceptionMode: TPROXY' })]],
    ['no mesh', [cart()]],
  ],
});
