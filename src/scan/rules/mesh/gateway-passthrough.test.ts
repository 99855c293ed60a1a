import { gateway } from '../../../../test/fakes/mesh-gateways.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { gatewayPassthrough } from './gateway-passthrough.ts';

const tls = { protocol: 'TLS' };

const blind = `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: p, namespace: istio-system }\nspec: { selector: { matchLabels: { istio: ingressgateway } }, rules: [{ to: [{ operation: { paths: [/api] } }] }] }\n`;

testRule(gatewayPassthrough, {
  fails: [
    ['every service by name', [gateway('{ mode: AUTO_PASSTHROUGH }', { ...tls, hosts: '["*"]' })], 'high'],
    [
      'between clusters, but for every name',
      [gateway('{ mode: AUTO_PASSTHROUGH }', { ...tls, port: 15443, hosts: '["*"]' })],
      'medium',
    ],
    ['a policy counts on what is inside', [gateway('{ mode: PASSTHROUGH }', tls), blind], 'medium'],
  ],
  passes: [
    [
      'between clusters',
      [gateway('{ mode: AUTO_PASSTHROUGH }', { ...tls, port: 15443, hosts: '["*.local"]', labels: 'eastwestgateway' })],
    ],
    ['no policy does', [gateway('{ mode: PASSTHROUGH }', tls)]],
    ['TLS ends there', [gateway('{ mode: SIMPLE, credentialName: c }'), blind]],
  ],
});
