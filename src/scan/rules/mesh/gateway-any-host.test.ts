import { gateway } from '../../../../test/fakes/mesh-gateways.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { gatewayAnyHost } from './gateway-any-host.ts';

function pods(...spaces: readonly string[]): string {
  return spaces
    .map(
      (space) =>
        `apiVersion: v1\nkind: Pod\nmetadata: { name: web, namespace: ${space} }\nspec: { containers: [{ name: web, image: web:1.0.0 }] }\n`,
    )
    .join('---\n');
}

const open = gateway('', { protocol: 'HTTP', port: 80, hosts: '["*"]' });

testRule(gatewayAnyHost, {
  fails: [['several teams', [open, pods('shop', 'bank', 'blog')], 'low']],
  passes: [
    ['one team', [open, pods('shop')]],
    ['the own namespace only', [gateway('', { protocol: 'HTTP', port: 80, hosts: '["./*"]' }), pods('shop', 'bank', 'blog')]],
    ['one host', [gateway('', { protocol: 'HTTP', port: 80 }), pods('shop', 'bank', 'blog')]],
  ],
});
